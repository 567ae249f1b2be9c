import { execFile } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { z } from 'zod';

import { errorCode, InvalidInput, UserError } from '../model/errors.ts';
import { isName, pathFault, type SiteTree } from '../model/tree.ts';
import { processStart, RunProcesses } from './processes.ts';

const execute = promisify(execFile);

/** ssh adds up to 58 characters to a control folder's path, and a socket's path may have 103. */
const LONGEST_TEMPORARY = 30;

/** Present for as long as a run is under way; who started it, and where its control sockets are. */
const RUNNING_FILE = 'running.json';
const runningSchema = z.object({ pid: z.int(), start: z.string(), control: z.string() });

/** What of a run stays when it has ended. */
export const LOG_FILE = 'run.log';
export const EVENTS_FILE = 'events.jsonl';

/** The files of one run, below a folder of its own that only we can read. */
export interface RunFolder {
  path: string;
  /** The site tree; Ansible's working directory. */
  tree: string;
  inventory: string;
  temporary: string;
  /** Where ssh puts its control sockets: elsewhere, because a socket's path must be short. */
  control: string;
  log: string;
  events: string;
}

/**
 * Makes the folder of a run and puts the site tree there.
 * Throws `InvalidInput` for a tree that can't be written as it stands, `UserError` for an id that is taken.
 */
export async function createRunFolder(
  workDirectory: string,
  id: string,
  tree: SiteTree,
): Promise<RunFolder> {
  if (!isName(id)) throw new UserError(`run id ${JSON.stringify(id)} can't be a folder's name`);
  refuseBadPaths(tree);
  const path = join(workDirectory, id);
  await mkdir(workDirectory, { recursive: true, mode: 0o700 });
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    throw new UserError(`run id ${id} is taken: ${path} exists`);
  }
  const control = await mkdtemp(join(shortTemporary(), 'trueup-ssh-'));
  const folder = layout(path, control);
  try {
    await writeRunning(folder);
    for (const made of [folder.tree, folder.temporary]) await mkdir(made);
    await writeTree(folder.tree, tree);
  } catch (error) {
    await removeRunFolder(folder);
    throw error;
  }
  return folder;
}

async function removeRunFolder(folder: RunFolder): Promise<void> {
  await tidyRunFolder(folder);
  await rm(folder.path, { recursive: true, force: true });
}

/** Removes what a run needed while it ran; its log and events stay. */
export async function tidyRunFolder(folder: RunFolder): Promise<void> {
  await closeConnections(folder.control);
  for (const path of [folder.tree, folder.temporary, folder.control]) {
    await rm(path, { recursive: true, force: true });
  }
  await rm(join(folder.path, RUNNING_FILE), { force: true });
}

/** Removes the oldest of the ended runs beyond a number. */
export async function pruneRunFolders(workDirectory: string, keep: number): Promise<void> {
  const ended: { path: string; time: number }[] = [];
  for (const path of await runPaths(workDirectory)) {
    if ((await readRunning(path)) !== 'none') continue;
    const info = await stat(path).catch(() => undefined);
    if (info) ended.push({ path, time: info.mtimeMs });
  }
  ended.sort((a, b) => b.time - a.time);
  for (const { path } of ended.slice(keep)) await rm(path, { recursive: true, force: true });
}

/**
 * Ends what is left of runs whose process has gone, and removes their folders. Runs of a process that still lives
 * are left alone.
 * @returns the paths of the folders that were removed
 */
export async function removeLeftRuns(workDirectory: string): Promise<string[]> {
  const removed: string[] = [];
  for (const path of await runPaths(workDirectory)) {
    const running = await readRunning(path);
    if (running === 'none') {
      if (await hasEnded(path)) continue;
    } else if (running !== 'damaged' && processStart(running.pid) === running.start) {
      continue;
    }
    const control = typeof running === 'object' ? running.control : undefined;
    const folder = layout(path, control ?? join(path, 'control'));
    const processes = new RunProcesses({ folder: path, inventory: folder.inventory });
    await processes.kill();
    await removeModuleFolders(processes.seen);
    await removeRunFolder(folder);
    removed.push(path);
  }
  return removed;
}

/**
 * Modules that run on this machine have a temporary folder each, named for the process that sent them, in the
 * account's home whatever `HOME` is; killed ones leave it there.
 */
export async function removeModuleFolders(
  pids: ReadonlySet<number>,
  home: string = userInfo().homedir,
): Promise<void> {
  const parent = join(home, '.ansible/tmp');
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = /^ansible-tmp-[\d.]+-(\d+)-\d+$/.exec(name)?.[1];
    if (!pid || !pids.has(Number(pid))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

function layout(path: string, control: string): RunFolder {
  return {
    path,
    tree: join(path, 'tree'),
    inventory: join(path, 'tree/inventory.yml'),
    temporary: join(path, 'tmp'),
    control,
    log: join(path, LOG_FILE),
    events: join(path, EVENTS_FILE),
  };
}

function refuseBadPaths(tree: SiteTree): void {
  const problems = [...tree.keys()].flatMap((path) => {
    const fault = pathFault(path);
    return fault ? [{ message: `path ${JSON.stringify(path)} in the site tree ${fault}` }] : [];
  });
  if (problems.length > 0) throw new InvalidInput(problems);
}

/** Modes are set outright: the umask of whoever started us must not show. */
async function writeTree(root: string, tree: SiteTree): Promise<void> {
  const folders = new Set([root]);
  for (const [path, { mode, content }] of tree) {
    const file = join(root, path);
    try {
      await mkdir(dirname(file), { recursive: true });
      // A path that is already there is another path's folder, or differs in case only where case doesn't count.
      await writeFile(file, content, { flag: 'wx' });
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'EEXIST' && code !== 'ENOTDIR' && code !== 'ENAMETOOLONG') throw error;
      const message = `path ${JSON.stringify(path)} in the site tree can't be written here (${code})`;
      throw new InvalidInput([{ message }]);
    }
    await chmod(file, mode === '100755' ? 0o755 : 0o644);
    for (let at = dirname(file); !folders.has(at); at = dirname(at)) folders.add(at);
  }
  for (const folder of folders) await chmod(folder, 0o755);
}

function shortTemporary(): string {
  return Buffer.byteLength(tmpdir()) <= LONGEST_TEMPORARY ? tmpdir() : '/tmp';
}

async function writeRunning(folder: RunFolder): Promise<void> {
  const running = {
    pid: process.pid,
    start: processStart(process.pid) ?? '',
    control: folder.control,
  };
  const draft = join(folder.path, `${RUNNING_FILE}.draft`);
  await writeFile(draft, JSON.stringify(running));
  await rename(draft, join(folder.path, RUNNING_FILE));
}

type Running = z.infer<typeof runningSchema> | 'none' | 'damaged';

async function readRunning(path: string): Promise<Running> {
  let text: string;
  try {
    text = await readFile(join(path, RUNNING_FILE), 'utf8');
  } catch {
    return 'none';
  }
  try {
    return runningSchema.parse(JSON.parse(text));
  } catch {
    return 'damaged';
  }
}

/** An ended run has a log; a folder without one is of a run that was killed before it began. */
async function hasEnded(path: string): Promise<boolean> {
  return stat(join(path, LOG_FILE)).then(
    () => true,
    () => false,
  );
}

async function runPaths(workDirectory: string): Promise<string[]> {
  const entries = await readdir(workDirectory, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && isName(entry.name))
    .map((entry) => join(workDirectory, entry.name));
}

/** Ends the ssh connections that ControlPersist keeps open; they have left the run's process group. */
async function closeConnections(control: string): Promise<void> {
  const sockets = await readdir(control).catch(() => []);
  await Promise.all(
    sockets.map((name) =>
      execute('ssh', ['-O', 'exit', '-o', `ControlPath=${join(control, name)}`, 'none'], {
        timeout: 5000,
      }).catch(() => undefined),
    ),
  );
}
