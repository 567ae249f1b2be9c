import { readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';

import { Pace } from './pace.ts';

/** What a loose ref may hold: an object id, or the name of another ref. */
const REF_CONTENT = /^(?:[0-9a-f]{40}|[0-9a-f]{64}|ref: \S+)\n?$/;
const LEFT_AT_TOP = /^(?:.*\.lock|packed-refs\.new|fast_import_crash_\d+)$/;
const LEFT_AMONG_OBJECTS = /^(?:\.?tmp[_-].*|incoming-.*|.*\.lock)$/;

/**
 * Removes what a git process that was killed, or a power cut, left in a bare repository: lock files, half-written
 * objects and packs, crash reports, and refs that hold no object id (the next look at them finds them missing, as
 * they would be had the update never begun). Only for the repository's sole owner, while nothing works in it.
 * @returns the removed paths, relative to the repository
 */
export async function removeLeftovers(directory: string): Promise<string[]> {
  const removed = [
    ...(await list(directory, '')).filter((path) => LEFT_AT_TOP.test(path)),
    ...(await leftoversAmongObjects(directory)),
    ...(await leftoversAmongRefs(directory)),
  ];
  for (const path of removed) await rm(join(directory, path), { recursive: true, force: true });
  return removed;
}

async function leftoversAmongObjects(directory: string): Promise<string[]> {
  const left: string[] = [];
  for (const folder of await list(directory, 'objects')) {
    if (LEFT_AMONG_OBJECTS.test(basename(folder))) left.push(folder);
    else {
      const paths = await list(directory, folder);
      left.push(...paths.filter((path) => LEFT_AMONG_OBJECTS.test(basename(path))));
    }
  }
  return left;
}

async function leftoversAmongRefs(directory: string): Promise<string[]> {
  const left: string[] = [];
  const pace = new Pace();
  const entries = await readdir(join(directory, 'refs'), {
    recursive: true,
    withFileTypes: true,
  }).catch(emptyIfMissing);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // Tens of thousands of tiny files: asynchronous reads would take ten times the CPU.
    if (entry.name.endsWith('.lock') || !REF_CONTENT.test(readFileSync(path, 'latin1'))) {
      left.push(relative(directory, path));
    }
    const pause = pace.next();
    if (pause) await pause;
  }
  return left;
}

/** Paths of what is in a folder, relative to the repository; none if it is missing or no folder. */
async function list(directory: string, folder: string): Promise<string[]> {
  const names = await readdir(join(directory, folder)).catch(emptyIfMissing);
  return names.map((name) => join(folder, name));
}

function emptyIfMissing(error: unknown): [] {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return [];
  throw error;
}
