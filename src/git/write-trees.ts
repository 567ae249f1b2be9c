import { type FileMode, pathFault, type SiteTree } from '../model/tree.ts';
import { commitDate, commitMessage, identity, type Person } from './commit-words.ts';
import { GitError } from './errors.ts';
import type { KnownObjects } from './known-objects.ts';
import { assertObjectId } from './names.ts';
import { Pace } from './pace.ts';
import { PackWriter } from './pack-writer.ts';
import type { Repository } from './repository.ts';

/** A commit of a whole tree. The same spec gives the same commit id, always. */
export interface TreeCommit {
  /** Full ids. */
  parents: readonly string[];
  files: SiteTree;
  /** Stored as it is, but for NUL characters. */
  message: string;
  author: Person;
  /** Milliseconds since 1970; git keeps whole seconds, and we the time zone UTC. */
  time: number;
  /** Makes an armored signature over the commit without it; the same spec gives the same id if it always does. */
  sign?: ((payload: Buffer) => string) | undefined;
}

/** Parents that are looked up at once. */
const AT_ONCE = 1000;

/**
 * Writes commits and all that they hold, however many, in packs of its own making. No ref is touched. When this
 * returns they are on disk (fsync). Most alike trees are best given one after the other.
 * @returns the commits' ids, in the order given
 * @throws TypeError where a path, id or time cannot be written, GitError where a parent is not there, or what the
 *   file system says; nothing counts as written then
 */
export async function writeTreeCommits(
  repository: Repository,
  known: KnownObjects,
  commits: Iterable<TreeCommit> | AsyncIterable<TreeCommit>,
): Promise<string[]> {
  const pack = new PackWriter(repository.packs, known);
  const writer = new TreeWriter(pack);
  const parents = new Set<string>();
  const pace = new Pace();
  const ids: string[] = [];
  for await (const commit of commits) {
    const id = await writer.commit(commit);
    ids.push(id);
    for (const parent of commit.parents) parents.add(parent);
    if (parents.size >= AT_ONCE) await assertCommits(repository, parents);
    if (pack.isFull) await pack.flush();
    const pause = pace.next();
    if (pause) await pause;
  }
  await assertCommits(repository, parents);
  await pack.flush();
  return ids;
}

/** Makes sure that all of them are there, and empties the set. */
async function assertCommits(repository: Repository, ids: Set<string>): Promise<void> {
  const all = [...ids];
  ids.clear();
  const infos = await Promise.all(all.map((id) => repository.objects.info(id)));
  const missing = all.find((_, index) => infos[index]?.type !== 'commit');
  if (missing !== undefined)
    throw new GitError('write-commits', null, '', `found no commit ${missing} to follow`);
}

interface Entry {
  name: string;
  mode: string;
  id: string;
}

/** A folder as it was last written: its entries as they came, and their places in git's order. */
interface WrittenFolder {
  entries: readonly Entry[];
  order: readonly number[];
  id: string;
}

const FOLDER = '40000';

type Folder = Map<string, Folder | { mode: FileMode; id: string }>;

/** Writes trees one after the other, and does not look again at what is as it was in the one before. */
class TreeWriter {
  readonly #pack: PackWriter;
  /** Of paths that were checked. */
  readonly #parts = new Map<string, string[]>();
  /** What stood at a path in the tree before. */
  readonly #blobs = new Map<string, { content: Buffer; id: string }>();
  readonly #folders = new Map<string, WrittenFolder>();

  constructor(pack: PackWriter) {
    this.#pack = pack;
  }

  async commit({ parents, files, message, author, time, sign }: TreeCommit): Promise<string> {
    for (const parent of parents) assertObjectId(parent);
    const person = `${identity(author)} ${commitDate(time)}`;
    const tree = this.#folder('', await this.#blobsOf(files));
    const lines = [`tree ${tree}`, ...parents.map((parent) => `parent ${parent}`)];
    lines.push(`author ${person}`, `committer ${person}`);
    const text = (signature: readonly string[]) =>
      Buffer.from([...lines, ...signature, '', commitMessage(message)].join('\n'));
    const signature = sign?.(text([])).trimEnd().split('\n') ?? [];
    // As headers of more than one line are written: the others begin with a space.
    const header = signature.map((line, index) => (index === 0 ? `gpgsig ${line}` : ` ${line}`));
    return this.#pack.put('commit', text(header));
  }

  async #blobsOf(files: SiteTree): Promise<Folder> {
    const root: Folder = new Map();
    for (const [path, { mode, content }] of files) {
      const parts = this.#partsOf(path);
      let folder = root;
      for (const [depth, part] of parts.entries()) {
        const found = folder.get(part);
        if (found && !(found instanceof Map)) throw inTheWay(parts, depth, path);
        if (depth === parts.length - 1) {
          if (found) throw inTheWay(parts, depth, `${path}/`);
          folder.set(part, { mode, id: await this.#blob(path, content) });
        } else if (found) folder = found;
        else {
          const below: Folder = new Map();
          folder.set(part, below);
          folder = below;
        }
      }
    }
    return root;
  }

  async #blob(path: string, content: Buffer): Promise<string> {
    const before = this.#blobs.get(path);
    if (before?.content === content) return before.id;
    const id = await this.#pack.put('blob', content);
    this.#blobs.set(path, { content, id });
    return id;
  }

  #folder(prefix: string, folder: Folder): string {
    const entries = [...folder].map(([name, entry]) =>
      entry instanceof Map
        ? { name, mode: FOLDER, id: this.#folder(`${prefix}${name}/`, entry) }
        : { name, mode: entry.mode, id: entry.id },
    );
    const before = this.#folders.get(prefix);
    const isAlike = before !== undefined && hasSameNames(before.entries, entries);
    if (isAlike && entries.every(({ id }, index) => before.entries[index]!.id === id))
      return before.id;
    const order = isAlike ? before.order : orderOf(entries);
    const id = this.#pack.putSmall('tree', treeObject(order.map((index) => entries[index]!)));
    this.#folders.set(prefix, { entries, order, id });
    return id;
  }

  #partsOf(path: string): string[] {
    let parts = this.#parts.get(path);
    if (!parts) {
      const fault = pathFault(path);
      if (fault) throw new TypeError(`${JSON.stringify(path)} cannot be written: it ${fault}`);
      this.#parts.set(path, (parts = path.split('/')));
    }
    return parts;
  }
}

function inTheWay(parts: readonly string[], depth: number, path: string): TypeError {
  const above = parts.slice(0, depth + 1).join('/');
  return new TypeError(`"${above}" is a file, and so "${path}" cannot be`);
}

/** Whether two lists of entries have the same names and modes, one by one. */
function hasSameNames(a: readonly Entry[], b: readonly Entry[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, mode }, index) => b[index]!.name === name && b[index]!.mode === mode)
  );
}

/** Places of the entries in git's order, in which a folder's name counts as if it ended in a slash. */
function orderOf(entries: readonly Entry[]): number[] {
  const keys = entries.map(({ name, mode }) => (mode === FOLDER ? `${name}/` : name));
  return [...keys.keys()].toSorted((a, b) => compareBytes(keys[a]!, keys[b]!));
}

function treeObject(entries: readonly Entry[]): Buffer {
  const size = entries.reduce((sum, { mode, name }) => sum + mode.length + name.length * 3 + 22, 0);
  const content = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { mode, name, id } of entries) {
    at += content.write(`${mode} ${name}\0`, at);
    at += content.write(id, at, 'hex');
  }
  return content.subarray(0, at);
}

// Control characters are what this pattern is for.
// oxlint-disable-next-line no-control-regex
const BEYOND_ASCII = /[^\u0000-\u007f]/;

/** As git orders the entries of a tree: by the bytes of their names. */
function compareBytes(a: string, b: string): number {
  if (BEYOND_ASCII.test(a) || BEYOND_ASCII.test(b))
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}
