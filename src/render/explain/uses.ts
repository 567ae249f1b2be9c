import { InvalidInput } from '../../model/errors.ts';
import { siteOf } from '../../plan/layers.ts';
import type { Plan } from '../../plan/plan.ts';
import type { YamlPath } from '../../plan/yaml/node.ts';
import { traceFile } from '../trace-file.ts';
import { PieceTeller } from './pieces.ts';
import { templateText } from './text.ts';
import type { UseReport } from './types.ts';

/**
 * Which places in a site's templates read a parameter, a part of it, or the whole that it is in. What a template
 * does not come to at this site is not among them.
 */
export function usesOf(plan: Plan, site: string, path: YamlPath): UseReport[] {
  const uses = new Map<string, UseReport>();
  for (const name of siteOf(plan, site).stacks) {
    for (const { template, target } of plan.stacks.get(name)!.files) {
      if (!template) continue;
      for (const use of usesIn(plan, site, target, path)) {
        const { file, line, column } = use.position;
        uses.set(`${use.file}\0${file}:${line}:${column}`, use);
      }
    }
  }
  return [...uses.values()];
}

function usesIn(plan: Plan, site: string, file: string, path: YamlPath): UseReport[] {
  const trace = traced(plan, site, file);
  if (!trace) return [];
  const teller = new PieceTeller(trace.template, trace.text, undefined, (from) =>
    templateText(plan, from),
  );
  teller.tell(trace.trace.pieces);
  return teller.pieces.flatMap(({ kind, position, source, paths }) => {
    if (!paths.some((read) => overlaps(read, path))) return [];
    const how = kind === 'loop' || kind === 'if' ? kind : 'value';
    return [{ file, position, kind: how, expression: source }];
  });
}

/** A template that cannot be rendered reads nothing; `render` tells what is wrong with it. */
function traced(plan: Plan, site: string, file: string): ReturnType<typeof traceFile> {
  try {
    return traceFile(plan, site, file);
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}

/** Whether one path leads to the other, or to a part of it. */
function overlaps(a: YamlPath, b: YamlPath): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.every((step, index) => String(step) === String(long[index]));
}
