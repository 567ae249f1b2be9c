import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { syncFolder } from '../git/sync-folder.ts';

/**
 * Writes a file that is there whole when this returns, and lasts (fsync): it may be on a stick that is pulled out next.
 * Where it fails, whatever was there before stays.
 */
export async function writeWhole(file: string, from: Readable, mode = 0o666): Promise<void> {
  const fresh = `${file}.part-${process.pid}`;
  try {
    await pipeline(from, createWriteStream(fresh, { flags: 'wx', mode, flush: true }));
    await rename(fresh, file);
    await syncFolder(dirname(file));
  } finally {
    await rm(fresh, { force: true });
  }
}
