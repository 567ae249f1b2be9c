import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';

import {
  ANSIBLE_CACHE,
  ansibleVersion,
  findAnsible,
  type FindOptions,
} from '../src/ansible/find.ts';
import { messageOf } from '../src/model/errors.ts';

const execute = promisify(execFile);

/** The ansible-core to install for a Python, newest first: each is the newest that runs there. */
const RELEASES: readonly { python: readonly [number, number]; core: string }[] = [
  { python: [3, 12], core: '2.21.5' },
  { python: [3, 11], core: '2.19.14' },
  { python: [3, 10], core: '2.17.14' },
  { python: [3, 9], core: '2.15.13' },
];

const INSTALL_TIMEOUT = 15 * 60_000;

export interface EnsureOptions extends FindOptions {
  /** Told what is being done; stderr by default. */
  say?: (text: string) => void;
}

/**
 * The path of a usable `ansible-playbook`, installed first where there is none: from PyPI into a folder of ours, else
 * from apt. May run several times at once, and carries on after having been killed.
 * Throws with what was tried where nothing helped.
 */
export async function ensureAnsible(options: EnsureOptions = {}): Promise<string> {
  const found = await findAnsible(options);
  if (found !== undefined) return found;
  const say = options.say ?? ((text) => process.stderr.write(`ensure-ansible: ${text}\n`));
  const cache = options.cache ?? ANSIBLE_CACHE;
  await mkdir(dirname(cache), { recursive: true });
  using lock = takeLock(`${cache}.lock`, say);
  void lock;
  return (await findAnsible(options)) ?? (await install(cache, options, say));
}

/** A database's lock is the operating system's: it goes with the process that holds it, however that ends. */
function takeLock(path: string, say: (text: string) => void): Disposable {
  const database = new DatabaseSync(path);
  const begin = (wait: number): void => {
    database.exec(`PRAGMA busy_timeout = ${wait}`);
    database.exec('BEGIN EXCLUSIVE');
  };
  try {
    begin(0);
  } catch {
    say('waiting for another installation to finish');
    begin(INSTALL_TIMEOUT);
  }
  return { [Symbol.dispose]: () => database.close() };
}

async function install(
  cache: string,
  options: EnsureOptions,
  say: (text: string) => void,
): Promise<string> {
  const faults: string[] = [];
  for (const [name, way] of Object.entries(WAYS)) {
    try {
      await way(cache, say);
      const found = await findAnsible(options);
      if (found !== undefined) {
        say(`ansible-core ${await ansibleVersion(found)} is ready: ${found}`);
        return found;
      }
      faults.push(`${name}: it was installed, but it does not run`);
    } catch (error) {
      faults.push(`${name}: ${lastWords(error)}`);
    }
    say(faults.at(-1)!);
  }
  throw new Error(
    `no ansible-playbook could be installed; install ansible-core 2.14 or later by hand\n${faults.join('\n')}`,
  );
}

type Way = (cache: string, say: (text: string) => void) => Promise<void>;

/** In this order; each throws where it can't be gone. */
const WAYS: Readonly<Record<string, Way>> = {
  'virtual environment': async (cache, say) => fromPyPI(cache, say, makeEnvironment),
  'pip --target': async (cache, say) => fromPyPI(cache, say, makeTarget),
  'apt python3-venv': async (cache, say) => {
    await aptInstall('python3-venv', say);
    await fromPyPI(cache, say, makeEnvironment);
  },
  'apt ansible-core': async (_cache, say) => aptInstall('ansible-core', say),
};

async function fromPyPI(
  cache: string,
  say: (text: string) => void,
  make: (python: string, folder: string, requirement: string) => Promise<void>,
): Promise<void> {
  const { python, core } = await chooseRelease();
  say(`installing ansible-core ${core} from PyPI below ${dirname(cache)}`);
  // Programs in it know their folder's name, so it is built where it stays and a link makes it known.
  const builds = `${cache}-builds`;
  await mkdir(builds, { recursive: true });
  const folder = await mkdtemp(join(builds, `${core}-`));
  await make(python, folder, `ansible-core==${core}`);
  const version = await ansibleVersion(join(folder, 'bin/ansible-playbook'));
  if (version === undefined) throw new Error('it was installed, but it does not run');
  await rm(`${cache}.new`, { force: true });
  await symlink(folder, `${cache}.new`);
  await rename(`${cache}.new`, cache);
  await removeOthers(builds, folder);
}

/** A killed installation's pip may still be writing to its folder; the next installation removes it then. */
async function removeOthers(builds: string, folder: string): Promise<void> {
  for (const name of await readdir(builds)) {
    const path = join(builds, name);
    if (path !== folder) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function makeEnvironment(python: string, folder: string, requirement: string): Promise<void> {
  await run(python, ['-m', 'venv', folder]);
  await run(join(folder, 'bin/python'), ['-m', 'pip', 'install', ...PIP_OPTIONS, requirement]);
}

/** For a Python without venv: the packages in a folder, and a program that points there. */
async function makeTarget(python: string, folder: string, requirement: string): Promise<void> {
  const packages = join(folder, 'packages');
  await run(python, ['-m', 'pip', 'install', ...PIP_OPTIONS, '--target', packages, requirement]);
  const program = join(folder, 'bin/ansible-playbook');
  const lines = [
    `#!${python}`,
    'import sys',
    `sys.path.insert(0, ${JSON.stringify(packages)})`,
    'from ansible.cli.playbook import main',
    'sys.exit(main())',
  ];
  await mkdir(dirname(program), { recursive: true });
  await writeFile(program, `${lines.join('\n')}\n`);
  await chmod(program, 0o755);
}

const PIP_OPTIONS = ['--quiet', '--no-input', '--disable-pip-version-check'];

async function chooseRelease(): Promise<{ python: string; core: string }> {
  const { stdout } = await run('python3', [
    '-c',
    'import sys; print(*sys.version_info[:2], sys.executable)',
  ]);
  const [major, minor, ...path] = stdout.trim().split(' ');
  const release = RELEASES.find(
    ({ python }) => Number(major) === python[0] && Number(minor) >= python[1],
  );
  if (!release) throw new Error(`Python ${major}.${minor} is too old for ansible-core 2.15`);
  return { python: path.join(' '), core: release.core };
}

async function aptInstall(name: string, say: (text: string) => void): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error(`needs root for apt-get install ${name}`);
  if (!existsSync('/usr/bin/apt-get')) throw new Error('there is no apt-get');
  say(`installing ${name} with apt-get`);
  await run('apt-get', ['update', '-q']);
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', name]);
}

async function run(command: string, args: readonly string[]): Promise<{ stdout: string }> {
  return execute(command, args, {
    timeout: INSTALL_TIMEOUT,
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/** The last lines that a program wrote, which hold its reason. */
function lastWords(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const text = stderr.trim() === '' ? messageOf(error) : stderr;
  return text.trim().split('\n').slice(-3).join(' / ');
}

if (import.meta.main) console.log(await ensureAnsible());
