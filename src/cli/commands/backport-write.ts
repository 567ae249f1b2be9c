import { chmod, lstat, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { errorCode, messageOf, UserError } from '../../model/errors.ts';
import type { PlanEdit } from '../../model/proposal.ts';
import { pathFault } from '../../model/tree.ts';
import type { Plan } from '../../plan/plan.ts';

interface Target extends PlanEdit {
  full: string;
  /** The new content, written already; undefined for a file that goes. */
  fresh: string | undefined;
}

/**
 * Makes edits in a plan's folder: all of them or none, as far as a file system allows. Every file must still be as it
 * was read; new contents are written in full before the first of them takes its place.
 * @param plan the plan as it was read from the folder
 * @throws UserError where a file changed meanwhile or cannot be written, telling which files were written already
 */
export async function writeEdits(
  folder: string,
  plan: Plan,
  edits: readonly PlanEdit[],
): Promise<void> {
  if (edits.length === 0) return;
  const top = resolve(folder);
  for (const { file } of edits) {
    const fault = pathFault(file);
    if (fault) throw new UserError(`the path ${JSON.stringify(file)} ${fault}`);
  }
  await checkUnchanged(top, plan, edits);
  const staging = await mkdtemp(join(top, '.trueup-writing-')).catch((error: unknown) => {
    throw new UserError(`nothing was written: ${messageOf(error)}`);
  });
  try {
    const targets = await prepare(top, staging, plan, edits).catch((error: unknown) => {
      throw new UserError(`nothing was written: ${messageOf(error)}`);
    });
    // Writing may have taken a while.
    await checkUnchanged(top, plan, edits);
    await replace(targets);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function checkUnchanged(top: string, plan: Plan, edits: readonly PlanEdit[]): Promise<void> {
  for (const { file } of edits) {
    const before = plan.files.get(file)?.content;
    const now = await readFile(join(top, file)).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
      throw new UserError(`nothing was written: ${messageOf(error)}`);
    });
    if (before === undefined ? now !== undefined : !now?.equals(before))
      throw new UserError(`${file} was changed meanwhile: nothing was written, try again`);
  }
}

/** Writes the new contents aside. */
async function prepare(
  top: string,
  staging: string,
  plan: Plan,
  edits: readonly PlanEdit[],
): Promise<Target[]> {
  const targets: Target[] = [];
  for (const [index, edit] of edits.entries()) {
    const full = join(top, edit.file);
    if (edit.content === null) {
      targets.push({ ...edit, full, fresh: undefined });
      continue;
    }
    const fresh = join(staging, String(index));
    await writeFile(fresh, edit.content, { flag: 'wx', flush: true });
    await chmod(fresh, await bitsOf(full, plan.files.get(edit.file)?.mode, edit.mode));
    targets.push({ ...edit, full, fresh });
  }
  return targets;
}

/** Permissions of a file to be written: those that it has, unless the edit says otherwise. */
async function bitsOf(full: string, before: string | undefined, mode: string): Promise<number> {
  if (before === mode) return (await lstat(full)).mode & 0o777;
  return mode === '100755' ? 0o755 : 0o644;
}

/** Files that go make way first: one may stand where a new file's folder is to be. */
async function replace(targets: readonly Target[]): Promise<void> {
  const done: string[] = [];
  try {
    for (const { file, full, fresh } of targets) {
      if (fresh !== undefined) continue;
      await rm(full);
      done.push(`${file} (removed)`);
    }
    for (const { file, full, fresh } of targets) {
      if (fresh === undefined) continue;
      await mkdir(dirname(full), { recursive: true });
      await rename(fresh, full);
      done.push(file);
    }
  } catch (error) {
    const written =
      done.length === 0
        ? 'nothing was written'
        : `of ${targets.length} files only these were written: ${done.join(', ')}`;
    throw new UserError(`${written}; then: ${messageOf(error)}`);
  }
}
