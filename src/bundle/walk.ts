import type { TreeEntry } from '../git/tree-object.ts';
import { pathFault } from '../model/tree.ts';
import { tooLarge } from './header.ts';
import { InvalidBundle } from './invalid-bundle.ts';
import type { BundleLimits } from './limits.ts';
import type { Quarantine } from './quarantine.ts';
import { parseCommit, type SignedObject } from './signed.ts';

/** A commit that came with a bundle. */
export interface NewCommit extends SignedObject {
  id: string;
  parents: readonly string[];
  tree: string;
}

const AT_ONCE = 500;

/**
 * Walks from the tips over all that came: commits and trees, each once.
 * @param of.own commits that are the site's here; a tip that did not come must be one of them
 * @returns the commits by id
 * @throws InvalidBundle for links, submodules and odd names, for too many commits or folders in folders, and where
 *   the bundle holds what its refs do not reach
 */
export async function walkNew(
  quarantine: Quarantine,
  { tips, own, tag }: { tips: readonly string[]; own: ReadonlySet<string>; tag: string },
  limits: BundleLimits,
): Promise<Map<string, NewCommit>> {
  const { objects, base } = quarantine;
  const packed = new Set(await quarantine.packed());
  const commits = new Map<string, NewCommit>();
  if (tips.some((id) => !packed.has(id) && !own.has(id)))
    throw new InvalidBundle('mismatch', 'one of its refs leads to nothing');
  let queue = [...new Set(tips)].filter((id) => packed.has(id));
  while (queue.length > 0) {
    if (commits.size + queue.length > limits.commits) throw tooLarge('commits', limits.commits);
    const read = await Promise.all(queue.map((id) => readCommit(quarantine, id)));
    for (const commit of read) commits.set(commit.id, commit);
    const parents = new Set(read.flatMap((commit) => commit.parents));
    queue = [...parents].filter((id) => packed.has(id) && !commits.has(id));
  }
  const seen = new Set<string>([tag, ...commits.keys()]);
  let level = [...new Set([...commits.values()].map(({ tree }) => tree))];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limits.depth) throw tooLarge('folders within folders', limits.depth);
    const below = new Set<string>();
    const fresh = level.filter((id) => packed.has(id) && !seen.has(id));
    for (const id of fresh) seen.add(id);
    for (let at = 0; at < fresh.length; at += AT_ONCE) {
      const trees = await Promise.all(fresh.slice(at, at + AT_ONCE).map((id) => objects.tree(id)));
      for (const entry of trees.flat()) {
        const fault = entryFault(entry);
        if (fault) throw new InvalidBundle('bad-tree', `${JSON.stringify(entry.name)} ${fault}`);
        if (entry.mode === '40000') below.add(entry.id);
        else seen.add(entry.id);
      }
    }
    level = [...below];
  }
  if ([...packed].some((id) => !seen.has(id) && !base.has(id)))
    throw new InvalidBundle('foreign-objects', 'it holds objects that its refs do not lead to');
  return commits;
}

async function readCommit({ objects }: Quarantine, id: string): Promise<NewCommit> {
  const info = await objects.info(id);
  if (info?.type !== 'commit')
    throw new InvalidBundle('mismatch', 'one of its refs leads to no commit');
  const commit = parseCommit(await objects.content(id));
  const { headers } = commit;
  return {
    ...commit,
    id,
    parents: headers.get('parent') ?? [],
    tree: headers.get('tree')?.[0] ?? '',
  };
}

function entryFault({ mode, name, valid }: TreeEntry): string | undefined {
  if (!valid) return 'is not named in UTF-8';
  if (name.includes('/')) return 'has a slash in its name';
  const fault = pathFault(name);
  if (fault) return fault;
  if (mode === '120000') return 'is a symbolic link';
  if (mode === '160000') return 'is a submodule';
  if (mode === '40000' || mode === '100644' || mode === '100755') return undefined;
  return `has the mode ${mode}`;
}
