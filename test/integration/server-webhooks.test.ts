import { request as httpRequest } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { expect, test } from 'vitest';

import type { Nudge, WebhookForge } from '../../src/server/options.ts';
import { type Api, startApi } from '../support/api.ts';
import { signGitea } from '../support/gitea/server.ts';
import { sign } from '../support/github/webhooks.ts';

const SECRET = 'a-secret-shared-with-the-forge';
const PUSH = { ref: 'refs/heads/main', repository: { full_name: 'acme/plan' } };
const MIB = 2 ** 20;

interface Bench extends Api {
  nudges: Nudge[];
  counted: string[];
  /** Changes the secret that is set. */
  setSecret(secret: string | undefined): void;
  deliver(
    forge: WebhookForge,
    delivery: { headers: Record<string, string>; body: string | Buffer },
  ): Promise<Response>;
}

async function start(): Promise<Bench> {
  const nudges: Nudge[] = [];
  const counted: string[] = [];
  let secret: string | undefined = SECRET;
  const api = await startApi({
    webhooks: {
      secret: async () => secret,
      subject: () => ({ repository: 'acme/plan', branch: 'main' }),
      nudge: (what) => void nudges.push(what),
      onWebhook: (...labels) => void counted.push(labels.join(' ')),
    },
  });
  return {
    ...api,
    nudges,
    counted,
    setSecret: (to) => {
      secret = to;
    },
    deliver: (forge, { headers, body }) =>
      api.get(`/webhooks/${forge}`, { method: 'POST', headers, body }),
  };
}

function signedPush(change: object = {}, secret = SECRET) {
  return sign('push', JSON.stringify({ ...PUSH, ...change }), secret);
}

test('a signed push to the plan nudges, as often as it comes', async () => {
  const bench = await start();
  const push = signedPush();
  for (let i = 0; i < 3; i += 1) {
    const answer = await bench.deliver('github', push);
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({ result: 'accepted' });
  }
  expect(bench.nudges).toEqual([{ plan: true }, { plan: true }, { plan: true }]);
  expect(bench.counted).toEqual(Array.from({ length: 3 }, () => 'github push accepted'));
});

test('Gitea signs in its own way', async () => {
  const bench = await start();
  const push = signGitea('push', JSON.stringify(PUSH), SECRET);
  expect((await bench.deliver('gitea', push)).status).toBe(202);
  // Its signature is one of GitHub's as well, but the event is not.
  expect((await bench.deliver('github', push)).status).toBe(200);
  expect(bench.nudges).toEqual([{ plan: true }]);
  expect(bench.counted).toEqual(['gitea push accepted', 'github other ignored']);
});

test('what is about something else is taken and ignored', async () => {
  const bench = await start();
  for (const delivery of [
    signedPush({ ref: 'refs/heads/other' }),
    signedPush({ repository: { full_name: 'acme/other' } }),
    sign('star', JSON.stringify(PUSH), SECRET),
    sign('ping', '{"zen":"x"}', SECRET),
  ]) {
    const answer = await bench.deliver('github', delivery);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ result: 'ignored' });
  }
  expect(bench.nudges).toEqual([]);
  expect(bench.counted).toEqual([
    'github push ignored',
    'github push ignored',
    'github other ignored',
    'github ping ignored',
  ]);
});

test('forged ones are refused alike, whatever is wrong with them', async () => {
  const bench = await start();
  const good = signedPush();
  const signature = good.headers['x-hub-signature-256']!;
  const withSignature = (text: string) => ({
    ...good,
    headers: { ...good.headers, 'x-hub-signature-256': text },
  });
  const { 'x-hub-signature-256': _, ...unsigned } = good.headers;
  const answers = [];
  for (const delivery of [
    signedPush({}, 'another-secret-altogether'),
    { ...good, body: good.body.replace('main', 'evil') },
    { ...good, body: `${good.body} ` },
    { headers: unsigned, body: good.body },
    withSignature(''),
    withSignature('sha256='),
    withSignature(signature.slice(0, -1)),
    withSignature(`${signature}0`),
    withSignature(signature.replace('sha256=', '')),
    withSignature(signature.replace('sha256=', 'sha1=')),
    withSignature(`sha256=${'0'.repeat(64)}`),
    withSignature('sha256=é'),
    { headers: { ...good.headers, 'x-hub-signature-256': signature }, body: '{' },
  ]) {
    const answer = await bench.deliver('github', delivery);
    const { detail }: { detail: string } = JSON.parse(await answer.text());
    answers.push(`${answer.status} ${detail}`);
  }
  const refused = '403 webhooks are taken only with the signature of a secret';
  expect(new Set(answers)).toEqual(new Set([refused]));
  expect(bench.nudges).toEqual([]);
  expect(new Set(bench.counted)).toEqual(new Set(['github push refused']));
  expect(bench.log.join()).not.toContain(SECRET);
});

test('without a secret none is taken; with a new one, those signed with the old are not', async () => {
  const bench = await start();
  bench.setSecret(undefined);
  expect((await bench.deliver('github', signedPush({}, ''))).status).toBe(403);
  expect((await bench.deliver('github', signedPush())).status).toBe(403);
  bench.setSecret('the-secret-that-came-after');
  expect((await bench.deliver('github', signedPush())).status).toBe(403);
  expect((await bench.deliver('github', signedPush({}, 'the-secret-that-came-after'))).status).toBe(
    202,
  );
});

test.each<[string, string | Buffer]>([
  ['nothing', ''],
  ['no JSON', '{"ref":'],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['no object', '[]'],
  ['a wrong type', JSON.stringify({ ...PUSH, ref: 1 })],
  ['deep nesting', '['.repeat(500_000)],
  ['a prototype', '{"__proto__":{"repository":{"full_name":"acme/plan"}}}'],
])('signed, but %s: refused with a word why', async (_name, body) => {
  const bench = await start();
  const text = sign('push', '', SECRET);
  const { createHmac } = await import('node:crypto');
  const digest = createHmac('sha256', SECRET).update(body).digest('hex');
  const headers = { ...text.headers, 'x-hub-signature-256': `sha256=${digest}` };
  const answer = await bench.deliver('github', { headers, body });
  expect(answer.status).toBe(400);
  expect(bench.nudges).toEqual([]);
  expect(bench.counted).toEqual(['github push malformed']);
});

test('a form is refused with what to change', async () => {
  const bench = await start();
  const { headers, body } = sign(
    'push',
    `payload=${encodeURIComponent(JSON.stringify(PUSH))}`,
    SECRET,
  );
  headers['content-type'] = 'application/x-www-form-urlencoded';
  const answer = await bench.deliver('github', { headers, body });
  expect(answer.status).toBe(415);
  expect(await answer.text()).toContain('application/json');
});

test('other paths and methods are not there', async () => {
  const bench = await start();
  const { get } = bench;
  expect((await get('/webhooks/gitlab', { method: 'POST' })).status).toBe(404);
  expect((await get('/webhooks/github')).status).toBe(405);
  expect((await startApi()).options.webhooks).toBeUndefined();
});

/** Bytes that this process holds once all garbage is collected. */
function keptMemory(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test('10 MiB are refused before they are read, and memory stays flat', async () => {
  const bench = await start();
  const headers = signedPush().headers;
  const send = (chunked: boolean): Promise<number> =>
    new Promise((resolve) => {
      const size = 10 * MIB;
      const request = httpRequest(`${bench.url}/webhooks/github`, {
        method: 'POST',
        headers: { ...headers, ...(chunked ? {} : { 'content-length': size }) },
      });
      let sent = 0;
      const chunk = Buffer.alloc(64 * 1024, 'x');
      const more = (): void => {
        while (sent < size && !request.destroyed) {
          sent += chunk.length;
          if (!request.write(chunk)) return void request.once('drain', more);
        }
        request.end();
      };
      request.on('response', ({ statusCode }) => {
        resolve(statusCode!);
        request.destroy();
      });
      // The server hangs up on who goes on sending.
      request.on('error', () => resolve(0));
      more();
    });
  const before = keptMemory();
  const statuses: number[] = [];
  for (let i = 0; i < 40; i += 1) statuses.push(await send(i % 2 === 0));
  const after = keptMemory();
  expect(new Set(statuses.filter((status) => status !== 0))).toEqual(new Set([413]));
  expect(statuses.filter((status) => status === 413).length).toBeGreaterThan(20);
  // 400 MiB were to be sent.
  expect(after - before).toBeLessThan(16 * MIB);
  expect(bench.counted).toContain('github push too-large');
  expect((await bench.deliver('github', signedPush())).status).toBe(202);
});

test('a flood is turned away, and the API stays of use', async () => {
  const bench = await start();
  const push = signedPush({ pad: 'x'.repeat(512 * 1024) });
  const answers = await Promise.all(
    Array.from({ length: 60 }, () => bench.deliver('github', push)),
  );
  const statuses = new Set(answers.map(({ status }) => status));
  expect([...statuses].every((status) => [202, 429, 503].includes(status))).toBe(true);
  expect(statuses).toContain(202);
  expect((await bench.get('/api/v1/sites')).status).toBe(200);
});
