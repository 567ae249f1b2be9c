import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { pathFault, type SiteTree } from '../model/tree.ts';

/** Writes a tree as a folder, in place of what stood there: written beside it first, then renamed. */
export async function writeTree(folder: string, tree: SiteTree): Promise<void> {
  const fresh = `${folder}.writing-${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  for (const [path, { mode, content }] of tree) {
    const fault = pathFault(path);
    if (fault) throw new UserError(`the path ${JSON.stringify(path)} ${fault}`);
    const full = join(fresh, path);
    await mkdir(dirname(full), { recursive: true });
    const bits = mode === '100755' ? 0o755 : 0o644;
    await writeFile(full, content, { flag: 'wx', mode: bits });
    await chmod(full, bits);
  }
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);
}
