import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { takeLock } from '../store/lock.ts';

/** Where everything is within the data directory. */
export interface DataDirectory {
  root: string;
  planMirror: string;
  siteStore: string;
  database: string;
  sites: string;
  runs: string;
  /** Gives the directory free for another controller. */
  release: () => void;
}

/**
 * Makes the data directory and takes it for this process alone. The lock is the operating system's, on a small
 * database file: it ends with the process, however that ends. Throws `UserError` if another controller has it.
 */
export async function takeDataDirectory(root: string): Promise<DataDirectory> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const release = takeLock(join(root, 'lock.sqlite'));
  if (!release) {
    throw new UserError(
      `another trueup controller uses the data directory ${root}: stop it first, or give this one a directory of its own (dataDir)`,
    );
  }
  return {
    root,
    planMirror: join(root, 'plan.git'),
    siteStore: join(root, 'sites.git'),
    database: join(root, 'trueup.sqlite'),
    sites: join(root, 'sites'),
    runs: join(root, 'runs'),
    release,
  };
}
