import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Every file of a folder: its path, mode and what is in it (SHA-256). */
export async function folderState(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const state: [string, string][] = [];
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name);
    const { mode } = await stat(path);
    const content = createHash('sha256').update(await readFile(path));
    state.push([relative(folder, path), `${mode.toString(8)} ${content.digest('hex')}`]);
  }
  return Object.fromEntries(state.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a git repository holds: its refs with what they name, and every object there is, reachable or not. */
export async function repositoryState(
  directory: string,
): Promise<{ refs: string[]; objects: string[] }> {
  const git = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await run('git', ['-C', directory, ...args], { maxBuffer: 2 ** 26 });
    return stdout.split('\n').filter((line) => line !== '');
  };
  const refs = await git('for-each-ref', '--format=%(refname) %(objectname)');
  const objects = await git('cat-file', '--batch-all-objects', '--batch-check');
  return { refs: [...refs, await readFile(join(directory, 'HEAD'), 'utf8')], objects };
}
