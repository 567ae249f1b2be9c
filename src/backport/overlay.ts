import type { PlanEdit } from '../model/proposal.ts';
import { pathFault, sameFile, type SiteTree, type TreeFile } from '../model/tree.ts';
import { absentFile, overlayFile } from '../plan/overlays.ts';
import type { Plan } from '../plan/plan.ts';
import { applyEdits } from '../plan/yaml/edit.ts';
import { makeNode } from '../plan/yaml/make.ts';
import { parseYaml } from '../plan/yaml/parse.ts';
import { renderSite } from '../render/render.ts';
import { contentPatch } from './patch.ts';

/** Why no overlay may hold a path, or undefined if one may. */
export function overlayFault(site: string, path: string): string | undefined {
  if (/^\.trueup(?:\/|$)/i.test(path) || overlayFile(site, path) === absentFile(site))
    return 'trueup keeps files of its own there, and nobody else may';
  const fault = pathFault(path);
  return fault && `its path ${fault}, which no plan may hold`;
}

/**
 * Plan edits that keep files at one site as they were found there: those that differ from what the plan renders
 * without the site's overlay stand in it whole, those that are gone are listed as absent, and those that are as the
 * plan would have them leave it.
 */
export function overlayEdits(
  plan: Plan,
  site: string,
  observed: SiteTree,
  paths: readonly string[],
): PlanEdit[] {
  const rendered = withoutOverlay(plan, site);
  const edits: PlanEdit[] = [];
  const absent = new Set(plan.overlays.get(site)?.absent);
  for (const path of paths) {
    const found = observed.get(path);
    const plain = sameFile(found, rendered.get(path));
    const edit = fileEdit(plan, overlayFile(site, path), plain ? undefined : found);
    if (edit) edits.push(edit);
    if (found || plain) absent.delete(path);
    else absent.add(path);
  }
  const list = absentEdit(plan, site, [...absent]);
  return list ? [...edits, list] : edits;
}

/** What a site would render as if it had nothing of its own. */
function withoutOverlay(plan: Plan, site: string): SiteTree {
  return renderSite(plan.overlays.has(site) ? { ...plan, overlays: new Map() } : plan, site).tree;
}

/** The edit that makes a file of the plan what it is to be; undefined where it is that already. */
function fileEdit(plan: Plan, file: string, wanted: TreeFile | undefined): PlanEdit | undefined {
  const before = plan.files.get(file);
  if (sameFile(before, wanted)) return undefined;
  const { content, mode } = wanted ?? { content: null, mode: before!.mode };
  return { file, content, mode, patch: contentPatch(file, before, wanted) };
}

/** The edit of the list of absent files, if it changes. */
function absentEdit(plan: Plan, site: string, wanted: readonly string[]): PlanEdit | undefined {
  const known = plan.overlays.get(site)?.absent ?? [];
  if (wanted.length === known.length && wanted.every((path) => known.includes(path)))
    return undefined;
  const file = absentFile(site);
  if (wanted.length === 0) return fileEdit(plan, file, undefined);
  const text =
    plan.files.get(file)?.content.toString() ?? 'apiVersion: trueup/v1\nkind: Absent\npaths: []\n';
  const { document } = parseYaml(file, text);
  if (!document) return undefined;
  const edited = applyEdits(document, [
    { op: 'set', path: ['paths'], value: makeNode([...wanted]) },
  ]);
  return fileEdit(plan, file, { mode: '100644', content: Buffer.from(edited.text) });
}
