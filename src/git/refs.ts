import { GitError, RefMoved } from './errors.ts';
import { assertObjectId, assertRef } from './names.ts';
import type { Repository } from './repository.ts';

export interface RefUpdate {
  /** Full name: `refs/sites/lisbon-07/desired`. */
  ref: string;
  /** Where it goes; null deletes it. */
  to: string | null;
  /** Where it must be now; null: it must not be there; undefined: wherever it is. */
  from: string | null | undefined;
}

/** Refs that are looked up at once. */
const AT_ONCE = 1000;

/**
 * Refs at or below a name, and the commits they are at.
 * @param prefix a full ref name, or a folder of refs with or without a slash at its end (`refs/sites`)
 */
export async function listRefs(
  repository: Repository,
  prefix: string,
): Promise<Map<string, string>> {
  const folder = prefix.replace(/\/$/, '');
  assertRef(folder);
  const { stdout } = await repository.run([
    'for-each-ref',
    '--format=%(objectname) %(refname)',
    folder,
  ]);
  const refs = new Map<string, string>();
  for (const line of stdout.toString().split('\n')) {
    const space = line.indexOf(' ');
    if (space !== -1) refs.set(line.slice(space + 1), line.slice(0, space));
  }
  return refs;
}

/** Where a ref is, or undefined if it is not there. */
export async function readRef(repository: Repository, ref: string): Promise<string | undefined> {
  return (await listRefs(repository, ref)).get(ref);
}

/**
 * Moves refs in one transaction: either every one was where its update says, and all move, or none does. (A kill
 * in the middle may leave some moved and others not; each is then at its old or its new commit.)
 * @throws RefMoved naming the first ref that was elsewhere; GitError for all else
 */
export async function updateRefs(
  repository: Repository,
  updates: readonly RefUpdate[],
): Promise<void> {
  if (updates.length === 0) return;
  const lines = updates.map(updateLine);
  try {
    await repository.run(['update-ref', '--no-deref', '--stdin'], {
      input: ['start', ...lines, 'prepare', 'commit', ''].join('\n'),
      timeout: 600,
    });
  } catch (error) {
    // Where git was ended it may have moved some: then nobody else did.
    const refused = error instanceof GitError && error.exitCode !== null;
    throw (refused ? await findMoved(repository, updates) : undefined) ?? error;
  }
}

function updateLine({ ref, to, from }: RefUpdate): string {
  assertRef(ref);
  if (to !== null) assertObjectId(to);
  if (typeof from === 'string') assertObjectId(from);
  if (to === null) {
    if (from === null) return `verify ${ref}`;
    return from === undefined ? `delete ${ref}` : `delete ${ref} ${from}`;
  }
  if (from === null) return `create ${ref} ${to}`;
  return from === undefined ? `update ${ref} ${to}` : `update ${ref} ${to} ${from}`;
}

async function findMoved(
  repository: Repository,
  updates: readonly RefUpdate[],
): Promise<RefMoved | undefined> {
  for (let at = 0; at < updates.length; at += AT_ONCE) {
    const some = updates.slice(at, at + AT_ONCE);
    const infos = await Promise.all(some.map(({ ref }) => repository.objects.info(ref)));
    for (const [index, { ref, from }] of some.entries()) {
      const actual = infos[index]?.id ?? null;
      if (from !== undefined && from !== actual) return new RefMoved(ref, from, actual);
    }
  }
  return undefined;
}
