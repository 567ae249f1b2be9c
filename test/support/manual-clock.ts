import { setImmediate } from 'node:timers/promises';

import type { Clock } from '../../src/loop/clock.ts';

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #time = 0;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#time;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#time + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Moves on; each timer goes off at its time, and what follows from it happens before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#time + ms;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#time = next.at;
      next.callback();
      await settled();
    }
    this.#time = end;
    await settled();
  }
}

/** Resolves when everything that waits for no clock and no input or output has happened. */
export async function settled(): Promise<void> {
  await setImmediate();
}
