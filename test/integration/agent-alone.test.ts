import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { STICK_LIMITS } from '../../src/bundle/bundle.ts';
import { Client } from '../../src/cli/client.ts';
import { downloadBundle } from '../../src/cli/commands/bundle-create.ts';
import { importBundle } from '../../src/cli/commands/bundle-import.ts';
import { Output } from '../../src/cli/output.ts';
import { retryAfterOf } from '../../src/model/errors.ts';
import { AgentWorld, NTP } from '../support/agent-world.ts';
import { Link } from '../support/link.ts';

const HOUR = 3600;

/** Says nothing. */
class Quiet extends Output {
  override document(): void {}
  override line(): void {}
  override note(): void {}
}

test('a site alone with a dead host: it tries ever more seldom, and every report of it arrives', async () => {
  const all = await AgentWorld.start();
  const link = await Link.to(all.service.url);
  onTestFinished(() => link.close());
  await all.enrol(link.url);
  const agent = await all.open({ start: false, apply: { answerWithin: 1 } });
  const client = new Client(all.service.url, all.service.service.token.reveal());
  const quiet = new Quiet(true);
  const out = join(all.world.root, 'there.bundle');
  await downloadBundle('lisbon', { plan: '.', out }, client, quiet);
  link.cut();
  await agent.import(out);

  all.driver.ends.set('lisbon', 'unreachable');
  const tries = async (count: number): Promise<number[]> => {
    const pauses: number[] = [];
    while (pauses.length < count) {
      // What is new is brought in first; that is no try.
      const failed: unknown = await agent.work.handle('lisbon').then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failed === undefined) continue;
      pauses.push(retryAfterOf(failed) / 1000);
      await agent.exchange.report();
    }
    return pauses;
  };
  const [first, second, ...later] = await tries(14);
  expect([first, second]).toEqual([1, 2]);
  expect(later.slice(-2)).toEqual([HOUR, HOUR]);
  await all.edit(NTP, '192.0.2.1', '192.0.2.9');
  await agent.copies.observe('lisbon');
  await agent.store.sites.update('lisbon', { applyForced: true });
  expect(await tries(1)).toEqual([1]);

  const back = join(all.world.root, 'back.bundle');
  const limits = { ...STICK_LIMITS, commits: 6 };
  const made = await agent.exchange.giveAll(back, { limits });
  expect(made?.files.slice(0, 2)).toEqual([back, join(all.world.root, 'back.2.bundle')]);
  for (const file of made!.files)
    await importBundle(file, { data: all.data }, async () => client, quiet);
  const told = async () =>
    (await all.service.store.runs.list({ site: 'lisbon', limit: 50 })).map(({ id }) => id);
  const here = (await agent.store.runs.list({ site: 'lisbon', limit: 50 })).map(
    ({ id }) => `lisbon:${id}`,
  );
  expect(here).toHaveLength(15);
  expect((await told()).toSorted()).toEqual(here.toSorted());

  all.driver.ends.delete('lisbon');
  link.mend();
  await agent.start();
  await all.until('the host is back, and the centre knows', async () => {
    const row = await all.service.store.sites.get('lisbon');
    return row?.lastApplyFailed === false && (await agent.exchange.owed()) === 0;
  });
  expect(await told()).toHaveLength(16);
});
