import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { FileMode, SiteTree, TreeFile } from '../../model/tree.ts';
import { EditedMeanwhile, WorkingCopy } from './working-copy.ts';

let folder: string;
let copy: WorkingCopy;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trueup-copy-'));
  copy = new WorkingCopy(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

const EMPTY: SiteTree = new Map();

function tree(files: Record<string, string | [string, FileMode]>): SiteTree {
  return new Map(
    Object.entries(files).map(([path, file]): [string, TreeFile] => {
      const [text, mode] = typeof file === 'string' ? [file, '100644' as const] : file;
      return [path, { mode, content: Buffer.from(text) }];
    }),
  );
}

describe('a working copy', () => {
  test('holds what was written, and reads it back', async () => {
    const wanted = tree({ 'a.yml': 'a', 'deep/er/b.sh': ['b', '100755'] });
    await copy.write(EMPTY, wanted);
    const scan = await copy.scan();
    expect(scan.tree).toEqual(wanted);
    expect(scan.refused).toEqual([]);
    expect((await stat(join(copy.directory, 'deep/er/b.sh'))).mode & 0o777).toBe(0o755);
  });

  test('goes from one tree to another, and removes folders that are empty then', async () => {
    const first = tree({ 'x/y/gone': '1', kept: '1', changed: '1' });
    const second = tree({ kept: '1', changed: ['2', '100755'], new: '1' });
    await copy.write(EMPTY, first);
    await copy.write(first, second);
    expect((await copy.scan()).tree).toEqual(second);
    await expect(stat(join(copy.directory, 'x'))).rejects.toThrow('ENOENT');
  });

  test('sees an edit that changes neither size nor time', async () => {
    await copy.write(EMPTY, tree({ f: 'aa' }));
    await copy.scan();
    await writeFile(join(copy.directory, 'f'), 'bb');
    expect((await copy.scan()).tree.get('f')?.content.toString()).toBe('bb');
  });

  test('Record before overwrite: leaves a file alone that is not what was recorded', async () => {
    const recorded = tree({ f: 'recorded' });
    await copy.write(EMPTY, recorded);
    await writeFile(join(copy.directory, 'f'), 'edited');
    await expect(copy.write(recorded, tree({ f: 'wanted' }))).rejects.toThrow(EditedMeanwhile);
    await expect(copy.write(recorded, EMPTY)).rejects.toThrow(EditedMeanwhile);
    expect(await readFile(join(copy.directory, 'f'), 'utf8')).toBe('edited');
  });

  test('Record before overwrite: a file that was made or deleted meanwhile is an edit too', async () => {
    await copy.write(EMPTY, tree({ f: '1' }));
    await writeFile(join(copy.directory, 'g'), 'mine');
    await expect(copy.write(tree({ f: '1' }), tree({ f: '1', g: 'theirs' }))).rejects.toThrow(
      EditedMeanwhile,
    );
    expect(await readFile(join(copy.directory, 'g'), 'utf8')).toBe('mine');
    await rm(join(copy.directory, 'f'));
    await expect(copy.write(tree({ f: '1' }), tree({ f: '2' }))).rejects.toThrow(EditedMeanwhile);
  });

  test('a write that was broken off is carried on by the next', async () => {
    const before = tree({ a: '1', b: '1' });
    const after = tree({ a: '2', b: '2' });
    await copy.write(EMPTY, before);
    await copy.write(before, tree({ a: '2', b: '1' }));
    await copy.write(before, after);
    expect((await copy.scan()).tree).toEqual(after);
  });

  test('refuses links, odd names and huge files, and tells why', async () => {
    await mkdir(copy.directory, { recursive: true });
    await symlink('/etc/passwd', join(copy.directory, 'link'));
    await writeFile(join(copy.directory, '-rf'), '');
    await writeFile(join(copy.directory, 'line\nbreak'), '');
    await writeFile(join(copy.directory, 'huge'), Buffer.alloc(8 * 1024 * 1024 + 1));
    const { tree: found, refused } = await copy.scan();
    expect(found.size).toBe(0);
    expect(new Set(refused.map(({ path }) => path))).toEqual(
      new Set(['link', '-rf', 'line\\nbreak', 'huge']),
    );
  });

  test('writes through no link that took a folder’s place', async () => {
    const outside = join(folder, 'outside');
    await mkdir(outside);
    await mkdir(copy.directory, { recursive: true });
    await symlink(outside, join(copy.directory, 'dir'));
    await expect(copy.write(EMPTY, tree({ 'dir/f': 'x' }))).rejects.toThrow(EditedMeanwhile);
    await expect(stat(join(outside, 'f'))).rejects.toThrow('ENOENT');
  });

  test('refuses to write outside of itself', async () => {
    await expect(copy.write(EMPTY, tree({ '../f': 'x' }))).rejects.toThrow('contains ".."');
    await expect(stat(join(folder, 'f'))).rejects.toThrow('ENOENT');
  });

  test('what editors and Python leave behind is no part of the tree', async () => {
    await copy.write(EMPTY, tree({ f: '1' }));
    await mkdir(join(copy.directory, '__pycache__'));
    for (const name of ['.f.swp', 'f~', '#f#', '.#f', '4913', '__pycache__/x.pyc', 'site.retry']) {
      await writeFile(join(copy.directory, name), '');
    }
    expect([...(await copy.scan()).tree.keys()]).toEqual(['f']);
  });

  test('tells mode changes', async () => {
    await copy.write(EMPTY, tree({ f: '1' }));
    await chmod(join(copy.directory, 'f'), 0o755);
    expect((await copy.scan()).tree.get('f')?.mode).toBe('100755');
  });
});
