export interface Backoff {
  /** Milliseconds. */
  min: number;
  max: number;
}

/**
 * Milliseconds to wait after so many failures in a row: each time about twice as long as before, between `min` and
 * `max`, spread by half so that what failed together does not come back together.
 * @param failures from 1
 * @param random in [0, 1)
 */
export function backoffDelay({ min, max }: Backoff, failures: number, random: number): number {
  const longest = Math.min(max, min * 2 ** failures);
  return Math.max(min, longest / 2 + (random * longest) / 2);
}
