import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Where a loop takes its time from; tests hand in one that they move themselves. */
export interface Clock {
  /** Milliseconds; only differences count. */
  now(): number;
  /** Calls back once after so many milliseconds; returns the function that calls it off. */
  after(ms: number, callback: () => void): () => void;
}

/** When to look at the key again (milliseconds from now); nothing: at the next nudge. */
export type Handled = { again?: number } | void;

export interface KeyedLoopOptions {
  /** Names the loop in metrics and log lines. */
  name: string;
  /** Keys handled at once. */
  concurrency: number;
  handle: (key: string, signal: AbortSignal) => Promise<Handled>;
  log: Logger;
  metrics?: Metrics;
  /** Milliseconds; 1 s to 5 min unless told otherwise. */
  backoff?: { min: number; max: number };
  clock?: Clock;
  /** A number in [0, 1), for the jitter. */
  random?: () => number;
}

export declare class KeyedLoop {
  constructor(options: KeyedLoopOptions);
  start(): void;
  nudge(key: string, delayMs?: number): void;
  forget(key: string): void;
  /** Waits for what runs; aborts its signal after `graceMs` (10 s). */
  stop(graceMs?: number): Promise<void>;
  /** Nothing runs, waits for a slot or is due now; keys that wait for a timer do not count. */
  idle(): Promise<void>;
  readonly depth: number;
}
