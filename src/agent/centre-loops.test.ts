import { expect, test } from 'vitest';

import { ManualClock } from '../../test/support/manual-clock.ts';
import { COMMIT, emptyStore, site } from '../../test/support/store.ts';
import { KeyedLoop } from '../loop/keyed-loop.ts';
import type { CentreState } from '../model/agent-wire.ts';
import { createLogger } from '../telemetry/logger.ts';
import { type CentreClient, CentreUnavailable } from './centre-client.ts';
import { CentreLoops, type CentreLoopsOptions } from './centre-loops.ts';
import type { Exchange } from './exchange.ts';
import { recall, remember } from './memory.ts';

const SITE = 'lisbon';
const STATE: CentreState = {
  site: SITE,
  desired: null,
  generation: 0,
  observed: COMMIT,
  applied: null,
  results: null,
  sequence: 1,
  now: 0,
  signers: '',
};

test('questions that are not kept open are spread: not all agents ask at once', async () => {
  const settings = { interval: 60_000, wait: 0 };
  const pull = async (random: number) => {
    const { loops } = await loopsOf({ settings, random: () => random });
    return loops.pull(new AbortController().signal);
  };
  expect(await pull(0)).toEqual({ again: 45_000 });
  expect(await pull(0.5)).toEqual({ again: 60_000 });
  expect(await pull(1)).toEqual({ again: 75_000 });
});

test('a centre that is away is asked more and more seldom, and let alone for as long as it says', async () => {
  const answers: (number | undefined)[] = [undefined, undefined, undefined, undefined, 30_000];
  const asked: number[] = [];
  const { loops, store, log } = await loopsOf({}, async () => {
    asked.push(clock.now());
    if (answers.length > 0) throw new CentreUnavailable('busy', answers.shift());
    return STATE;
  });
  const clock = new ManualClock();
  const loop = new KeyedLoop({
    name: 'pull',
    concurrency: 1,
    handle: async (_, signal) => loops.pull(signal),
    log,
    backoff: { min: 1000, max: 4000 },
    clock,
    random: () => 0,
  });
  loop.start();
  loop.nudge(SITE);
  for (const pause of [1000, 2000, 2000, 2000, 30_000]) {
    await loop.idle();
    expect(await recall(store, 'contact')).toMatchObject({ error: 'busy' });
    await clock.advance(pause);
  }
  await loop.idle();
  expect(await recall(store, 'contact')).toEqual({ at: 0, error: null });
  expect(asked).toEqual([0, 1000, 3000, 5000, 7000, 37_000]);
});

test('what came in part is followed by the rest, and an older copy counts on from what the centre has', async () => {
  const { loops, store, sent } = await loopsOf({});
  const signal = new AbortController().signal;
  await remember(store, 'results', 'the newest');
  sent.push({ ...STATE, accepted: true, reports: [], results: 'one before' });
  expect(await loops.push(signal)).toEqual({ again: 0 });
  sent.push({ ...STATE, accepted: false, reports: [], sequence: 70, results: 'one before' });
  expect(await loops.push(signal)).toEqual({ again: 0 });
  expect(await recall(store, 'sequence')).toBe(70);
  sent.push({ ...STATE, accepted: true, reports: [], results: 'the newest' });
  expect(await loops.push(signal)).toBeUndefined();
  // Nothing is sent any more: there would be no answer.
  expect(await loops.push(signal)).toBeUndefined();
});

/** Loops whose centre is what the test makes of it: what it says when it is asked, and when it is sent something. */
async function loopsOf(
  options: Partial<CentreLoopsOptions>,
  nudge: () => Promise<CentreState> = async () => STATE,
) {
  const { store } = await emptyStore();
  await store.sites.upsertMany([site(SITE)]);
  await store.sites.update(SITE, { observedCommit: COMMIT });
  const log = createLogger({ level: 'silent', format: 'json' });
  const sent: (CentreState & { accepted: boolean; reports: string[] })[] = [];
  const client = { nudge, sendBundle: async () => sent.shift() };
  const exchange = {
    owed: async () => 0,
    report: async () => undefined,
    fileFor: () => 'out.bundle',
    give: async () => ({ bytes: 1, sequence: 2 }),
    discard: async () => undefined,
  };
  const loops = new CentreLoops({
    site: SITE,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    client: client as unknown as CentreClient,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    exchange: exchange as unknown as Exchange,
    store,
    settings: { interval: 1000, wait: 0 },
    trustSigners: async () => undefined,
    allowedSigners: async () => '',
    log,
    now: () => 0,
    random: () => 0,
    onDesired: () => undefined,
    onOwed: () => undefined,
    ...options,
  });
  return { loops, store, sent, log };
}
