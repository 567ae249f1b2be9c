import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { agentStatus } from '../../src/agent/status.ts';
import { SiteStore } from '../../src/git/site-store.ts';
import { type SiteTree, treeDigest, type TreeFile } from '../../src/model/tree.ts';
import { decideEdit } from '../../src/runner/working-copy/decide-edit.ts';
import { editsAt } from '../../src/runner/working-copy/edits-at.ts';
import { WorkingCopies } from '../../src/runner/working-copy/working-copies.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { git } from '../support/git.ts';

const SITE = 'lisbon-07';
let folder: string;
let store: Store;
let trees: SiteStore;
let copies: WorkingCopies;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trueup-copies-'));
  store = await openStore({ file: join(folder, 'trueup.sqlite') });
  trees = await SiteStore.open({ directory: join(folder, 'sites.git') });
  copies = new WorkingCopies({
    directory: join(folder, 'sites'),
    store,
    trees,
    log: createLogger({ level: 'silent', format: 'json' }),
    now: Date.now,
    userName: (uid) => `uid-${uid}`,
  });
});
afterEach(async () => {
  await trees.close();
  await store.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

function tree(files: Record<string, string>): SiteTree {
  return new Map(
    Object.entries(files).map(([path, text]): [string, TreeFile] => [
      path,
      { mode: '100644', content: Buffer.from(text) },
    ]),
  );
}

/** Makes a tree the site's desired one, as the plan loop does. */
async function desire(files: Record<string, string>): Promise<string> {
  const wanted = tree(files);
  const row = await store.sites.get(SITE);
  const [commit] = await trees.writeCommits([
    {
      site: SITE,
      files: wanted,
      parents: row?.desiredCommit ? [row.desiredCommit] : [],
      message: 'desired',
      author: { name: 'trueup', email: 'trueup@localhost' },
      time: 0,
    },
  ]);
  await store.sites.upsertMany([
    {
      name: SITE,
      labels: {},
      stacks: [],
      delivery: 'push',
      generation: (row?.generation ?? 0) + 1,
      desiredCommit: commit!,
      desiredDigest: treeDigest(wanted),
      desiredRevision: 'r',
    },
  ]);
  return commit!;
}

const path = (name: string): string => join(copies.directoryOf(SITE), name);

/** Opens a drift for what was observed, and ends it with a decision. */
async function decide(status: 'adopted' | 'rejected', paths: string[]): Promise<void> {
  const row = await store.sites.get(SITE);
  await store.drifts.insertIfAbsent({
    id: 'd',
    site: SITE,
    kind: 'tree',
    fingerprint: 'f',
    contentKey: 'k',
    baseCommit: row!.baseCommit!,
    observedCommit: row!.observedCommit!,
    paths,
    author: 'a',
    message: '',
    detectedAt: 0,
  });
  await store.drifts.decide('d', status, 'olga', 1);
}

const LINES = 'a\nb\nc\nd\ne\n';

/** Records that a file of the site was made another, as one edit; returns its commit. */
async function edit(file: string, text: string, words = ''): Promise<string> {
  await writeFile(path(file), text);
  await copies.observe(SITE, { author: 'ana', words });
  return (await store.sites.get(SITE))!.observedCommit!;
}

function decideOn(observed: string, decision: 'adopted' | 'rejected'): Promise<boolean> {
  const of = { observed, decision, fingerprint: `of ${observed}`, by: 'olga', at: 1 };
  return decideEdit({ store, trees }, SITE, of);
}

function file(text: string): TreeFile {
  return { mode: '100644', content: Buffer.from(text) };
}

test('an edit is made and recorded as one, beside what somebody else was editing', async () => {
  await desire({ f: LINES, g: '1\n' });
  await copies.bringIn(SITE);
  await writeFile(path('g'), '2\n');
  const change = { path: 'f', before: file(LINES), after: file('A\n') };
  const made = { path: 'new', before: undefined, after: file('new\n') };
  await copies.edit(SITE, [change, made], { author: 'ana', words: 'why' });
  const row = (await store.sites.get(SITE))!;
  const edits = await editsAt(trees, { base: row.baseCommit!, observed: row.observedCommit! });
  expect(edits.map(({ message, paths }) => [message, paths])).toEqual([
    ['', ['g']],
    ['why', ['f', 'new']],
  ]);
  expect(await readFile(path('f'), 'utf8')).toBe('A\n');
  // What was read is not what stands there any more.
  const late = { path: 'f', before: file(LINES), after: file('B\n') };
  await expect(copies.edit(SITE, [late], {})).rejects.toThrow(/^f: changed at the site meanwhile/);
  const outside = { path: '../f', before: undefined, after: file('B\n') };
  await expect(copies.edit(SITE, [outside], {})).rejects.toThrow('a file of the edit cannot be');
  expect((await store.sites.get(SITE))!.observedCommit).toBe(row.observedCommit);
});

describe('of several edits', () => {
  test('each is found with its own author, words and time, also after the plan moved on', async () => {
    await desire({ f: LINES, g: '1\n' });
    await copies.bringIn(SITE);
    const first = await edit('f', 'A\nb\nc\nd\ne\n', 'first');
    await desire({ f: LINES, g: '2\n' });
    await copies.bringIn(SITE);
    const second = await edit('f', 'A\nb\nc\nd\nE\n', 'second');
    const row = (await store.sites.get(SITE))!;
    const edits = await editsAt(trees, { base: row.baseCommit!, observed: row.observedCommit! });
    expect(edits).toMatchObject([
      { commits: [first], authors: ['ana'], message: 'first', paths: ['f'] },
      { commits: [second], authors: ['ana'], message: 'second', paths: ['f'] },
    ]);
    expect(edits[0]!.tree.get('f')!.content.toString()).toBe('A\nb\nc\nd\ne\n');
    expect(edits[1]!.tree.get('f')!.content.toString()).toBe('a\nb\nc\nd\nE\n');
  });

  test('only the one that was rejected goes back, whatever was edited before and since', async () => {
    await desire({ f: LINES });
    await copies.bringIn(SITE);
    await edit('f', 'A\nb\nc\nd\ne\n');
    const second = await edit('f', 'A\nb\nC\nd\ne\n');
    await edit('f', 'A\nb\nC\nd\nE\n');
    expect(await decideOn(second, 'rejected')).toBe(true);
    const row = await copies.bringIn(SITE);
    expect(await readFile(path('f'), 'utf8')).toBe('A\nb\nc\nd\nE\n');
    expect(await store.drifts.owed(SITE)).toEqual([]);
    // Once more, as after a crash: nothing is left to do.
    expect(await decideOn(second, 'rejected')).toBe(false);
    expect((await copies.bringIn(SITE))?.observedCommit).toBe(row?.observedCommit);
  });

  test('of one that was changed further, what was changed stays', async () => {
    await desire({ f: LINES, g: '1\n' });
    await copies.bringIn(SITE);
    await writeFile(path('g'), 'edited\n');
    const first = await edit('f', 'A\nb\nc\nd\ne\n');
    await edit('f', 'AA\nb\nc\nd\ne\n');
    await decideOn(first, 'rejected');
    await copies.bringIn(SITE);
    expect(await readFile(path('f'), 'utf8')).toBe('AA\nb\nc\nd\ne\n');
    expect(await readFile(path('g'), 'utf8')).toBe('1\n');
  });

  test('what the plan adopted in other words makes way for those words', async () => {
    await desire({ f: LINES });
    await copies.bringIn(SITE);
    const first = await edit('f', 'A\nb\nc\nd\ne\n');
    await edit('f', 'A\nb\nc\nd\nE\n');
    await desire({ f: 'AAA\nb\nc\nd\ne\n' });
    expect(await copies.bringIn(SITE)).toMatchObject({ state: 'held' });
    await decideOn(first, 'adopted');
    expect(await copies.bringIn(SITE)).toMatchObject({ hold: null });
    expect(await readFile(path('f'), 'utf8')).toBe('AAA\nb\nc\nd\nE\n');
  });

  test('a decision is carried out though another edit holds the site', async () => {
    await desire({ f: LINES, g: '1\n' });
    await copies.bringIn(SITE);
    await edit('f', 'A\nb\nc\nd\ne\n');
    const second = await edit('g', 'edited\n');
    await desire({ f: 'AAA\nb\nc\nd\ne\n', g: '2\n' });
    await decideOn(second, 'rejected');
    const row = await copies.bringIn(SITE);
    expect(row!.hold).toContain('the same lines of f:');
    expect(await readFile(path('g'), 'utf8')).toBe('1\n');
    expect(await readFile(path('f'), 'utf8')).toBe('A\nb\nc\nd\ne\n');
    await edit('f', LINES);
    expect(await copies.bringIn(SITE)).toMatchObject({ hold: null });
    expect(await readFile(path('g'), 'utf8')).toBe('2\n');
  });

  test('the paths that hold a site are told one by one, whatever they are called', async () => {
    const odd = ['a, b', 'c: decide d'];
    const both = (text: string) => Object.fromEntries(odd.map((name) => [name, text]));
    await desire(both(LINES));
    await copies.bringIn(SITE);
    for (const name of odd) await edit(name, 'A\nb\nc\nd\ne\n');
    await desire(both('AAA\nb\nc\nd\ne\n'));
    const row = await copies.bringIn(SITE);
    expect(row).toMatchObject({ state: 'held' });
    const status = () => agentStatus({ store, site: SITE, version: '1', now: 0 });
    expect((await status())!.conflicts).toEqual(odd);
    expect(await copies.resolve(SITE, 'a, b', 'site')).toEqual(['c: decide d']);
    await copies.resolve(SITE, 'c: decide d', 'plan');
    expect(await status()).toMatchObject({ conflicts: [], hold: null });
  });

  test('a long history is looked at as far back as it is as the plan has it', async () => {
    await desire({ f: LINES, g: '0\n' });
    await copies.bringIn(SITE);
    const first = await edit('f', 'A\nb\nc\nd\ne\n');
    await decideOn(first, 'rejected');
    await copies.bringIn(SITE);
    const second = await edit('f', 'A\nb\nc\nd\ne\n');
    const row = (await store.sites.get(SITE))!;
    const { commits } = await trees.history(row.baseCommit!, row.observedCommit!, 9);
    expect(commits.map(({ commit }) => commit)).toEqual([second]);
    const limited = await trees.history(row.baseCommit!, row.observedCommit!, 1);
    expect(limited.commits.map(({ commit }) => commit)).toEqual([second]);
  });
});

describe('working copies', () => {
  test('follow the plan where nobody edits', async () => {
    await desire({ f: '1\n' });
    await copies.bringIn(SITE);
    const second = await desire({ f: '2\n', g: '1\n' });
    const row = await copies.bringIn(SITE);
    expect(await readFile(path('f'), 'utf8')).toBe('2\n');
    expect(row).toMatchObject({ observedCommit: second, baseCommit: second, hold: null });
  });

  test('Record before overwrite: an edit is a commit before anything else happens', async () => {
    await desire({ f: '1\n', g: '1\n' });
    await copies.bringIn(SITE);
    await writeFile(path('f'), 'edited\n');
    expect(await copies.observe(SITE)).toBe(true);
    expect(await copies.observe(SITE)).toBe(false);
    const row = await store.sites.get(SITE);
    const entry = await trees.describe(row!.observedCommit!);
    expect(entry).toMatchObject({
      subject: 'Edit f at lisbon-07',
      author: `uid-${process.getuid!()}`,
    });
    expect((await trees.readTree(row!.observedCommit!)).get('f')?.content.toString()).toBe(
      'edited\n',
    );
  });

  test('an edit that waits for its decision lives on beside what the plan changes', async () => {
    await desire({ f: '1\n', g: '1\n' });
    await copies.bringIn(SITE);
    await writeFile(path('f'), 'edited\n');
    await desire({ f: '1\n', g: '2\n' });
    const row = await copies.bringIn(SITE);
    expect(await readFile(path('f'), 'utf8')).toBe('edited\n');
    expect(await readFile(path('g'), 'utf8')).toBe('2\n');
    expect(row!.observedDigest).not.toBe(row!.desiredDigest);
    expect(row!.baseCommit).toBe(row!.desiredCommit);
  });

  test('a conflict holds the site, names the paths, and loses nothing', async () => {
    await desire({ f: '1\n' });
    await copies.bringIn(SITE);
    await writeFile(path('f'), 'edited\n');
    await desire({ f: '2\n' });
    const row = await copies.bringIn(SITE);
    expect(row).toMatchObject({ state: 'held' });
    expect(row!.hold).toContain('the same lines of f');
    expect(await readFile(path('f'), 'utf8')).toBe('edited\n');
    await writeFile(path('f'), '1\n');
    expect(await copies.bringIn(SITE)).toMatchObject({ hold: null });
    expect(await readFile(path('f'), 'utf8')).toBe('2\n');
  });

  test.each(['rejected', 'adopted'] as const)(
    'an edit that was %s makes way for the plan, and stays in the history',
    async (status) => {
      await desire({ f: '1\n', g: '1\n' });
      await copies.bringIn(SITE);
      await writeFile(path('f'), 'edited\n');
      await copies.observe(SITE);
      const edit = (await store.sites.get(SITE))!.observedCommit!;
      await decide(status, ['f']);
      const row = await copies.bringIn(SITE);
      expect(await readFile(path('f'), 'utf8')).toBe('1\n');
      expect(row!.observedDigest).toBe(row!.desiredDigest);
      await trees.close();
      const history = await git(
        join(folder, 'sites.git'),
        'rev-list',
        `refs/sites/${SITE}/observed`,
      );
      expect(history.split('\n')).toContain(edit);
    },
  );

  test('the same edit made again after its decision is another edit', async () => {
    await desire({ f: '1\n' });
    await copies.bringIn(SITE);
    await writeFile(path('f'), 'edited\n');
    await copies.observe(SITE);
    await decide('rejected', ['f']);
    await copies.bringIn(SITE);
    await writeFile(path('f'), 'edited\n');
    await copies.observe(SITE);
    await copies.bringIn(SITE);
    expect(await readFile(path('f'), 'utf8')).toBe('edited\n');
  });

  test('only what was decided goes back: ignored files stay as they are', async () => {
    await desire({ f: '1\n', g: '1\n' });
    await copies.bringIn(SITE);
    await writeFile(path('f'), 'edited\n');
    await writeFile(path('g'), 'ignored\n');
    await copies.observe(SITE);
    await decide('rejected', ['f']);
    await copies.bringIn(SITE);
    expect(await readFile(path('f'), 'utf8')).toBe('1\n');
    expect(await readFile(path('g'), 'utf8')).toBe('ignored\n');
  });

  test('files that were there before us are recorded, not overwritten', async () => {
    await copies.bringIn(SITE).catch(() => undefined);
    await desire({ f: '1\n' });
    await rm(join(folder, 'sites'), { recursive: true, force: true });
    await copies.bringIn(SITE);
    await appendFile(path('f'), 'more\n');
    await copies.observe(SITE);
    const row = await store.sites.get(SITE);
    expect((await trees.readTree(row!.observedCommit!)).get('f')?.content.toString()).toBe(
      '1\nmore\n',
    );
  });

  test('a folder that is gone as a whole is made again, not taken for an edit', async () => {
    await desire({ f: '1\n' });
    await copies.bringIn(SITE);
    await rm(copies.directoryOf(SITE), { recursive: true });
    expect(await copies.observe(SITE)).toBe(false);
    expect(await readFile(path('f'), 'utf8')).toBe('1\n');
  });
});
