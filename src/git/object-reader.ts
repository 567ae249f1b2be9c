import { GitError } from './errors.ts';
import { type GitOptions, type GitProcess, startGit } from './process.ts';
import { changedEntries, parseTree, type TreeEntry } from './tree-object.ts';

export interface ObjectInfo {
  id: string;
  type: string;
  size: number;
}

interface Request {
  command: 'info' | 'contents';
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

interface Answer {
  info: ObjectInfo | undefined;
  /** Empty for `info`. */
  content: Buffer;
}

/** Tree entries that are remembered; about 200 bytes each. */
const REMEMBERED_ENTRIES = 100_000;
/** Bytes of trees that are compared. */
const REMEMBERED_BYTES = 4 * 1024 * 1024;
const LARGEST_TREE = 64 * 1024 * 1024;
/** Seconds without a byte while answers are due. */
const STALL = 60;
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/**
 * Reads objects of one repository through one long-lived `git cat-file --batch-command`, started when first asked.
 * Many requests may be under way; they are answered in order. Sizes are known before content is asked for, so
 * callers decide what is too large before a byte of it is read.
 */
export class ObjectReader {
  readonly #options: GitOptions;
  readonly #trees = new Map<string, readonly TreeEntry[]>();
  /** Trees that were compared, as they stand. */
  readonly #compared = new Map<string, Buffer>();
  #remembered = 0;
  #session: Session | undefined;

  constructor(options: GitOptions) {
    this.#options = options;
  }

  /**
   * What an object is, or undefined if there is none.
   * @param name a full id, or a revision that is made of checked parts (`<id>^{tree}`, `<id>:<path>`)
   */
  async info(name: string): Promise<ObjectInfo | undefined> {
    return (await this.#ask('info', name)).info;
  }

  /** Content of an object whose size the caller has looked at. Throws GitError if it is not there. */
  async content(id: string): Promise<Buffer> {
    const { info, content } = await this.#ask('contents', id);
    if (!info) throw new GitError('cat-file', null, '', `found no object ${id}`);
    return content;
  }

  /** Entries of a tree object. Trees never change, so the recently used ones are remembered. */
  async tree(id: string): Promise<readonly TreeEntry[]> {
    const known = this.#trees.get(id);
    if (known) {
      this.#trees.delete(id);
      this.#trees.set(id, known);
      return known;
    }
    const entries = parseTree(await this.#treeContent(id), id.length / 2);
    this.#remember(id, entries);
    return entries;
  }

  /** Entries in which two trees differ; undefined where they do in more than the ids (see `changedEntries`). */
  async changedEntries(
    before: string,
    after: string,
  ): Promise<{ was: TreeEntry; is: TreeEntry }[] | undefined> {
    const [was, is] = await Promise.all([before, after].map((id) => this.#comparedContent(id)));
    return changedEntries(was!, is!, after.length / 2);
  }

  /** The content of the tree that was the newer one is remembered: it is the older one next time. */
  async #comparedContent(id: string): Promise<Buffer> {
    const known = this.#compared.get(id);
    if (known) return known;
    const content = await this.#treeContent(id);
    this.#compared.set(id, content);
    let size = 0;
    for (const one of this.#compared.values()) size += one.length;
    for (const [oldest, { length }] of this.#compared) {
      if (size <= REMEMBERED_BYTES) break;
      this.#compared.delete(oldest);
      size -= length;
    }
    return content;
  }

  async #treeContent(id: string): Promise<Buffer> {
    const info = await this.info(id);
    if (info?.type !== 'tree' || info.size > LARGEST_TREE) {
      const what = info ? `${info.type} of ${info.size} bytes` : 'nothing';
      throw new GitError('cat-file', null, '', `found ${what} where tree ${id} should be`);
    }
    return this.content(id);
  }

  /** Ends the process; requests under way fail. A later request starts a new one. */
  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  /** Lets go of the packs that are open: what is asked from now on is answered by a new process. */
  async renew(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.retire();
  }

  #ask(command: Request['command'], name: string): Promise<Answer> {
    if (name.includes('\n')) throw new TypeError('an object name holds no line break');
    if (!this.#session || this.#session.over) this.#session = new Session(this.#options);
    return this.#session.ask(command, name);
  }

  #remember(id: string, entries: readonly TreeEntry[]): void {
    if (this.#trees.has(id)) return;
    this.#trees.set(id, entries);
    this.#remembered += entries.length;
    for (const [oldest, { length }] of this.#trees) {
      if (this.#remembered <= REMEMBERED_ENTRIES) break;
      this.#trees.delete(oldest);
      this.#remembered -= length;
    }
  }
}

/** One cat-file process and the requests that it owes answers to. */
class Session {
  /** Its process has ended or is about to. */
  over = false;
  readonly #git: GitProcess;
  readonly #requests: Request[] = [];
  #answered = 0;
  /** Start of a header line whose end has not come yet. */
  #header = NOTHING;
  /** Content that is being filled, and the bytes that it and the line break after it still lack. */
  #body: { info: ObjectInfo; content: Buffer; missing: number } | undefined;
  readonly #stalled: NodeJS.Timeout;

  constructor(options: GitOptions) {
    this.#git = startGit(['cat-file', '--batch-command'], {
      ...options,
      // It lives as long as its repository is open; what is bounded is the wait for an answer.
      timeout: Infinity,
      onOperation: undefined,
    });
    this.#stalled = setTimeout(() => this.#onStall(), STALL * 1000).unref();
    this.#git.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
    const onEnd = (error?: unknown): void => {
      this.#fail(error instanceof Error ? error : new GitError('cat-file', 0, '', 'ended early'));
    };
    this.#git.ended.then(() => onEnd(), onEnd);
  }

  ask(command: Request['command'], name: string): Promise<Answer> {
    if (this.#due === 0) this.#stalled.refresh();
    return new Promise((resolve, reject) => {
      this.#requests.push({ command, resolve, reject });
      this.#git.stdin.write(`${command} ${name}\n`);
    });
  }

  async close(): Promise<void> {
    const idle = this.#due === 0;
    this.#fail(new GitError('cat-file', null, '', 'was closed'));
    this.#git.stdin.end();
    if (!idle) this.#git.end('was closed');
    await this.#git.ended.catch(() => {});
  }

  /** Ends the process once it has answered what it was asked. */
  async retire(): Promise<void> {
    this.#git.stdin.end();
    await this.#git.ended.catch(() => {});
  }

  get #due(): number {
    return this.#requests.length - this.#answered;
  }

  #onStall(): void {
    if (this.#due > 0) this.#git.end(`gave no answer for ${STALL} s`);
  }

  #read(chunk: Buffer): void {
    this.#stalled.refresh();
    let at = 0;
    while (at < chunk.length) {
      at = this.#body ? this.#readBody(chunk, at) : this.#readHeader(chunk, at);
    }
  }

  #readHeader(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(NEWLINE, at);
    if (end === -1) {
      this.#header = Buffer.concat([this.#header, chunk.subarray(at)]);
      return chunk.length;
    }
    const line = `${this.#header.toString()}${chunk.toString('utf8', at, end)}`;
    this.#header = NOTHING;
    const [, id, type = '', size] = /^([0-9a-f]{40,64}) ([a-z]+) (\d+)$/.exec(line) ?? [];
    const info = id === undefined ? undefined : { id, type, size: Number(size) };
    if (info && this.#requests[this.#answered]?.command === 'contents') {
      this.#body = { info, content: Buffer.allocUnsafeSlow(info.size), missing: info.size + 1 };
    } else {
      this.#answer({ info, content: NOTHING });
    }
    return end + 1;
  }

  #readBody(chunk: Buffer, at: number): number {
    const body = this.#body!;
    const end = Math.min(chunk.length, at + body.missing);
    chunk.copy(body.content, body.info.size + 1 - body.missing, at, end);
    body.missing -= end - at;
    if (body.missing === 0) {
      this.#body = undefined;
      this.#answer({ info: body.info, content: body.content });
    }
    return end;
  }

  #answer(answer: Answer): void {
    this.#requests[this.#answered]?.resolve(answer);
    this.#answered += 1;
    if (this.#answered < 1024 && this.#due > 0) return;
    this.#requests.splice(0, this.#answered);
    this.#answered = 0;
  }

  #fail(error: Error): void {
    this.over = true;
    clearTimeout(this.#stalled);
    for (const request of this.#requests.splice(0).slice(this.#answered)) request.reject(error);
    this.#answered = 0;
  }
}
