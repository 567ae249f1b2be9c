import { changedParams } from '../../backport/changed-params.ts';
import { contentPatch } from '../../backport/patch.ts';
import { UserError } from '../../model/errors.ts';
import { Redactor } from '../../model/redact.ts';
import { changedPaths, type SiteTree } from '../../model/tree.ts';
import { changedSites } from '../../plan/changes.ts';
import type { Plan } from '../../plan/plan.ts';
import { secretValuesIn } from '../../plan/secrets.ts';
import { renderSite } from '../../render/render.ts';
import { count, EXIT, type Output, styled, styledDiff } from '../output.ts';
import { type LoadedPlan, openPlan } from '../plan-source.ts';
import { waitsForOthers } from './render.ts';

interface SiteDiff {
  site: string;
  change: 'added' | 'removed' | 'changed';
  params: string[];
  files: { path: string; patch: string }[];
}

/** `trueup diff`: what changes at which sites between two revisions, or a revision and the folder as it stands. */
export async function diff(
  revA: string | undefined,
  revB: string | undefined,
  options: { plan: string; site?: string; exports?: string },
  output: Output,
): Promise<number> {
  const exports = options.exports === undefined ? {} : { exports: options.exports };
  const before = await openPlan({ plan: options.plan, rev: revA ?? 'HEAD', ...exports });
  const after = await openPlan({
    plan: options.plan,
    ...exports,
    ...(revB === undefined ? {} : { rev: revB }),
  });
  const sites = sitesToCompare(before, after, options.site);
  // Between two revisions in which a site cannot be rendered yet, nothing can be told of it.
  const waiting = sites.filter((site) =>
    [before.plan, after.plan].some(
      (plan) => plan.sites.has(site) && waitsForOthers(plan, site) !== undefined,
    ),
  );
  const diffs = sites
    .filter((site) => !waiting.includes(site))
    .map((site) => siteDiff(before.plan, after.plan, site))
    .filter((one) => one.files.length > 0);
  output.document({ from: before.revision, to: after.revision, sites: diffs, waiting });
  for (const site of waiting)
    output.note(`${site} waits for what others gather: give it with --exports FILE`);
  for (const { site, change, params, files } of diffs) {
    output.line(
      styled('bold', `${site}: ${change === 'changed' ? count(files.length, 'file') : change}`),
    );
    if (params.length > 0) output.line(`  parameters: ${params.join(', ')}`);
    for (const { patch } of files) output.line(styledDiff(patch));
  }
  if (diffs.length === 0) output.line('no site changes');
  return diffs.length > 0 ? EXIT.differs : EXIT.ok;
}

function sitesToCompare(before: LoadedPlan, after: LoadedPlan, only: string | undefined): string[] {
  const all = new Set([...before.plan.sites.keys(), ...after.plan.sites.keys()]);
  if (only !== undefined) {
    if (!all.has(only)) throw new UserError(`neither revision has a site ${only}`);
    return [only];
  }
  const changed = changedSites(before.plan, after.plan);
  for (const name of before.plan.sites.keys()) if (!after.plan.sites.has(name)) changed.add(name);
  return [...changed].toSorted();
}

function siteDiff(before: Plan, after: Plan, site: string): SiteDiff {
  const [was, is] = [before, after].map((plan): SiteTree =>
    plan.sites.has(site) ? renderSite(plan, site).tree : new Map(),
  );
  const redactor = new Redactor([
    ...secretValuesIn(before, site, was!),
    ...secretValuesIn(after, site, is!),
  ]);
  const paths = changedPaths(was!, is!);
  return {
    site,
    change: !before.sites.has(site) ? 'added' : !after.sites.has(site) ? 'removed' : 'changed',
    params: paths.flatMap((path) => changedParams(path, was!.get(path), is!.get(path)) ?? []),
    files: paths.map((path) => ({
      path,
      patch: redactor.redact(contentPatch(path, was!.get(path), is!.get(path))),
    })),
  };
}
