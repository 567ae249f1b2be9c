import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { WorkingCopyWatcher } from '../../src/runner/working-copy/watch.ts';

let directory: string;
let watcher: WorkingCopyWatcher | undefined;
let looked: string[];
let edits = 0;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trueup-watch-'));
  looked = [];
});

afterEach(async () => {
  await watcher?.stop();
  watcher = undefined;
  await rm(directory, { recursive: true, force: true, maxRetries: 10 });
});

async function start(sites: string[], options: { maxWatched: number; compareInterval?: number }) {
  for (const site of sites) await mkdir(join(directory, site, 'tree'), { recursive: true });
  watcher = new WorkingCopyWatcher({
    directory,
    settle: 0,
    compareInterval: 3_600_000,
    sites: () => sites,
    look: (site) => looked.push(site),
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  await watcher.start();
}

/** How long and how often to look, on a machine however busy (ms). */
const AMPLE = { timeout: 60_000, interval: 50 };

/** Writes to a file of a site until somebody looks there: listening begins a moment after the start. */
async function isLookedAt(site: string): Promise<void> {
  looked.length = 0;
  await vi.waitFor(async () => {
    await writeFile(join(directory, site, 'tree', 'file'), String((edits += 1)));
    expect(looked).toContain(site);
  }, AMPLE);
}

test('an edit is seen at once, in a site that came later too', async () => {
  await start(['a'], { maxWatched: 10 });
  await isLookedAt('a');
  await mkdir(join(directory, 'b', 'tree'), { recursive: true });
  await isLookedAt('b');
  expect(looked).toContain('b');
});

test('what lies beside the tree is not the operator’s', async () => {
  await start(['a', 'b'], { maxWatched: 10 });
  await isLookedAt('b');
  await mkdir(join(directory, 'a', 'run'));
  await writeFile(join(directory, 'a', 'run', 'log'), 'x');
  await isLookedAt('b');
  expect(looked).not.toContain('a');
});

test('no more sites than may be are listened to: those that were edited last', async () => {
  await start(['a', 'b'], { maxWatched: 1 });
  await isLookedAt('a');
  await writeFile(join(directory, 'b', 'tree', 'file'), 'not heard');
  await isLookedAt('a');
  expect(looked).not.toContain('b');

  watcher!.edited('b');
  await isLookedAt('b');
  // Events of what was written before may still be on their way.
  await vi.waitFor(async () => {
    await writeFile(join(directory, 'a', 'tree', 'file'), 'not heard');
    await isLookedAt('b');
    expect(looked).not.toContain('a');
  }, AMPLE);

  watcher!.edited('a');
  await isLookedAt('a');
});

test('a site that is gone leaves its place to another', async () => {
  await start(['a'], { maxWatched: 1 });
  await isLookedAt('a');
  await rm(join(directory, 'a'), { recursive: true });
  await vi.waitFor(async () => {
    watcher!.edited('b');
    await mkdir(join(directory, 'b', 'tree'), { recursive: true });
    await isLookedAt('b');
    expect(looked).toContain('b');
  }, AMPLE);
});

test('without events the clock finds every site', async () => {
  await start(['a', 'b', 'c'], { maxWatched: 0, compareInterval: 100 });
  await vi.waitFor(() => expect(new Set(looked)).toEqual(new Set(['a', 'b', 'c'])), AMPLE);
});
