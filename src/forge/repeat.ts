import { setTimeout } from 'node:timers/promises';

import { ForgeUnavailable } from './errors.ts';

/** Milliseconds before the second and the third attempt, give or take a half. */
const PAUSES = [500, 2000];

/**
 * Does something up to three times while it fails for the moment (`ForgeUnavailable` without a time to wait). The
 * work must be safe to repeat as a whole after an answer was lost. A refusal is never repeated.
 */
export async function repeatedly<T>(
  work: () => Promise<T>,
  sleep: (ms: number) => Promise<unknown> = (ms) => setTimeout(ms),
): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ForgeUnavailable) || error.retryAfter !== undefined) throw error;
    }
    await sleep(pause * (0.5 + Math.random()));
  }
  return work();
}
