import type { Uses } from './rich-cases.ts';
import { seedOf } from './seed.ts';

/** Cases of each test; more for a long run: `BACKPORT_CASES=5000 npx vitest run src/backport/laws-free.test.ts`. */
const CASES = Number(process.env['BACKPORT_CASES'] ?? 250);

/** How long a test of so many cases may take. */
export const LAW_TIME = { timeout: CASES > 250 ? 3_600_000 : 120_000 };

/** No test is to take long: each draws its own cases. */
export const LAW_TESTS = [1, 2, 3, 4].flatMap((part) =>
  (['once', 'reuse'] as const).map((uses): [Uses, number] => [uses, part]),
);

/** What fast-check is told for one of the tests. */
export function lawRun(part: number): { numRuns: number; seed?: number } {
  return { numRuns: CASES, ...seedOf(part) };
}
