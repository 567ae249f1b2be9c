import { argv, stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline';

import { openStore } from '../../src/store/store.ts';

/*
 * Another process at the store in the file argv[2]: says when it is ready, and for each line that it is sent
 * says so and writes once.
 */
const store = await openStore({ file: argv[2]! });
stdout.write('ready\n');
for await (const line of createInterface({ input: stdin })) {
  stdout.write(`writing ${line}\n`);
  await store.plan.update({ headRevision: line });
  stdout.write(`wrote ${line}\n`);
}
await store.close();
