import type { TreeFile } from '../model/tree.ts';
import { exporterOf } from '../plan/exports.ts';
import type { Plan } from '../plan/plan.ts';
import { traceFile } from '../render/render.ts';

/**
 * Why an edit of a rendered text is nothing that the plan could say: it changes a value that another site's playbooks
 * gather. Undefined where it changes none of those.
 */
export function gatheredFault(
  plan: Plan,
  site: string,
  path: string,
  { desired, observed }: { desired: TreeFile; observed: TreeFile },
): string | undefined {
  const gathers = plan.sites
    .get(site)!
    .stacks.flatMap((name) => plan.stacks.get(name)!.imports)
    .some((name) => plan.stacks.get(name)!.exportedValues.size > 0);
  if (!gathers) return undefined;
  const trace = traceFile(plan, site, path);
  const { gone, come } = changedLines(desired.content.toString(), observed.content.toString());
  for (const { path: read, start, end } of trace?.pieces ?? []) {
    const [top, stack, name] = read ?? [];
    if (top !== 'imports' || typeof stack !== 'string' || typeof name !== 'string') continue;
    if (!plan.stacks.get(stack)?.exportedValues.has(name)) continue;
    const value = trace!.text.slice(start, end);
    if (value !== '' && count(gone, value) > count(come, value)) {
      const from = exporterOf(plan, site, stack);
      return `${name} was gathered at ${from}, and cannot be set in the plan`;
    }
  }
  return undefined;
}

/** Lines that are in one text more often than in the other. */
function changedLines(before: string, after: string): { gone: string; come: string } {
  const [was, is] = [before.split('\n'), after.split('\n')];
  return { gone: beyond(was, is), come: beyond(is, was) };
}

function beyond(lines: readonly string[], others: readonly string[]): string {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  const more = lines.filter((line) => {
    const number = left.get(line) ?? 0;
    left.set(line, number - 1);
    return number <= 0;
  });
  return more.join('\n');
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
