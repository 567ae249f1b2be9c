import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { SiteTree } from '../model/tree.ts';
import {
  createRunFolder,
  pruneRunFolders,
  removeLeftRuns,
  removeModuleFolders,
  tidyRunFolder,
} from './run-folder.ts';

let work = '';

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'trueup-test-'));
  vi.stubEnv('TMPDIR', work);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(work, { recursive: true, force: true, maxRetries: 10 });
});

const tree: SiteTree = new Map([
  ['apply.sh', { mode: '100755', content: Buffer.from('#!/bin/sh\n') }],
  ['base/files/motd', { mode: '100644', content: Buffer.from([0xff, 0x00, 0x0a]) }],
]);

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

test('a tree is written byte for byte, with its modes whatever the umask', async () => {
  const umask = process.umask(0o077);
  try {
    const folder = await createRunFolder(join(work, 'runs'), 'one', tree);
    expect(await modeOf(folder.path)).toBe('700');
    expect(await modeOf(join(folder.tree, 'apply.sh'))).toBe('755');
    expect(await modeOf(join(folder.tree, 'base/files'))).toBe('755');
    expect(await modeOf(join(folder.tree, 'base/files/motd'))).toBe('644');
    expect([...(await readFile(join(folder.tree, 'base/files/motd')))]).toEqual([0xff, 0, 0x0a]);
  } finally {
    process.umask(umask);
  }
});

test('an id is used once, and names a folder and nothing else', async () => {
  await createRunFolder(work, 'one', tree);
  await expect(createRunFolder(work, 'one', tree)).rejects.toThrow('run id one is taken');
  for (const id of ['', '..', 'a/b', '-x']) {
    await expect(createRunFolder(work, id, tree)).rejects.toThrow("can't be a folder's name");
  }
});

test('control sockets fit where a socket may be, also below a long temporary folder', async () => {
  vi.stubEnv('TMPDIR', join(work, 'long'.repeat(30)));
  const { control } = await createRunFolder(work, 'one', tree);
  try {
    expect(Buffer.byteLength(`${control}/${'x'.repeat(40)}.${'x'.repeat(16)}`)).toBeLessThan(104);
  } finally {
    await rm(control, { recursive: true });
  }
});

test('of ended runs the newest are kept, and runs under way are', async () => {
  const runs = join(work, 'runs');
  for (const id of ['a', 'b', 'c']) {
    const folder = await createRunFolder(runs, id, tree);
    await writeFile(folder.log, id);
    await tidyRunFolder(folder);
    expect(await readdir(folder.path)).toEqual(['run.log']);
  }
  await createRunFolder(runs, 'running', tree);
  await pruneRunFolders(runs, 2);
  const left = await readdir(runs);
  expect(left).toHaveLength(3);
  expect(left).toContain('running');
});

test('cleaning up removes what a process that has gone left, and nothing of a living one', async () => {
  const runs = join(work, 'runs');
  const living = await createRunFolder(runs, 'living', tree);
  const dead = await createRunFolder(runs, 'dead', tree);
  // The same number, but another process.
  const gone = { pid: process.pid, start: '1', control: dead.control };
  await writeFile(join(dead.path, 'running.json'), JSON.stringify(gone));
  const damaged = await createRunFolder(runs, 'damaged', tree);
  await writeFile(join(damaged.path, 'running.json'), '{');
  await mkdir(join(runs, 'never-begun'));
  expect((await removeLeftRuns(runs)).toSorted()).toEqual(
    ['damaged', 'dead', 'never-begun'].map((name) => join(runs, name)),
  );
  expect(await readdir(runs)).toEqual(['living']);
  expect(await readdir(living.path)).toContain('tree');
  await expect(stat(dead.control)).rejects.toThrow('ENOENT');
  expect(await removeLeftRuns(join(work, 'none'))).toEqual([]);
});

test('temporary folders of killed modules are removed, others are not', async () => {
  const parent = join(work, '.ansible/tmp');
  const names = ['ansible-tmp-1795.25-41-99', 'ansible-tmp-1795.25-42-99', 'ansible-tmp-x', '41'];
  for (const name of names) await mkdir(join(parent, name), { recursive: true });
  await removeModuleFolders(new Set([41]), work);
  expect((await readdir(parent)).toSorted()).toEqual(names.slice(1).toSorted());
});
