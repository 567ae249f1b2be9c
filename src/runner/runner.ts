import { availableParallelism } from 'node:os';

import PQueue from 'p-queue';

import type { Driver, RunRequest } from '../model/driver.ts';
import { UserError } from '../model/errors.ts';
import type { RunReport } from '../model/run.ts';
import { treeDigest } from '../model/tree.ts';

export interface RunnerOptions {
  driver: Driver;
  /** Runs at once over all sites; four times the cores by default, since a run mostly waits for its hosts. */
  concurrency?: number;
  /** Told of every run as it waits, begins and ends; must not throw. */
  onChange?: (change: RunChange) => void;
}

export type RunChange =
  | { state: 'waiting' | 'running'; request: RunRequest }
  | { state: 'ended'; request: RunRequest; report: RunReport }
  /** The driver could not start it. */
  | { state: 'refused'; request: RunRequest; error: unknown };

/** A run that is under way. */
export interface ActiveRun {
  id: string;
  site: string;
  kind: RunRequest['kind'];
  cause: string;
  /** Milliseconds since 1970. */
  since: number;
}

/**
 * Gives runs to a driver: so many at once, and never two of one site. A site's runs keep the order in which they
 * came, and those that wait for an earlier one take no place from other sites' (law 10).
 */
export class Runner {
  readonly #driver: Driver;
  readonly #queue: PQueue;
  readonly #onChange: (change: RunChange) => void;
  readonly #active = new Map<string, ActiveRun>();
  readonly #lastOfSite = new Map<string, Promise<unknown>>();
  readonly #stop = new AbortController();
  #submitted = 0;

  constructor(options: RunnerOptions) {
    this.#driver = options.driver;
    this.#queue = new PQueue({ concurrency: options.concurrency ?? 4 * availableParallelism() });
    this.#onChange = options.onChange ?? (() => undefined);
  }

  /** Name of the driver. */
  get driver(): string {
    return this.#driver.name;
  }

  /** The runs under way, oldest first. */
  get active(): readonly ActiveRun[] {
    return [...this.#active.values()];
  }

  /** Runs that wait for a place or for an earlier run of their site. */
  get waiting(): number {
    return this.#submitted - this.#active.size;
  }

  /**
   * Runs it as soon as there is a place for it. A run that is cancelled while it waits is reported as `cancelled`.
   * Throws what the driver throws where nothing could be started, and `UserError` once the runner is stopped.
   */
  async submit(request: RunRequest): Promise<RunReport> {
    if (this.#stop.signal.aborted) throw new UserError('the runner is stopped');
    this.#submitted += 1;
    this.#onChange({ state: 'waiting', request });
    const earlier = this.#lastOfSite.get(request.site) ?? Promise.resolve();
    const run = earlier.then(() => this.#queue.add(() => this.#run(request)));
    const settled = run.catch(() => undefined);
    this.#lastOfSite.set(request.site, settled);
    try {
      return await run;
    } finally {
      this.#submitted -= 1;
      if (this.#lastOfSite.get(request.site) === settled) this.#lastOfSite.delete(request.site);
    }
  }

  /** Resolves when all that was submitted has ended. */
  async drain(): Promise<void> {
    while (this.#lastOfSite.size > 0) await Promise.all(this.#lastOfSite.values());
  }

  /** Cancels what runs and waits, takes nothing more, and resolves when all has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.drain();
  }

  async #run(request: RunRequest): Promise<RunReport> {
    const signal = AbortSignal.any([
      this.#stop.signal,
      ...(request.signal ? [request.signal] : []),
    ]);
    try {
      const report = signal.aborted ? this.#cancelled(request) : await this.#drive(request, signal);
      this.#onChange({ state: 'ended', request, report });
      return report;
    } catch (error) {
      this.#onChange({ state: 'refused', request, error });
      throw error;
    }
  }

  async #drive(request: RunRequest, signal: AbortSignal): Promise<RunReport> {
    const { id, site, kind, cause } = request;
    this.#active.set(id, { id, site, kind, cause, since: Date.now() });
    this.#onChange({ state: 'running', request });
    try {
      return await this.#driver.run({ ...request, signal });
    } finally {
      this.#active.delete(id);
    }
  }

  #cancelled(request: RunRequest): RunReport {
    const now = Date.now();
    return {
      kind: request.kind,
      driver: this.#driver.name,
      site: request.site,
      digest: treeDigest(request.tree),
      startedAt: now,
      endedAt: now,
      result: 'cancelled',
      reason: 'cancelled before it began',
      hosts: {},
      tasks: [],
    };
  }
}
