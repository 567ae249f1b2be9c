import { Fault } from './errors.ts';

/**
 * What one rendering may spend. A unit is about one step of work or one character made: loop turns, output, repeats,
 * copied elements and the work of filters all count, so that no template runs for long or fills the memory.
 */
export const DEFAULT_FUEL = 3_000_000;

/** How deep macro calls, includes and recursive loops may nest; Python's own stack ends not far above. */
const MAX_CALLS = 100;

export class Fuel {
  private left: number;
  private calls = 0;
  readonly total: number;

  constructor(total: number = DEFAULT_FUEL) {
    this.total = total;
    this.left = total;
  }

  /** Takes `units` (any non-negative number); throws a Fault when they are not there. */
  spend(units: number): void {
    this.left -= units;
    if (!(this.left >= 0)) {
      throw new Fault(`the template does too much work (more than ${this.total} steps)`, {
        hint: 'loop over less, or split the file',
      });
    }
  }

  /** Runs one nested call; throws a Fault when calls nest too deeply. */
  nested<Result>(call: () => Result): Result {
    if (this.calls >= MAX_CALLS) throw new Fault(`calls nest more than ${MAX_CALLS} deep`);
    this.calls += 1;
    try {
      return call();
    } finally {
      this.calls -= 1;
    }
  }
}
