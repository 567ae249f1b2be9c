/** Where a loop takes its time from; tests hand in one that they move themselves. */
export interface Clock {
  /** Milliseconds; only differences count. */
  now(): number;
  /** Calls back once, after so many milliseconds. Returns what calls it off. */
  after(ms: number, callback: () => void): () => void;
}

/** Node takes a longer timeout for no timeout at all. */
const LONGEST = 2 ** 31 - 1;

/** The time of this machine, which never runs backwards. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST));
    return () => clearTimeout(timer);
  },
};
