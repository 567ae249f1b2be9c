import { describe } from 'vitest';

import { contractFor, type ForgeBench } from './forge-contract/bench.ts';
import { testEnding } from './forge-contract/ending.ts';
import { testOpening } from './forge-contract/opening.ts';
import { testTelling } from './forge-contract/telling.ts';

export type { ForgeBench };

/** Every forge passes these tests; a live one without those that it can't be made to undergo. */
export function testForge(
  name: string,
  start: () => Promise<ForgeBench>,
  options: { people: boolean; live?: boolean },
): void {
  const timeout = options.live ? { timeout: 600_000 } : {};
  describe(`${name} as a forge`, timeout, () => {
    const contract = contractFor(start, options);
    testOpening(contract);
    testEnding(contract);
    testTelling(contract);
  });
}
