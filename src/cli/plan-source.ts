import { lstat, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';

import { ObjectReader } from '../git/object-reader.ts';
import { runGit } from '../git/process.ts';
import { readFiles } from '../git/read-files.ts';
import { InvalidInput, UserError } from '../model/errors.ts';
import { compareText, type Problem } from '../model/problem.ts';
import {
  blobId,
  pathFault,
  type SiteTree,
  type TrackedFile,
  type TrackedFiles,
} from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { loadPlanAndTemplates } from '../render/open.ts';
import { checkExports, readExports } from './exports-file.ts';

const MAX_FILE_BYTES = 32 * 1024 * 1024;
const MAX_FILES = 200_000;

/** Where a command takes its plan from. */
export interface PlanOptions {
  /** Folder that holds `plan.yaml`. */
  plan: string;
  /** A revision of the repository that the folder is in, instead of the files as they stand. */
  rev?: string;
  /** A file with what was gathered at sites, see `readExports`. */
  exports?: string;
}

export interface PlanInput {
  files: TrackedFiles;
  refused: { path: string; reason: string }[];
  /** The commit that was read; empty for a folder that differs from its last commit, or is in no repository. */
  revision: string;
}

export interface LoadedPlan {
  plan: Plan;
  revision: string;
}

/** Reads and validates a plan. Throws `InvalidInput` with every fault it has. */
export async function openPlan(options: PlanOptions): Promise<LoadedPlan> {
  const { plan, problems, revision } = await checkPlan(options);
  if (!plan) throw new InvalidInput(problems);
  return { plan, revision };
}

/** Reads a plan and tells what is wrong with it. */
export async function checkPlan(
  options: PlanOptions,
): Promise<{ plan: Plan | undefined; problems: Problem[]; revision: string }> {
  const { files, refused, revision } = await readPlan(options);
  if (!files.has('plan.yaml')) {
    const where = options.rev ? `${options.plan} at ${options.rev}` : options.plan;
    throw new UserError(
      `there is no plan.yaml in ${where}: name the plan's folder with --plan, or make one with \`trueup init\``,
    );
  }
  const gathered = options.exports === undefined ? undefined : await readExports(options.exports);
  const loaded = loadPlanAndTemplates(files, { refused, ...(gathered ? { gathered } : {}) });
  if (loaded.plan && gathered) checkExports(options.exports!, loaded.plan, gathered);
  return { ...loaded, revision };
}

async function readPlan({ plan, rev }: PlanOptions): Promise<PlanInput> {
  const folder = resolve(plan);
  const repository = await findRepository(folder);
  if (rev !== undefined) {
    if (!repository)
      throw new UserError(
        `${plan} is in no git repository, so that there is no revision ${rev} of it`,
      );
    return readRevision(repository, rev);
  }
  const { tree, refused } = await readFolder(folder);
  const files = new Map<string, TrackedFile>();
  for (const [path, file] of tree) files.set(path, { ...file, hash: blobId(file.content) });
  return { files, refused, revision: repository ? await cleanRevision(repository, folder) : '' };
}

interface FoundRepository {
  directory: string;
  workTree: string;
  /** Folder of the plan within it; empty at its top. */
  prefix: string;
}

async function findRepository(folder: string): Promise<FoundRepository | undefined> {
  const real = await realpath(folder).catch(() => {
    throw new UserError(`there is no folder ${folder}`);
  });
  const asked = ['--git-dir', '--show-toplevel'] as const;
  const found = await runGit(['-C', real, 'rev-parse', '--path-format=absolute', ...asked], {
    exitCodes: [0, 128],
  });
  const [directory, workTree] = found.stdout.toString().split('\n');
  if (found.exitCode !== 0 || !directory || !workTree) return undefined;
  return {
    directory,
    workTree,
    prefix:
      real === workTree
        ? ''
        : real
            .slice(workTree.length + 1)
            .split(sep)
            .join('/'),
  };
}

async function readRevision(
  { directory, prefix }: FoundRepository,
  rev: string,
): Promise<PlanInput> {
  const { exitCode, stdout } = await runGit(
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${rev}^{commit}`],
    { directory, exitCodes: [0, 1, 128] },
  );
  if (exitCode !== 0) throw new UserError(`${rev} is no revision of the plan's repository`);
  const revision = stdout.toString().trim();
  const objects = new ObjectReader({ directory });
  try {
    return { ...(await readFiles(objects, revision, { path: prefix })), revision };
  } finally {
    await objects.close();
  }
}

/** The commit that a folder is equal to, if it is. */
async function cleanRevision(
  { directory, workTree }: FoundRepository,
  folder: string,
): Promise<string> {
  const head = await runGit(['rev-parse', '--verify', '--quiet', 'HEAD'], {
    directory,
    exitCodes: [0, 1, 128],
  });
  if (head.exitCode !== 0) return '';
  const status = await runGit(
    [`--work-tree=${workTree}`, '-C', folder, 'status', '--porcelain', '--ignored=no', '--', '.'],
    { directory },
  );
  return status.stdout.length === 0 ? head.stdout.toString().trim() : '';
}

/** Reads a folder as a tree: what can be no part of one is told in `refused`, `.git` is left out. */
export async function readFolder(
  folder: string,
): Promise<{ tree: SiteTree; refused: { path: string; reason: string }[] }> {
  const tree = new Map<string, { mode: '100644' | '100755'; content: Buffer }>();
  const refused: { path: string; reason: string }[] = [];
  const walk = async (at: string): Promise<void> => {
    const entries = await readdir(join(folder, at), { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => compareText(a.name, b.name))) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.name === '.git' || entry.name === 'node_modules') continue;
      const fault = pathFault(path);
      if (fault)
        refused.push({ path: JSON.stringify(path).slice(1, -1), reason: `its path ${fault}` });
      else if (entry.isDirectory()) await walk(path);
      else if (entry.isSymbolicLink())
        refused.push({
          path,
          reason: `it is a symbolic link to ${await readlink(join(folder, path))}`,
        });
      else if (!entry.isFile()) refused.push({ path, reason: 'it is no regular file' });
      else await take(path);
    }
  };
  const take = async (path: string): Promise<void> => {
    const full = join(folder, path);
    const stat = await lstat(full);
    if (stat.size > MAX_FILE_BYTES) {
      refused.push({ path, reason: `it is larger than ${MAX_FILE_BYTES} bytes` });
      return;
    }
    if (tree.size >= MAX_FILES) throw new UserError(`${folder} holds more than ${MAX_FILES} files`);
    tree.set(path, {
      mode: (stat.mode & 0o100) === 0 ? '100644' : '100755',
      content: await readFile(full),
    });
  };
  await walk('').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' || error.code === 'ENOTDIR'
      ? new UserError(`there is no folder ${folder}`)
      : error;
  });
  return { tree, refused };
}
