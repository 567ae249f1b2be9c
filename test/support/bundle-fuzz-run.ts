import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { BundleFuzz } from './bundle-fuzz.ts';

/*
 * `npm run fuzz:bundle -- --cases 100000 --seed 1`: takes so many changed bundles in, and tells how they were refused.
 * A failure names its case: `--from CASE --cases 1` with the same seed plays it alone.
 */
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    from: { type: 'string', default: '0' },
  },
});
const [cases, seed, from] = [Number(values.cases), Number(values.seed), Number(values.from)];
process.stdout.write(`seed ${seed}\n`);
const folder = await mkdtemp(join(tmpdir(), 'trueup-fuzz-'));
const fuzz = await BundleFuzz.create(folder);
try {
  const startedAt = performance.now();
  let told = 0;
  const report = await fuzz.run({
    seed,
    cases,
    from,
    onProgress: (done) => {
      if (done - told < cases / 10) return;
      told = done;
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      process.stdout.write(`${done} cases, ${seconds} s\n`);
    },
  });
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stdout.write(`${JSON.stringify({ ...report, seconds }, undefined, 2)}\n`);
  const grew = report.memory.late - report.memory.early > 200;
  process.exitCode = report.failures.length > 0 || grew ? 1 : 0;
} finally {
  await fuzz.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
}
