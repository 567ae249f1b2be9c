import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds that a long loop may keep the event loop from everybody else. */
const TURN = 10;

/** Gives the event loop its turn in long loops: `await pace.next()` at each step costs next to nothing. */
export class Pace {
  #since = performance.now();

  next(): Promise<void> | undefined {
    if (performance.now() - this.#since < TURN) return undefined;
    return this.#pause();
  }

  async #pause(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}
