import { structuredPatch } from 'diff';

import type { PlanEdit } from '../../src/model/proposal.ts';
import { changedPaths } from '../../src/model/tree.ts';
import { loadPlan } from '../../src/plan/load.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { planWith, treeOf } from './backport-laws.ts';
import { planFiles } from './plan-files.ts';

/**
 * Changed lines of plan files that edits do not need: taken back alone, every site still renders as with them.
 * Lines that were replaced one for one are each tried, and lines that came; those that went, all that lie together.
 */
export function needlessLines(plan: Plan, edits: readonly PlanEdit[]): string[] {
  const texts = edits.filter(({ file, content }) => content !== null && plan.files.has(file));
  const whole = planWith(plan, edits);
  return texts.flatMap(({ file, content }) => {
    const before = plan.files.get(file)!.content.toString();
    return takenBack(before, content!.toString()).flatMap(({ text, what }) => {
      const other = { ...edits.find((edit) => edit.file === file)!, content: Buffer.from(text) };
      const rest = edits.map((edit) => (edit.file === file ? other : edit));
      return rendersAlike(whole, plan, rest) ? [`${file}: ${what}`] : [];
    });
  });
}

/** The new text with one change, or one line of it, as it was. */
function takenBack(before: string, after: string): { text: string; what: string }[] {
  const { hunks } = structuredPatch('', '', before, after, '', '', { context: 0 });
  const lines = after.split('\n');
  return hunks.flatMap(({ newStart, newLines, lines: changed }) => {
    const was = changed.filter((line) => line.startsWith('-')).map((line) => line.slice(1));
    const now = changed.filter((line) => line.startsWith('+')).map((line) => line.slice(1));
    const start = newStart - 1;
    if (was.length === now.length) {
      return was.map((line, i) => ({
        text: lines.toSpliced(start + i, 1, line).join('\n'),
        what: `-${line} +${now[i]}`,
      }));
    }
    // Where one block ends and the next begins, they could have been one: that is no change of any line.
    if (was.length === 0 && now.every((line) => /^\{%.*%\}$/.test(line))) return [];
    const whole = lines.toSpliced(start, newLines, ...was).join('\n');
    const alone = now.flatMap((line, i) => {
      // A mapping or list that has lost all that it had.
      if (/(?:\{\}|\[\])(?: #.*)?$/.test(line)) return [];
      const old = was.find((other) => keyOf(other) !== undefined && keyOf(other) === keyOf(line));
      // The comment of what went stays with what held it.
      if (old !== undefined && line.startsWith(`${old} #`)) return [];
      const text = lines.toSpliced(start + i, 1, ...(old === undefined ? [] : [old])).join('\n');
      return [{ text, what: `${old === undefined ? '' : `-${old} `}+${line}` }];
    });
    return [{ text: whole, what: changed.join(' ') }, ...alone];
  });
}

/** What a line of YAML says something of. */
function keyOf(line: string): string | undefined {
  return /^\s*(?:- )?[\w.-]+:/.exec(line)?.[0];
}

function rendersAlike(whole: Plan, plan: Plan, edits: readonly PlanEdit[]): boolean {
  const files = new Map(plan.files);
  for (const { file, content, mode } of edits) {
    if (content === null) files.delete(file);
    else files.set(file, planFiles({ [file]: { mode, content } }).get(file)!);
  }
  const other = loadPlan(files, { previous: whole }).plan;
  if (!other) return false;
  return [...whole.sites.keys()].every((site) => {
    const [a, b] = [treeOf(whole, site), treeOf(other, site)];
    return b.size > 0 && changedPaths(a, b).length === 0;
  });
}
