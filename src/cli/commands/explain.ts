import { UserError } from '../../model/errors.ts';
import { nearest } from '../../model/nearest.ts';
import { MANIFEST_PATH } from '../../model/tree.ts';
import type { Plan } from '../../plan/plan.ts';
import { quoted } from '../../plan/shape.ts';
import { explainFile, explainKeyOf } from '../../render/explain/explain.ts';
import type { ExplainReport } from '../../render/explain/types.ts';
import { renderSite } from '../../render/render.ts';
import { EXIT, type Output } from '../output.ts';
import { openPlan, type PlanOptions } from '../plan-source.ts';
import { tellExplained } from './explain-report.ts';

/** `trueup explain`: where a parameter, or a line of a rendered file, comes from, and what it shadows. */
export async function explain(
  site: string,
  what: string,
  options: PlanOptions,
  output: Output,
): Promise<number> {
  const { plan } = await openPlan(options);
  if (!plan.sites.has(site)) {
    const meant = nearest(site, plan.sites.keys());
    const hint = meant === undefined ? '' : ` (did you mean ${quoted(meant)}?)`;
    throw new UserError(`the plan has no site ${quoted(site)}${hint}`);
  }
  const report = answer(plan, site, what);
  output.document(report);
  tellExplained(report, output);
  return EXIT.ok;
}

/** What looks like a path, or is one of the tree's, is a file; anything else a key. */
function answer(plan: Plan, site: string, what: string): ExplainReport {
  if (/^(?:host|group):/.test(what)) return explainKeyOf(plan, site, what);
  const [, file = what, line] = /^(.+):(\d+)$/s.exec(what) ?? [];
  const isFile = line !== undefined || what.includes('/') || isInTree(plan, site, what);
  if (!isFile) return explainKeyOf(plan, site, what);
  return explainFile(plan, site, file, line === undefined ? undefined : Number(line));
}

function isInTree(plan: Plan, site: string, path: string): boolean {
  // Only these stand at the top of every tree; a key is explained even where a template does not render.
  if (!/^(?:README|[\w-]+\.(?:cfg|sh|yml))$/.test(path)) return path === MANIFEST_PATH;
  return renderSite(plan, site).tree.has(path);
}
