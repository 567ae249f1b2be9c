import { expect, test } from 'vitest';
import { z } from 'zod';

import { Stalled } from '../../src/model/errors.ts';
import { pageOf, RunDetail, Site } from '../../src/server/wire.ts';
import { type Api, seed, startApi } from '../support/api.ts';
import { COMMIT, drift, preview, proposal, run, site } from '../support/store.ts';

test('the process, its readiness and its metrics are told to whoever asks', async () => {
  const api = await startApi();
  expect(await (await api.get('/healthz')).json()).toEqual({ ok: true, message: 'well' });
  expect(await (await api.get('/readyz')).json()).toEqual({
    ready: true,
    checks: { store: { ok: true, message: 'answers' } },
  });
  const metrics = await api.get('/metrics');
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4');
  expect(await metrics.text()).toBe('trueup_leader 1\n');
});

test('what is not well or not ready answers 503 and says why', async () => {
  const api = await startApi({
    health: () => ({ ok: false, message: 'the loop hangs' }),
    ready: async () => {
      throw new Error('the database is gone');
    },
  });
  const health = await api.get('/healthz');
  expect(health.status).toBe(503);
  expect(await health.json()).toEqual({ ok: false, message: 'the loop hangs' });
  const ready = await api.get('/readyz');
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({
    ready: false,
    checks: { readiness: { ok: false, message: 'cannot be told: the database is gone' } },
  });
});

test('the status sums up plan, sites and proposals', async () => {
  const api = await startApi();
  await seed(api.store);
  const status = await read(api, '/api/v1/status');
  expect(status).toEqual({
    version: '1.2.3',
    plan: {
      headRevision: 'f00d'.padEnd(40, '0'),
      goodRevision: COMMIT,
      invalidRevision: 'f00d'.padEnd(40, '0'),
      heldRevision: null,
      heldReason: null,
      problems: [
        { message: 'unknown key', position: { file: 'plan.yaml', line: 3, column: 1 }, hint: 'no' },
      ],
      fetchedAt: '1970-01-01T00:00:05.000Z',
      evaluatedAt: null,
    },
    review: null,
    sites: {
      total: 2,
      byState: { held: 1, failed: 0, drifted: 1, applying: 0, pending: 0, synced: 0 },
    },
    proposals: {
      open: 1,
      byState: { pending: 0, open: 1, merged: 0, closed: 0, obsolete: 0 },
    },
  });
});

test('a site is told with its open drifts, its diff and its past', async () => {
  const api = await startApi();
  await seed(api.store);
  expect(await read(api, '/api/v1/sites/lisbon-07')).toMatchObject({
    name: 'lisbon-07',
    state: 'drifted',
    labels: { region: 'eu-west', profile: 'store' },
    desired: { commit: COMMIT, digest: null, revision: COMMIT },
    applied: { commit: null, at: '1970-01-01T00:00:04.000Z' },
    applyReason: null,
    openDrifts: [{ id: 'edit-1', status: 'open', proposalId: 'proposal-1' }],
  });
  const diff = await api.get('/api/v1/sites/lisbon-07/diff');
  expect(diff.headers.get('content-type')).toBe('text/x-diff; charset=utf-8');
  expect(await diff.text()).toBe('--- a/lisbon-07\n+++ b/lisbon-07\n');
  const runs = await read(api, '/api/v1/sites/lisbon-07/runs');
  expect(runs).toMatchObject({ items: [{ id: 'run-1', result: 'failed' }], next: null });
  expect(await read(api, '/api/v1/sites/madrid-01/runs')).toEqual({ items: [], next: null });
  expect(await read(api, '/api/v1/sites/lisbon-07/drift?status=open')).toMatchObject({
    items: [{ id: 'edit-1', paths: ['group_vars/all.yml'] }],
  });
  expect(await read(api, '/api/v1/sites/lisbon-07/drift?status=adopted')).toMatchObject({
    items: [],
  });
});

test('runs, revisions, proposals and events are told in full', async () => {
  const api = await startApi();
  await seed(api.store);
  const report = RunDetail.parse(await read(api, '/api/v1/runs/run-1'));
  expect(report.hosts).toEqual({
    'compute-0': { ok: 3, changed: 1, failed: 1, unreachable: 0, skipped: 0 },
  });
  expect(report.tasks).toMatchObject([{ status: 'failed', message: 'no space left' }]);
  expect(await read(api, '/api/v1/runs?site=lisbon-07')).toMatchObject({
    items: [{ id: 'run-1' }],
  });
  expect(await read(api, '/api/v1/revisions')).toMatchObject({
    items: [{ revision: COMMIT, subject: 'Raise the limit', completedAt: null }],
  });
  expect(await read(api, '/api/v1/proposals/proposal-1')).toMatchObject({
    state: 'open',
    number: 7,
    body: 'Found at the site.',
    changes: [{ edits: [{ file: 'sites/lisbon-07.yaml', patch: '-a\n+b\n' }], verified: true }],
    unexplained: [{ path: 'README', reason: 'a comment' }],
  });
  expect(await read(api, '/api/v1/events')).toMatchObject({
    items: [{ actor: 'alice', action: 'site.retried', detail: { reason: 'why not' } }],
  });
});

test('sites are found by state and by text, and a removed one is no longer listed', async () => {
  const api = await startApi();
  await seed(api.store);
  await api.store.sites.upsertMany([site('oslo-02', { labels: { region: 'north' } })]);
  const names = async (query: string) =>
    pageOf('Sites', Site)
      .parse(await read(api, `/api/v1/sites?${query}`))
      .items.map(({ name }) => name);
  expect(await names('')).toEqual(['lisbon-07', 'madrid-01', 'oslo-02']);
  expect(await names('state=held')).toEqual(['madrid-01']);
  expect(await names('search=NORTH')).toEqual(['oslo-02']);
  await api.store.sites.update('oslo-02', { removedAt: 9_000 });
  expect(await names('')).toEqual(['lisbon-07', 'madrid-01']);
  expect(await read(api, '/api/v1/sites/oslo-02')).toMatchObject({
    removedAt: '1970-01-01T00:00:09.000Z',
  });
});

test('every list comes in pages that together hold each item once, in order', async () => {
  const api = await startApi();
  const { store } = api;
  const numbers = Array.from({ length: 23 }, (_, i) => String(i).padStart(2, '0'));
  await store.sites.upsertMany(numbers.map((n) => site(`site-${n}`)));
  for (const [i, n] of numbers.entries()) {
    // Two of each share their time: the key decides between them.
    const at = 1_000 + Math.floor(i / 2);
    await store.runs.insert(run(`run-${n}`, { site: 'site-00', startedAt: at }));
    await store.drifts.insertIfAbsent(drift(`edit-${n}`, { site: 'site-00', detectedAt: at }));
    await store.proposals.insertIfAbsent(proposal(`proposal-${n}`, { createdAt: at }));
    await store.audit.append({ at, actor: 'a', action: 'b', subject: n, detail: {} });
    await store.revisions.record({
      revision: n.padEnd(40, 'a'),
      subject: '',
      author: '',
      committedAt: at,
      seenAt: at,
      result: 'applied',
      changedSites: 0,
      completedAt: null,
    });
  }
  const newestFirst = numbers.toReversed();
  expect(await readAll(api, '/api/v1/sites', 'name')).toEqual(numbers.map((n) => `site-${n}`));
  expect(await readAll(api, '/api/v1/runs', 'id')).toEqual(newestFirst.map((n) => `run-${n}`));
  expect(await readAll(api, '/api/v1/sites/site-00/runs', 'id')).toHaveLength(23);
  expect(await readAll(api, '/api/v1/sites/site-00/drift', 'id')).toEqual(
    newestFirst.map((n) => `edit-${n}`),
  );
  expect(await readAll(api, '/api/v1/proposals', 'id')).toEqual(
    newestFirst.map((n) => `proposal-${n}`),
  );
  expect(await readAll(api, '/api/v1/events', 'subject')).toEqual(newestFirst);
  expect(await readAll(api, '/api/v1/revisions', 'revision')).toEqual(
    newestFirst.map((n) => n.padEnd(40, 'a')),
  );
});

test('a page after a row that is gone is refused, so that nobody reads in circles', async () => {
  const api = await startApi();
  await seed(api.store);
  for (const list of ['runs', 'proposals', 'revisions', 'sites/lisbon-07/drift']) {
    const response = await api.get(`/api/v1/${list}?after=gone`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ field: 'query.after' }] });
  }
  // Names have an order of their own: a site that went between two pages harms nothing.
  expect(await read(api, '/api/v1/sites?after=lisbon-99')).toMatchObject({
    items: [{ name: 'madrid-01' }],
  });
});

test('an operator merges what was reviewed, closes, and retries', async () => {
  const api = await startApi();
  await seed(api.store);
  const stale = await api.post('/api/v1/proposals/proposal-1/merge', { commit: 'a'.repeat(40) });
  expect(stale.status).toBe(409);
  expect(await stale.json()).toMatchObject({ errors: [{ field: 'body.commit' }] });
  const merged = await api.post('/api/v1/proposals/proposal-1/merge', { commit: COMMIT });
  expect(merged.status).toBe(200);
  expect(await merged.json()).toMatchObject({ state: 'merged', decidedBy: 'operator' });

  const again = await api.post('/api/v1/proposals/proposal-1/close');
  expect(again.status).toBe(409);
  expect(await again.json()).toMatchObject({
    title: 'Conflict',
    detail: 'proposal proposal-1 is merged already',
  });

  await api.store.proposals.update('proposal-1', { state: 'open' });
  expect((await api.post('/api/v1/proposals/proposal-1/close')).status).toBe(200);
  const retried = await api.post('/api/v1/sites/lisbon-07/retry');
  expect(await retried.json()).toMatchObject({ applyReason: 'asked for by operator' });
  expect(api.decided).toEqual([
    'merge proposal-1 by operator',
    'close proposal-1 by operator',
    'retry lisbon-07 by operator',
  ]);
});

async function refuse(): Promise<never> {
  throw new Stalled('the forge rejects our token');
}

test('another option of a proposal is chosen by its number', async () => {
  const api = await startApi();
  await seed(api.store);
  const path = '/api/v1/proposals/proposal-1/choose';
  expect((await api.post(path, { option: 2 })).status).toBe(200);
  expect(api.decided).toEqual(['choose 2 of proposal-1 by operator']);
  for (const body of [{}, { option: 0 }, { option: '2' }, { option: 1, more: 1 }])
    expect((await api.post(path, body)).status).toBe(400);
  expect((await api.get(path, { method: 'POST' })).status).toBe(401);
});

test('edits that wait for their proposal are told with the reason', async () => {
  const api = await startApi({
    waiting: async () => [
      { groupKey: 'fingerprint-edit-1', sites: 1, since: 3_000, why: 'too many are open' },
    ],
  });
  await seed(api.store);
  expect(await read(api, '/api/v1/waiting')).toEqual({
    items: [
      {
        key: 'fingerprint-edit-1',
        sites: ['lisbon-07'],
        count: 1,
        paths: ['group_vars/all.yml'],
        since: '1970-01-01T00:00:03.000Z',
        why: 'too many are open',
      },
    ],
  });
});

test('a proposal is found by the number of its pull request too', async () => {
  const api = await startApi();
  await seed(api.store);
  expect(await read(api, '/api/v1/proposals/7')).toMatchObject({ id: 'proposal-1' });
  expect((await api.get('/api/v1/proposals/8')).status).toBe(404);
  expect((await api.post('/api/v1/proposals/7/merge')).status).toBe(200);
  expect(api.decided).toEqual(['merge proposal-1 by operator']);
});

test('a forge that refuses us is no fault of who decides', async () => {
  const api = await startApi({
    decisions: {
      merge: refuse,
      close: refuse,
      choose: refuse,
      retry: refuse,
      confirm: refuse,
      check: refuse,
    },
  });
  await seed(api.store);
  const response = await api.post('/api/v1/proposals/proposal-1/merge');
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ detail: 'the forge rejects our token' });
});

test('what is not there is a problem 404', async () => {
  const api = await startApi({ siteDiff: async () => undefined });
  await seed(api.store);
  const missing = ['sites/none', 'sites/none/runs', 'sites/none/drift', 'sites/none/diff'];
  for (const path of [...missing, 'sites/lisbon-07/diff', 'runs/none', 'proposals/none']) {
    const response = await api.get(`/api/v1/${path}`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  }
  for (const path of ['proposals/none/merge', 'proposals/none/close', 'sites/none/retry']) {
    expect((await api.post(`/api/v1/${path}`)).status).toBe(404);
  }
  expect(api.decided).toEqual([]);
});

async function read(api: Api, path: string): Promise<unknown> {
  const response = await api.get(path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json');
  return response.json();
}

const AnyPage = pageOf('AnyPage', z.record(z.string(), z.unknown()));

/** One property of every item of a list, read in pages of five. */
async function readAll(api: Api, path: string, property: string): Promise<unknown[]> {
  const seen: unknown[] = [];
  let after = '';
  for (let pages = 0; pages < 20; pages += 1) {
    const page = AnyPage.parse(await read(api, `${path}?limit=5${after}`));
    seen.push(...page.items.map((item) => item[property]));
    if (page.next === null) return seen;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
  throw new Error(`${path} does not come to an end`);
}

test('a preview is listed, told in full, and shown as a page on which names stay text', async () => {
  const api = await startApi();
  await seed(api.store);
  const list = await read(api, '/api/v1/previews?state=open');
  expect(list).toMatchObject({ items: [{ number: 12, state: 'open', check: null }], next: null });
  expect(JSON.stringify(list)).not.toContain('script');
  expect(await read(api, '/api/v1/previews/12')).toMatchObject({
    number: 12,
    report: { changed: 1, groups: [{ sites: ['lisbon-07'] }] },
  });
  expect((await api.get('/api/v1/previews/13')).status).toBe(404);
  expect((await api.get('/api/v1/previews/x')).status).toBe(400);
  const response = await api.get('/api/v1/previews/12/page');
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  const page = await response.text();
  expect(page).toContain('-motd: &lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(page).toContain('Move the &lt;b&gt;clocks&lt;/b&gt;');
  expect(page).not.toMatch(/<script|<b>/);
});

test('an operator confirms a revision that is held', async () => {
  const api = await startApi();
  await seed(api.store);
  const response = await api.post('/api/v1/revisions/c0ffee0/confirm');
  expect(response.status).toBe(200);
  expect(api.decided).toEqual(['confirm c0ffee0 by operator']);
  expect((await api.post('/api/v1/revisions/main/confirm')).status).toBe(400);
  const without = await api.get('/api/v1/revisions/c0ffee0/confirm', { method: 'POST' });
  expect(without.status).toBe(401);
});

test('an operator asks for a check run of a pull request', async () => {
  const api = await startApi();
  await seed(api.store);
  await api.store.previews.put(preview(21), new Map());
  const response = await api.post('/api/v1/previews/21/check', { commit: COMMIT });
  expect(response.status).toBe(200);
  expect(api.decided).toEqual([`check 21 at ${COMMIT} by operator`]);
  expect((await api.post('/api/v1/previews/22/check')).status).toBe(404);
  expect((await api.post('/api/v1/previews/21/check', { commit: 'HEAD' })).status).toBe(400);
  const without = await api.get('/api/v1/previews/21/check', { method: 'POST' });
  expect(without.status).toBe(401);
});
