import { InvalidInput } from '../../model/errors.ts';
import { formatProblem } from '../../model/problem.ts';
import { siteOf } from '../../plan/layers.ts';
import type { Plan } from '../../plan/plan.ts';
import type { YamlPath } from '../../plan/yaml/node.ts';
import { type FileTrace, traceFile } from '../trace-file.ts';
import { PieceTeller } from './pieces.ts';
import { templateText } from './text.ts';
import type { FailedTemplate, UseReport } from './types.ts';

/**
 * Which places in a site's templates read a parameter, a part of it, or the whole that it is in. What a template
 * does not come to at this site is not among them.
 */
export function usesOf(
  plan: Plan,
  site: string,
  path: YamlPath,
): { uses: UseReport[]; failed: FailedTemplate[] } {
  const uses = new Map<string, UseReport>();
  const failed: FailedTemplate[] = [];
  for (const name of siteOf(plan, site).stacks) {
    for (const { template, target, source } of plan.stacks.get(name)!.files) {
      if (!template) continue;
      const found = traced(plan, site, target);
      if (typeof found === 'string') {
        failed.push({ file: target, template: source, reason: found });
        continue;
      }
      for (const use of found ? usesIn(plan, found, target, path) : []) {
        const { file, line, column } = use.position;
        uses.set(`${use.file}\0${file}:${line}:${column}`, use);
      }
    }
  }
  return { uses: [...uses.values()], failed };
}

function usesIn(plan: Plan, trace: FileTrace, file: string, path: YamlPath): UseReport[] {
  const teller = new PieceTeller(trace.text, undefined, (from) => templateText(plan, from));
  teller.tell(trace.trace.pieces);
  return teller.pieces.flatMap(({ kind, position, source, paths }) => {
    if (!paths.some((read) => overlaps(read, path))) return [];
    const how = kind === 'loop' || kind === 'if' ? kind : 'value';
    return [{ file, position, kind: how, expression: source }];
  });
}

/** A template's trace, or why it cannot be rendered; undefined where the site has another file in its place. */
function traced(plan: Plan, site: string, file: string): FileTrace | string | undefined {
  try {
    return traceFile(plan, site, file);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.problems.slice(0, 1).map(formatProblem).join();
  }
}

/** Whether one path leads to the other, or to a part of it. */
function overlaps(a: YamlPath, b: YamlPath): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.every((step, index) => String(step) === String(long[index]));
}
