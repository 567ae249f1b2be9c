import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { backport } from '../../backport/backport.ts';
import { recommendedEdits } from '../../backport/recommended.ts';
import { errorCode, UserError } from '../../model/errors.ts';
import type { BackportResult, PlacementChoice, PlanEdit } from '../../model/proposal.ts';
import { MANIFEST_PATH, pathFault, type SiteTree } from '../../model/tree.ts';
import type { Plan } from '../../plan/plan.ts';
import { renderSite } from '../../render/render.ts';
import { EXIT, type Output, styled } from '../output.ts';
import { openPlan, readFolder } from '../plan-source.ts';
import { tellBackport } from './backport-report.ts';

export interface BackportOptions {
  plan: string;
  rev?: string;
  observed: string;
  write?: boolean;
  place: PlacementChoice;
}

/**
 * `trueup backport`: the plan edits that explain an edited site tree. Leaves with 0 where there is nothing to explain
 * or all of it was written, with 2 where the site differs.
 */
export async function backportCommand(
  site: string,
  options: BackportOptions,
  output: Output,
): Promise<number> {
  if (options.write && options.rev !== undefined) {
    throw new UserError(
      'edits are made to the files as they stand, and not to a revision: give --write or --rev, not both',
    );
  }
  const { plan, revision } = await openPlan(options);
  if (!plan.sites.has(site)) throw new UserError(`the plan has no site ${site}`);
  const desired = renderSite(plan, site).tree;
  const { observed, refused } = await readObserved(options.observed, site, desired);
  const result = backport({ plan, revision, site, observed, place: options.place });
  result.unexplained.push(...refused);

  output.document(toJson(result));
  tellBackport({ plan, desired, observed, result, written: options.write === true }, output);
  const differs = result.proposals.length > 0 || result.unexplained.length > 0;
  if (!options.write) return differs ? EXIT.differs : EXIT.ok;
  const edits = recommendedEdits(result);
  await writeEdits(options.plan, plan, edits);
  for (const { file, content } of edits)
    output.line(`${styled('green', content === null ? 'removed' : 'written')}  ${file}`);
  return result.unexplained.length > 0 ? EXIT.differs : EXIT.ok;
}

/** The form that scripts rely on: patches, not contents. */
export function toJson({ site, revision, proposals, unexplained }: BackportResult): unknown {
  return {
    site,
    revision,
    proposals: proposals.map(
      ({ kind, placement, edits, explains, blastRadius, verified, notes }) => ({
        kind,
        placement,
        edits: edits.map(({ file, patch }) => ({ file, patch })),
        explains,
        blastRadius,
        verified,
        notes,
      }),
    ),
    unexplained,
  };
}

/** The tree found in a folder; of what can be no part of one, only that it is there is told. */
async function readObserved(
  folder: string,
  site: string,
  desired: SiteTree,
): Promise<{ observed: SiteTree; refused: BackportResult['unexplained'] }> {
  const { tree, refused } = await readFolder(folder);
  if (tree.size === 0)
    throw new UserError(`${folder} is empty: name the folder with the site's edited tree`);
  const other = siteOfTree(tree);
  if (other !== undefined && other !== site)
    throw new UserError(`${folder} is the tree of the site ${other}, and not of ${site}`);
  const observed = new Map(tree);
  // A link in the place of a file is no word on whether the site should have the file.
  for (const { path } of refused) {
    for (const [known, file] of desired)
      if (known === path || known.startsWith(`${path}/`)) observed.set(known, file);
  }
  return { observed, refused };
}

/** The site that a tree says it is of. */
function siteOfTree(tree: SiteTree): string | undefined {
  try {
    const manifest: unknown = JSON.parse(tree.get(MANIFEST_PATH)?.content.toString() ?? '');
    const named = typeof manifest === 'object' && manifest !== null && 'site' in manifest;
    return named && typeof manifest.site === 'string' ? manifest.site : undefined;
  } catch {
    return undefined;
  }
}

/** Makes edits in the plan's folder: all of its files must still be as they were read. */
async function writeEdits(folder: string, plan: Plan, edits: readonly PlanEdit[]): Promise<void> {
  const targets = edits.map((edit) => {
    const fault = pathFault(edit.file);
    if (fault) throw new UserError(`the path ${JSON.stringify(edit.file)} ${fault}`);
    return { ...edit, full: join(resolve(folder), edit.file) };
  });
  for (const { file, full } of targets) {
    const before = plan.files.get(file)?.content;
    const now = await readFile(full).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
      throw error;
    });
    if (before === undefined ? now !== undefined : !now?.equals(before))
      throw new UserError(`${file} was changed meanwhile: nothing was written, try again`);
  }
  for (const { full, content } of targets) if (content === null) await rm(full);
  for (const { full, content, mode } of targets) {
    if (content === null) continue;
    const fresh = `${full}.writing-${process.pid}`;
    await mkdir(dirname(full), { recursive: true });
    await writeFile(fresh, content, { flag: 'wx', mode: mode === '100755' ? 0o755 : 0o644 });
    await rename(fresh, full);
  }
}
