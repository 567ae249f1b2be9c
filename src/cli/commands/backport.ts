import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { backport } from '../../backport/backport.ts';
import { recommendedEdits, recommendedSet } from '../../backport/recommended.ts';
import { UserError } from '../../model/errors.ts';
import type {
  BackportProposal,
  BackportResult,
  PlacementChoice,
  PlanEdit,
} from '../../model/proposal.ts';
import { pathFault } from '../../model/tree.ts';
import { count, EXIT, type Output, styled, styledDiff } from '../output.ts';
import { openPlan, readFolder } from '../plan-source.ts';

export interface BackportOptions {
  plan: string;
  rev?: string;
  observed: string;
  write?: boolean;
  place: PlacementChoice;
}

/** `trueup backport`: the plan edits that explain an edited site tree. */
export async function backportCommand(
  site: string,
  options: BackportOptions,
  output: Output,
): Promise<number> {
  const { plan, revision } = await openPlan(options);
  if (!plan.sites.has(site)) throw new UserError(`the plan has no site ${site}`);
  const { tree: observed, refused } = await readFolder(options.observed);
  if (observed.size === 0)
    throw new UserError(
      `${options.observed} is empty: name the folder with the site's edited tree`,
    );
  const result = backport({ plan, revision, site, observed, place: options.place });
  for (const { path, reason } of refused) result.unexplained.push({ path, reason });
  output.document(toJson(result));
  tell(result, output);
  if (options.write) {
    const edits = recommendedEdits(result);
    await writeEdits(options.plan, edits);
    output.line(`${styled('green', 'written')}: ${edits.map(({ file }) => file).join(', ')}`);
  }
  return result.proposals.length > 0 || result.unexplained.length > 0 ? EXIT.differs : EXIT.ok;
}

/** The form that scripts rely on: patches, not contents. */
export function toJson(result: BackportResult): unknown {
  const { site, revision, proposals, unexplained } = result;
  return {
    site,
    revision,
    proposals: proposals.map(
      ({ kind, placement, title, edits, explains, blastRadius, verified, notes }) => ({
        kind,
        placement,
        title,
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

function tell(result: BackportResult, output: Output): void {
  const recommended = recommendedSet(result);
  if (recommended.length === 0 && result.unexplained.length === 0) {
    output.line(`${result.site} is as the plan has it`);
    return;
  }
  for (const proposal of recommended) tellProposal(proposal, output);
  const alternatives = result.proposals.filter((one) => !recommended.includes(one));
  for (const proposal of alternatives) {
    output.line(styled('dim', '\nor instead:'));
    tellProposal(proposal, output);
  }
  for (const { path, reason } of result.unexplained) {
    output.line(`${styled('yellow', 'not explained')}  ${path}: ${reason}`);
  }
}

function tellProposal(proposal: BackportProposal, output: Output): void {
  const { title, edits, explains, blastRadius, verified, notes, placement, kind } = proposal;
  output.line(`${styled('bold', title)}  ${styled('dim', `(${kind}, ${placement})`)}`);
  for (const { patch } of edits) output.line(styledDiff(patch));
  const proof = verified
    ? styled('green', 'rendered again: matches byte for byte')
    : styled('red', 'not verified');
  output.line(`${proof}  ${explains.join(', ')}`);
  output.line(
    `touches ${count(blastRadius.length, 'site')}: ${blastRadius.map(({ site, files }) => `${site} (${files.join(', ')})`).join('; ')}`,
  );
  for (const note of notes) output.line(`${styled('yellow', 'note')}  ${note}`);
}

async function writeEdits(plan: string, edits: readonly PlanEdit[]): Promise<void> {
  for (const { file, content, mode } of edits) {
    const fault = pathFault(file);
    if (fault) throw new UserError(`the path ${file} ${fault}`);
    const full = join(resolve(plan), file);
    if (content === null) await rm(full, { force: true });
    else {
      await mkdir(dirname(full), { recursive: true });
      await writeFile(full, content, { mode: mode === '100755' ? 0o755 : 0o644 });
    }
  }
}
