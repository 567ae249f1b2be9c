/** One ref and where it goes, whatever it was before. */
export interface QueuedMove {
  ref: string;
  to: string;
}

export interface RefQueueOptions {
  /** Moves all of them at once. */
  move: (moves: QueuedMove[]) => Promise<void>;
  /** Milliseconds for which moves are gathered. */
  delay: number;
  onError: (error: unknown) => void;
}

/**
 * Moves refs soon, many at once: one call of git costs the same for one ref and for a thousand. Only for refs
 * that follow what a database says: what is lost with the process is set right when it starts again.
 */
export class RefQueue {
  readonly #options: RefQueueOptions;
  #waiting = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #moving = Promise.resolve();

  constructor(options: RefQueueOptions) {
    this.#options = options;
  }

  /** Later moves of a ref take the place of earlier ones that still wait. */
  add(moves: Iterable<QueuedMove>): void {
    for (const { ref, to } of moves) this.#waiting.set(ref, to);
    if (this.#waiting.size === 0) return;
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.delay);
  }

  /** Moves everything that waits; never rejects. What could not be moved waits for the next time. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#moving = this.#moving.then(() => this.#moveAll());
    await this.#moving;
  }

  async #moveAll(): Promise<void> {
    const moves = this.#waiting;
    if (moves.size === 0) return;
    this.#waiting = new Map();
    try {
      await this.#options.move([...moves].map(([ref, to]) => ({ ref, to })));
    } catch (error) {
      for (const [ref, to] of moves) if (!this.#waiting.has(ref)) this.#waiting.set(ref, to);
      this.#options.onError(error);
    }
  }
}
