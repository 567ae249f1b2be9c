import { backport } from '../../backport/backport.ts';
import { completed, type Way } from '../../backport/complete.ts';
import { recommendedSet } from '../../backport/recommended.ts';
import { UserError } from '../../model/errors.ts';
import type { BackportProposal, BackportResult, PlacementChoice } from '../../model/proposal.ts';
import { renderSite } from '../../render/render.ts';
import { readObserved } from '../observed.ts';
import { count, EXIT, type Output, styled } from '../output.ts';
import { openPlan } from '../plan-source.ts';
import { type BackportStory, tellBackport } from './backport-report.ts';
import { writeEdits } from './backport-write.ts';

export interface BackportOptions {
  plan: string;
  rev?: string;
  /** A folder, or `git:DIR@REV`. */
  observed: string;
  write?: boolean;
  place: PlacementChoice;
  /** Which of the ways is shown in full, and written; counted from 1, the recommended one. */
  alternative?: number;
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
  const { write = false, place, alternative = 1 } = options;
  if (write && options.rev !== undefined) {
    throw new UserError(
      'edits are made to the files as they stand, and not to a revision: give --write or --rev, not both',
    );
  }
  const { plan, revision } = await openPlan(options);
  if (!plan.sites.has(site)) throw new UserError(`the plan has no site ${site}`);
  const desired = renderSite(plan, site).tree;
  const { observed, refused } = await readObserved(options.observed, site, desired);
  const result = backport({ plan, revision, site, observed, place });
  result.unexplained.push(...refused);

  const others = alternatives(result);
  const differs = result.proposals.length > 0 || result.unexplained.length > 0;
  const other = others[alternative - 2];
  if (differs && alternative > 1 && !other) {
    const ways = others.length === 0 ? 'the recommended one alone' : `1 to ${others.length + 1}`;
    throw new UserError(
      `there is no alternative ${alternative}: the ways to change it are ${ways}`,
    );
  }
  const way: Way = other
    ? completed(plan, observed, result, other)
    : { proposals: recommendedSet(result), unexplained: result.unexplained };
  const story: BackportStory = {
    plan,
    desired,
    observed,
    result,
    others,
    alternative,
    way,
    place,
    write,
  };
  tellBackport(story, output);
  const edits = way.proposals.flatMap((proposal) => proposal.edits);
  if (write) {
    await writeEdits(options.plan, plan, edits);
    if (edits.length > 0) output.line();
    for (const { file, content } of edits)
      output.line(`${styled('green', content === null ? 'removed' : 'written')}  ${file}`);
    if (way.unexplained.length > 0)
      output.line(`${count(way.unexplained.length, 'file')} stays different, see above`);
  }
  output.document({
    ...toJson(result),
    ...(other ? { chosen: { alternative, ...wayJson(way) } } : {}),
    ...(write ? { written: edits.map(({ file }) => file) } : {}),
  });
  if (!write) return differs ? EXIT.differs : EXIT.ok;
  return way.unexplained.length > 0 ? EXIT.differs : EXIT.ok;
}

/** What may be chosen in place of the recommended set. */
function alternatives(result: BackportResult): BackportProposal[] {
  const recommended = new Set(recommendedSet(result));
  return result.proposals.filter((one) => !recommended.has(one));
}

/** The form that scripts rely on: patches, not contents. */
function toJson({ site, revision, proposals, unexplained }: BackportResult) {
  return { site, revision, ...wayJson({ proposals, unexplained }) };
}

function wayJson({ proposals, unexplained }: Way) {
  return {
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
