import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, onTestFinished, test } from 'vitest';

import { RefMoved } from '../../src/git/errors.ts';
import {
  desiredMessage,
  type SiteCommit,
  type SiteMove,
  SiteStore,
} from '../../src/git/site-store.ts';
import type { SiteTree } from '../../src/model/tree.ts';
import { git, gitWith, processesWith, temporaryFolder, until } from '../support/git.ts';

const run = promisify(execFile);

const WRITER = fileURLToPath(new URL('../support/tree-writer.ts', import.meta.url));

async function open(directory?: string): Promise<{ store: SiteStore; directory: string }> {
  const folder = directory ?? join(await temporaryFolder(), 'sites.git');
  const store = await SiteStore.open({ directory: folder });
  onTestFinished(() => store.close());
  return { store, directory: folder };
}

function tree(files: Record<string, string>): SiteTree {
  return new Map(
    Object.entries(files).map(([path, text]) => [
      path,
      { mode: '100644', content: Buffer.from(text) },
    ]),
  );
}

function commit(site: string, text: string, parents: string[] = []): SiteCommit {
  return {
    site,
    files: tree({ 'group_vars/all.yml': text, README: 'the same at all sites' }),
    parents,
    message: desiredMessage({ revision: 'ab12'.repeat(10), site, generation: 3 }),
    author: { name: 'trueup', email: 'trueup@localhost' },
    time: 1_700_000_000_000,
  };
}

async function leftovers(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  return names.filter((name) => /\.lock$|tmp_|crash/.test(name));
}

async function twoCommits(): Promise<{
  store: SiteStore;
  directory: string;
  a: string;
  b: string;
}> {
  const opened = await open();
  const [a, b] = await opened.store.writeCommits([commit('x', 'a'), commit('x', 'b')]);
  return { ...opened, a: a!, b: b! };
}

function plain(files: SiteTree): Map<string, string> {
  return new Map(
    [...files].map(([path, { mode, content }]) => [path, `${mode} ${String(content)}`]),
  );
}

describe('the store', () => {
  test('keeps trees by site and ref, so that plain git can read them', async () => {
    const { store, directory } = await open();
    const [lisbon, madrid] = await store.writeCommits([
      commit('lisbon-07', 'ntp: 1\n'),
      commit('madrid-01', 'ntp: 2\n'),
    ]);
    expect(await store.allRefs()).toEqual(new Map());
    await store.moveRefs([
      { site: 'lisbon-07', ref: 'desired', to: lisbon!, from: null },
      { site: 'madrid-01', ref: 'observed', to: madrid!, from: null },
    ]);
    expect(await store.allRefs()).toEqual(
      new Map([
        ['lisbon-07/desired', lisbon],
        ['madrid-01/observed', madrid],
      ]),
    );
    expect(await git(directory, 'show', 'refs/sites/lisbon-07/desired:group_vars/all.yml')).toBe(
      'ntp: 1',
    );
    expect(
      await git(
        directory,
        'log',
        '--format=%(trailers:separator=%x2C)',
        'refs/sites/lisbon-07/desired',
      ),
    ).toBe(`Plan-Revision: ${'ab12'.repeat(10)},Site: lisbon-07,Generation: 3`);
    expect(await git(directory, 'fsck', '--strict')).toBe('');
  });

  test('gives back the trees that were written', async () => {
    const { store } = await open();
    const commits = Array.from({ length: 100 }, (_, i) => commit(`site-${i}`, `n: ${i}\n`));
    const ids = await store.writeCommits(commits);
    const trees = await store.readTrees(ids);
    expect(trees.map(plain)).toEqual(commits.map(({ files }) => plain(files)));
    expect(trees[0]!.get('README')!.content).toBe(trees[99]!.get('README')!.content);
    expect(plain(await store.readTree(ids[42]!))).toEqual(plain(commits[42]!.files));
    await expect(store.readTree('1'.repeat(40))).rejects.toThrow('found no commit');
    expect(await store.writeCommits([])).toEqual([]);
  });

  test('tells the history of a ref, newest first', async () => {
    const { store } = await open();
    const [first] = await store.writeCommits([commit('a', '1')]);
    const [second] = await store.writeCommits([commit('a', '2', [first!])]);
    await store.moveRefs([{ site: 'a', ref: 'desired', to: second!, from: null }]);
    const log = await store.log('a', 'desired', 10);
    expect(log.map((entry) => entry.commit)).toEqual([second, first]);
    expect(log[0]).toMatchObject({
      parents: [first],
      author: 'trueup',
      time: 1_700_000_000_000,
      subject: 'Render a at ab12ab12ab',
    });
    expect(await store.log('a', 'desired', 1)).toHaveLength(1);
    expect(await store.log('a', 'applied', 10)).toEqual([]);
  });

  test.each(['../x', 'a/b', '-x', 'a..b', 'x.lock', '', 'a b', 'a\nb'])(
    'takes no site named %j',
    async (site) => {
      const { store } = await open();
      await expect(store.writeCommits([commit(site, '')])).rejects.toThrow('is no name of a site');
      await expect(
        store.moveRefs([{ site, ref: 'desired', to: null, from: undefined }]),
      ).rejects.toThrow('is no name of a site');
    },
  );

  test('is the same after maintenance, with objects that nothing refers to yet', async () => {
    const { store, directory } = await open();
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.push(...(await store.writeCommits([commit('a', `${i}`)])));
    await store.moveRefs([{ site: 'a', ref: 'desired', to: ids[0]!, from: null }]);
    await store.readTree(ids[0]!);
    await store.maintain();
    const packs = (await readdir(join(directory, 'objects/pack'))).filter((name) =>
      name.endsWith('.pack'),
    );
    expect(packs).toHaveLength(1);
    expect(await store.readTrees(ids)).toHaveLength(5);
    expect(await store.allRefs()).toEqual(new Map([['a/desired', ids[0]]]));
  });

  test('opens no folder that holds something else, and completes what was begun', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'precious.txt'), 'x');
    await expect(SiteStore.open({ directory: folder })).rejects.toThrow(
      'not a bare git repository',
    );
    expect(await readdir(folder)).toEqual(['precious.txt']);
    const begun = join(folder, 'begun.git');
    await mkdir(join(begun, 'refs'), { recursive: true });
    await writeFile(join(begun, 'config.lock'), '');
    const { store } = await open(begun);
    expect(await store.writeCommits([commit('a', '1')])).toHaveLength(1);
  });
});

describe('moving refs', () => {
  test('moves all or none, and names the ref that was elsewhere', async () => {
    const { store, a, b } = await twoCommits();
    await store.moveRefs([{ site: 'one', ref: 'desired', to: a, from: null }]);
    const stale: SiteMove[] = [
      { site: 'two', ref: 'desired', to: a, from: null },
      { site: 'one', ref: 'desired', to: b, from: b },
    ];
    const error = await store.moveRefs(stale).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RefMoved);
    expect(error).toMatchObject({ ref: 'refs/sites/one/desired', expected: b, actual: a });
    await expect(
      store.moveRefs([{ site: 'one', ref: 'desired', to: b, from: null }]),
    ).rejects.toThrow(`refs/sites/one/desired has moved: it is at ${a}, expected nothing`);
    expect(await store.allRefs()).toEqual(new Map([['one/desired', a]]));
  });

  test('deletes, makes sure of absence, and may not care where a ref is', async () => {
    const { store, a, b } = await twoCommits();
    const move = (to: string | null, from: string | null | undefined): Promise<void> =>
      store.moveRefs([{ site: 'x', ref: 'applied', to, from }]);
    await move(null, null);
    await move(a, undefined);
    await move(b, undefined);
    await expect(move(null, null)).rejects.toThrow(RefMoved);
    await expect(move(null, a)).rejects.toThrow(RefMoved);
    await move(null, b);
    expect(await store.allRefs()).toEqual(new Map());
    await move(a, null);
    await move(null, undefined);
    expect(await store.allRefs()).toEqual(new Map());
  });

  test('of many who move the same ref from the same place, one wins', async () => {
    const { store, a } = await twoCommits();
    await store.moveRefs([{ site: 'x', ref: 'desired', to: a, from: null }]);
    const ids = await store.writeCommits(Array.from({ length: 8 }, (_, i) => commit('x', `${i}`)));
    const results = await Promise.allSettled(
      ids.map((to) => store.moveRefs([{ site: 'x', ref: 'desired', to, from: a }])),
    );
    const won = results.flatMap((result, i) => (result.status === 'fulfilled' ? [ids[i]] : []));
    expect(won).toHaveLength(1);
    expect(await store.allRefs()).toEqual(new Map([['x/desired', won[0]]]));
  });

  test('to an object that is not there fails and moves nothing', async () => {
    const { store } = await twoCommits();
    await expect(
      store.moveRefs([{ site: 'x', ref: 'desired', to: '1'.repeat(40), from: null }]),
    ).rejects.toThrow('update-ref failed');
    expect(await store.allRefs()).toEqual(new Map());
  });
});

async function killMoving(directory: string): Promise<void> {
  for (const pid of processesWith(directory, 'update-ref')) process.kill(pid, 'SIGKILL');
  await until(() => processesWith(directory, 'update-ref').length === 0);
}

describe('after a kill', () => {
  const sites = Array.from({ length: 150 }, (_, i) => `site-${String(i).padStart(3, '0')}`);
  const moves = (to: string, from: string | null): SiteMove[] =>
    sites.map((site) => ({ site, ref: 'desired', to, from }));

  test('while refs are being locked none has moved (law 12)', async () => {
    const { store, directory, a, b } = await twoCommits();
    await store.moveRefs(moves(a, null));
    // It waits for this lock as long as it lives, and holds those of the sites before.
    await git(directory, 'config', 'core.filesRefLockTimeout', '-1');
    await writeFile(join(directory, 'refs/sites/site-100/desired.lock'), '');
    const moved = store.moveRefs(moves(b, a));
    moved.catch(() => {});
    await until(async () => (await readdir(join(directory, 'refs/sites/site-099'))).length === 2);
    await killMoving(directory);
    await expect(moved).rejects.toThrow('was ended by SIGKILL');
    expect(await leftovers(directory)).toHaveLength(101);

    const { store: again } = await open(directory);
    expect(await leftovers(directory)).toEqual([]);
    expect(await again.allRefs()).toEqual(new Map(sites.map((site) => [`${site}/desired`, a])));
    await again.moveRefs(moves(b, a));
    expect(new Set((await again.allRefs()).values())).toEqual(new Set([b]));
  });

  test('while refs are being moved each is at its old or its new commit (law 12)', async () => {
    const { store, directory, a, b } = await twoCommits();
    await store.moveRefs(moves(a, null));
    let over = false;
    const moved = store.moveRefs(moves(b, a)).then(
      () => (over = true),
      () => (over = true),
    );
    const last = join(directory, `refs/sites/${sites.at(-1)}`);
    await until(async () => over || (await readdir(last)).includes('desired.lock'));
    await killMoving(directory);
    await moved;

    const { store: again } = await open(directory);
    expect(await leftovers(directory)).toEqual([]);
    const refs = await again.allRefs();
    expect([...refs.keys()]).toEqual(sites.map((site) => `${site}/desired`));
    for (const id of refs.values()) expect([a, b]).toContain(id);
    await again.moveRefs(sites.map((site) => ({ site, ref: 'desired', to: b, from: undefined })));
    expect(new Set((await again.allRefs()).values())).toEqual(new Set([b]));
  });

  test('whatever it left is removed, and nothing else', async () => {
    const { store, directory } = await open();
    const [id] = await store.writeCommits([commit('a', '1')]);
    await store.moveRefs([{ site: 'a', ref: 'desired', to: id!, from: null }]);
    const stale = [
      'packed-refs.lock',
      'HEAD.lock',
      'config.lock',
      'packed-refs.new',
      'fast_import_crash_123',
      'refs/sites/a/desired.lock',
      'refs/sites/b/applied.lock',
      'objects/pack/tmp_pack_x1',
      'objects/pack/.tmp-77-pack-x',
      'objects/12/tmp_obj_x2',
      'objects/info/commit-graph.lock',
      'objects/tmp_objdir-incoming-x/pack/x.pack',
    ];
    // A power cut may leave a ref without what was to be in it.
    const broken = ['refs/sites/c/desired', 'refs/sites/c/observed'];
    for (const path of [...stale, ...broken]) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), path.endsWith('observed') ? '\0'.repeat(41) : '');
    }
    const { store: again } = await open(directory);
    expect(await leftovers(directory)).toEqual([]);
    expect(await again.allRefs()).toEqual(new Map([['a/desired', id]]));
    expect(await readFile(join(directory, 'refs/sites/a/desired'), 'utf8')).toBe(`${id}\n`);
    await again.moveRefs([{ site: 'c', ref: 'desired', to: id!, from: null }]);
    expect((await again.readTree(id!)).size).toBe(2);
  });
});

describe('a disk that fails', () => {
  test('a corrupt object fails the trees that hold it, and no other', async () => {
    const { store, directory } = await open();
    const [good, bad] = await store.writeCommits([commit('a', 'good'), commit('a', 'bad')]);
    // Loose objects can be broken one by one.
    const [pack = ''] = (await readdir(join(directory, 'objects/pack'))).filter((name) =>
      name.endsWith('.pack'),
    );
    const aside = join(directory, pack);
    await rename(join(directory, 'objects/pack', pack), aside);
    await gitWith(directory, await readFile(aside), 'unpack-objects', '-q');
    const blob = await git(directory, 'rev-parse', `${bad}:group_vars/all.yml`);
    const path = join(directory, 'objects', blob.slice(0, 2), blob.slice(2));
    await chmod(path, 0o644);
    for (const broken of ['not zlib at all', '']) {
      await writeFile(path, broken);
      await expect(store.readTree(bad!)).rejects.toThrow(/cat-file|found no object/);
      expect((await store.readTree(good!)).size).toBe(2);
    }
  });

  test('a write that does not fit is an error, and a later one works', async () => {
    const { store, directory } = await open();
    const writing = run('sh', [
      '-c',
      'ulimit -f 64; exec "$0" "$@"',
      process.execPath,
      WRITER,
      directory,
    ]);
    const { code, stderr } = await writing.then(
      () => ({ code: 0, stderr: '' }),
      (error: { code: number; stderr: string }) => error,
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/EFBIG: file too large/);
    expect(await leftovers(directory)).toEqual([]);
    const [id] = await store.writeCommits([
      { ...commit('a', '1'), files: tree({ noise: 'x'.repeat(1_000_000) }) },
    ]);
    expect((await store.readTree(id!)).get('noise')?.content.length).toBe(1_000_000);
  });
});
