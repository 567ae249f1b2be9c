import { lstatSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { RefMoved } from './errors.ts';
import { assertObjectId, assertRef } from './names.ts';
import { Pace } from './pace.ts';
import type { RefUpdate } from './refs.ts';
import type { Repository } from './repository.ts';
import { syncFolder } from './sync-folder.ts';

/** The first line of a file that can be taken on: `fully-peeled`, for then what is no tag needs no second line. */
const HEADER = '# pack-refs with: peeled fully-peeled sorted ';
/** Objects that are looked up at once. */
const AT_ONCE = 1000;

/**
 * Moves many refs by one new `packed-refs` file, where `git update-ref` takes a lock file and a loose file for each.
 * As git does it: under `packed-refs.lock`, sorted, synced, renamed into place, so that a kill at any moment leaves
 * either the old file or the new one. Only for the sole owner of a repository, one call at a time.
 *
 * Not everything can be done so: refs that are deleted or stand in a loose file, which hides the packed one, targets
 * that are no commits, names that get in each other's way. Nothing is moved then, and git is to be asked.
 * @returns whether all of them have been moved
 * @throws RefMoved naming the first ref that was not where its update says; none is moved then
 * @see https://git-scm.com/docs/git-pack-refs, `refs/packed-backend.c` in git for the format
 */
export async function moveInPackedRefs(
  repository: Repository,
  updates: readonly RefUpdate[],
): Promise<boolean> {
  const { directory } = repository;
  if (!(await allPackable(repository, updates))) return false;
  const path = join(directory, 'packed-refs');
  const lock = await open(`${path}.lock`, 'wx').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
    throw error;
  });
  // Git packs loose refs at this moment.
  if (!lock) return false;
  let placed = false;
  try {
    const lines = readPacked(path);
    if (!lines) return false;
    apply(lines, updates);
    if (inEachOthersWay(lines, updates)) return false;
    const text = [...lines.keys()].toSorted().map((ref) => lines.get(ref)!);
    await lock.writeFile(`${HEADER}\n${text.join('')}`);
    await lock.sync();
    await rename(`${path}.lock`, path);
    placed = true;
    await syncFolder(directory);
    return true;
  } finally {
    await lock.close();
    if (!placed) await rm(`${path}.lock`, { force: true });
  }
}

/** Ref → its lines; undefined if another program has written the file in a way that is not ours to go on with. */
function readPacked(path: string): Map<string, string> | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw error;
  }
  const lines = new Map<string, string>();
  if (text === '') return lines;
  const [first, ...rest] = text.split('\n');
  if (first !== HEADER || rest.pop() !== '') return undefined;
  let ref = '';
  for (const line of rest) {
    if (line.startsWith('^') && ref !== '') lines.set(ref, `${lines.get(ref)}${line}\n`);
    else {
      const [, name] = /^[0-9a-f]{40,64} ([!-~]+)$/.exec(line) ?? [];
      if (name === undefined) return undefined;
      ref = name;
      lines.set(ref, `${line}\n`);
    }
  }
  return lines;
}

/** Compares with where each ref must be, and moves it. */
function apply(lines: Map<string, string>, updates: readonly RefUpdate[]): void {
  for (const { ref, from } of updates) {
    if (from === undefined) continue;
    const line = lines.get(ref);
    const actual = line === undefined ? null : line.slice(0, line.indexOf(' '));
    if (actual !== from) throw new RefMoved(ref, from, actual);
  }
  for (const { ref, to } of updates) lines.set(ref, `${to} ${ref}\n`);
}

/** Whether one ref's name is another's folder: `refs/a` and `refs/a/b` cannot both be. */
function inEachOthersWay(
  lines: ReadonlyMap<string, string>,
  updates: readonly RefUpdate[],
): boolean {
  const moved = new Set(updates.map(({ ref }) => ref));
  for (const ref of lines.keys()) {
    for (let end = ref.lastIndexOf('/'); end > 0; end = ref.lastIndexOf('/', end - 1)) {
      const folder = ref.slice(0, end);
      if (moved.has(folder) || (moved.has(ref) && lines.has(folder))) return true;
    }
  }
  return false;
}

async function allPackable(
  repository: Repository,
  updates: readonly RefUpdate[],
): Promise<boolean> {
  const { directory, objects } = repository;
  const pace = new Pace();
  const folders = new Set<string>();
  const seen = new Set<string>();
  for (const { ref, to, from } of updates) {
    assertRef(ref);
    if (typeof from === 'string') assertObjectId(from);
    if (to === null || seen.has(ref) || !/^[!-~]+$/.test(ref)) return false;
    assertObjectId(to);
    seen.add(ref);
    for (let at = dirname(ref); at !== 'refs' && !folders.has(at); at = dirname(at)) {
      folders.add(at);
      if (lstatSync(join(directory, at), { throwIfNoEntry: false })?.isDirectory() === false)
        return false;
    }
    if (lstatSync(join(directory, ref), { throwIfNoEntry: false })) return false;
    const pause = pace.next();
    if (pause) await pause;
  }
  for (let at = 0; at < updates.length; at += AT_ONCE) {
    const some = updates.slice(at, at + AT_ONCE);
    const infos = await Promise.all(some.map(({ to }) => objects.info(to!)));
    if (!infos.every((info) => info?.type === 'commit')) return false;
  }
  return true;
}
