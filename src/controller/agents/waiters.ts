/** Those that wait at once, and those of one site. */
const MAX_WAITERS = 20_000;
const MAX_OF_SITE = 4;
/** How exactly waits end (ms): one timer serves them all. */
const TICK = 500;

interface Waiter {
  desired: string | undefined;
  until: number;
  resolve: () => void;
}

/** Agents that wait for another desired commit, each for its own site. One timer ends the waits of all of them. */
export class DesiredWaiters {
  readonly #waiting = new Map<string, Set<Waiter>>();
  readonly #now: () => number;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param now milliseconds; only differences count */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** How many wait. */
  get size(): number {
    return this.#count;
  }

  /**
   * Resolves when something else than `desired` is desired at the site, after `patience` milliseconds, or when the
   * signal aborts; with false at once where too many wait.
   */
  async wait(
    site: string,
    options: { desired: string | undefined; patience: number; signal: AbortSignal },
  ): Promise<boolean> {
    const { desired, patience, signal } = options;
    if (this.#closed || signal.aborted) return true;
    const ofSite = this.#waiting.get(site) ?? new Set();
    if (this.#count >= MAX_WAITERS || ofSite.size >= MAX_OF_SITE) return false;
    await new Promise<void>((resolve) => {
      const waiter = { desired, until: this.#now() + patience, resolve };
      const leave = (): void => this.#end(site, waiter);
      waiter.resolve = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      signal.addEventListener('abort', leave);
      ofSite.add(waiter);
      this.#waiting.set(site, ofSite);
      this.#count += 1;
      this.#timer ??= setInterval(() => this.#tick(), TICK).unref();
    });
    return true;
  }

  /** Lets those go who wait at a site for something else than this commit. */
  wake(site: string, desired: string | undefined): void {
    for (const waiter of this.#waiting.get(site) ?? []) {
      if (waiter.desired !== desired) this.#end(site, waiter);
    }
  }

  /** Lets everybody go. */
  close(): void {
    this.#closed = true;
    for (const [site, waiters] of this.#waiting)
      for (const waiter of waiters) this.#end(site, waiter);
  }

  #tick(): void {
    const now = this.#now();
    for (const [site, waiters] of this.#waiting)
      for (const waiter of waiters) if (waiter.until <= now) this.#end(site, waiter);
  }

  #end(site: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(site);
    if (!waiters?.delete(waiter)) return;
    this.#count -= 1;
    if (waiters.size === 0) this.#waiting.delete(site);
    if (this.#count === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    waiter.resolve();
  }
}
