import { parseArgs } from 'node:util';

import * as fc from 'fast-check';

import { type Law, LAWS, type Suite, SUITES } from './law-suites.ts';

/*
 * `npm run laws -- --cases 5000 --seed 1`: plays random plans and edits until each law of working backwards was judged
 * so often, and tells how often. A broken law is shown in a case as small as it could be made, with the command that
 * plays it again.
 */
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    only: { type: 'string' },
    path: { type: 'string' },
  },
});
const [cases, seed] = [Number(values.cases), Number(values.seed)];
/** Cases of a suite between two looks at how far it is. */
const ROUND = 200;
/** Rounds have seeds of their own, so far from those of the next seed that none comes twice. */
const STRIDE = 7919;

const suites = SUITES.filter(({ name }) => values.only === undefined || name === values.only);
if (suites.length === 0 || !Number.isSafeInteger(seed) || !(cases > 0))
  throw new Error(`--only takes ${SUITES.map(({ name }) => `"${name}"`).join(', ')}`);

const judged = new Map<Law, number>(LAWS.map((law) => [law, 0]));
let edits = 0;

/** @returns whether all laws were kept */
async function play(suite: Suite, roundSeed: number, numRuns: number): Promise<boolean> {
  const property = suite.property((counts) => {
    for (const law of LAWS) judged.set(law, judged.get(law)! + (counts[law] ?? 0));
    if (counts.GetPut === undefined) edits += 1;
  });
  const details = await fc.check(property, {
    seed: roundSeed,
    numRuns,
    ...(values.path === undefined ? {} : { path: values.path }),
  });
  if (!details.failed) return true;
  const again = `npm run laws -- --only "${suite.name}" --seed ${details.seed} --path ${details.counterexamplePath}`;
  process.stdout.write(
    `BROKEN: ${suite.name}, seed ${details.seed}, made smaller ${details.numShrinks} times\n` +
      `${String(details.errorInstance)}\n${JSON.stringify(details.counterexample)}\n` +
      `play it again: ${again}\n`,
  );
  return false;
}

const startedAt = performance.now();
const seconds = (): number => Math.round((performance.now() - startedAt) / 1000);
process.stdout.write(`seed ${seed}\n`);
let kept = true;
for (const suite of suites) {
  const before = new Map(judged);
  const wanted = Math.ceil(values.only === undefined ? cases * suite.share : cases);
  const isDone = (): boolean =>
    suite.laws.every((law) => judged.get(law)! - before.get(law)! >= wanted);
  for (let round = 0; kept && !isDone(); round += 1) {
    kept = await play(suite, seed + round * STRIDE, Math.min(ROUND, wanted));
    if (values.path !== undefined) break;
  }
  process.stdout.write(`${suite.name}: ${kept ? 'kept' : 'BROKEN'}, ${seconds()} s so far\n`);
  if (!kept) break;
}
for (const law of LAWS) process.stdout.write(`${law.padEnd(14)}${judged.get(law)} judged\n`);
process.stdout.write(`${edits} edits in ${seconds()} s, seed ${seed}\n`);
process.exitCode = kept ? 0 : 1;
