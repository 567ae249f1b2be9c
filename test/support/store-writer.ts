import { argv, stdout } from 'node:process';

import { openStore } from '../../src/store/store.ts';
import { drift, run, site } from './store.ts';

/*
 * Writes to the store in the file argv[2] until it is killed. After each write that was acknowledged it prints the
 * write's number; numbers begin with argv[3], and may repeat one that an earlier process was killed in.
 */
const store = await openStore({ file: argv[2]! });
for (let number = Number(argv[3]); ; number += 1) {
  const name = `site-${number}`;
  await store.sites.upsertMany([site(name)]);
  // Both or neither.
  await store.transaction(async (tx) => {
    const known = await tx.runs.get(`run-${number}`);
    if (!known) await tx.runs.insert(run(`run-${number}`, { site: name }));
    await tx.drifts.insertIfAbsent(drift(`drift-${number}`, { site: name }));
  });
  await store.audit.append({
    at: number,
    actor: 'test',
    action: 'write',
    subject: name,
    detail: {},
  });
  stdout.write(`${number}\n`);
}
