import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import * as fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';

import { ObjectReader } from '../../src/git/object-reader.ts';
import { readFiles } from '../../src/git/read-files.ts';
import {
  git,
  gitWith,
  processesWith,
  temporaryFolder,
  until,
  writeRawTree,
} from '../support/git.ts';

async function repository(): Promise<{ folder: string; objects: ObjectReader }> {
  const folder = await temporaryFolder();
  await git(folder, 'init', '-q', '-b', 'main');
  const objects = new ObjectReader({ directory: join(folder, '.git') });
  onTestFinished(() => objects.close());
  return { folder, objects };
}

test('a reader that is renewed answers what it was asked before', async () => {
  const { folder, objects } = await repository();
  const blobs = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      await writeFile(join(folder, `${index}`), `${index}`.repeat(10_000));
      return (await git(folder, 'hash-object', '-w', `${index}`)).trim();
    }),
  );
  const asked = blobs.map((id) => objects.content(id));
  const [, ...answers] = await Promise.all([objects.renew(), ...asked]);
  expect(answers.map(({ length }) => length)).toEqual(
    blobs.map((_, index) => `${index}`.length * 10_000),
  );
  // It is another process that answers from now on.
  expect((await objects.content(blobs[7]!)).toString()).toBe('7'.repeat(10_000));
});

async function commitFiles(folder: string, files: Record<string, string>): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  await git(folder, 'add', '-A');
  await git(folder, 'commit', '-q', '-m', 'change');
  return git(folder, 'rev-parse', 'HEAD');
}

const blob = (folder: string, content: string): Promise<string> =>
  gitWith(folder, content, 'hash-object', '-w', '--stdin');

test('reads every file at a commit, with its mode and hash', async () => {
  const { folder, objects } = await repository();
  await writeFile(join(folder, 'run.sh'), 'true\n', { mode: 0o755 });
  const commit = await commitFiles(folder, {
    'a.yml': 'a: 1\n',
    'deep/er/ü b.yml': '',
    'a-b': 'x',
  });
  const { files, refused } = await readFiles(objects, commit);
  expect(refused).toEqual([]);
  expect([...files].map(([path, file]) => [path, file.mode, file.content.toString()])).toEqual([
    ['a-b', '100644', 'x'],
    ['a.yml', '100644', 'a: 1\n'],
    ['deep/er/ü b.yml', '100644', ''],
    ['run.sh', '100755', 'true\n'],
  ]);
  expect(files.get('a.yml')?.hash).toBe(await git(folder, 'rev-parse', `${commit}:a.yml`));
});

test('reads a folder as if it were the top, and says which folder is not there', async () => {
  const { folder, objects } = await repository();
  const commit = await commitFiles(folder, { 'fleet/plan/plan.yaml': 'x', 'other.yml': 'y' });
  for (const path of ['fleet/plan', 'fleet/plan/']) {
    const { files } = await readFiles(objects, commit, { path });
    expect([...files.keys()]).toEqual(['plan.yaml']);
  }
  const read = (path: string): Promise<unknown> => readFiles(objects, commit, { path });
  await expect(read('fleet/plam')).rejects.toThrow('there is no folder fleet/plam');
  await expect(read('other.yml')).rejects.toThrow('other.yml is not a folder');
  await expect(read('../x')).rejects.toThrow('contains ".."');
  await expect(read('-x')).rejects.toThrow('starts with "-"');
  await expect(readFiles(objects, 'HEAD')).rejects.toThrow('not a full object id');
  await expect(readFiles(objects, '1'.repeat(40))).rejects.toThrow('found no commit');
});

test('refuses links, submodules, odd modes and unsafe names, and reads the rest', async () => {
  const { folder, objects } = await repository();
  const file = await blob(folder, 'content');
  const good = await writeRawTree(folder, [{ mode: '100644', name: 'x', id: file }]);
  const tree = await writeRawTree(folder, [
    { mode: '40000', name: '..', id: good },
    { mode: '40000', name: '.GIT', id: good },
    { mode: '100644', name: '-rf', id: file },
    { mode: '100644', name: 'a\nb', id: file },
    { mode: '100644', name: 'a/b', id: file },
    { mode: '100644', name: 'a\\b', id: file },
    { mode: '160000', name: 'module', id: '1'.repeat(40) },
    { mode: '100664', name: 'odd', id: file },
    { mode: '040000', name: 'padded', id: good },
    { mode: '40000', name: 'folder', id: good },
    { mode: '120000', name: 'link', id: file },
    { mode: '100644', name: 'no-blob', id: good },
    { mode: '100644', name: 'twice', id: file },
    { mode: '120000', name: 'twice', id: file },
    { mode: '100644', name: Buffer.from([0x66, 0xe9]), id: file },
  ]);
  const commit = await git(folder, 'commit-tree', '-m', 'hostile', tree);
  const { files, refused } = await readFiles(objects, commit);
  expect([...files.keys()]).toEqual(['folder/x']);
  expect(refused.map(({ path, reason }) => `${path} ${reason}`)).toEqual([
    '-rf has a part that starts with "-"',
    '.. contains ".."',
    '.GIT contains ".git"',
    'a/b has a name with a slash in it',
    'a\\b contains a backslash',
    'a\\x0ab contains a control character',
    'f\\xe9 is not named in UTF-8',
    'link is a symbolic link',
    'module is a submodule',
    'no-blob is no file but a tree',
    'odd has the mode 100664: only 100644 and 100755 are read',
    'padded has the mode 040000: only 100644 and 100755 are read',
    'twice stands twice in its folder',
    'twice stands twice in its folder',
  ]);
});

test('bounds the size of files, of all together, and their number', async () => {
  const { folder, objects } = await repository();
  const commit = await commitFiles(folder, { big: 'x'.repeat(1001), a: 'a'.repeat(600), b: 'b' });
  const { files, refused } = await readFiles(objects, commit, { maxFileSize: 1000 });
  expect([...files.keys()]).toEqual(['a', 'b']);
  expect(refused).toEqual([
    { path: 'big', reason: 'has 1001 bytes, more than the 1000 that are read' },
  ]);
  await expect(readFiles(objects, commit, { maxTotalSize: 1500 })).rejects.toThrow(
    'more than 1500 bytes together',
  );
  await expect(readFiles(objects, commit, { maxEntries: 2 })).rejects.toThrow('more than 2 files');
});

test('a few trees that spell billions of paths are refused at once', async () => {
  const { folder, objects } = await repository();
  const file = await blob(folder, 'bomb');
  let tree = await writeRawTree(folder, [{ mode: '100644', name: 'f', id: file }]);
  for (let depth = 0; depth < 10; depth += 1) {
    const entries = Array.from({ length: 10 }, (_, i) => ({
      mode: '40000',
      name: `d${i}`,
      id: tree,
    }));
    tree = await writeRawTree(folder, entries);
  }
  await expect(readFiles(objects, tree)).rejects.toThrow('more than 200000 files and folders');
});

test('a missing object is an error, not a missing file', async () => {
  const { folder, objects } = await repository();
  const missing = '1'.repeat(40);
  for (const mode of ['100644', '40000']) {
    const tree = await writeRawTree(folder, [{ mode, name: 'gone', id: missing }]);
    await expect(readFiles(objects, tree)).rejects.toThrow(missing);
  }
});

test('after a commit of one file only that file is read', async () => {
  const { folder, objects } = await repository();
  const names = Array.from({ length: 50 }, (_, i) => `sites/s${i}.yaml`);
  const first = await commitFiles(folder, Object.fromEntries(names.map((name) => [name, name])));
  const previous = { commit: first, ...(await readFiles(objects, first)) };
  const second = await commitFiles(folder, { 'sites/s7.yaml': 'changed' });
  const content = vi.spyOn(objects, 'content');
  const { files } = await readFiles(objects, second, { previous });
  // Two trees of each commit, and one blob; the next time, the older two are known.
  expect(content).toHaveBeenCalledTimes(5);
  const third = await commitFiles(folder, { 'sites/s7.yaml': 'again' });
  await readFiles(objects, third, { previous: { commit: second, files } });
  expect(content).toHaveBeenCalledTimes(8);
  expect(files.get('sites/s7.yaml')?.content.toString()).toBe('changed');
  expect(files.get('sites/s8.yaml')?.content).toBe(previous.files.get('sites/s8.yaml')?.content);
});

test('property: reading on from an earlier commit finds what a fresh read finds', async () => {
  const { folder, objects } = await repository();
  const path = fc
    .array(fc.constantFrom('a', 'b', 'c', 'ü', '.hidden'), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join('/'));
  const entry = fc.record({
    path,
    mode: fc.constantFrom('100644', '100755', '120000', '160000'),
    content: fc.constantFrom('', 'one', 'two', 'three'),
  });
  const tree = fc.uniqueArray(entry, { selector: ({ path }) => path.split('/')[0], maxLength: 5 });
  const store = async (entries: { path: string; mode: string; content: string }[]) => {
    const lines = await Promise.all(
      entries.map(async ({ path, mode, content }) => {
        const id = mode === '160000' ? '1'.repeat(40) : await blob(folder, content);
        return `${mode} ${id}\t${path}`;
      }),
    );
    await git(folder, 'read-tree', '--empty');
    await gitWith(folder, lines.join('\n'), 'update-index', '--add', '--index-info');
    return git(folder, 'write-tree');
  };
  await fc.assert(
    fc.asyncProperty(tree, tree, fc.boolean(), async (before, other, onlyContent) => {
      const after = onlyContent
        ? before.map((one, i) => ({ ...one, content: other[i]?.content ?? one.content }))
        : other;
      const from = await store(before);
      const read = await readFiles(objects, from);
      const previous = { ...read, ...(read.refused.length === 0 ? { commit: from } : {}) };
      const commit = await store(after);
      const fresh = new ObjectReader({ directory: join(folder, '.git') });
      try {
        const onward = await readFiles(objects, commit, { previous });
        expect(onward).toEqual(await readFiles(fresh, commit));
        expect(
          [...onward.files.keys(), ...onward.refused.map((one) => one.path)].toSorted(),
        ).toEqual(after.map((one) => one.path).toSorted());
      } finally {
        await fresh.close();
      }
    }),
    { numRuns: 50 },
  );
});

test('a reader whose process is killed fails what was under way and starts a new one', async () => {
  const { folder, objects } = await repository();
  const commit = await commitFiles(folder, { a: 'a' });
  await readFiles(objects, commit);
  const [pid] = processesWith(folder, 'cat-file');
  const reads = Array.from({ length: 2000 }, () => objects.info(commit));
  process.kill(pid!, 'SIGKILL');
  await expect(Promise.all(reads)).rejects.toThrow('SIGKILL');
  expect((await readFiles(objects, commit)).files.size).toBe(1);
});

test('a closed reader leaves no process behind and may be used again', async () => {
  const { folder, objects } = await repository();
  const commit = await commitFiles(folder, { a: 'a' });
  expect((await readFiles(objects, commit)).files.size).toBe(1);
  const under = objects.info(commit);
  under.catch(() => {});
  await objects.close();
  await expect(under).rejects.toThrow('was closed');
  await until(() => processesWith(folder, 'cat-file').length === 0);
  expect((await readFiles(objects, commit)).files.size).toBe(1);
});
