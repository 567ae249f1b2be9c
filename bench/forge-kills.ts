import { playKills } from '../test/support/forge-kills.ts';

/**
 * Exactly once: controllers are killed with SIGKILL right before or after the emulated GitHub carries out or answers
 * a call, while people edit, decide and open pull requests. Tells what that came to; fails if anything is doubled or
 * missing. Run: `node bench/forge-kills.ts [kills] [seed]`.
 */
const kills = Number(process.argv[2] ?? 200);
const seed = process.argv[3] ?? String(Date.now() % 1_000_000);

console.log(`${kills} kills, seed ${seed}`);
const { deaths, seconds, ...counts } = await playKills(kills, seed);
console.log(`${seconds.toFixed(1)} s, ${(seconds / kills).toFixed(2)} s each`);
console.log(
  Object.entries(counts)
    .map(([what, count]) => `${what}: ${count}`)
    .join(', '),
);
const places = Map.groupBy(deaths, (death) =>
  death
    .replaceAll(/[0-9a-f]{40}|\d+/g, 'N')
    .replace(/\?.*/, '')
    .replace(/\/acme\/plan/, ''),
);
for (const [place, all] of [...places].toSorted(([, a], [, b]) => b.length - a.length))
  console.log(String(all.length).padStart(5), place);
