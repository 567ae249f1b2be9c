import { parseArgs } from 'node:util';

import { freeShares, hiddenShares, showCase } from './backport-shares.ts';
import { largeTimes, smallTimes } from './backport-times.ts';

// What share of random edits is worked back, and how fast. docs/backport-figures.md says how to read it.
// Usage: npm run bench:backport -- [--cases 1000] [--seed 1] [--sites 10000] [--only free|hidden|times]
//        npm run bench:backport -- --show once:17 [--seed 1]     one case in full

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    sites: { type: 'string', default: '10000' },
    only: { type: 'string' },
    show: { type: 'string' },
  },
});
const [cases, seed, sites] = [Number(values.cases), Number(values.seed), Number(values.sites)];

if (values.show !== undefined) showCase(values.show, seed);
else {
  if (values.only !== 'hidden' && values.only !== 'times') freeShares(cases, seed);
  if (values.only !== 'free' && values.only !== 'times') hiddenShares(cases, seed);
  if (values.only === undefined || values.only === 'times') {
    smallTimes();
    largeTimes(sites);
  }
}
