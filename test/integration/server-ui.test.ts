import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { expect, onTestFinished, test } from 'vitest';

import { UserError } from '../../src/model/errors.ts';
import { readUi } from '../../src/server/ui.ts';
import { Site, pageOf } from '../../src/server/wire.ts';
import { type Api, OPERATOR, seed, sendRaw, startApi } from '../support/api.ts';
import { emptyStore, site, temporaryFolder } from '../support/store.ts';
import { eventually } from '../support/wait.ts';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

async function builtUi() {
  const folder = temporaryFolder();
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>trueup</title>');
  await writeFile(join(folder, 'assets/main-0a1b.js'), 'document.title = 1;');
  await writeFile(join(folder, 'assets/notes.txt'), 'not for browsers');
  const ui = await readUi(folder);
  return { ui: ui! };
}

/** Listens to the stream; what came is in the list. */
async function listen(api: Api, lastEventId?: string): Promise<EventSourceMessage[]> {
  const ended = new AbortController();
  onTestFinished(() => ended.abort());
  const response = await api.get('/api/v1/stream', {
    signal: ended.signal,
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => void events.push(event) });
  void (async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream()))
      parser.feed(chunk);
  })().catch(() => undefined);
  await eventually('the stream begins', () => events.length > 0);
  return events;
}

test('the web UI is one page at every address of its own, under a strict policy', async () => {
  const api = await startApi(await builtUi());
  for (const path of ['/', '/sites/lisbon-07', '/proposals', '/proposals/7', '/previews/12']) {
    const answer = await api.get(path);
    expect(await answer.text()).toContain('<title>trueup</title>');
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('content-security-policy')).toBe(POLICY);
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  }
  for (const path of ['/nothing', '/sites/a/b', '/index.html', '/assets/none.js', '/api/v1/none']) {
    expect((await api.get(path)).status).toBe(404);
  }
  expect((await api.get('/healthz')).headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; base-uri/,
  );
  expect((await sendRaw(api.url, { method: 'POST', path: '/' })).status).toBe(405);
});

test('files with a hash in their names are kept for ever, and nothing else is served', async () => {
  const api = await startApi(await builtUi());
  const script = await api.get('/assets/main-0a1b.js', { headers: { 'accept-encoding': '' } });
  expect(await script.text()).toBe('document.title = 1;');
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  const zipped = await sendRaw(api.url, {
    path: '/assets/main-0a1b.js',
    headers: { 'accept-encoding': 'gzip' },
  });
  expect(zipped.headers['content-encoding']).toBe('gzip');
  expect(zipped.headers.vary).toBe('Accept-Encoding');
  const bytes = await api.get('/assets/main-0a1b.js', { headers: { 'accept-encoding': 'gzip' } });
  expect(await bytes.text()).toBe('document.title = 1;');
  for (const path of ['/assets/notes.txt', '/assets/../index.html', '/assets/..%2findex.html']) {
    expect((await sendRaw(api.url, { path })).status).toBe(404);
  }
  expect(gunzipSync((await builtUi()).ui.index.gzipped).toString()).toContain('trueup');
});

test('without a built UI there is no page', async () => {
  expect(await readUi(join(temporaryFolder(), 'none'))).toBeUndefined();
  const api = await startApi();
  expect((await api.get('/')).status).toBe(404);
});

test('a page of a foreign name on this machine gets nothing', async () => {
  const api = await startApi(await builtUi());
  const foreign = await sendRaw(api.url, { path: '/', headers: { host: 'evil.example' } });
  expect(foreign.status).toBe(421);
});

test('the stream tells that there is something new, and what was missed', async () => {
  const api = await startApi();
  const events = await listen(api);
  await eventually('the first look is asked for', () => events.length === 2);
  expect(events.map(({ event }) => event)).toEqual(['ready', 'change']);
  await api.store.sites.upsertMany([site('lisbon-07')]);
  await eventually('the change is told', () => events.length === 3);
  expect(events[2]).toMatchObject({ event: 'change', data: '' });
  expect(events[2]!.id).not.toBe(events[1]!.id);

  const upToDate = await listen(api, events[2]!.id);
  const behind = await listen(api, events[1]!.id);
  const stranger = await listen(api, 'of-another-process-3');
  await eventually(
    'those who missed something are told',
    () => behind.length + stranger.length > 3,
  );
  expect(behind[1]!.id).toBe(events[2]!.id);
  expect(upToDate.map(({ event }) => event)).toEqual(['ready']);
});

test('streams end with the server, and there are not too many of them', async () => {
  const { store } = await emptyStore();
  const api = await startApi({ store });
  await listen(api);
  expect(api.options.changes.listeners).toBe(1);
  api.options.changes.listeners += 255;
  expect((await api.get('/api/v1/stream')).status).toBe(503);
  expect((await api.get('/api/v1/stream', { method: 'HEAD' })).status).toBe(200);
  api.options.changes.listeners -= 255;
  api.options.changes.close();
  await eventually('the stream has ended', () => api.options.changes.listeners === 0);
});

test('on another address than loopback the stream wants a token', async () => {
  const api = await startApi({ host: '0.0.0.0' });
  expect((await api.get('/api/v1/stream')).status).toBe(401);
  const ended = new AbortController();
  onTestFinished(() => ended.abort());
  const told = await api.get('/api/v1/stream', {
    signal: ended.signal,
    headers: { authorization: `Bearer ${OPERATOR}` },
  });
  expect(told.status).toBe(200);
});

test('sites that were changed since are told, removed ones among them', async () => {
  const { store, clock } = await emptyStore();
  const api = await startApi({ store });
  await store.sites.upsertMany([site('lisbon-07'), site('madrid-01'), site('porto-03')]);
  clock.time = 9_000;
  await store.sites.update('madrid-01', { message: 'anew' });
  await store.sites.update('porto-03', { removedAt: 9_000 });
  const since = async (time: string) => {
    const answer = await api.get(`/api/v1/sites?updatedSince=${time}`);
    return pageOf('SitePage', Site)
      .parse(await answer.json())
      .items.map(({ name }) => name);
  };
  expect(await since('1970-01-01T00:00:09.000Z')).toEqual(['madrid-01', 'porto-03']);
  expect(await since('1970-01-01T00:00:09.001Z')).toEqual([]);
  expect((await api.get('/api/v1/sites?updatedSince=yesterday')).status).toBe(400);
});

test('a site’s files, and where their lines come from, can be looked into', async () => {
  const asked: unknown[] = [];
  const name = { path: 'README', executable: false, size: 5 };
  const api = await startApi({
    inspect: {
      files: async () => ({ commit: 'c0ffee', files: [name] }),
      file: async (_site, path) =>
        path === 'README' ? { ...name, text: 'text\n', cut: false } : undefined,
      imports: async () => [],
      explain: (where, what) => {
        asked.push([where, what]);
        if ('key' in what) throw new UserError('the site lisbon-07 has no parameter "x"');
        return {
          kind: 'file',
          site: where,
          file: what.file,
          line: what.line ?? null,
          text: 'text',
          origin: 'copied',
          position: { file: 'stacks/a/README', line: 1, column: 1 },
          pieces: [],
          values: [],
        };
      },
    },
  });
  await seed(api.store);
  const at = '/api/v1/sites/lisbon-07';
  const json = async (path: string) => (await api.get(`${at}/${path}`)).json();
  expect(await json('tree')).toEqual({ commit: 'c0ffee', files: [name] });
  expect(await json('file?path=README')).toEqual({ ...name, text: 'text\n', cut: false });
  expect((await api.get(`${at}/file?path=..%2Fetc`)).status).toBe(404);
  expect(await json('explain?file=README&line=1')).toMatchObject({ kind: 'file', line: 1 });
  expect(await json('explain?key=x')).toMatchObject({
    status: 404,
    detail: 'the site lisbon-07 has no parameter "x"',
  });
  for (const query of ['', '?key=a&file=b', '?key=a&line=1', '?file=a&line=0', '?what=a']) {
    expect((await api.get(`${at}/explain${query}`)).status).toBe(400);
  }
  expect(asked).toEqual([
    ['lisbon-07', { file: 'README', line: 1 }],
    ['lisbon-07', { key: 'x' }],
  ]);
});
