import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import {
  chmod,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  unlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { syncFolder } from '../../git/sync-folder.ts';
import { UserError } from '../../model/errors.ts';
import { compareText } from '../../model/problem.ts';
import {
  MANIFEST_PATH,
  pathFault,
  sameFile,
  type SiteTree,
  treeDigest,
  type TreeFile,
} from '../../model/tree.ts';

/** A file that is larger than this is no configuration file: it is left where it is and reported. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
const MAX_FILES = 20_000;

/** What editors, Ansible and Python leave beside the files they touch: no edit of the tree. */
const LEFTOVERS = [
  /(?:^|\/)\.[^/]*\.sw[a-px]$/,
  /~$/,
  /(?:^|\/)(?:#[^/]*#|\.#[^/]*|4913)$/,
  /(?:^|\/)__pycache__\//,
  /\.retry$/,
  /(?:^|\/)\.ansible\//,
  /(?:^|\/)\.git\//,
];

export interface Scan {
  tree: SiteTree;
  digest: string;
  /** What stands in the folder and can be no part of a tree (links, sockets, huge files), with the reason. */
  refused: { path: string; reason: string }[];
  /** The newest change (ms since 1970) and the owner of a file, by path: who edited it, when. */
  stats: ReadonlyMap<string, { changedAt: number; uid: number }>;
}

/** Somebody changed a file between our look and our write: look again, record it, then go on. */
export class EditedMeanwhile extends Error {
  override name = 'EditedMeanwhile';
  readonly path: string;

  constructor(path: string) {
    super(`${path} was edited while it was to be written`);
    this.path = path;
  }
}

interface Remembered {
  key: string;
  file: TreeFile;
}

/**
 * A site's tree as a real folder that an operator may edit at any time. Reading it never changes it; writing it
 * replaces a file only if that file still is what the caller has recorded (law 6).
 */
export class WorkingCopy {
  readonly directory: string;
  readonly #scratch: string;
  #remembered = new Map<string, Remembered>();

  /** @param directory the folder `tree/` is in; files in writing are kept beside it, on the same file system */
  constructor(directory: string) {
    this.directory = join(directory, 'tree');
    this.#scratch = join(directory, 'writing');
  }

  async exists(): Promise<boolean> {
    return lstat(this.directory).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
  }

  /** Reads the folder as it stands. Files whose inode, size and times are as before are not read again. */
  async scan(): Promise<Scan> {
    const found = new Map<string, TreeFile>();
    const stats = new Map<string, { changedAt: number; uid: number }>();
    const refused: Scan['refused'] = [];
    const remembered = new Map<string, Remembered>();
    const startedAt = BigInt(Date.now()) * 1_000_000n;
    const walk = async (folder: string): Promise<void> => {
      const entries = await readdir(join(this.directory, folder), { withFileTypes: true }).catch(
        ignoreMissing([]),
      );
      for (const entry of entries) {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (LEFTOVERS.some((pattern) => pattern.test(entry.isDirectory() ? `${path}/` : path))) {
          continue;
        }
        const fault = pathFault(path);
        if (fault) {
          refused.push({ path: JSON.stringify(path).slice(1, -1), reason: `its name ${fault}` });
        } else if (entry.isDirectory()) {
          await walk(path);
        } else if (!entry.isFile()) {
          refused.push({ path, reason: 'it is no regular file' });
        } else {
          await take(path);
        }
      }
    };
    const take = async (path: string): Promise<void> => {
      const full = join(this.directory, path);
      const stat = await lstat(full, { bigint: true }).catch(ignoreMissing(undefined));
      if (!stat) return;
      if (stat.size > MAX_FILE_BYTES) {
        refused.push({ path, reason: `it is larger than ${MAX_FILE_BYTES} bytes` });
        return;
      }
      if (found.size >= MAX_FILES) {
        throw new UserError(
          `${this.directory} holds more than ${MAX_FILES} files: remove what is no part of it`,
        );
      }
      const key = `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.mode}`;
      const before = this.#remembered.get(path);
      let file = before?.key === key ? before.file : undefined;
      if (!file) {
        const content = await readBounded(full).catch(ignoreMissing(undefined));
        if (content === undefined) return;
        const mode = (Number(stat.mode) & 0o100) === 0 ? '100644' : '100755';
        file =
          before && before.file.mode === mode && before.file.content.equals(content)
            ? before.file
            : { mode, content };
      }
      // A file written in the very moment of the look may change again within its clock tick.
      if (startedAt - stat.ctimeNs > 2_000_000_000n) remembered.set(path, { key, file });
      found.set(path, file);
      stats.set(path, { changedAt: Number(stat.ctimeNs / 1_000_000n), uid: Number(stat.uid) });
    };
    await walk('');
    this.#remembered = remembered;
    const tree = new Map([...found].toSorted(([a], [b]) => compareText(a, b)));
    return { tree, digest: treeDigest(tree), refused, stats };
  }

  /**
   * Brings the folder from `recorded` to `wanted`. A file that is not what `recorded` says is left alone:
   * throws `EditedMeanwhile`; the caller records the edit and starts over. Safe to repeat after a crash.
   */
  async write(recorded: SiteTree, wanted: SiteTree): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    await rm(this.#scratch, { recursive: true, force: true });
    await mkdir(this.#scratch);
    const folders = new Set<string>();
    for (const [path, before] of recorded) {
      if (!wanted.has(path)) await this.#replace(path, before, undefined, folders);
    }
    // The manifest goes last: it says which tree this is.
    const order = [...wanted].toSorted(
      ([a], [b]) => Number(a === MANIFEST_PATH) - Number(b === MANIFEST_PATH),
    );
    for (const [path, file] of order) {
      const before = recorded.get(path);
      if (!sameFile(before, file)) await this.#replace(path, before, file, folders);
    }
    await this.#syncFolders(
      [...recorded.keys(), ...wanted.keys()].filter(
        (path) => !sameFile(recorded.get(path), wanted.get(path)),
      ),
    );
    await rm(this.#scratch, { recursive: true, force: true });
  }

  async #replace(
    path: string,
    before: TreeFile | undefined,
    after: TreeFile | undefined,
    folders: Set<string>,
  ): Promise<void> {
    const fault = pathFault(path);
    if (fault)
      throw new UserError(`the path ${JSON.stringify(path)} ${fault}; nothing was written there`);
    const full = join(this.directory, path);
    await this.#ensureFolder(path, folders);
    const fresh = join(this.#scratch, randomUUID());
    if (after) await writeDurably(fresh, after);
    // Until the new file is in its place, a second name keeps whatever stands there now, so that even an edit
    // made in this very moment can be put back.
    const kept = join(this.#scratch, randomUUID());
    if (!before && after && (await link(fresh, full).then(() => true, ignore('EEXIST', false))))
      return;
    const present = await link(full, kept).then(() => true, ignoreMissing(false));
    if (!present) throw new EditedMeanwhile(path);
    const same = async (): Promise<boolean> => {
      const stat = await lstat(kept);
      if (!stat.isFile()) return false;
      const mode = (stat.mode & 0o100) === 0 ? '100644' : '100755';
      const now = { mode, content: await readBounded(kept) } as const;
      // After a crash in mid-write the file already is what it shall become.
      return sameFile(now, before) || sameFile(now, after);
    };
    if (!(await same())) throw new EditedMeanwhile(path);
    if (after) await rename(fresh, full);
    else await unlink(full);
    if (!(await same())) {
      await rename(kept, full);
      throw new EditedMeanwhile(path);
    }
    if (!after) await this.#removeEmptyFolders(dirname(path));
  }

  /** Makes new names, and that old ones are gone, last through a power cut. */
  async #syncFolders(paths: readonly string[]): Promise<void> {
    const folders = new Set<string>();
    for (const path of paths) {
      for (let at = dirname(path); !folders.has(at); at = dirname(at)) folders.add(at);
    }
    for (const folder of folders) {
      await syncFolder(join(this.directory, folder)).catch(ignoreMissing(undefined));
    }
  }

  /** Makes the folders of a path; a link in their place would lead us out of the tree. */
  async #ensureFolder(path: string, known: Set<string>): Promise<void> {
    if (known.has(dirname(path))) return;
    const parts = path.split('/').slice(0, -1);
    let at = this.directory;
    for (const part of parts) {
      at = join(at, part);
      const stat = await lstat(at).catch(ignoreMissing(undefined));
      if (!stat) await mkdir(at);
      else if (!stat.isDirectory()) throw new EditedMeanwhile(path);
    }
    known.add(dirname(path));
  }

  async #removeEmptyFolders(folder: string): Promise<void> {
    for (let at = folder; at !== '.'; at = dirname(at)) {
      const gone = await rmdir(join(this.directory, at)).then(
        () => true,
        () => false,
      );
      if (!gone) return;
    }
  }
}

async function readBounded(path: string): Promise<Buffer> {
  // No link is followed, should one have taken the file's place since we looked.
  await using handle = await open(
    path,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  );
  const { size } = await handle.stat();
  if (size > MAX_FILE_BYTES) throw new UserError(`${path} is larger than ${MAX_FILE_BYTES} bytes`);
  return await readFile(handle);
}

async function writeDurably(path: string, file: TreeFile): Promise<void> {
  const mode = file.mode === '100755' ? 0o755 : 0o644;
  await using handle = await open(path, 'wx', mode);
  await handle.writeFile(file.content);
  await handle.sync();
  await chmod(path, mode);
}

function ignoreMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return instead;
    throw error;
  };
}

function ignore<T>(code: string, instead: T): (error: unknown) => T {
  return (error) => {
    if (isCode(error, code)) return instead;
    throw error;
  };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
