import { describe } from 'vitest';

import { testForge } from '../support/forge-contract.ts';
import { startLiveBench } from '../support/live/bench.ts';
import { LIVE_TARGETS } from '../support/live/target.ts';

for (const [name, target] of LIVE_TARGETS) {
  describe.skipIf(!target)(`TRUEUP_LIVE_${name.toUpperCase()}_… is set`, () => {
    testForge(`A live ${name}`, () => startLiveBench(target!), { people: false, live: true });
  });
}
