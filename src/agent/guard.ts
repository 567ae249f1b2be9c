import type { RunReport } from '../model/run.ts';

/** A tree that was applied at the site and after which the hosts answered. */
export interface GoodTree {
  /** The observed commit that was run, and the desired commit that it came from. */
  commit: string;
  digest: string;
  desired: string;
}

/**
 * What the lock-out guard knows, kept durably and written before an apply begins:
 * - `idle`: nothing is under way
 * - `armed`: `trial` is being applied; nobody knows yet whether the hosts will answer after it
 * - `restoring`: they did not; the last good tree is being applied again
 * - `restored`: that is done; `refused` is not applied again until somebody asks for it or something else is desired
 */
export type Guard = { good: GoodTree | null } & (
  | { state: 'idle' }
  | { state: 'armed'; trial: GoodTree; runId: string; at: number }
  | { state: 'restoring'; refused: string; why: string; since: number }
  | { state: 'restored'; refused: string; why: string; at: number }
);

export const NO_GUARD: Guard = { state: 'idle', good: null };

/** How the look after an apply ended. */
export type Answer = 'answered' | { failed: string };

/** Before an apply of `trial` begins. */
export function arm(guard: Guard, trial: GoodTree, runId: string, at: number): Guard {
  return { state: 'armed', good: guard.good, trial, runId, at };
}

/**
 * After an apply and the look at the hosts that follows it. A run that failed at hosts which still answer is no
 * lock-out: it is tried again like any other.
 */
export function afterApply(
  guard: Guard,
  report: Pick<RunReport, 'result'>,
  answer: Answer,
  now: number,
): Guard {
  if (guard.state !== 'armed') return guard;
  const { good, trial } = guard;
  if (answer === 'answered') {
    return { state: 'idle', good: report.result === 'success' ? trial : good };
  }
  return lockedOut(guard, answer.failed, now);
}

/** What an agent that starts finds: an apply that was under way when the one before it ended is not trusted. */
export function afterDeath(guard: Guard, answer: Answer | undefined, now: number): Guard {
  if (guard.state !== 'armed') return guard;
  // Applied half-way, but the hosts answer: the apply is made again as a whole.
  if (answer === 'answered') return { state: 'idle', good: guard.good };
  return lockedOut(guard, answer?.failed ?? 'the agent ended during an apply', now);
}

function lockedOut(guard: Guard & { state: 'armed' }, why: string, now: number): Guard {
  const { good, trial } = guard;
  // Without an earlier tree, or with the same one, there is nothing better to go back to.
  if (!good || good.digest === trial.digest) {
    return { state: 'restored', good, refused: trial.desired, why, at: now };
  }
  return { state: 'restoring', good, refused: trial.desired, why, since: now };
}

/** After the last good tree was applied again. It failed: it stays to be done. */
export function afterRestore(guard: Guard, ok: boolean, now: number): Guard {
  if (guard.state !== 'restoring' || !ok) return guard;
  return { state: 'restored', good: guard.good, refused: guard.refused, why: guard.why, at: now };
}

/** Why what is desired is not applied now; undefined: nothing keeps it. */
export function guardHold(guard: Guard, desired: string, forced: boolean): string | undefined {
  if (guard.state === 'restoring') return `${guard.why}: going back to the last good tree`;
  if (guard.state !== 'restored' || forced || guard.refused !== desired) return undefined;
  const back =
    guard.good === null
      ? 'there is no earlier tree to go back to'
      : 'the last good tree is applied';
  return `${guard.why}; ${back}. \`trueup agent apply\` tries this one again`;
}

/** What the guard did last, for people; null: nothing. */
export function guardWords(guard: Guard): string | null {
  if (guard.state === 'restoring') return `goes back to the last good tree: ${guard.why}`;
  if (guard.state === 'restored') return `went back to the last good tree: ${guard.why}`;
  return null;
}
