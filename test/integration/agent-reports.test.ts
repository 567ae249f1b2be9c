import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { recall, remember } from '../../src/agent/memory.ts';
import { reportResults } from '../../src/agent/results.ts';
import { createReturnBundle, intakeReturn } from '../../src/bundle/bundle.ts';
import type { AgentStatus } from '../../src/model/agent-wire.ts';
import type { RunReport } from '../../src/model/run.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { BundleWorld, DAY, NOW } from '../support/bundles.ts';
import { COMMIT, DIGEST, run, site as siteRow, temporaryFolder } from '../support/store.ts';

const SITE = 'lisbon';
const MIB = 2 ** 20;

test('reports one by one weigh what they weigh, and no more for those before them', async () => {
  const { world, store, fail, report, bring } = await cutOff();
  for (let at = 0; at < 100; at += 1) {
    await fail(1);
    await report(`try ${at}`);
  }
  expect(await recall(store, 'unreported')).toEqual([]);
  const { runs, status } = await bring({ unpacked: MIB / 4 });
  expect(runs).toHaveLength(100);
  expect(status).toMatchObject({ message: 'try 99' });
  expect(await world.centre.readTree((await recall(store, 'results'))!)).toHaveLength(2);
});

test('thousands of reports that nobody asked for come in as one bundle, within the bounds', async () => {
  const { fail, report, bring } = await cutOff();
  await fail(3000);
  await report('months later');
  const { runs } = await bring();
  expect(new Set(runs.map(({ id }) => id)).size).toBe(3000);
});

test('what a stick that was lost held, the next one holds; one that is late takes nothing away', async () => {
  const { fail, report, write, take } = await cutOff();
  await fail(1);
  const first = await report('one');
  await fail(1);
  await report('two');
  const lost = await write(2, []);
  await fail(1);
  await report('three');
  const next = await write(3, []);
  expect((await take(next)).runs).toHaveLength(3);
  expect((await take(lost)).runs).toHaveLength(2);
  await fail(1);
  await report('four');
  // The centre went back to a backup, and says so.
  expect((await take(await write(4, [first]))).runs).toHaveLength(3);
});

/** A site without its centre: its runs fail, and it reports them to itself. */
async function cutOff() {
  const world = await BundleWorld.create(temporaryFolder());
  onTestFinished(() => world.close());
  const store = await openStore({ file: join(temporaryFolder(), 'agent.db'), now: () => NOW });
  onTestFinished(() => store.close());
  await store.sites.upsertMany([siteRow(SITE, { delivery: 'agent' })]);
  let [made, sequence] = [0, 0];
  const fail = async (count: number): Promise<void> => {
    const ids: string[] = [];
    await store.transaction(async (tx) => {
      for (let at = 0; at < count; at += 1) {
        const id = `00000000-0000-4000-8000-${String((made += 1)).padStart(12, '0')}`;
        await endRun(tx, id);
        ids.push(id);
      }
      await remember(tx, 'unreported', [...((await recall(tx, 'unreported')) ?? []), ...ids]);
    });
  };
  const report = (message: string) =>
    reportResults({ store, trees: world.site, site: SITE, status: statusOf(message), now: NOW });
  const write = async (number: number, have: string[]): Promise<string> => {
    const to = world.path(`${number}.bundle`);
    await createReturnBundle({
      repository: world.site.repository,
      site: SITE,
      observed: null,
      applied: null,
      results: (await recall(store, 'results'))!,
      have,
      signer: world.signer,
      sequence: number,
      to,
    });
    return to;
  };
  const take = async (file: string, limits: { unpacked?: number } = {}) => {
    const received = await intakeReturn({
      repository: world.centre.repository,
      site: SITE,
      file,
      trusted: world.trusted,
      limits,
    });
    await world.centre.moveRefs([
      { site: SITE, ref: 'results', to: received.results, from: undefined },
    ]);
    return received;
  };
  const bring = async (limits?: { unpacked: number }) =>
    take(await write((sequence += 1), []), limits);
  return { world, store, fail, report, write, take, bring };
}

async function endRun(store: Store, id: string): Promise<void> {
  const reason = "dead-host can't be reached: Failed to connect to the host via ssh: timed out";
  const endedAt = NOW + DAY;
  const report: RunReport = {
    kind: 'apply',
    driver: 'ansible',
    site: SITE,
    digest: DIGEST,
    startedAt: NOW,
    endedAt,
    result: 'unreachable',
    reason,
    hosts: { 'dead-host': { ok: 0, changed: 0, failed: 0, unreachable: 1, skipped: 0 } },
    tasks: [],
  };
  const { result } = report;
  await store.runs.record({
    ...run(id, { site: SITE, commit: COMMIT }),
    endedAt,
    result,
    reason,
    report,
  });
}

function statusOf(message: string): AgentStatus {
  return {
    at: NOW,
    version: '1.2.3',
    base: COMMIT,
    desired: COMMIT,
    generation: 1,
    applied: null,
    failed: true,
    hold: null,
    conflicts: [],
    guard: null,
    message,
  };
}
