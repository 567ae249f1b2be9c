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
 *
 * `answering` are the hosts that answered before the apply; none named: all are expected to.
 */
export type Guard = { good: GoodTree | null } & (
  | { state: 'idle' }
  | { state: 'armed'; trial: GoodTree; runId: string; at: number; answering?: readonly string[] }
  | {
      state: 'restoring';
      refused: string;
      why: string;
      since: number;
      answering?: readonly string[];
    }
  | { state: 'restored'; refused: string; why: string; at: number }
);

export const NO_GUARD: Guard = { state: 'idle', good: null };

/** How the look after an apply ended. */
export type Answer = 'answered' | { failed: string };

/** Before an apply of `trial` begins. */
export function arm(
  guard: Guard,
  trial: GoodTree,
  about: { runId: string; at: number; answering?: readonly string[] | undefined },
): Guard & { state: 'armed' } {
  const { runId, at, answering } = about;
  return { state: 'armed', good: guard.good, trial, runId, at, ...(answering && { answering }) };
}

/** Whether there is another tree to go back to, should the hosts not answer after `trial`. */
export function hasWayBack({ good }: Guard, trial: Pick<GoodTree, 'digest'>): boolean {
  return good !== null && good.digest !== trial.digest;
}

/**
 * What a run says of the hosts. A host that did not answer before an apply is not locked out by it: without this, one
 * dead host would send all others back.
 */
export function judge(
  report: Pick<RunReport, 'result' | 'reason' | 'hosts'>,
  answering: readonly string[] | undefined,
): Answer {
  if (report.result === 'success') return 'answered';
  const failed = { failed: report.reason || report.result };
  const mute = muteHosts(report);
  if (report.result !== 'unreachable' || mute.length === 0 || !answering) return failed;
  return mute.some((host) => answering.includes(host)) ? failed : 'answered';
}

export function muteHosts({ hosts }: Pick<RunReport, 'hosts'>): string[] {
  return Object.keys(hosts).filter((host) => hosts[host]!.unreachable > 0);
}

/** Whether a run came as far as any host: where it did not, nothing can have been locked out. */
export function nothingRan({ result, hosts }: Pick<RunReport, 'result' | 'hosts'>): boolean {
  return result === 'error' && Object.keys(hosts).length === 0;
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
export function afterDeath(guard: Guard, answer: Answer, now: number): Guard {
  if (guard.state !== 'armed') return guard;
  // Applied half-way, but the hosts answer: the apply is made again as a whole.
  if (answer === 'answered') return { state: 'idle', good: guard.good };
  return lockedOut(guard, answer.failed, now);
}

function lockedOut(guard: Guard & { state: 'armed' }, why: string, since: number): Guard {
  const { good, trial, answering } = guard;
  // There is nothing better: the same is tried again, as after any apply that failed.
  if (!hasWayBack(guard, trial)) return { state: 'idle', good };
  const refused = trial.desired;
  return { state: 'restoring', good, refused, why, since, ...(answering && { answering }) };
}

/** After the last good tree was applied again. It failed: it stays to be done. */
export function afterRestore(guard: Guard, ok: boolean, now: number): Guard {
  if (guard.state !== 'restoring' || !ok) return guard;
  return { state: 'restored', good: guard.good, refused: guard.refused, why: guard.why, at: now };
}

/** Whether the way back is to be gone now: not where another tree is desired, or somebody asks for this one again. */
export function mustRestore(
  guard: Guard,
  desired: string | null,
  asked: boolean,
): guard is Guard & { state: 'restoring' } {
  return guard.state === 'restoring' && guard.refused === desired && !asked;
}

/** Why what is desired is not applied now; undefined: nothing keeps it. */
export function guardHold(guard: Guard, desired: string, forced: boolean): string | undefined {
  if (guard.state !== 'restoring' && guard.state !== 'restored') return undefined;
  if (forced || guard.refused !== desired) return undefined;
  return guard.state === 'restoring'
    ? `${guard.why}: going back to the last good tree`
    : `${guard.why}; the last good tree is applied. \`trueup agent apply\` tries this one again`;
}

/** What the guard did last, for people; null: nothing. */
export function guardWords(guard: Guard): string | null {
  if (guard.state === 'restoring') return `goes back to the last good tree: ${guard.why}`;
  if (guard.state === 'restored') return `went back to the last good tree: ${guard.why}`;
  return null;
}
