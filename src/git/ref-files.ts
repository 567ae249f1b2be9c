import { lstatSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { errorCode } from '../model/errors.ts';
import { RefMoved } from './errors.ts';
import { assertObjectId, assertRef, isObjectId } from './names.ts';
import type { RefUpdate } from './refs.ts';
import type { Repository } from './repository.ts';
import { syncFolder } from './sync-folder.ts';

// What git does with refs in files, done in this process: to start git costs many times as much for one ref. Whatever
// is not plain (symbolic refs, another backend, locks, odd names) is left to git. Only for a repository's sole owner.
// See `refs/files-backend.c` and `refs/packed-backend.c` in git, https://git-scm.com/docs/gitrepository-layout

/**
 * Refs below a folder of refs, sorted by name; undefined where git has to be asked.
 * @param folder full name without a slash at its end: `refs/remotes/origin`
 */
export async function readRefFiles(
  { directory }: Pick<Repository, 'directory'>,
  folder: string,
): Promise<Map<string, string> | undefined> {
  assertRef(folder);
  if (hasOtherBackend(directory)) return undefined;
  // Loose ones first: what is packed in between is then found packed.
  const entries = await readdir(join(directory, folder), {
    recursive: true,
    withFileTypes: true,
  }).catch(nothingIfMissing);
  const loose = new Map<string, string>();
  for (const entry of entries ?? []) {
    if (entry.isDirectory() || entry.name.endsWith('.lock')) continue;
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path, 'latin1').catch(nothingIfMissing);
    // Packed a moment ago: it is found there.
    if (text === undefined) continue;
    const id = text.trimEnd();
    if (!entry.isFile() || !isObjectId(id)) return undefined;
    loose.set(path.slice(join(directory, '/').length), id);
  }
  const refs = await readPackedBelow(directory, folder);
  if (!refs) return undefined;
  for (const [ref, id] of loose) refs.set(ref, id);
  return new Map([...refs.keys()].toSorted().map((ref) => [ref, refs.get(ref)!]));
}

/**
 * Where one ref is; null if it is not there, undefined where git has to be asked.
 * @param ref full name: `refs/remotes/origin/main`
 */
export async function readRefFile(
  { directory }: Pick<Repository, 'directory'>,
  ref: string,
): Promise<string | null | undefined> {
  assertRef(ref);
  if (hasOtherBackend(directory)) return undefined;
  // The loose one first: what is packed in between is then found packed.
  const loose = await readFile(join(directory, ref), 'latin1').catch((error: unknown) => {
    // A folder where the ref would be, or a ref where one of its folders would be.
    if (!['EISDIR', 'ENOTDIR'].includes(errorCode(error) ?? '')) nothingIfMissing(error);
  });
  const packed = loose ?? (await readFile(join(directory, 'packed-refs')).catch(nothingIfMissing));
  const id = typeof packed === 'string' ? packed.trimEnd() : packed && packedId(packed, ref);
  if (id === undefined) return null;
  return isObjectId(id) ? id : undefined;
}

async function readPackedBelow(
  directory: string,
  folder: string,
): Promise<Map<string, string> | undefined> {
  const refs = new Map<string, string>();
  const text = await readFile(join(directory, 'packed-refs'), 'utf8').catch(nothingIfMissing);
  for (const line of text?.split('\n') ?? []) {
    if (line === '' || line.startsWith('#') || line.startsWith('^')) continue;
    const space = line.indexOf(' ');
    const [id, ref] = [line.slice(0, space), line.slice(space + 1)];
    if (!isObjectId(id)) return undefined;
    if (ref.startsWith(`${folder}/`)) refs.set(ref, id);
  }
  return refs;
}

/**
 * Moves a few refs, each by a file of its own, as git does: locks for all of them, a comparison, and then each is
 * synced and renamed into place, so that a kill leaves every one where it was or where it goes.
 * @returns whether all of them have been moved; if not, none has, and git is to be asked
 * @throws RefMoved naming the first ref that was not where its update says; none is moved then
 */
export async function moveInRefFiles(
  repository: Repository,
  updates: readonly RefUpdate[],
): Promise<boolean> {
  const { directory } = repository;
  if (hasOtherBackend(directory) || !(await allPlain(repository, updates))) return false;
  const locked = new Set<string>();
  try {
    for (const { ref, to } of updates) {
      const path = join(directory, ref);
      const made = await lock(path, `${to}\n`);
      if (made === undefined) return false;
      locked.add(path);
      for (const folder of made) await syncFolder(folder);
    }
    if (!(await mayMove(directory, updates))) return false;
    for (const path of locked) {
      await rename(`${path}.lock`, path);
      locked.delete(path);
      await syncFolder(dirname(path));
    }
    return true;
  } finally {
    for (const path of locked) await rm(`${path}.lock`, { force: true });
  }
}

async function allPlain(repository: Repository, updates: readonly RefUpdate[]): Promise<boolean> {
  const seen = new Set<string>();
  for (const { ref, to, from } of updates) {
    assertRef(ref);
    if (typeof from === 'string') assertObjectId(from);
    if (to === null || seen.has(ref) || !/^[!-~]+$/.test(ref)) return false;
    assertObjectId(to);
    seen.add(ref);
  }
  const infos = await Promise.all(updates.map(({ to }) => repository.objects.info(to!)));
  return infos.every((info) => info?.type === 'commit');
}

/**
 * Takes the lock of a ref and writes into it where the ref goes.
 * @returns folders in which others were made for it; undefined where it could not be taken
 */
async function lock(path: string, text: string): Promise<string[] | undefined> {
  try {
    const first = await mkdir(dirname(path), { recursive: true });
    const file = await open(`${path}.lock`, 'wx');
    try {
      await file.writeFile(text);
      await file.sync();
    } catch (error) {
      await rm(`${path}.lock`, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    const above: string[] = [];
    if (first !== undefined)
      for (let at = dirname(path); at.length >= first.length; at = dirname(at))
        above.push(dirname(at));
    return above;
  } catch (error) {
    const code = errorCode(error);
    // Held by git, which packs refs; a ref where a folder should be; a folder that git has just tidied away.
    if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether nothing is in the way; with the locks taken. Throws RefMoved. */
async function mayMove(directory: string, updates: readonly RefUpdate[]): Promise<boolean> {
  const packed =
    (await readFile(join(directory, 'packed-refs')).catch(nothingIfMissing)) ?? Buffer.alloc(0);
  for (const { ref, from } of updates) {
    const path = join(directory, ref);
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there && !there.isFile()) return false;
    const id = there ? (await readFile(path, 'latin1')).trimEnd() : packedId(packed, ref);
    // A symbolic ref, or half of one.
    if (id !== undefined && !isObjectId(id)) return false;
    if (packed.includes(` ${ref}/`)) return false;
    for (let above = dirname(ref); above !== 'refs'; above = dirname(above))
      if (packed.includes(` ${above}\n`)) return false;
    if (from !== undefined && from !== (id ?? null)) throw new RefMoved(ref, from, id ?? null);
  }
  return true;
}

function packedId(packed: Buffer, ref: string): string | undefined {
  const end = packed.indexOf(` ${ref}\n`);
  return end === -1 ? undefined : packed.toString('latin1', packed.lastIndexOf('\n', end) + 1, end);
}

/** Refs may stand in tables, of which nothing is read here. */
function hasOtherBackend(directory: string): boolean {
  return lstatSync(join(directory, 'reftable'), { throwIfNoEntry: false }) !== undefined;
}

function nothingIfMissing(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error;
}
