import type { DriftRow, DriftStatus } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Judged, Judgement } from './judge.ts';

/** How a drift ends that nobody decided: its edit is not found at the site any more. */
export interface Ending {
  drift: DriftRow;
  status: Exclude<DriftStatus, 'open' | 'rejected'>;
  by: string;
}

/** Why an edit is not found any more. */
export function endOf(
  drift: DriftRow,
  now: {
    /** What was found. */
    found: readonly Judged[];
    judgement: Judgement;
    /** Drifts that the plan has by itself now. */
    overtaken: ReadonlySet<string>;
  },
): Ending {
  const { found, judgement, overtaken } = now;
  if (overtaken.has(drift.id)) return { drift, status: 'adopted', by: 'the plan' };
  if (found.some(({ edit }) => isOf(drift, edit)))
    return { drift, status: 'superseded', by: 'a newer edit' };
  if (judgement.ignored.some((edit) => isOf(drift, edit)))
    return { drift, status: 'ignored', by: 'policy' };
  return { drift, status: 'reverted', by: 'the site' };
}

/** Whether an edit is a drift that has moved on. */
function isOf(drift: DriftRow, { commits, replaces, paths }: Judged['edit']): boolean {
  return (
    (commits.includes(drift.observedCommit) || replaces.includes(drift.observedCommit)) &&
    paths.some((path) => drift.paths.includes(path))
  );
}

/**
 * Records how drifts ended. Of one with a pull request that may have been merged only that knows whether the plan
 * learnt the edit or the site undid it: what is known here is noted for its proposal.
 */
export async function recordEndings(
  tx: Store,
  endings: readonly Ending[],
  at: number,
): Promise<Ending[]> {
  for (const { drift, status, by } of endings) {
    const proposal = drift.proposalId ? await tx.proposals.get(drift.proposalId) : undefined;
    const told = proposal && proposal.state !== 'pending';
    if (told && (status === 'reverted' || status === 'adopted')) {
      if (drift.gone !== status) await tx.drifts.setGone(drift.id, status);
      continue;
    }
    await tx.drifts.decide(drift.id, status, by, at);
    // What is gone need not be taken back.
    await tx.drifts.setCarriedOut([drift.id]);
  }
  return [...endings];
}
