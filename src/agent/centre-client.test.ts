import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test, vi } from 'vitest';

import { CentreClient, CentreUnavailable } from './centre-client.ts';

const BUNDLE = Buffer.from('0123456789'.repeat(1000));
const NEWEST = '"newest"';

test('a bundle is fetched whole, and nothing is left beside it', async () => {
  const { fetch, file, asked } = await centre();
  expect(await fetch()).toBe(true);
  expect(await readFile(file)).toEqual(BUNDLE);
  expect(asked).toEqual([undefined]);
  expect(existsSync(`${file}.part`) || existsSync(`${file}.part.etag`)).toBe(false);
});

test('what was cut off is completed', async () => {
  const { fetch, file, asked, cut } = await centre();
  cut(4000);
  await expect(fetch()).rejects.toThrow(CentreUnavailable);
  expect(await readFile(`${file}.part`)).toEqual(BUNDLE.subarray(0, 4000));
  expect(await fetch()).toBe(true);
  expect(await readFile(file)).toEqual(BUNDLE);
  expect(asked).toEqual([undefined, 'bytes=4000-']);
});

test('the rest of another bundle is fetched anew, also where that is cut off', async () => {
  const { fetch, file, left, cut } = await centre();
  left('x'.repeat(20_000), '"older"');
  cut(4000);
  await expect(fetch()).rejects.toThrow(CentreUnavailable);
  expect(await fetch()).toBe(true);
  expect(await readFile(file)).toEqual(BUNDLE);
});

test('a part that came whole is only renamed', async () => {
  const { fetch, file, left } = await centre();
  left(BUNDLE, NEWEST);
  expect(await fetch()).toBe(true);
  expect(await readFile(file)).toEqual(BUNDLE);
});

test('a part longer than the bundle whose name it bears is thrown away', async () => {
  const { fetch, file, left } = await centre();
  left('x'.repeat(20_000), NEWEST);
  await expect(fetch()).rejects.toThrow(CentreUnavailable);
  expect(await fetch()).toBe(true);
  expect(await readFile(file)).toEqual(BUNDLE);
});

test('an answer that goes on elsewhere than asked is not put behind the part', async () => {
  const { fetch, file, left, answers } = await centre();
  left(BUNDLE.subarray(0, 4000), NEWEST);
  answers.push((_, response) => {
    response.writeHead(206, { 'content-range': 'bytes 0-9999/10000', etag: NEWEST });
    response.end(BUNDLE);
  });
  await expect(fetch()).rejects.toThrow(CentreUnavailable);
  expect(await fetch()).toBe(true);
  expect(await readFile(file)).toEqual(BUNDLE);
});

test('what a process left that was killed between the part and its name is no bundle', async () => {
  const { fetch, file, left, asked } = await centre();
  left('x'.repeat(20_000), NEWEST);
  rmSync(`${file}.part.etag`);
  expect(await fetch()).toBe(true);
  expect(asked).toEqual([undefined]);
  expect(await readFile(file)).toEqual(BUNDLE);
});

test('the old part is gone before the new one gets its name', async () => {
  const { fetch, file, left } = await centre();
  left('x'.repeat(20_000), '"older"');
  rmSync(`${file}.part.etag`);
  // No name can be written: it ends where it would have been killed.
  mkdirSync(`${file}.part.etag`);
  await expect(fetch()).rejects.toThrow('EISDIR');
  expect(existsSync(`${file}.part`)).toBe(false);
});

test('an answer that ends after its head is no bundle', async () => {
  const { fetch, file, answers } = await centre();
  answers.push((_, response) => {
    response.writeHead(200, { etag: NEWEST, 'content-length': BUNDLE.length });
    response.flushHeaders();
    response.socket!.end();
  });
  await expect(fetch()).rejects.toThrow(CentreUnavailable);
  expect(existsSync(file)).toBe(false);
  expect(await fetch()).toBe(true);
});

test('nothing new is no file, and a refusal is told in the words of the centre', async () => {
  const { fetch, file, answers } = await centre();
  answers.push(
    (_, response) => void response.writeHead(204).end(),
    (_, response) => void response.writeHead(403).end('{"detail":"not your site"}'),
    (_, response) => void response.writeHead(503, { 'retry-after': '7' }).end(),
  );
  expect(await fetch()).toBe(false);
  expect(existsSync(file)).toBe(false);
  await expect(fetch()).rejects.toThrow('the centre refused (403): not your site');
  await expect(fetch()).rejects.toMatchObject({ name: 'CentreUnavailable', retryAfter: 7000 });
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

const NEVER = { throwIfNoEntry: false } as const;

/** A centre that has one bundle, and what an earlier transfer left at the site. */
async function centre() {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-client-'));
  onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 10 }));
  const file = join(folder, 'in.bundle');
  const asked: (string | undefined)[] = [];
  const answers: Answer[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.range);
    void (answers.shift() ?? serve)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => server.close().closeAllConnections());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port } = server.address() as AddressInfo;
  const client = new CentreClient({ server: `http://127.0.0.1:${port}`, token: 'a-token' });
  return {
    file,
    asked,
    answers,
    fetch: () => client.fetchBundle('lisbon', [], file),
    left: (part: string | Buffer, tag: string) => {
      writeFileSync(`${file}.part`, part);
      writeFileSync(`${file}.part.etag`, tag);
    },
    /** The next transfer is cut off when so many bytes of it are there. */
    cut: (bytes: number) => {
      answers.push(async (_, response) => {
        response.writeHead(200, { etag: NEWEST, 'content-length': BUNDLE.length });
        response.write(BUNDLE.subarray(0, bytes));
        await vi.waitUntil(() => statSync(`${file}.part`, NEVER)?.size === bytes, 60_000);
        response.socket!.destroy();
      });
    },
  };
}

/** As the centre does (RFC 9110, 14). */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const { length } = BUNDLE;
  const matches = request.headers['if-range'] === NEWEST;
  const from = matches ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
  if (from >= length) {
    response.writeHead(416, { 'content-range': `bytes */${length}` }).end();
    return;
  }
  response.writeHead(from > 0 ? 206 : 200, {
    etag: NEWEST,
    ...(from > 0 && { 'content-range': `bytes ${from}-${length - 1}/${length}` }),
  });
  response.end(BUNDLE.subarray(from));
}
