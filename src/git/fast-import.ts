import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { pathFault, sha256, type TreeFile } from '../model/tree.ts';
import { commitDate, commitMessage, identity, type Person } from './commit-words.ts';
import { GitError } from './errors.ts';
import { assertObjectId, isObjectId } from './names.ts';
import { Pace } from './pace.ts';
import type { Repository } from './repository.ts';
import { syncFolder } from './sync-folder.ts';

/** A commit to be written. The same spec gives the same commit id, always. */
export interface CommitSpec {
  /** Full ids; the first is the one that `edits` change. */
  parents: readonly string[];
  content:
    /** Path → its whole new file, or null where it goes; other paths stay as the first parent has them. */
    | { edits: ReadonlyMap<string, TreeFile | null> }
    /** A tree that is in the repository. */
    | { tree: string };
  /** Stored as it is, but for NUL characters. */
  message: string;
  author: Person;
  /** The author, if not given. */
  committer?: Person;
  /** Milliseconds since 1970; git keeps whole seconds, and we the time zone UTC. */
  time: number;
}

/** A branch that the stream writes to and gives up again, so that no ref is left behind. */
const SCRATCH = 'refs/trueup/scratch';
const CHUNK = 128 * 1024;
/** Seconds for any number of commits. */
const TIMEOUT = 1800;

/**
 * Writes commits and all that they hold by one `git fast-import`, however many. No ref is touched. When this
 * returns they are on disk (fsync). Content that is the same in several files or commits is sent once.
 * @returns the commits' ids, in the order given
 * @throws TypeError where a path, id or time cannot be written, GitError where git fails; nothing counts as
 *   written then
 * @see https://git-scm.com/docs/git-fast-import
 */
export async function writeCommits(
  repository: Repository,
  commits: Iterable<CommitSpec> | AsyncIterable<CommitSpec>,
): Promise<string[]> {
  const git = repository.start(
    ['fast-import', '--quiet', '--done', '--date-format=raw', '--cat-blob-fd=1'],
    { timeout: TIMEOUT },
  );
  let output = '';
  git.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('latin1');
  });
  const stream = new ImportStream();
  try {
    await pipeline(Readable.from(stream.encode(commits), { objectMode: false }), git.stdin);
    await git.ended;
  } catch (error) {
    // Either our input is at fault, or git has ended: then its own words say why.
    const fault: unknown = await git.ended.then(
      () => error,
      (gitError: unknown) => gitError,
    );
    await rm(join(repository.directory, `fast_import_crash_${git.pid}`), { force: true });
    throw stream.fault ?? fault;
  }
  const ids = output.split('\n').slice(0, -1);
  if (ids.length !== stream.commits || !ids.every(isObjectId)) {
    throw new GitError('fast-import', 0, '', `told ${ids.length} of ${stream.commits} commits`);
  }
  // Git syncs the files it writes, but not the folder that names them.
  await syncFolder(repository.packs);
  return ids;
}

/** Encodes commits as git-fast-import reads them. */
class ImportStream {
  /** Commits encoded so far. */
  commits = 0;
  /** What was wrong with the input, if anything was. */
  fault: unknown;
  #marks = 0;
  /** Marks of content that was sent: by the buffer itself, which is quick, and by what is in it. */
  readonly #byBuffer = new WeakMap<Buffer, number>();
  readonly #byDigest = new Map<string, number>();
  readonly #paths = new Map<string, string>();
  #parts: (string | Buffer)[] = [];
  #size = 0;

  async *encode(
    commits: Iterable<CommitSpec> | AsyncIterable<CommitSpec>,
  ): AsyncGenerator<Buffer, void, void> {
    const pace = new Pace();
    try {
      for await (const commit of commits) {
        for (const file of filesOf(commit)) {
          this.#sendBlob(file);
          if (this.#size >= CHUNK) yield this.#take();
          const pause = pace.next();
          if (pause) await pause;
        }
        this.#sendCommit(commit);
        this.commits += 1;
        if (this.#size >= CHUNK) yield this.#take();
      }
    } catch (error) {
      this.fault = error;
      throw error;
    }
    this.#send('done\n');
    yield this.#take();
  }

  #sendBlob({ content }: TreeFile): void {
    if (this.#byBuffer.has(content)) return;
    const digest = sha256(content);
    let mark = this.#byDigest.get(digest);
    if (mark === undefined) {
      this.#marks += 1;
      mark = this.#marks;
      this.#byDigest.set(digest, mark);
      this.#send(`blob\nmark :${mark}\ndata ${content.length}\n`);
      this.#send(content);
      this.#send('\n');
    }
    this.#byBuffer.set(content, mark);
  }

  #sendCommit(commit: CommitSpec): void {
    const { parents, content, message, author, committer = author, time } = commit;
    for (const parent of parents) assertObjectId(parent);
    const date = commitDate(time);
    this.#marks += 1;
    const mark = this.#marks;
    const bytes = Buffer.from(commitMessage(message));
    const [first, ...others] = parents;
    this.#send(
      `commit ${SCRATCH}\nmark :${mark}\n` +
        `author ${identity(author)} ${date}\ncommitter ${identity(committer)} ${date}\n` +
        `data ${bytes.length}\n`,
    );
    this.#send(bytes);
    this.#send('\n');
    if (first !== undefined) this.#send(`from ${first}\n`);
    for (const other of others) this.#send(`merge ${other}\n`);
    if ('tree' in content) {
      assertObjectId(content.tree);
      this.#send(`M 040000 ${content.tree} ""\n`);
    } else {
      for (const [path, file] of content.edits) if (!file) this.#send(`D ${this.#quote(path)}\n`);
      for (const [path, file] of content.edits) if (file) this.#sendFile(path, file);
    }
    // Giving the branch up makes the next commit start anew, and leaves no ref at the end.
    this.#send(`\nget-mark :${mark}\nreset ${SCRATCH}\n\n`);
  }

  #sendFile(path: string, { mode, content }: TreeFile): void {
    this.#send(`M ${mode} :${this.#byBuffer.get(content)} ${this.#quote(path)}\n`);
  }

  /** The path as the stream spells it; checked once, since most paths stand in many commits. */
  #quote(path: string): string {
    let quoted = this.#paths.get(path);
    if (quoted === undefined) {
      const fault = pathFault(path);
      if (fault) throw new TypeError(`${JSON.stringify(path)} cannot be written: it ${fault}`);
      quoted = `"${path.replaceAll('"', '\\"')}"`;
      this.#paths.set(path, quoted);
    }
    return quoted;
  }

  #send(part: string | Buffer): void {
    this.#parts.push(part);
    this.#size += part.length;
  }

  #take(): Buffer {
    const chunk = Buffer.concat(
      this.#parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
    );
    this.#parts = [];
    this.#size = 0;
    return chunk;
  }
}

function* filesOf({ content }: CommitSpec): Generator<TreeFile> {
  if ('edits' in content) {
    for (const file of content.edits.values()) if (file) yield file;
  }
}
