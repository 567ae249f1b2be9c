import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import type { PullRecords } from '../../src/forge/local/ports.ts';
import type { RunReport } from '../../src/model/run.ts';
import { LeaseLost } from '../../src/store/session.ts';
import { openStore } from '../../src/store/store.ts';
import { COMMIT, DIGEST, drift, emptyStore, proposal, run, site } from '../support/store.ts';

test('one owner holds the lease, and each holder has a higher epoch', async () => {
  const { store } = await emptyStore();
  expect(await store.lease.acquire('a', 6_000, 0)).toEqual({ epoch: 1 });
  expect(await store.lease.acquire('b', 6_000, 5_999)).toBeUndefined();
  expect(await store.lease.renew('a', 1, 6_000, 5_000)).toBe(true);
  expect(await store.lease.acquire('b', 6_000, 6_001)).toBeUndefined();
  expect(await store.lease.acquire('b', 6_000, 11_000)).toEqual({ epoch: 2 });
  expect(await store.lease.renew('a', 1, 6_000, 11_001)).toBe(false);
  await store.lease.release('a', 1);
  expect(await store.lease.acquire('c', 6_000, 11_002)).toBeUndefined();
  await store.lease.release('b', 2);
  expect(await store.lease.acquire('c', 6_000, 11_003)).toEqual({ epoch: 3 });
  // The same owner again is a restart: it need not wait for itself.
  expect(await store.lease.acquire('c', 6_000, 11_004)).toEqual({ epoch: 4 });
});

test('who has lost the lease can write nothing any more', async () => {
  const { store, file } = await emptyStore();
  const other = await openStore({ file });
  try {
    await store.lease.acquire('a', 6_000, 0);
    await store.plan.update({ headRevision: 'one' });
    await other.lease.acquire('b', 6_000, 6_000);
    await expect(store.plan.update({ headRevision: 'two' })).rejects.toThrow(LeaseLost);
    await expect(store.sites.upsertMany([site('a')])).rejects.toThrow(LeaseLost);
    const work = store.transaction(async () => 'done');
    await expect(work).rejects.toThrow(LeaseLost);
    await other.plan.update({ headRevision: 'three' });
    expect((await store.plan.get()).headRevision).toBe('three');
    expect(await store.sites.names()).toEqual([]);
  } finally {
    await other.close();
  }
});

test('a transaction does all of its work or none, and joins the one around it', async () => {
  const { store } = await emptyStore();
  await store.sites.upsertMany([site('lisbon-07')]);
  const failing = store.transaction(async (tx) => {
    await tx.sites.update('lisbon-07', { message: 'changed' });
    await tx.transaction(async (inner) => {
      await inner.drifts.insertIfAbsent(drift('edit'));
      expect((await inner.sites.get('lisbon-07'))?.message).toBe('changed');
    });
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect((await store.sites.get('lisbon-07'))?.message).toBe('');
  expect(await store.drifts.openAll()).toEqual([]);

  const answer = await store.transaction(async (tx) => {
    await tx.sites.update('lisbon-07', { message: 'changed' });
    return 42;
  });
  expect(answer).toBe(42);
  expect((await store.sites.get('lisbon-07'))?.message).toBe('changed');
});

test('the outer store says so when it is used within a transaction, where it would wait for ever', async () => {
  const { store } = await emptyStore();
  const work = store.transaction(() => store.sites.names());
  await expect(work).rejects.toThrow('use the store that its work was given');
  expect(await store.sites.names()).toEqual([]);
});

test('transactions that are asked for at once follow one another', async () => {
  const { store } = await emptyStore();
  await store.sites.upsertMany([site('a')]);
  await Promise.all(
    Array.from({ length: 20 }, () =>
      store.transaction(async (tx) => {
        const { generation } = (await tx.sites.get('a'))!;
        await tx.sites.update('a', { generation: generation + 1 });
      }),
    ),
  );
  expect((await store.sites.get('a'))?.generation).toBe(20);
});

test('the plan is one row; a flood of problems is bounded', async () => {
  const { store } = await emptyStore();
  expect(await store.plan.get()).toStrictEqual({
    headRevision: null,
    goodRevision: null,
    fetchedAt: null,
    evaluatedAt: null,
    problems: [],
    invalidRevision: null,
    evaluatingRevision: null,
    heldRevision: null,
    heldReason: null,
    confirmedRevision: null,
  });
  const position = { file: 'plan.yaml', line: 3, column: 1 };
  const problem = { message: 'unknown key', position, hint: 'did you mean "layers"?' };
  const state = await store.plan.update({ invalidRevision: COMMIT, problems: [problem] });
  expect(state.problems).toEqual([problem]);
  expect(await store.plan.update({ fetchedAt: 9 })).toEqual({ ...state, fetchedAt: 9 });
  expect(await store.plan.update({})).toEqual({ ...state, fetchedAt: 9 });

  const flood = Array.from({ length: 5_000 }, () => ({ message: 'x'.repeat(100_000) }));
  const { problems } = await store.plan.update({ problems: flood });
  expect(problems.length).toBe(200);
  expect(JSON.stringify(problems).length).toBeLessThan(500_000);
});

test('revisions are kept once each, newest first', async () => {
  const { store } = await emptyStore();
  const row = {
    revision: 'one',
    subject: 'Raise the limit',
    author: 'Alice',
    committedAt: 1,
    seenAt: 10,
    result: 'pending' as const,
    changedSites: 3,
    completedAt: null,
  };
  await store.revisions.record(row);
  await store.revisions.record({ ...row, revision: 'two', seenAt: 20 });
  await store.revisions.record({ ...row, changedSites: 4 });
  await store.revisions.update('one', { result: 'applied', completedAt: 30 });
  await store.revisions.update('none', { result: 'applied' });
  const first = { ...row, changedSites: 4, result: 'applied', completedAt: 30, review: null };
  expect(await store.revisions.get('one')).toEqual(first);
  expect((await store.revisions.list(10)).map(({ revision }) => revision)).toEqual(['two', 'one']);
  expect(await store.revisions.list(1)).toHaveLength(1);
  await store.revisions.record({ ...row, revision: 'three', seenAt: 10 });
  const after = async (key: string) =>
    (await store.revisions.list(10, key)).map(({ revision }) => revision);
  expect(await after('two')).toEqual(['three', 'one']);
  expect(await after('three')).toEqual(['one']);
  expect(await after('one')).toEqual([]);
});

test('runs are written at their start and completed at their end', async () => {
  const { store } = await emptyStore();
  await store.sites.upsertMany([site('lisbon-07'), site('madrid-01')]);
  await store.runs.insert(run('a', { startedAt: 1 }));
  await store.runs.insert(run('b', { startedAt: 1, site: 'madrid-01' }));
  await store.runs.insert(run('c', { startedAt: 2 }));
  expect((await store.runs.unfinished()).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  const report: RunReport = {
    kind: 'apply',
    driver: 'ansible',
    site: 'lisbon-07',
    digest: DIGEST,
    startedAt: 1,
    endedAt: 5,
    result: 'failed',
    reason: 'a task failed',
    hosts: { 'compute-0': { ok: 1, changed: 0, failed: 1, unreachable: 0, skipped: 0 } },
    tasks: [],
  };
  const end = { endedAt: 5, result: 'failed' as const, reason: 'a task failed', report };
  expect(await store.runs.finish('a', end)).toEqual({ ...run('a', { startedAt: 1 }), ...end });
  expect(await store.runs.get('a')).toMatchObject({ report });
  await expect(store.runs.finish('z', end)).rejects.toThrow('"z"');

  const page = await store.runs.list({ limit: 2 });
  expect(page.map(({ id }) => id)).toEqual(['c', 'b']);
  const next = await store.runs.list({ after: 'b', limit: 2 });
  expect(next).toMatchObject([{ id: 'a', report: null }]);
  expect(await store.runs.list({ site: 'madrid-01', limit: 2 })).toMatchObject([{ id: 'b' }]);

  expect(await store.runs.prune(0)).toBe(1);
  expect((await store.runs.unfinished()).map(({ id }) => id)).toEqual(['b', 'c']);
});

test('pruning keeps the newest runs of each site', async () => {
  const { store } = await emptyStore();
  await store.sites.upsertMany([site('lisbon-07'), site('madrid-01')]);
  for (const [id, name, startedAt] of [
    ['a', 'lisbon-07', 1],
    ['b', 'lisbon-07', 2],
    ['c', 'lisbon-07', 3],
    ['d', 'madrid-01', 1],
  ] as const) {
    await store.runs.insert(run(id, { site: name, startedAt }));
    await store.runs.finish(id, { endedAt: 9, result: 'success', reason: '', report: null });
  }
  expect(await store.runs.prune(2)).toBe(1);
  expect((await store.runs.list({ limit: 9 })).map(({ id }) => id)).toEqual(['c', 'b', 'd']);
});

test('law 7: a drift is recorded once, and its first decision stands', async () => {
  const { store } = await emptyStore();
  await store.sites.upsertMany([site('lisbon-07'), site('madrid-01')]);
  const first = await store.drifts.insertIfAbsent(drift('a', { fingerprint: 'same' }));
  expect(first).toMatchObject({ inserted: true, drift: { id: 'a', status: 'open' } });
  const second = await store.drifts.insertIfAbsent(drift('b', { fingerprint: 'same' }));
  expect(second).toEqual({ inserted: false, drift: first.drift });
  await store.drifts.insertIfAbsent(drift('c', { fingerprint: 'same', site: 'madrid-01' }));
  expect((await store.drifts.openAll()).map(({ id }) => id)).toEqual(['a', 'c']);
  expect(await store.drifts.open('madrid-01')).toMatchObject([{ id: 'c' }]);

  await store.drifts.setProposal('a', 'p1');
  await store.drifts.setGone('a', 'reverted');
  expect(await store.drifts.get('a')).toMatchObject({ gone: 'reverted', foundIn: COMMIT });
  const found = { baseCommit: 'base', observedCommit: 'seen', editCommit: 'tree', foundIn: 'now' };
  await store.drifts.follow('a', { ...found, author: 'olga', message: 'too slow' });
  expect(await store.drifts.countDecided('lisbon-07', 'content')).toBe(0);
  expect(await store.drifts.decide('a', 'adopted', 'alice', 8_000)).toBe(true);
  expect(await store.drifts.decide('a', 'rejected', 'bob', 9_000)).toBe(false);
  expect(await store.drifts.decide('z', 'rejected', 'bob', 9_000)).toBe(false);
  expect(await store.drifts.countDecided('lisbon-07', 'content')).toBe(1);
  const [owed, ...more] = await store.drifts.owed('lisbon-07');
  expect(more).toEqual([]);
  expect(owed).toMatchObject({
    ...found,
    author: 'olga',
    message: 'too slow',
    gone: null,
    id: 'a',
    status: 'adopted',
    decidedBy: 'alice',
    decidedAt: 8_000,
    proposalId: 'p1',
    paths: ['group_vars/all.yml'],
  });
  await store.drifts.setCarriedOut(['a']);
  expect(await store.drifts.owed('lisbon-07')).toEqual([]);
  expect((await store.drifts.get('a'))?.carriedOut).toBe(true);
  expect((await store.drifts.list({ limit: 1 })).map(({ id }) => id)).toEqual(['c']);
  expect((await store.drifts.list({ after: 'c', limit: 9 })).map(({ id }) => id)).toEqual(['a']);
  expect(await store.drifts.list({ status: 'open', limit: 9 })).toMatchObject([{ id: 'c' }]);
  expect(await store.drifts.list({ site: 'madrid-01', limit: 9 })).toMatchObject([{ id: 'c' }]);
});

test('law 7: a branch has one proposal', async () => {
  const { store } = await emptyStore();
  const first = await store.proposals.insertIfAbsent(proposal('a'));
  expect(first).toMatchObject({ inserted: true, proposal: { state: 'pending', number: null } });
  const again = proposal('b', { branch: first.proposal.branch });
  expect(await store.proposals.insertIfAbsent(again)).toEqual({
    inserted: false,
    proposal: first.proposal,
  });
  await store.proposals.insertIfAbsent(proposal('c', { createdAt: 5_000, site: 'madrid-01' }));
  const opened = await store.proposals.update('a', { state: 'open', number: 7, openedAt: 6_000 });
  expect(opened).toEqual({ ...first.proposal, state: 'open', number: 7, openedAt: 6_000 });
  expect(await store.proposals.get('a')).toEqual(opened);
  expect(await store.proposals.byNumber(7)).toEqual(opened);
  expect(await store.proposals.byBranch(opened.branch)).toEqual(opened);
  expect(await store.proposals.byNumber(8)).toBeUndefined();
  expect((await store.proposals.open()).map(({ id }) => id)).toEqual(['a', 'c']);
  await store.proposals.update('c', { state: 'obsolete', closeReason: 'reverted at the site' });
  expect((await store.proposals.open()).map(({ id }) => id)).toEqual(['a']);
  expect(await store.proposals.countByState()).toEqual({
    pending: 0,
    open: 1,
    merged: 0,
    closed: 0,
    obsolete: 1,
  });
  expect((await store.proposals.list({ limit: 1 })).map(({ id }) => id)).toEqual(['c']);
  expect(await store.proposals.list({ after: 'c', limit: 9 })).toMatchObject([{ id: 'a' }]);
  expect(await store.proposals.list({ state: 'open', limit: 9 })).toMatchObject([{ id: 'a' }]);
  expect(await store.proposals.list({ site: 'madrid-01', limit: 9 })).toMatchObject([{ id: 'c' }]);
  await expect(store.proposals.update('z', {})).rejects.toThrow('"z"');
});

test("the local forge's records survive reopening", async () => {
  const { store, file } = await emptyStore();
  const records: PullRecords = store.pulls;
  const draft = {
    branch: 'trueup/lisbon-07/1f0c',
    base: 'main',
    head: COMMIT,
    title: 'A title',
    body: 'A body',
    labels: ['trueup'],
  };
  const { pull, inserted } = await records.insertIfAbsent(draft);
  expect(inserted).toBe(true);
  expect(pull).toEqual({ ...draft, number: 1, state: 'open', mergeCommit: null, decidedBy: null });
  expect(await records.insertIfAbsent({ ...draft, title: 'Other' })).toEqual({
    pull,
    inserted: false,
  });
  await records.insertIfAbsent({ ...draft, branch: 'other' });
  const merged = await records.update(1, { state: 'merged', mergeCommit: 'abc' });
  expect(merged).toEqual({ ...pull, state: 'merged', mergeCommit: 'abc' });
  await expect(records.update(9, { title: 'x' })).rejects.toThrow('9');

  await records.upsertComment(1, { marker: 'proof', body: 'one' });
  await records.upsertComment(1, { marker: 'end', body: 'two' });
  await records.upsertComment(1, { marker: 'proof', body: 'three' });
  await expect(records.upsertComment(9, { marker: 'x', body: '' })).rejects.toThrow(/foreign key/i);
  const status = { context: 'trueup/render', description: 'fine', url: null };
  await records.setStatus(COMMIT, { ...status, state: 'pending' });
  await records.setStatus(COMMIT, { ...status, state: 'success' });

  const again = await openStore({ file });
  try {
    const { pulls } = again;
    expect(await pulls.get(1)).toEqual(merged);
    expect(await pulls.newestByBranch('other')).toMatchObject({ number: 2 });
    expect((await pulls.list({ limit: 5 })).map(({ number }) => number)).toEqual([2, 1]);
    expect(await pulls.list({ before: 2, limit: 5 })).toEqual([merged]);
    expect(await pulls.list({ state: 'open', limit: 5 })).toMatchObject([{ number: 2 }]);
    expect(await pulls.comments(1)).toEqual([
      { marker: 'proof', body: 'three' },
      { marker: 'end', body: 'two' },
    ]);
    expect(await pulls.statuses(COMMIT)).toEqual([{ ...status, state: 'success' }]);
    expect(await pulls.statuses(DIGEST)).toEqual([]);
  } finally {
    await again.close();
  }
});

test('the audit only grows', async () => {
  const { store } = await emptyStore();
  for (const action of ['merge', 'close', 'hold']) {
    await store.audit.append({ at: 1, actor: 'alice', action, subject: 'p1', detail: { n: 1 } });
  }
  const newest = await store.audit.list(2);
  expect(newest).toEqual([
    { id: 3, at: 1, actor: 'alice', action: 'hold', subject: 'p1', detail: { n: 1 } },
    { id: 2, at: 1, actor: 'alice', action: 'close', subject: 'p1', detail: { n: 1 } },
  ]);
  expect(await store.audit.list(2, 2)).toMatchObject([{ id: 1, action: 'merge' }]);
});

test('a token is told once, kept as a hash, and of no use when revoked', async () => {
  const { store, file } = await emptyStore();
  const { token, row } = await store.tokens.create('ci', 'operator');
  expect(await store.tokens.verify(token)).toEqual(row);
  await expect(store.tokens.create('ci', 'viewer')).rejects.toThrow('"ci"');
  const { token: other } = await store.tokens.create('lisbon', 'site:lisbon-07');

  const secret = token.slice(-43);
  for (const wrong of [
    '',
    'tu_',
    secret,
    token.slice(0, -1),
    `${token}x`,
    token.replace(secret, other.slice(-43)),
    token.replace(/tu_.{16}/, 'tu_0000000000000000'),
  ]) {
    expect(await store.tokens.verify(wrong)).toBeUndefined();
  }
  expect(await store.tokens.list()).toMatchObject([{ name: 'ci' }, { name: 'lisbon' }]);
  expect(await store.tokens.revoke('ci')).toBe(true);
  expect(await store.tokens.revoke('ci')).toBe(false);
  expect(await store.tokens.verify(token)).toBeUndefined();
  expect(await store.tokens.verify(other)).toMatchObject({ role: 'site:lisbon-07' });

  for (const name of [file, `${file}-wal`]) {
    expect(readFileSync(name).includes(secret)).toBe(false);
  }
  expect(readFileSync(`${file}-wal`).includes(row.id)).toBe(true);
});
