import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { openSigningKeys, type SigningKeys } from '../../src/bundle/signing-keys.ts';
import { AgentWorld, NTP } from '../support/agent-world.ts';
import { Link } from '../support/link.ts';
import { TestService } from '../support/service.ts';

/** The keys that an agent believes, while those of its centre come and go. */

const DAY = 24 * 60 * 60_000;

interface Ground {
  all: AgentWorld;
  /** What the agent believes. */
  believed: () => Promise<string>;
  /** Starts the controller anew, after something was done to its keys. */
  restart: (change: (keys: SigningKeys) => Promise<SigningKeys>) => Promise<SigningKeys>;
}

async function ground(): Promise<Ground> {
  const all = await AgentWorld.start();
  const link = await Link.to(all.service.url);
  onTestFinished(() => link.close());
  await all.enrol(link.url);
  await all.open();
  await all.synced();
  return {
    all,
    believed: () => readFile(join(all.data, 'allowed_signers'), 'utf8'),
    restart: async (change) => {
      await all.service.stop();
      const keys = await change(await openSigningKeys(join(all.world.data, 'signing')));
      all.service = await TestService.start(all.world);
      link.lead(all.service.url);
      return keys;
    },
  };
}

function keyOf(keys: SigningKeys, state: 'current' | 'earlier'): string {
  const key = keys.list(Date.now()).find((one) => one.state === state)!;
  return key.publicKey.split(' ')[1]!;
}

test('a rotated key is learnt by the word of the one before, which is dropped once it is revoked', async () => {
  const { all, believed, restart } = await ground();
  const first = await believed();
  const rotated = await restart((keys) => keys.rotate(Date.now(), Date.now() + 30 * DAY));
  const [earlier, current] = [keyOf(rotated, 'earlier'), keyOf(rotated, 'current')];
  expect(first).toContain(earlier);
  expect(first).not.toContain(current);
  await all.until('the new key is known', async () => (await believed()).includes(current));
  expect(await believed()).toContain(earlier);
  // What the new key signed is taken in.
  await all.planClock('192.0.2.7');
  await all.synced();
  expect(await all.read(NTP)).toContain('192.0.2.7');

  const { fingerprint } = rotated.list(Date.now()).find(({ state }) => state === 'earlier')!;
  await restart((keys) => keys.revoke(fingerprint));
  await all.until('the old key is gone', async () => !(await believed()).includes(earlier));
  expect(await believed()).toContain(current);
  await all.planClock('192.0.2.8');
  await all.synced();
});

test('a centre with a stranger’s keys is not believed: it is told, and nothing comes in', async () => {
  const { all, believed, restart } = await ground();
  const before = await believed();
  await restart(async ({ directory }) => {
    await rm(directory, { recursive: true, maxRetries: 10 });
    return openSigningKeys(directory);
  });
  await all.planClock('192.0.2.7');
  await all.until('it is told', async () =>
    (await all.agent!.view()).troubles.some((one) => one.includes('trueup agent trust')),
  );
  expect(await believed()).toBe(before);
  expect(await all.read(NTP)).toContain('192.0.2.1');

  // Brought by hand, they are.
  await writeFile(
    join(all.data, 'allowed_signers'),
    await readFile(join(all.world.data, 'signing', 'allowed_signers')),
  );
  await all.synced();
  expect(await all.read(NTP)).toContain('192.0.2.7');
});
