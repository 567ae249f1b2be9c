import { UserError } from '../model/errors.ts';
import { compareText } from '../model/problem.ts';
import { type FileMode, pathFault, type TrackedFile, type TrackedFiles } from '../model/tree.ts';
import { GitError } from './errors.ts';
import { assertObjectId } from './names.ts';
import type { ObjectReader } from './object-reader.ts';
import { Pace } from './pace.ts';
import type { TreeEntry } from './tree-object.ts';

export interface ReadOptions {
  /** Folder of the repository that is read as if it were its top; empty or not given: the top itself. */
  path?: string;
  /**
   * Files read before, at whatever commit: content that is still the same is taken from them, not from git.
   * `commit`, only where they are all that was there, with nothing refused, in the same folder: then no more is
   * looked at than what differs.
   */
  previous?: { readonly commit?: string; readonly files: TrackedFiles };
  /** Contents by blob id that reads share: looked into like `previous`, and added to. */
  contents?: Map<string, Buffer>;
  /** Bytes; larger files are refused. */
  maxFileSize?: number;
  /** Bytes of all files, each distinct content counted once. */
  maxTotalSize?: number;
  /** Files and folders. */
  maxEntries?: number;
}

export interface ReadFiles {
  /** In code-unit order of the paths. */
  files: TrackedFiles;
  /** What stands at the commit and cannot be used; `path` is presentable, `reason` reads on after it. */
  refused: { path: string; reason: string }[];
}

interface FoundFile {
  path: string;
  mode: FileMode;
  id: string;
}

const MIB = 1024 * 1024;
/** Requests that are under way at once. */
const BATCH = 1000;
const FOLDER = '40000';

/**
 * Reads all files at a commit (or in one of its folders). Symbolic links, submodules, odd modes, large files, and
 * paths that are unsafe or no UTF-8 are refused, each with its reason; everything else is read.
 * Walks the tree objects, of which the reader remembers those it has seen: a commit that changes one file costs
 * the trees above it and that one blob.
 * @param commit full id of a commit or tree
 * @throws UserError where there is no such folder or the whole is too large; GitError where an object is missing
 */
export async function readFiles(
  objects: ObjectReader,
  commit: string,
  options: ReadOptions = {},
): Promise<ReadFiles> {
  const { maxFileSize = 32 * MIB, maxTotalSize = 512 * MIB, maxEntries = 200_000 } = options;
  const root = await findRoot(objects, commit, options.path ?? '');
  const before = options.previous?.files ?? new Map<string, TrackedFile>();
  if (options.previous?.commit !== undefined) {
    const limits = { maxFileSize, maxTotalSize, commit };
    const from = await findRoot(objects, options.previous.commit, options.path ?? '');
    const files = await readChanges(objects, { from, before }, root, limits);
    if (files) return { files, refused: [] };
  }
  const { found, refused } = await walk(objects, root, { maxEntries, commit, before });

  const contents = options.contents ?? new Map<string, Buffer>();
  for (const file of before.values()) contents.set(file.hash, file.content);
  const faults = await readContents(objects, found, contents, {
    maxFileSize,
    maxTotalSize,
    commit,
  });

  found.sort((a, b) => compareText(a.path, b.path));
  const files = new Map<string, TrackedFile>();
  const pace = new Pace();
  for (const { path, mode, id } of found) {
    const same = before.get(path);
    const content = contents.get(id);
    // The very same object where nothing changed: what is known of it, a compiled template say, is known still.
    if (same?.hash === id && same.mode === mode) files.set(path, same);
    else if (content) files.set(path, { mode, content, hash: id });
    else refused.push({ path, reason: faults.get(id) ?? 'could not be read' });
    const pause = pace.next();
    if (pause) await pause;
  }
  refused.sort((a, b) => compareText(a.path, b.path));
  return { files, refused };
}

interface Limits {
  maxFileSize: number;
  maxTotalSize: number;
  commit: string;
}

/**
 * The files at a tree, from those at an earlier one; undefined where more has changed than what is in them, or
 * where any doubt is left: a reading of all then tells.
 */
async function readChanges(
  objects: ObjectReader,
  { from, before }: { from: string; before: TrackedFiles },
  root: string,
  limits: Limits,
): Promise<TrackedFiles | undefined> {
  const changed = await changedBlobs(objects, from, root, '');
  if (!changed?.every(({ path, mode }) => before.get(path)?.mode === mode)) return undefined;
  const contents = new Map<string, Buffer>();
  const faults = await readContents(objects, changed, contents, limits);
  if (faults.size > 0) return undefined;
  const files = new Map(before);
  for (const { path, mode, id } of changed)
    files.set(path, { mode, content: contents.get(id)!, hash: id });
  let total = 0;
  for (const { content } of files.values()) total += content.length;
  return total <= limits.maxTotalSize ? files : undefined;
}

/** Files that two trees have in different versions; undefined where the trees differ in anything but content. */
async function changedBlobs(
  objects: ObjectReader,
  from: string,
  to: string,
  prefix: string,
): Promise<FoundFile[] | undefined> {
  if (from === to) return [];
  const entries = await objects.changedEntries(from, to);
  if (!entries) return undefined;
  const changed: FoundFile[] = [];
  for (const { was, is } of entries) {
    const { name, mode, id } = is;
    const path = `${prefix}${name}`;
    if (mode === FOLDER) {
      const below = await changedBlobs(objects, was.id, id, `${path}/`);
      if (!below) return undefined;
      changed.push(...below);
    } else if (isFileMode(mode)) changed.push({ path, mode, id });
    else return undefined;
  }
  return changed;
}

async function findRoot(objects: ObjectReader, commit: string, path: string): Promise<string> {
  assertObjectId(commit);
  const folder = path.replace(/\/+$/, '');
  if (folder !== '') {
    const fault = pathFault(folder);
    if (fault)
      throw new UserError(
        `${JSON.stringify(folder)} cannot be a folder of the repository: it ${fault}`,
      );
  }
  const tree = await objects.info(`${commit}^{tree}`);
  if (!tree) throw new GitError('cat-file', null, '', `found no commit ${commit}`);
  if (folder === '') return tree.id;
  const info = await objects.info(`${tree.id}:${folder}`);
  if (info?.type === 'tree') return info.id;
  throw new UserError(
    info
      ? `${folder} is not a folder at commit ${commit}`
      : `there is no folder ${folder} at commit ${commit}: set the path that holds the plan`,
  );
}

interface Folder {
  /** Its path with a slash at the end; empty for the top. */
  prefix: string;
  id: string;
}

interface Walked {
  found: FoundFile[];
  refused: ReadFiles['refused'];
}

/** Breadth first, so that all trees of one depth are asked for together. */
async function walk(
  objects: ObjectReader,
  root: string,
  { maxEntries, commit, before }: { maxEntries: number; commit: string; before: TrackedFiles },
): Promise<Walked> {
  const walked: Walked = { found: [], refused: [] };
  const pace = new Pace();
  let entryCount = 0;
  let level: Folder[] = [{ prefix: '', id: root }];
  while (level.length > 0) {
    const below: Folder[] = [];
    for (let at = 0; at < level.length; at += BATCH) {
      const folders = level.slice(at, at + BATCH);
      const trees = await Promise.all(folders.map(({ id }) => objects.tree(id)));
      for (const [index, entries] of trees.entries()) {
        // Trees may repeat each other: a few kilobytes of objects can spell billions of paths.
        entryCount += entries.length;
        if (entryCount > maxEntries) {
          throw new UserError(`commit ${commit} holds more than ${maxEntries} files and folders`);
        }
        for (const folder of await visit(entries, folders[index]!.prefix, walked, { pace, before }))
          below.push(folder);
      }
    }
    level = below;
  }
  return walked;
}

/** Adds a folder's entries to what was walked; returns the folders among them. */
async function visit(
  entries: readonly TreeEntry[],
  prefix: string,
  { found, refused }: Walked,
  { pace, before }: { pace: Pace; before: TrackedFiles },
): Promise<Folder[]> {
  const folders: Folder[] = [];
  const twice = repeatedNames(entries);
  for (const entry of entries) {
    const path = `${prefix}${entry.name}`;
    // A path that was found good before is good.
    const plain = entry.valid && !entry.name.includes('/');
    const known = plain && before.get(path)?.mode === entry.mode;
    const fault = twice.has(entry.name)
      ? 'stands twice in its folder'
      : known
        ? undefined
        : entryFault(entry, path);
    if (fault) refused.push({ path: presentablePath(path), reason: fault });
    else if (entry.mode === FOLDER) folders.push({ prefix: `${path}/`, id: entry.id });
    else if (isFileMode(entry.mode)) found.push({ path, mode: entry.mode, id: entry.id });
    const pause = pace.next();
    if (pause) await pause;
  }
  return folders;
}

function entryFault(entry: TreeEntry, path: string): string | undefined {
  if (!entry.valid) return 'is not named in UTF-8';
  if (entry.name.includes('/')) return 'has a name with a slash in it';
  const fault = pathFault(path);
  if (fault) return fault;
  if (entry.mode === '120000') return 'is a symbolic link';
  if (entry.mode === '160000') return 'is a submodule';
  if (entry.mode === FOLDER || isFileMode(entry.mode)) return undefined;
  return `has the mode ${entry.mode}: only 100644 and 100755 are read`;
}

function isFileMode(mode: string): mode is FileMode {
  return mode === '100644' || mode === '100755';
}

/** Adds to `contents` what it lacks. Returns why what is still lacking then was not read. */
async function readContents(
  objects: ObjectReader,
  found: readonly FoundFile[],
  contents: Map<string, Buffer>,
  limits: Limits,
): Promise<Map<string, string>> {
  const faults = new Map<string, string>();
  const ids = [...new Set(found.map(({ id }) => id))];
  const wanted = ids.filter((id) => !contents.has(id));
  let total = 0;
  for (const id of ids) total += contents.get(id)?.length ?? 0;
  for (let at = 0; at < wanted.length; at += BATCH) {
    const infos = await Promise.all(wanted.slice(at, at + BATCH).map((id) => objects.info(id)));
    const readable: string[] = [];
    for (const [index, info] of infos.entries()) {
      const id = wanted[at + index]!;
      if (!info) throw new GitError('cat-file', null, '', `found no object ${id}`);
      if (info.type !== 'blob') faults.set(id, `is no file but a ${info.type}`);
      else if (info.size > limits.maxFileSize)
        faults.set(id, `has ${info.size} bytes, more than the ${limits.maxFileSize} that are read`);
      else {
        total += info.size;
        readable.push(id);
      }
    }
    if (total > limits.maxTotalSize) {
      throw new UserError(
        `the files at commit ${limits.commit} have more than ${limits.maxTotalSize} bytes together`,
      );
    }
    const read = await Promise.all(readable.map((id) => objects.content(id)));
    for (const [index, id] of readable.entries()) {
      // Another read that shares the contents may have been quicker; one Buffer is to serve both.
      if (!contents.has(id)) contents.set(id, read[index]!);
    }
  }
  return faults;
}

/** Names that more than one entry of a folder has: which of them is meant nobody can say. */
function repeatedNames(entries: readonly TreeEntry[]): Set<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { name } of entries) (seen.has(name) ? repeated : seen).add(name);
  return repeated;
}

function presentablePath(path: string): string {
  return path.replaceAll(
    /\p{Cc}/gu,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
