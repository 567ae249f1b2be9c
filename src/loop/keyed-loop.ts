import { AsyncLocalStorage } from 'node:async_hooks';

import PQueue from 'p-queue';

import { messageOf, retryAfterOf, Stalled, UserError } from '../model/errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type Backoff, backoffDelay } from './backoff.ts';
import { type Clock, systemClock } from './clock.ts';

/** When to look at the key again (milliseconds from now); nothing: at the next nudge. */
export type Handled = { again?: number } | void;

export interface KeyedLoopOptions {
  /** Names the loop in metrics and log lines. */
  name: string;
  /** Keys handled at once. */
  concurrency: number;
  /** Does the next right thing for a key. Its signal aborts when the loop can wait no longer to stop. */
  handle: (key: string, signal: AbortSignal) => Promise<Handled>;
  log: Logger;
  metrics?: Metrics;
  /** 1 s to 5 min unless told otherwise. */
  backoff?: Backoff;
  clock?: Clock;
  /** Numbers in [0, 1), for the jitter. */
  random?: () => number;
}

/** What is known of a key between its first nudge and its coming to rest. */
interface Entry {
  readonly key: string;
  /** `waiting`: for its timer; `queued`: for a slot. */
  phase: 'waiting' | 'queued' | 'running';
  /** When its timer goes off, or when it became due. */
  at: number;
  /** In a row. */
  failures: number;
  /** Nudged while running: how long after the run it is due. */
  more: number | undefined;
  /** Forgotten while running: how the run ends plans nothing. */
  forgotten: boolean;
  cancelTimer: () => void;
}

type Result = 'success' | 'requeue' | 'error' | 'stalled';

/**
 * Handles keys, level-triggered: a nudge says no more than "look at this one". A key never runs beside itself; one
 * that is nudged while it runs, runs once more. A success resets its backoff; after a failure it is tried again
 * between 1 s and 5 min later and takes no slot meanwhile, and never before the time that the error itself asks for
 * (`retryAfter`). `Stalled` has no use in trying again soon: it waits for a nudge, or for the longest backoff, since
 * nobody may tell us that its cause was mended. A nudge does not wait for a backoff to end.
 */
export class KeyedLoop {
  readonly #options: KeyedLoopOptions;
  readonly #clock: Clock;
  readonly #queue: PQueue;
  readonly #entries = new Map<string, Entry>();
  readonly #abort = new AbortController();
  /** A key is handled in the context in which the loop was made, not in that of whoever nudged it. */
  readonly #inOwnContext = AsyncLocalStorage.snapshot();
  #queued = 0;
  #running = 0;
  #atRest: (() => void)[] = [];
  #stopping: Promise<void> | undefined;

  constructor(options: KeyedLoopOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#queue = new PQueue({ concurrency: options.concurrency, autoStart: false });
  }

  /** Keys that are due and wait for a slot. */
  get depth(): number {
    return this.#queued;
  }

  /** Begins to handle keys; what was nudged before waits until then. */
  start(): void {
    if (!this.#stopping) this.#queue.start();
  }

  /** Asks for the key to be looked at now, or in so many milliseconds if it is not due before. */
  nudge(key: string, delayMs = 0): void {
    if (this.#stopping) return;
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#schedule(newEntry(key), delayMs);
    } else if (entry.phase === 'running') {
      entry.more = Math.min(entry.more ?? Infinity, delayMs);
    } else if (entry.phase === 'waiting' && this.#clock.now() + delayMs < entry.at) {
      entry.cancelTimer();
      this.#schedule(entry, delayMs);
    }
  }

  /** Drops what is planned for a key. A run that is under way ends as it may, and nothing follows from it. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry?.phase === 'running') {
      entry.forgotten = true;
      entry.more = undefined;
      return;
    }
    if (entry?.phase === 'queued') this.#countQueued(-1);
    entry?.cancelTimer();
    this.#entries.delete(key);
    this.#tellIfAtRest();
  }

  /**
   * Starts nothing more and waits for what runs; aborts the signal of what still runs after `graceMs` (10 s unless
   * told otherwise), and waits for that to end as well.
   */
  stop(graceMs = 10_000): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  /** Resolves when nothing runs or is due; keys that wait for a timer do not count. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#atRest.push(resolve);
      this.#tellIfAtRest();
    });
  }

  async #stop(graceMs: number): Promise<void> {
    this.#queue.pause();
    for (const [key, { phase }] of this.#entries) if (phase !== 'running') this.forget(key);
    const cancel = this.#clock.after(graceMs, () => this.#abort.abort());
    await this.idle();
    cancel();
  }

  #schedule(entry: Entry, delayMs: number): void {
    this.#entries.set(entry.key, entry);
    entry.at = this.#clock.now() + delayMs;
    if (delayMs > 0) {
      entry.phase = 'waiting';
      entry.cancelTimer = this.#clock.after(delayMs, () => this.#enqueue(entry));
    } else {
      this.#enqueue(entry);
    }
  }

  #enqueue(entry: Entry): void {
    entry.phase = 'queued';
    this.#options.metrics?.queueAdds.inc({ queue: this.#options.name });
    this.#countQueued(1);
    void this.#queue.add(() => this.#inOwnContext(() => this.#take(entry)));
  }

  /** A slot is free. The entry may have been forgotten meanwhile. */
  async #take(entry: Entry): Promise<void> {
    if (this.#entries.get(entry.key) !== entry || entry.phase !== 'queued') return;
    const { name, metrics } = this.#options;
    const started = this.#clock.now();
    metrics?.queueWait.observe({ queue: name }, Math.max(0, started - entry.at) / 1000);
    entry.phase = 'running';
    this.#countQueued(-1);
    this.#running += 1;
    const { result, next } = await this.#handle(entry);
    this.#running -= 1;
    metrics?.reconciles.inc({ loop: name, result });
    metrics?.reconcileDuration.observe({ loop: name }, (this.#clock.now() - started) / 1000);
    this.#settle(entry, next);
    this.#tellIfAtRest();
  }

  /** Runs the handler; says how it ended and in how many milliseconds to look again. */
  async #handle(entry: Entry): Promise<{ result: Result; next: number | undefined }> {
    try {
      const handled = await this.#options.handle(entry.key, this.#abort.signal);
      entry.failures = 0;
      const next = handled?.again;
      return { result: next === undefined ? 'success' : 'requeue', next };
    } catch (error) {
      return this.#fail(entry, error);
    }
  }

  #fail(entry: Entry, error: unknown): { result: Result; next: number | undefined } {
    const { name, log, metrics, backoff = BACKOFF, random = Math.random } = this.#options;
    const about = { loop: name, key: entry.key, error: messageOf(error) };
    if (this.#abort.signal.aborted) {
      log.info(about, 'stopped while under way');
      return { result: 'error', next: undefined };
    }
    if (error instanceof Stalled) {
      entry.failures = 0;
      log.error(about, 'cannot go on until something changes');
      return { result: 'stalled', next: backoff.max };
    }
    entry.failures += 1;
    const delay = Math.round(backoffDelay(backoff, entry.failures, random()));
    const next = Math.max(delay, retryAfterOf(error));
    metrics?.queueRetries.inc({ queue: name });
    // Where it broke helps only with faults that are not told to people as such.
    const trace = error instanceof UserError || !(error instanceof Error) ? {} : { err: error };
    log.warn(
      { ...about, ...trace, failures: entry.failures, retryInMs: next },
      'failed, will retry',
    );
    return { result: 'error', next };
  }

  /** After a run: what comes next for the key. */
  #settle(entry: Entry, planned: number | undefined): void {
    this.#entries.delete(entry.key);
    if (this.#stopping) return;
    const { forgotten, failures, more } = entry;
    const delays = [more, forgotten ? undefined : planned].filter((delay) => delay !== undefined);
    const next = newEntry(entry.key);
    if (!forgotten) next.failures = failures;
    if (delays.length > 0) this.#schedule(next, Math.min(...delays));
  }

  #countQueued(change: 1 | -1): void {
    this.#queued += change;
    this.#options.metrics?.queueDepth.set({ queue: this.#options.name }, this.#queued);
  }

  #tellIfAtRest(): void {
    if (this.#queued > 0 || this.#running > 0) return;
    for (const tell of this.#atRest.splice(0)) tell();
  }
}

const BACKOFF: Backoff = { min: 1_000, max: 300_000 };

function newEntry(key: string): Entry {
  return {
    key,
    phase: 'waiting',
    at: 0,
    failures: 0,
    more: undefined,
    forgotten: false,
    cancelTimer: () => {},
  };
}
