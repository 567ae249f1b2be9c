import type { SiteStore } from '../git/site-store.ts';
import { Redactor } from '../model/redact.ts';
import { changedPaths, type TreeFile } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { secretValuesIn } from '../plan/secrets.ts';
import { unifiedPatch } from '../plan/yaml/patch.ts';

/** No diff that is told to people or kept in a database is larger (characters). */
const MAX_DIFF = 256 * 1024;

/** Unified diff between two recorded trees of a site, without the values of secrets. */
export async function treeDiff(
  trees: SiteStore,
  plan: Plan | undefined,
  site: string,
  from: string,
  to: string,
): Promise<string> {
  const [before, after] = await Promise.all([trees.readTree(from), trees.readTree(to)]);
  // A secret that was changed at the site is as secret as the one that the plan has.
  const redactor = new Redactor([
    ...secretValuesIn(plan, site, before),
    ...secretValuesIn(plan, site, after),
  ]);
  let text = '';
  for (const path of changedPaths(before, after)) {
    if (text.length > MAX_DIFF) return `${text}… the rest of the diff is left out\n`;
    text += redactor.redact(fileDiff(path, before.get(path), after.get(path)));
  }
  return text;
}

function fileDiff(path: string, before: TreeFile | undefined, after: TreeFile | undefined): string {
  if (before?.content.includes(0) || after?.content.includes(0))
    return `Binary file ${path} differs\n`;
  const mode =
    before && after && before.mode !== after.mode
      ? `--- a/${path}\n+++ b/${path}\nold mode ${before.mode}\nnew mode ${after.mode}\n`
      : '';
  return mode + unifiedPatch(path, textOf(before), textOf(after));
}

function textOf(file: TreeFile | undefined): string | null {
  return file?.content.toString('utf8') ?? null;
}
