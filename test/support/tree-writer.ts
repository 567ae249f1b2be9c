import { randomBytes } from 'node:crypto';
import { argv, stdout } from 'node:process';

import { SiteStore } from '../../src/git/site-store.ts';

/*
 * Writes commits of large and small trees to the store of trees in the folder argv[2] until it is killed. After each
 * write that was acknowledged it prints the commits' ids.
 */
const store = await SiteStore.open({ directory: argv[2]! });
let parents: string[] = [];
for (let number = 0; ; number += 1) {
  const trees = Array.from({ length: number % 3 === 0 ? 50 : 1 }, (_, i) => ({
    site: `site-${i}`,
    files: new Map([
      ['own', { mode: '100644' as const, content: randomBytes(i === 0 ? 200_000 : 2000) }],
      ['roles/shared.yml', { mode: '100644' as const, content: Buffer.from('shared\n') }],
    ]),
    parents,
    message: `Write ${number}\n`,
    author: { name: 'test', email: 'test@example.org' },
    time: number * 1000,
  }));
  const ids = await store.writeCommits(trees);
  parents = [ids.at(-1)!];
  stdout.write(`${ids.join(' ')}\n`);
}
