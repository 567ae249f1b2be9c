import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { hostilePlans } from '../test/support/hostile-plans.ts';

/**
 * Each hostile plan in a process of its own: how long it takes to end from a start with nothing compiled or warmed up,
 * and the most memory (MiB) the process has then had, Node itself and the worker's beginning included.
 * Run: `npm run bench:hostile`.
 */
const JOBS = join(import.meta.dirname, '../test/support/hostile-jobs.ts');
/** As the image starts it. */
const FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=50'];
const run = promisify(execFile);

interface Ended {
  ended: string;
  problem?: { message: string };
  milliseconds: number;
  megabytes: number;
}

const worst = new Map<string, { milliseconds: number; megabytes: number; count: number }>();
for (const [name] of hostilePlans()) {
  const { stdout } = await run(process.execPath, [...FLAGS, JOBS, name]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { ended, problem, milliseconds, megabytes } = JSON.parse(stdout) as Ended;
  console.log(
    `${String(milliseconds).padStart(5)} ms ${String(megabytes).padStart(4)} MiB  ${name}: ${ended}, ${problem?.message ?? 'no problem'}`,
  );
  const kind = name.startsWith('template: ') ? 'templates' : 'plans';
  const of = worst.get(kind) ?? { milliseconds: 0, megabytes: 0, count: 0 };
  worst.set(kind, {
    milliseconds: Math.max(of.milliseconds, milliseconds),
    megabytes: Math.max(of.megabytes, megabytes),
    count: of.count + 1,
  });
}
for (const [kind, { milliseconds, megabytes, count }] of worst)
  console.log(`${count} ${kind}: at most ${milliseconds} ms, ${megabytes} MiB`);
