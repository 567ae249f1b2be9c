import { UserError } from '../model/errors.ts';
import type { BackportProposal, BackportResult } from '../model/proposal.ts';
import { changedPaths, type SiteTree } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { isDataFile, valueDifferences } from './data-files.ts';
import { keepFiles } from './keep.ts';
import { overlayNotes } from './notes.ts';
import { explainedPaths, Proof } from './proof.ts';
import { SecretGuard } from './secrets.ts';
import { overlayTitle } from './title.ts';

/** One way to change the plan, with all that belongs to it. */
export interface Way {
  /** What is made together; one file is in no more than one of them. */
  proposals: BackportProposal[];
  /** Edited paths that will not render as found, and why. */
  unexplained: BackportResult['unexplained'];
}

/**
 * A proposal chosen in place of the recommended ones, completed so that nothing of the edit is lost (law 4): edited
 * files that it leaves as they were are kept by an overlay of the site. What may not be kept, or has only its
 * formatting left, is listed.
 * @param result the answer that the proposal is of, for the same plan and observed tree
 * @throws UserError if the proposal's edits no longer go into the plan
 */
export function completed(
  plan: Plan,
  observed: SiteTree,
  result: BackportResult,
  proposal: BackportProposal,
): Way {
  const { site } = result;
  const proof = new Proof(plan, site);
  const chosen = proof.try(proposal.edits);
  if ('reason' in chosen) throw new UserError(`${proposal.title}: ${chosen.reason}`);
  const { desired } = proof;
  const edited = changedPaths(desired, observed);
  const explained = new Set(explainedPaths(chosen.tree, observed, edited));
  const known = new Map(result.unexplained.map(({ path, reason }) => [path, reason]));
  const secrets = new SecretGuard(plan, site, desired, observed);

  const remains = new Map<string, string>();
  const rest: string[] = [];
  for (const path of edited.filter((one) => !explained.has(one))) {
    const reason =
      secrets.refusal(path) ??
      known.get(path) ??
      harmless(path, { desired, chosen: chosen.tree, observed });
    if (reason === undefined) rest.push(path);
    else remains.set(path, reason);
  }
  // What is no part of any tree, a link for instance, is different either way.
  for (const [path, reason] of known) if (!edited.includes(path)) remains.set(path, reason);

  const after = new Proof(chosen.plan, site);
  const { kept, failed } = keepFiles(after, observed, rest);
  for (const [path, reason] of failed) remains.set(path, reason);
  const shown = (text: string): string => secrets.redact(text);
  const unexplained = [...remains].map(([path, reason]) => ({
    path: shown(path),
    reason: shown(reason),
  }));
  if (!kept) return { proposals: [proposal], unexplained };
  const { paths, edits, trial } = kept;
  const reasons = new Map(paths.map((path) => [path, 'this way does not explain it']));
  const claimed = [...explained, ...paths];
  const overlay: BackportProposal = {
    kind: 'overlay',
    placement: 'site',
    title: shown(
      overlayTitle(
        site,
        paths.filter((path) => observed.has(path)),
        paths.filter((path) => !observed.has(path)),
      ),
    ),
    edits: edits.map((edit) => ({ ...edit, patch: shown(edit.patch) })),
    explains: [...paths],
    blastRadius: after.radius(trial),
    verified: explainedPaths(trial.tree, observed, claimed).length === claimed.length,
    notes: overlayNotes(site, paths, reasons, { desired, observed }).map(shown),
  };
  return { proposals: [proposal, overlay], unexplained };
}

/** Why a file need not be kept that renders otherwise than found, though every value that was edited in it is made. */
function harmless(
  path: string,
  { desired, chosen, observed }: Record<'desired' | 'chosen' | 'observed', SiteTree>,
): string | undefined {
  if (!isDataFile(path)) return undefined;
  const left = valueDifferences(path, chosen, observed);
  if (left === 0) return 'only comments, order or formatting stay different';
  const edited = valueDifferences(path, desired, observed);
  const made = valueDifferences(path, desired, chosen);
  if (left === undefined || edited === undefined || made === undefined) return undefined;
  // Only where all of the edit is made do both distances add up.
  return made === edited + left
    ? 'what was edited in it is made; it will also show what was edited elsewhere at the site'
    : undefined;
}
