import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';

import { writeCommits } from '../../src/git/fast-import.ts';
import { KnownObjects } from '../../src/git/known-objects.ts';
import { readFiles } from '../../src/git/read-files.ts';
import { Repository } from '../../src/git/repository.ts';
import { SiteStore } from '../../src/git/site-store.ts';
import { type TreeCommit, writeTreeCommits } from '../../src/git/write-trees.ts';
import { pathFault, type SiteTree, type TreeFile } from '../../src/model/tree.ts';
import { git, temporaryFolder } from '../support/git.ts';

const WRITER = fileURLToPath(new URL('../support/tree-writer.ts', import.meta.url));
const AUTHOR = { name: 'Ada', email: 'ada@example.org' };

async function open(): Promise<Repository> {
  const directory = join(await temporaryFolder(), 'store.git');
  const repository = await Repository.open({ directory });
  onTestFinished(() => repository.close());
  return repository;
}

function tree(files: Record<string, string | Buffer>): SiteTree {
  return new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      { mode: '100644', content: Buffer.from(content) },
    ]),
  );
}

function commit(files: SiteTree, more: Partial<TreeCommit> = {}): TreeCommit {
  return {
    parents: [],
    files,
    message: 'Test\n',
    author: AUTHOR,
    time: 1_700_000_000_000,
    ...more,
  };
}

async function packs(repository: Repository): Promise<string[]> {
  return (await readdir(repository.packs)).filter((name) => name.endsWith('.pack'));
}

function plain(files: SiteTree): string[][] {
  return [...files]
    .map(([path, { mode, content }]) => [path, mode, content.toString('base64')])
    .toSorted((a, b) => (a[0]! < b[0]! ? -1 : 1));
}

/** Names whose order by bytes, by code units, and as folders differ. */
const part = fc.constantFrom('a', 'a.b', 'a0', 'a-', 'B', 'ä', '\u{1f600}', '\uff5e', 'x y', '"');
const path = fc
  .array(part, { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('/'))
  .filter((one) => pathFault(one) === undefined);
const content = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom(15, 16, 2047, 2048, 65_534, 65_535, 65_536, 70_000)
    .map((length) => Buffer.alloc(length, `${length} `)),
);
const file: fc.Arbitrary<TreeFile> = fc.record({
  mode: fc.constantFrom('100644', '100755'),
  content,
});
const files: fc.Arbitrary<SiteTree> = fc
  .array(fc.tuple(path, file), { maxLength: 12 })
  .map((all) => new Map(all))
  .filter((all) => all.keys().every((one) => !hasBelow(all, one)));
const words = fc.record({
  message: fc.string({ unit: 'grapheme', maxLength: 40 }),
  author: fc.record({ name: fc.string({ maxLength: 12 }), email: fc.string({ maxLength: 12 }) }),
  time: fc.integer({ min: 0, max: 4_000_000_000_000 }),
});

function hasBelow(all: ReadonlyMap<string, unknown>, above: string): boolean {
  return all.keys().some((other) => other.startsWith(`${above}/`));
}

test('writes the objects that git writes, whatever the trees', async () => {
  const [one, other] = [await open(), await open()];
  const known = new KnownObjects();
  let last: string[] = [];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(files, words), { minLength: 1, maxLength: 5 }),
      async (all) => {
        const parents = last;
        const specs = all.map(([of, more]) => commit(of, { ...more, parents }));
        const ids = await writeTreeCommits(one, known, specs);
        const trees = await writeCommits(
          other,
          specs.map(({ files: edits, ...rest }) => ({ ...rest, parents: [], content: { edits } })),
        );
        const alike = await Promise.all(
          trees.map(async (id) => (await other.objects.info(`${id}^{tree}`))!.id),
        );
        expect(
          await writeCommits(
            other,
            specs.map((spec, i) => ({ ...spec, content: { tree: alike[i]! } })),
          ),
        ).toEqual(ids);
        for (const [index, id] of ids.entries()) {
          const read = await readFiles(one.objects, id);
          expect(plain(read.files)).toEqual(plain(specs[index]!.files));
        }
        last = [ids[0]!];
      },
    ),
    { numRuns: 40 },
  );
  for (const name of await packs(one))
    await git(one.directory, 'verify-pack', join(one.packs, name));
  await git(one.directory, 'fsck', '--full', '--no-dangling');
}, 180_000);

test('what was written lately is not written again', async () => {
  const repository = await open();
  const known = new KnownObjects();
  const specs = Array.from({ length: 10 }, (_, i) =>
    commit(tree({ 'roles/a/tasks.yml': 'shared', 'own/x': `${i}`, 'own/y': 'y' })),
  );
  const ids = await writeTreeCommits(repository, known, specs);
  const count = async (): Promise<number> => {
    const text = await git(repository.directory, 'count-objects', '-v');
    return Number(/in-pack: (\d+)/.exec(text)?.[1]);
  };
  // Of each its commit, tree, own folder and own file; of all together two files and two folders.
  expect(await count()).toBe(4 * 10 + 2 + 2);
  expect(await writeTreeCommits(repository, known, specs)).toEqual(ids);
  expect(await count()).toBe(44);
  const changed = commit(tree({ 'roles/a/tasks.yml': 'shared', 'own/x': 'new', 'own/y': 'y' }));
  await writeTreeCommits(repository, known, [changed]);
  expect(await count()).toBe(48);
  expect(await packs(repository)).toHaveLength(2);
  await git(repository.directory, 'fsck', '--full', '--strict', '--no-dangling');
});

test('what is too much for one pack goes into several', async () => {
  const repository = await open();
  const specs = Array.from({ length: 6 }, (_, i) =>
    commit(tree({ noise: randomBytes(5_000_000), n: `${i}` })),
  );
  const ids = await writeTreeCommits(repository, new KnownObjects(), specs);
  expect(await packs(repository)).toHaveLength(2);
  const { files: read } = await readFiles(repository.objects, ids[5]!);
  expect(plain(read)).toEqual(plain(specs[5]!.files));
  await git(repository.directory, 'fsck', '--full', '--strict', '--no-dangling');
});

test.each([
  ['../x', 'contains ".."'],
  ['.git/hooks/pre-commit', 'contains ".git"'],
  ['a\nb', 'contains a control character'],
  ['', 'is empty'],
])('a tree with the path %j is refused', async (wrong, fault) => {
  const writing = writeTreeCommits(await open(), new KnownObjects(), [
    commit(tree({ [wrong]: '' })),
  ]);
  await expect(writing).rejects.toThrow(fault);
});

test('what cannot be written is told, and leaves nothing lying about', async () => {
  const repository = await open();
  const known = new KnownObjects();
  const write = (spec: TreeCommit): Promise<string[]> =>
    writeTreeCommits(repository, known, [commit(tree({ ok: 'ok' })), spec]);
  const inTheWay = '"a" is a file, and so "a/';
  await expect(write(commit(tree({ a: '', 'a/b': '' })))).rejects.toThrow(inTheWay);
  await expect(write(commit(tree({ 'a/b': '', a: '' })))).rejects.toThrow(inTheWay);
  await expect(write(commit(tree({}), { parents: ['main'] }))).rejects.toThrow(
    'not a full object id',
  );
  await expect(write(commit(tree({}), { parents: ['1'.repeat(40)] }))).rejects.toThrow(
    `found no commit ${'1'.repeat(40)}`,
  );
  await expect(write(commit(tree({}), { time: Number.NaN }))).rejects.toThrow('not a time');
  expect(await readdir(repository.packs)).toEqual([]);
  expect(await write(commit(tree({})))).toHaveLength(2);
});

test('law 12: killed while it writes, every acknowledged commit is there and whole', async () => {
  const directory = join(await temporaryFolder(), 'sites.git');
  const acknowledged: string[] = [];
  for (const writes of [1, 4, 9]) {
    const child = spawn(process.execPath, [WRITER, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    let heard = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(...line.split(' '));
      heard += 1;
      if (heard >= writes) child.kill('SIGKILL');
    }
    expect(await exit).toEqual([null, 'SIGKILL']);
    const store = await SiteStore.open({ directory });
    const left = await readdir(directory, { recursive: true });
    expect(left.filter((name) => /tmp_|\.lock$/.test(name))).toEqual([]);
    for (const { size } of await store.readTrees(acknowledged)) expect(size).toBe(2);
    await store.close();
    await git(directory, 'fsck', '--full', '--strict', '--no-dangling');
  }
}, 180_000);
