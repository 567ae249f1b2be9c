import { setImmediate as nextTurn } from 'node:timers/promises';

/** The event loop gets its turn at least this often (ms) while something is computed. */
const TURN = 10;

/** Gives the event loop its turn whenever ours has lasted long enough; to be called often. */
export function turns(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < TURN) return;
    await nextTurn();
    since = performance.now();
  };
}
