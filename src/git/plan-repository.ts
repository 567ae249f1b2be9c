import PQueue from 'p-queue';

import { Stalled, UserError } from '../model/errors.ts';
import type { PlanEdit } from '../model/proposal.ts';
import type { TreeFile } from '../model/tree.ts';
import type { Person } from './commit-words.ts';
import { type CommitDescription, describeCommit } from './describe-commit.ts';
import { RefMoved } from './errors.ts';
import { type CommitSpec, writeCommits } from './fast-import.ts';
import { type LogEntry, readLog } from './log.ts';
import { assertBranch, assertObjectId, refNameFault } from './names.ts';
import { type ReadFiles, readFiles, type ReadOptions } from './read-files.ts';
import { readRefFile, readRefFiles } from './ref-files.ts';
import { listRefs, readRef, updateRefs } from './refs.ts';
import {
  type Credentials,
  isUnauthorized,
  parseRemote,
  permanentRefusal,
  pushRefusal,
  type Remote,
  remoteFailure,
  remoteSettings,
  secretsOf,
} from './remote.ts';
import { Repository, type RepositoryOptions } from './repository.ts';
import { signatureFault, type Signers } from './signatures.ts';

export interface PlanRepositoryOptions extends RepositoryOptions {
  /** Where the plan's repository is: https, http, ssh, git or file URL, `user@host:path`, or a local path. */
  url: string;
  /** The branch that is tracked. */
  branch: string;
  /**
   * Asked before each call to the remote, so that short-lived tokens work; asked with the one that the remote has just
   * rejected, another is tried once. For http and https only.
   */
  token?: ((rejected?: string) => Promise<string | undefined>) | undefined;
  /** Program and options that stand in for `ssh`. */
  sshCommand?: string | undefined;
}

/** What makes a commit, beside its content. The same input gives the same commit id. */
export interface CommitWords {
  message: string;
  author: Person;
  /** The author, if not given. */
  committer?: Person;
  /** Milliseconds since 1970. */
  time: number;
}

const TRACKING = 'refs/remotes/origin/';
/** Seconds that one call to the remote may take. */
const TIMEOUT = 600;
/** Answers about ancestry that are kept. */
const MAX_ANCESTRY = 10_000;

/**
 * Our bare mirror of the plan's repository: its branches as of the last fetch, commits that we make, and pushes.
 * Commits are written as objects only; nothing changes at the remote until one is pushed, and a push moves a branch
 * only from where the caller saw it. Calls to the remote throw Stalled where repeating them cannot help.
 */
export class PlanRepository {
  readonly branch: string;
  readonly #repository: Repository;
  readonly #remote: Remote;
  readonly #options: PlanRepositoryOptions;
  /** Whether one commit leads to another, of those that git was asked about: it never changes. */
  readonly #ancestry = new Map<string, boolean>();
  /** Fetches and pushes move the same tracking refs: one at a time. */
  readonly #queue = new PQueue({ concurrency: 1 });
  readonly #closing = new AbortController();

  private constructor(repository: Repository, remote: Remote, options: PlanRepositoryOptions) {
    this.#repository = repository;
    this.#remote = remote;
    this.#options = options;
    this.branch = options.branch;
  }

  /**
   * Opens or makes the mirror, as its only owner. Asks nothing of the remote yet.
   * @throws UserError if url or branch cannot be used
   */
  static async open(options: PlanRepositoryOptions): Promise<PlanRepository> {
    assertBranch(options.branch);
    const remote = parseRemote(options.url);
    return new PlanRepository(await Repository.open(options), remote, options);
  }

  /**
   * Brings all branches up to date in one call; those that are gone go here too.
   * @returns the tracked branch's commit (undefined: no such branch) and those of all branches by short name;
   *   branches whose names are unsafe are left out
   */
  async fetch(): Promise<{ head: string | undefined; branches: Map<string, string> }> {
    await this.#atRemote([
      'fetch',
      '--quiet',
      '--prune',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      'origin',
      `+refs/heads/*:${TRACKING}*`,
    ]);
    const branches = new Map<string, string>();
    const refs =
      (await readRefFiles(this.#repository, TRACKING.slice(0, -1))) ??
      (await listRefs(this.#repository, TRACKING));
    for (const [ref, commit] of refs) {
      const name = ref.slice(TRACKING.length);
      if (refNameFault(name) === undefined) branches.set(name, commit);
    }
    return { head: branches.get(this.branch), branches };
  }

  /**
   * Brings a commit here that a ref of the remote leads to, such as the head of a pull request of a fork, and moves
   * nothing. Whether the ref led there is told: it may have moved on.
   */
  async fetchCommit(ref: string, commit: string): Promise<boolean> {
    const fault = refNameFault(ref);
    if (fault || !ref.startsWith('refs/')) {
      throw new UserError(`${JSON.stringify(ref)} is no ref that we fetch`);
    }
    if (await this.#knows(commit)) return true;
    await this.#atRemote([
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      'origin',
      ref,
    ]);
    return this.#knows(commit);
  }

  /** The tracked branch's commit as of the last fetch or push. */
  async head(): Promise<string | undefined> {
    return this.branchHead(this.branch);
  }

  /** A branch's commit (short name) as of the last fetch or push, or undefined if there is none. */
  async branchHead(name: string): Promise<string | undefined> {
    assertBranch(name);
    const ref = TRACKING + name;
    const id = await readRefFile(this.#repository, ref);
    return id === undefined ? readRef(this.#repository, ref) : (id ?? undefined);
  }

  /** See `readFiles`. */
  async readFiles(commit: string, options: ReadOptions = {}): Promise<ReadFiles> {
    return this.#repository.measure('read-files', () =>
      readFiles(this.#repository.objects, commit, options),
    );
  }

  /**
   * Writes the commit that makes these edits to its parent, and moves nothing.
   * @param change.path folder that the edits' files are relative to; empty or not given: the top
   */
  async commitEdits(
    change: { parent: string; edits: readonly PlanEdit[]; path?: string } & CommitWords,
  ): Promise<string> {
    const { parent, edits, path = '', ...words } = change;
    const prefix = path === '' ? '' : `${path.replace(/\/+$/, '')}/`;
    const files = new Map<string, TreeFile | null>();
    for (const { file, mode, content } of edits) {
      files.set(prefix + file, content === null ? null : { mode, content });
    }
    return this.#commit({ ...words, parents: [parent], content: { edits: files } });
  }

  /**
   * Merges `head` into `base` and writes the merge commit, and moves nothing. What is merged already gives `base`.
   * @returns the commit, or the paths that conflict
   * @throws Error if one of them is not here
   */
  async mergeCommit(
    merge: { base: string; head: string } & CommitWords,
  ): Promise<{ commit: string } | { conflicts: string[] }> {
    const { base, head, ...words } = merge;
    assertObjectId(base);
    assertObjectId(head);
    if (await this.isAncestor(head, base)) return { commit: base };
    const { exitCode, stdout } = await this.#repository.run(
      ['merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', base, head],
      { exitCodes: [0, 1] },
    );
    const [tree = '', ...conflicts] = stdout.toString().split('\0').slice(0, -1);
    // Git ends in the same way for a commit that it does not know, and then names nothing that conflicts.
    if (tree === '')
      throw new Error(`${head} can't be merged into ${base}: one of them is not here`);
    if (exitCode === 1) return { conflicts: [...new Set(conflicts)] };
    return { commit: await this.#commit({ ...words, parents: [base, head], content: { tree } }) };
  }

  /**
   * Pushes a commit to a branch that must be where `expected` says (null: must not be there). A branch that is at
   * the commit already is success: the answer to an earlier push may have been lost.
   * @throws RefMoved if the branch is elsewhere, Stalled if the remote will not take it
   */
  async pushBranch(branch: string, commit: string, expected: string | null): Promise<void> {
    assertObjectId(commit);
    await this.#push(branch, commit, expected);
  }

  /** Deletes a branch that must be at `expected`; one that is gone already is success. Throws like `pushBranch`. */
  async deleteBranch(branch: string, expected: string): Promise<void> {
    await this.#push(branch, null, expected);
  }

  /** Moves the tracked branch on from `expected` to a commit that descends from it. Throws like `pushBranch`. */
  async pushBase(commit: string, expected: string): Promise<void> {
    if (!(await this.isAncestor(expected, commit))) {
      throw new UserError(`${commit} does not follow ${expected}: ${this.branch} is only moved on`);
    }
    await this.#push(this.branch, commit, expected);
  }

  /** Whether `b` is `a` or follows it. False if either is unknown here. */
  async isAncestor(a: string, b: string): Promise<boolean> {
    if (!(await this.#knows(a)) || !(await this.#knows(b))) return false;
    if (a === b || (await this.#parentsOf(b)).includes(a)) return true;
    const question = `${a} ${b}`;
    const known = this.#ancestry.get(question);
    if (known !== undefined) return known;
    const { exitCode } = await this.#repository.run(['merge-base', '--is-ancestor', a, b], {
      exitCodes: [0, 1],
    });
    if (this.#ancestry.size >= MAX_ANCESTRY) this.#ancestry.clear();
    this.#ancestry.set(question, exitCode === 0);
    return exitCode === 0;
  }

  /** The best common ancestor of two commits, or undefined if they have none. */
  async mergeBase(a: string, b: string): Promise<string | undefined> {
    assertObjectId(a);
    assertObjectId(b);
    const { stdout } = await this.#repository.run(['merge-base', a, b], { exitCodes: [0, 1] });
    return stdout.toString().trim() || undefined;
  }

  /** Paths at which the trees of two commits differ. */
  async changedFiles(a: string, b: string): Promise<string[]> {
    assertObjectId(a);
    assertObjectId(b);
    const { stdout } = await this.#repository.run([
      'diff-tree',
      '-r',
      '-z',
      '--name-only',
      '--no-renames',
      a,
      b,
    ]);
    return stdout.toString().split('\0').slice(0, -1);
  }

  /** Commits that `to` has and `from` (undefined: nothing) has not, newest first. */
  async log(from: string | undefined, to: string, limit: number): Promise<LogEntry[]> {
    return readLog(this.#repository, from, to, limit);
  }

  /** See `describeCommit`. */
  async describe(commit: string): Promise<CommitDescription> {
    return describeCommit(this.#repository, commit);
  }

  /** See `signatureFault`. */
  async signatureFault(commit: string, signers: Signers): Promise<string | undefined> {
    return signatureFault(this.#repository, commit, signers);
  }

  /** See `Repository.maintain`. */
  async maintain(): Promise<void> {
    await this.#repository.maintain();
  }

  /** Ends what is under way at the remote (a push that was cut off may be repeated) and all processes. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#queue.onIdle();
    await this.#repository.close();
  }

  async #commit(spec: CommitSpec): Promise<string> {
    const [commit] = await writeCommits(this.#repository, [spec]);
    return commit!;
  }

  async #knows(commit: string): Promise<boolean> {
    assertObjectId(commit);
    return (await this.#repository.objects.info(commit))?.type === 'commit';
  }

  async #parentsOf(commit: string): Promise<string[]> {
    const content = await this.#repository.objects.content(commit);
    const header = content.toString('latin1').split('\n\n', 1)[0]!;
    return [...header.matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, parent]) => parent!);
  }

  async #push(branch: string, to: string | null, expected: string | null): Promise<void> {
    assertBranch(branch);
    if (expected !== null) assertObjectId(expected);
    const ref = `refs/heads/${branch}`;
    try {
      await this.#atRemote([
        'push',
        '--no-verify',
        '--no-follow-tags',
        '--no-recurse-submodules',
        '--no-progress',
        `--force-with-lease=${ref}:${expected ?? ''}`,
        'origin',
        `${to ?? ''}:${ref}`,
      ]);
    } catch (error) {
      await this.#judgeFailedPush(error, branch, to, expected);
    }
    // A fetch beside it could not lock the ref.
    await this.#queue.add(() =>
      updateRefs(this.#repository, [{ ref: TRACKING + branch, to, from: undefined }]),
    );
  }

  /** Returns if the branch is where the push was to bring it after all; else throws what best says why. */
  async #judgeFailedPush(
    error: unknown,
    branch: string,
    to: string | null,
    expected: string | null,
  ): Promise<void> {
    if (error instanceof Stalled) throw error;
    const reason = pushRefusal(error);
    const refusal =
      reason === undefined ? undefined : permanentRefusal(reason, branch, this.#remote);
    if (refusal) throw refusal;
    const ref = `refs/heads/${branch}`;
    const listed = await this.#atRemote(['ls-remote', '--refs', 'origin', ref]);
    const line = listed.split('\n').find((one) => one.endsWith(`\t${ref}`));
    const actual = line?.split('\t')[0] ?? null;
    if (actual === to) return;
    throw actual === expected ? error : new RefMoved(branch, expected, actual);
  }

  async #atRemote(args: readonly string[]): Promise<string> {
    const { token } = this.#options;
    return this.#queue.add(async () => {
      const first = await token?.();
      try {
        return await this.#attempt(args, first);
      } catch (error) {
        // It was refused before anything was done, and may have expired or been revoked early.
        const other =
          first !== undefined && isUnauthorized(error) ? await token?.(first) : undefined;
        if (other === undefined || other === first) throw remoteFailure(error, this.#remote);
        return this.#attempt(args, other).catch((again: unknown) => {
          throw remoteFailure(again, this.#remote);
        });
      }
    });
  }

  async #attempt(args: readonly string[], token: string | undefined): Promise<string> {
    const credentials: Credentials = { token, sshCommand: this.#options.sshCommand };
    const { stdout } = await this.#repository.run(args, {
      timeout: TIMEOUT,
      settings: remoteSettings(this.#remote, credentials),
      secrets: secretsOf(credentials),
      signal: this.#closing.signal,
    });
    return stdout.toString();
  }
}
