/** An hour (ms). */
const HOUR = 3_600_000;

export interface CalmLimits {
  /** Proposals open at once. */
  maxOpen: number;
  /** New proposals within any hour. */
  maxPerHour: number;
}

/** Why a group of drifts gets no proposal yet. */
export type Waiting = 'open' | 'hour' | 'window';

export interface CalmFacts {
  limits: CalmLimits;
  /** Proposals that are undecided. */
  open: number;
  /** When proposals were made, newest first; those of the last hour at least (ms since 1970). */
  made: readonly number[];
  /** How many groups have waited for longer. */
  ahead: number;
  /** Whether new proposals may be made at this time of the week. */
  inWindow: boolean;
  now: number;
}

/**
 * Whether a group may have its proposal now, for those who have waited longest come first: so that a bad day is not
 * a hundred pull requests. Nothing is lost by waiting: the edits are recorded, and stay where they are.
 */
export function calm({ limits, open, made, ahead, inWindow, now }: CalmFacts): Waiting | undefined {
  if (!inWindow) return 'window';
  if (open + ahead >= limits.maxOpen) return 'open';
  const lately = made.filter((time) => time > now - HOUR).length;
  return lately + ahead >= limits.maxPerHour ? 'hour' : undefined;
}

/** What keeps a group waiting, in words that follow "waits: ". */
export function waitingText(why: Waiting, limits: CalmLimits): string {
  switch (why) {
    case 'open':
      return `as many proposals are open as may be at once (drift.maxOpenProposals: ${limits.maxOpen})`;
    case 'hour':
      return `as many proposals were made as may be within an hour (drift.maxProposalsPerHour: ${limits.maxPerHour})`;
    case 'window':
      return 'no proposals are made at this time (drift.windows)';
  }
}
