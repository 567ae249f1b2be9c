import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

/** Nothing that tests wait for takes this long, even on a busy machine, unless it is broken (ms). */
const PATIENCE = 60_000;
const LOOK = 50;

/**
 * Looks again and again until there is something to be seen, and returns that.
 * @param what says what is waited for, in the error
 * @param look gives undefined or false while there is nothing; an error that it throws counts as nothing
 * @throws Error after `patience` milliseconds, with what the last look gave
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  options: { patience?: number; tell?: () => unknown } = {},
): Promise<T> {
  const { patience = PATIENCE, tell } = options;
  const end = performance.now() + patience;
  for (;;) {
    let fault: unknown;
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (error) {
      fault = error;
    }
    if (performance.now() > end) {
      const state = tell ? `\n${inspect(await tell(), { depth: 6, breakLength: 110 })}` : '';
      throw new Error(`waited ${patience / 1000} s in vain until ${what}${state}`, {
        cause: fault,
      });
    }
    await sleep(LOOK);
  }
}
