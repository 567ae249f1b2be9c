import { argv, stdout } from 'node:process';

import { SiteStore } from '../../src/git/site-store.ts';

/*
 * Moves the desired refs of 300 sites of the store in the folder argv[2], all together, to and fro between the
 * commits argv[3] and argv[4], until it is killed. After each move that was acknowledged it prints a line.
 */
const [directory = '', ...commits] = argv.slice(2);
const store = await SiteStore.open({ directory });
for (let round = 0; ; round += 1) {
  const to = commits[round % 2]!;
  await store.moveRefs(
    Array.from({ length: 300 }, (_, i) => ({
      site: `s${i}`,
      ref: 'desired' as const,
      to,
      from: undefined,
    })),
  );
  stdout.write(`${round}\n`);
}
