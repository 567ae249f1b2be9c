import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Oldest ansible-core that we support, as [major, minor]. */
export const OLDEST_ANSIBLE = [2, 14] as const;

/**
 * The Ansible of ours that `scripts/ensure-ansible.ts` installs: a link, made when the installation is complete, in
 * the checkout's own node_modules.
 */
export const ANSIBLE_CACHE = join(import.meta.dirname, '../../node_modules/.cache/trueup/ansible');

export interface FindOptions {
  /** Name or path from the configuration; when given, nothing else is looked for. */
  command?: string | undefined;
  /** Search path; the process's own by default. */
  path?: string | undefined;
  /** Folder of the Ansible of ours. */
  cache?: string;
}

/**
 * The `ansible-playbook` to use: the configured one, else the first usable one on the PATH, else ours in the cache
 * folder. Undefined if there is none, or the configured one does not run or is older than ansible-core 2.14.
 */
export async function findAnsible(options: FindOptions = {}): Promise<string | undefined> {
  const { command = 'ansible-playbook', path = process.env['PATH'] ?? '' } = options;
  const cache = options.cache ?? ANSIBLE_CACHE;
  for (const candidate of candidates(command, path)) {
    if (await isUsable(candidate, `${cache}-versions.json`)) return candidate;
  }
  if (options.command !== undefined) return undefined;
  const ours = join(cache, 'bin/ansible-playbook');
  return (await isExecutable(ours)) ? ours : undefined;
}

/** The version of ansible-core behind an `ansible-playbook`, such as `2.19.4`; undefined if it does not run. */
export async function ansibleVersion(command: string): Promise<string | undefined> {
  try {
    const { stdout } = await execute(command, ['--version'], {
      timeout: 60_000,
      maxBuffer: 65_536,
      cwd: '/',
    });
    return /^ansible-playbook \[core (\d+\.\d+[^\]\s]*)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

/** Whether we support a version of ansible-core. */
export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const [oldestMajor, oldestMinor] = OLDEST_ANSIBLE;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

function candidates(command: string, path: string): string[] {
  if (command.includes('/')) return [command];
  return path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, command));
}

/** Command → what its file looked like, and the version it gave then: `stamp version`. */
type Versions = Map<string, string>;

/**
 * Asking Ansible for its version takes half a second, so the answer is kept for as long as the file stays the same.
 * A name on the PATH says little: version managers put stand-ins there that only say that there is none.
 */
async function isUsable(command: string, memory: string): Promise<boolean> {
  if (!(await isExecutable(command))) return false;
  const { mtimeMs, size, ino } = await stat(command);
  const stamp = [mtimeMs, size, ino].join('/');
  const known = await readVersions(memory);
  const [knownStamp, knownVersion] = known.get(command)?.split(' ') ?? [];
  if (knownStamp === stamp && knownVersion) return isSupported(knownVersion);
  const version = await ansibleVersion(command);
  if (version === undefined) return false;
  await writeVersions(memory, known.set(command, `${stamp} ${version}`));
  return isSupported(version);
}

async function readVersions(memory: string): Promise<Versions> {
  try {
    const parsed: unknown = JSON.parse(await readFile(memory, 'utf8'));
    const entries = Object.entries(parsed ?? {}).filter(([, value]) => typeof value === 'string');
    return new Map(entries);
  } catch {
    return new Map();
  }
}

async function writeVersions(memory: string, versions: Versions): Promise<void> {
  const draft = `${memory}.${process.pid}`;
  try {
    await mkdir(dirname(memory), { recursive: true });
    await writeFile(draft, JSON.stringify(Object.fromEntries(versions)));
    await rename(draft, memory);
  } catch {
    // Only a memory: an installation that can't be written to asks every time.
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
