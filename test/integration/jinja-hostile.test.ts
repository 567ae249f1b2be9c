import { Worker } from 'node:worker_threads';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { hostileTemplates } from '../support/hostile-templates.ts';

let worker: Worker;

beforeAll(() => {
  worker = new Worker(new URL('../support/jinja-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 200, maxYoungGenerationSizeMb: 32 },
  });
  worker.setMaxListeners(0);
});
afterAll(async () => {
  await worker.terminate();
});

test.each(hostileTemplates)('%s', async (_, source, expected) => {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  worker.once('message', resolve).once('error', reject);
  worker.once('exit', (code) => reject(new Error(`the thread ended with ${code}`)));
  // oxlint-disable-next-line require-post-message-target-origin -- a thread has no origin
  worker.postMessage(source);
  expect(await promise).toEqual({ error: expect.stringMatching(expected) });
});
