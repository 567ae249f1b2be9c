import { randomBytes } from 'node:crypto';

/** How often it is looked whether something has changed, while anybody waits for it (ms). */
const LOOK_INTERVAL = 250;

/**
 * Tells those who wait when the controller's state has changed. It does not say what: whoever is told looks anew.
 * So nothing is kept for those who are away, and one number says all that they have missed.
 */
export class ChangeFeed {
  /** How many are connected. */
  listeners = 0;
  readonly #count: () => Promise<number>;
  /** Counts are of this process; those of another one mean nothing. */
  readonly #process = randomBytes(6).toString('hex');
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #last: number | undefined;
  #closed = false;

  /** @param count grows with every change */
  constructor(count: () => Promise<number>) {
    this.#count = count;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Names the state of now, as soon as that is another than the one that is named, or after `patience` milliseconds.
   * @param seen what an earlier call returned, or what somebody claims that one did
   */
  async after(seen: string | undefined, patience: number): Promise<string> {
    const now = await this.#now();
    if (now !== seen || this.#closed) return now;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, patience);
      this.#waiting.add(done);
      this.#timer ??= setInterval(() => void this.#look(), LOOK_INTERVAL);
    });
    return this.#closed ? now : this.#now();
  }

  /** Lets everybody go who waits; whoever asks from now on is not kept waiting. */
  close(): void {
    this.#closed = true;
    this.#wake();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #now(): Promise<string> {
    if (!this.#closed) {
      const count = await this.#count();
      if (count !== this.#last) this.#wake();
      this.#last = count;
    }
    return `${this.#process}-${this.#last ?? 0}`;
  }

  async #look(): Promise<void> {
    // Where the store cannot be asked, there is nothing that could be told.
    await this.#now().catch(() => undefined);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #wake(): void {
    for (const done of this.#waiting) done();
  }
}
