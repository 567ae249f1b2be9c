import { expect, test } from 'vitest';

import { UserError } from '../../src/model/errors.ts';
import { createServer } from '../../src/server/server.ts';
import { seed, startApi } from '../support/api.ts';

test('an address that cannot be had is told with what to do', async () => {
  const api = await startApi();
  const port = Number(new URL(api.url).port);
  const taken = createServer({ ...api.options, port }).start();
  await expect(taken).rejects.toThrow(UserError);
  await expect(taken).rejects.toThrow(`127.0.0.1 port ${port} is in use`);
  const foreign = createServer({ ...api.options, host: '203.0.113.1' }).start();
  await expect(foreign).rejects.toThrow('203.0.113.1 port 0 is no address of this machine');
});

test('a stop waits for the answers under way, and takes no new requests', async () => {
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const { promise: diff, resolve } = Promise.withResolvers<string>();
  const api = await startApi({
    siteDiff: () => {
      ask();
      return diff;
    },
  });
  await seed(api.store);
  const server = createServer(api.options);
  const { url } = await server.start();
  const answer = fetch(`${url}/api/v1/sites/lisbon-07/diff`);
  await asked;
  const stopped = server.stop(60_000);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow('fetch failed');
  resolve('+a\n');
  expect(await (await answer).text()).toBe('+a\n');
  await stopped;
  await server.stop();
});

test('a stop ends what does not end by itself within the grace', async () => {
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const api = await startApi({
    siteDiff: () => {
      ask();
      return new Promise<never>(() => {});
    },
  });
  await seed(api.store);
  const server = createServer(api.options);
  const { url } = await server.start();
  const answer = fetch(`${url}/api/v1/sites/lisbon-07/diff`).catch((error: unknown) => error);
  await asked;
  await server.stop(10);
  expect(await answer).toMatchObject({ message: 'fetch failed' });
});

test('a name of this machine and its IPv6 address can be listened on', async () => {
  const named = await startApi({ host: 'localhost' });
  expect(named.url).toMatch(/^http:\/\/(127\.0\.0\.1|\[::1\]):\d+$/);
  expect((await named.get('/api/v1/status')).status).toBe(200);
});
