import { playSchedules } from '../test/support/schedules/run.ts';

/**
 * Random schedules of revisions, edits, cuts, kills, restarts and sticks, held to the laws by a model that knows
 * nothing of git, bundles or databases. Ended by SIGTERM it tells how far it came.
 * Run: `node bench/schedules.ts [schedules] [seed]`.
 */
const count = Number(process.argv[2] ?? 1000);
const seed = Number(process.argv[3] ?? process.env['TRUEUP_SEED'] ?? Date.now() % 1_000_000);

console.log(`${count} schedules, seed ${seed}`);
const ended = new AbortController();
process.once('SIGTERM', () => ended.abort());
const onPlayed = (played: number, told?: Error): void => {
  if (told) console.error(told.message);
  if (played % 10 === 0) console.log(`${played} played, ${Math.round(performance.now() / 1000)} s`);
};
const { schedules, steps, seconds, tally, broken } = await playSchedules(
  count,
  seed,
  onPlayed,
  ended.signal,
);
const { user, system } = process.cpuUsage();
console.log(
  `${schedules} schedules of ${steps} steps in ${seconds.toFixed(1)} s, ${(seconds / schedules).toFixed(2)} s each ` +
    `(${((user + system) / 1e6 / schedules).toFixed(2)} s of computing in this process); ${broken.length} broke a law`,
);
for (const [what, times] of Object.entries(tally).toSorted(([, a], [, b]) => b - a))
  console.log(String(times).padStart(6), what);
if (broken.length > 0) process.exitCode = 1;
