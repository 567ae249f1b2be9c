import { expect, test } from 'vitest';

import { COMMIT, DIGEST, drift, emptyStore, run, site } from '../support/store.ts';

const OTHER = 'badcab'.padEnd(40, '0');
const DESIRED = {
  generation: 1,
  desiredCommit: COMMIT,
  desiredDigest: DIGEST,
  desiredRevision: COMMIT,
};

test('a site comes back as it was written', async () => {
  const { store, clock } = await emptyStore();
  await store.sites.upsertMany([
    site('lisbon-07', { applyForced: true, hold: 'conflict in motd' }),
  ]);
  clock.time = 5_000;
  const changed = await store.sites.update('lisbon-07', {
    ...DESIRED,
    hold: null,
    message: 'soon',
  });
  expect(changed).toStrictEqual({
    name: 'lisbon-07',
    labels: { region: 'eu-west', profile: 'store' },
    stacks: ['compute'],
    delivery: 'push',
    ...DESIRED,
    observedCommit: null,
    observedDigest: null,
    baseCommit: null,
    appliedCommit: null,
    appliedDigest: null,
    appliedRevision: null,
    applyForced: true,
    applyReason: '',
    hold: null,
    lastApplyFailed: false,
    message: 'soon',
    state: 'pending',
    writingFrom: null,
    lastRunId: null,
    lastAppliedAt: null,
    needs: [],
    waitsFor: null,
    updatedAt: 5_000,
    removedAt: null,
  });
  expect(await store.sites.get('lisbon-07')).toStrictEqual(changed);
  expect(await store.sites.get('madrid-01')).toBeUndefined();
  await expect(store.sites.update('madrid-01', { message: '' })).rejects.toThrow('madrid-01');
});

test('the state follows every fact, whichever noun it belongs to', async () => {
  const { store } = await emptyStore();
  await store.sites.upsertMany([site('lisbon-07'), site('madrid-01')]);
  const state = async () => (await store.sites.get('lisbon-07'))?.state;
  expect(await state()).toBe('synced');

  await store.sites.setDesired([{ name: 'lisbon-07', ...DESIRED }]);
  expect(await state()).toBe('pending');
  await store.runs.insert(run('check', { kind: 'check' }));
  expect(await state()).toBe('pending');
  await store.runs.insert(run('one'));
  expect(await state()).toBe('applying');
  await store.runs.finish('one', { endedAt: 3_000, result: 'success', reason: '', report: null });
  expect(await state()).toBe('pending');
  await store.sites.update('lisbon-07', { appliedCommit: COMMIT });
  expect(await state()).toBe('synced');
  await store.drifts.insertIfAbsent(drift('edit'));
  expect(await state()).toBe('drifted');
  await store.sites.update('lisbon-07', { lastApplyFailed: true });
  expect(await state()).toBe('failed');
  await store.sites.update('lisbon-07', { hold: 'decide' });
  expect(await state()).toBe('held');
  await store.sites.upsertMany([site('lisbon-07', { hold: null, lastApplyFailed: false })]);
  expect(await state()).toBe('drifted');
  await store.drifts.decide('edit', 'rejected', 'alice', 4_000);
  expect(await state()).toBe('synced');

  expect(await store.sites.countByState()).toEqual({
    held: 0,
    failed: 0,
    drifted: 0,
    applying: 0,
    pending: 0,
    synced: 2,
  });
});

test('writing sites again changes the columns that are given, and only those', async () => {
  const { store } = await emptyStore();
  await store.sites.upsertMany([site('a', { ...DESIRED, message: 'first' }), site('b')]);
  await store.sites.upsertMany([
    site('a', { labels: { region: 'eu-east' } }),
    site('b', { message: 'second' }),
    site('c', { desiredCommit: OTHER }),
  ]);
  expect(await store.sites.get('a')).toMatchObject({
    ...DESIRED,
    labels: { region: 'eu-east' },
    message: 'first',
  });
  expect(await store.sites.get('b')).toMatchObject({ message: 'second', generation: 0 });
  expect(await store.sites.get('c')).toMatchObject({ desiredCommit: OTHER, state: 'pending' });
});

test('a removed site is out of every list, and back when it is written again', async () => {
  const { store } = await emptyStore();
  await store.sites.upsertMany([site('a'), site('b')]);
  await store.sites.update('a', { removedAt: 7_000 });
  expect(await store.sites.names()).toEqual(['b']);
  expect((await store.sites.list({ limit: 10 })).map(({ name }) => name)).toEqual(['b']);
  expect((await store.sites.countByState()).synced).toBe(1);
  expect(await store.sites.removed()).toEqual(['a']);
  expect(await store.sites.get('a')).toMatchObject({ removedAt: 7_000 });
  await store.sites.upsertMany([site('a')]);
  expect(await store.sites.names()).toEqual(['a', 'b']);
});

test('forgetting a site takes its runs and drifts along', async () => {
  const { store } = await emptyStore();
  await store.sites.upsertMany([site('lisbon-07'), site('madrid-01')]);
  await store.runs.insert(run('one'));
  await store.runs.insert(run('two', { site: 'madrid-01' }));
  await store.drifts.insertIfAbsent(drift('edit'));
  await store.sites.remove('lisbon-07');
  expect(await store.sites.get('lisbon-07')).toBeUndefined();
  expect((await store.runs.list({ limit: 10 })).map(({ id }) => id)).toEqual(['two']);
  expect(await store.drifts.openAll()).toEqual([]);
  await expect(store.runs.insert(run('three'))).rejects.toThrow(/foreign key/i);
});

test('sites are listed page by page, by state and by what their name or a label contains', async () => {
  const { store } = await emptyStore();
  const names = Array.from({ length: 25 }, (_, i) => `site-${String(i).padStart(2, '0')}`);
  await store.sites.upsertMany(names.toReversed().map((name) => site(name)));
  await store.sites.upsertMany([
    site('site-03', { labels: { region: 'Nord%Süd_1' } }),
    site('site-07', { hold: 'decide' }),
  ]);
  const seen: string[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await store.sites.list({ ...(after && { after }), limit: 10 });
    seen.push(...page.map(({ name }) => name));
    after = page.at(-1)?.name;
    if (!after) break;
  }
  expect(seen).toEqual(names);

  const found = async (search: string) =>
    (await store.sites.list({ search, limit: 100 })).map(({ name }) => name);
  expect(await found('SITE-1')).toEqual(names.slice(10, 20));
  expect(await found('nord%')).toEqual(['site-03']);
  expect(await found('d_1')).toEqual(['site-03']);
  expect(await found('%')).toEqual(['site-03']);
  expect(await found("' or 1=1 --")).toEqual([]);
  expect(await store.sites.list({ state: 'held', limit: 10 })).toMatchObject([{ name: 'site-07' }]);
});

test('10,000 sites are written without holding up other work', async () => {
  const { store } = await emptyStore();
  const sites = Array.from({ length: 10_000 }, (_, i) =>
    site(`site-${String(i).padStart(5, '0')}`, DESIRED),
  );
  let turns = 0;
  const turn = setInterval(() => (turns += 1), 1);
  await store.sites.upsertMany(sites);
  clearInterval(turn);
  // Between batches everybody else has a turn.
  expect(turns).toBeGreaterThan(20);
  expect((await store.sites.countByState()).pending).toBe(10_000);

  await store.sites.setDesired(
    sites.slice(0, 1_000).map(({ name }) => ({ name, ...DESIRED, generation: 2 })),
  );
  const generations = new Map<number, number>();
  let last = '';
  for await (const { name, generation } of store.sites.all()) {
    generations.set(generation, (generations.get(generation) ?? 0) + 1);
    expect(name > last).toBe(true);
    last = name;
  }
  expect(generations).toEqual(
    new Map([
      [2, 1_000],
      [1, 9_000],
    ]),
  );
});
