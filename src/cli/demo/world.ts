import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { runGit } from '../../git/process.ts';
import { UserError } from '../../model/errors.ts';
import { EXAMPLE_PLAN } from '../commands/init.ts';

/** Everything the demo makes, in one folder. */
export interface World {
  root: string;
  /** The plan's bare repository, as a forge would serve it, and an operator's clone of it. */
  origin: string;
  clone: string;
  /** Each host is a folder here: its root. */
  hosts: string;
  data: string;
  log: string;
}

const OPERATOR = ['-c', 'user.name=Olga Operator', '-c', 'user.email=olga@example.com'];

/** Makes the demo's folder: a git repository with the example plan, cloned by an operator; no hosts yet. */
export async function createWorld(directory: string | undefined): Promise<World> {
  const root = directory ? resolve(directory) : await mkdtemp(join(tmpdir(), 'trueup-demo-'));
  const world: World = {
    root,
    origin: join(root, 'plan.git'),
    clone: join(root, 'plan'),
    hosts: join(root, 'hosts'),
    data: join(root, 'data'),
    log: join(root, 'controller.log'),
  };
  await mkdir(root, { recursive: true });
  await mkdir(world.hosts);
  await cp(EXAMPLE_PLAN, world.clone, { recursive: true });
  await editFile(world, 'layers/common.yaml', /^hosts_dir: .*$/m, `hosts_dir: ${world.hosts}`);
  await runGit(['init', '--quiet', '--bare', '--initial-branch=main', world.origin]);
  await git(world, 'init', '--quiet', '--initial-branch=main');
  await git(world, 'remote', 'add', 'origin', world.origin);
  await commitAndPush(world, 'Start the plan');
  return world;
}

/** Replaces one place in a file of the operator's clone; the demo's texts and the example must fit. */
export async function editFile(
  world: World,
  file: string,
  what: RegExp,
  by: string,
): Promise<void> {
  await replaceInFile(join(world.clone, file), what, by);
}

/** Replaces one place in any file. */
export async function replaceInFile(path: string, what: RegExp, by: string): Promise<void> {
  const before = await readFile(path, 'utf8');
  const after = before.replace(what, by);
  if (after === before) throw new UserError(`${path} holds nothing like ${what.source}`);
  await writeFile(path, after);
}

/** Commits what the operator changed and pushes it to the plan's main branch; returns the commit. */
export async function commitAndPush(world: World, message: string): Promise<string> {
  await git(world, 'add', '--all');
  await git(world, ...OPERATOR, 'commit', '--quiet', '--message', message);
  await git(world, 'push', '--quiet', 'origin', 'HEAD:main');
  return (await git(world, 'rev-parse', 'HEAD')).trim();
}

/** Takes over what was merged meanwhile. */
export async function pull(world: World): Promise<void> {
  await git(world, 'pull', '--quiet', '--ff-only', 'origin', 'main');
}

async function git(world: World, ...args: string[]): Promise<string> {
  const { stdout } = await runGit(['-C', world.clone, ...args], {
    settings: [['protocol.file.allow', 'always']],
  });
  return stdout.toString();
}
