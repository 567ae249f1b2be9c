import PQueue from 'p-queue';

import type { Driver, RunRequest } from '../model/driver.ts';
import type { RunReport } from '../model/run.ts';

export interface RunnerOptions {
  driver: Driver;
  /** Runs under way at once. */
  concurrency: number;
}

/** Runs a driver within bounds: so many runs at once, and never two on one site. */
export class Runner {
  readonly #driver: Driver;
  readonly #queue: PQueue;
  /** The newest run of each site that has any: the next one waits for it. */
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #stopping = new AbortController();
  #active = 0;

  constructor({ driver, concurrency }: RunnerOptions) {
    this.#driver = driver;
    this.#queue = new PQueue({ concurrency });
  }

  /** Name of the driver. */
  get driver(): string {
    return this.#driver.name;
  }

  /** Runs under way. */
  get active(): number {
    return this.#active;
  }

  /**
   * Makes a run as soon as there is a place for it and the site has no other. A run that is cancelled before it
   * began is reported like one that was cancelled later. Rejects as `Driver.run` does.
   */
  async submit(request: RunRequest): Promise<RunReport> {
    const before = this.#last.get(request.site) ?? Promise.resolve();
    const mine = before.then(() => this.#queue.add(() => this.#run(request)));
    const over = mine.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(request.site, over);
    try {
      return await mine;
    } finally {
      if (this.#last.get(request.site) === over) this.#last.delete(request.site);
    }
  }

  /** Waits until no run is under way or waits. */
  async drain(): Promise<void> {
    await Promise.all(this.#last.values());
    await this.#queue.onIdle();
  }

  /** Cancels what is under way or waits, and waits for its end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.drain();
  }

  async #run(request: RunRequest): Promise<RunReport> {
    const signals = [this.#stopping.signal, ...(request.signal ? [request.signal] : [])];
    this.#active += 1;
    try {
      return await this.#driver.run({ ...request, signal: AbortSignal.any(signals) });
    } finally {
      this.#active -= 1;
    }
  }
}
