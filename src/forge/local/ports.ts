import type { CommitState, PullRequest } from '../forge.ts';

/** What the local forge remembers of a pull request. Merged is final; closed is until it is opened again. */
export interface PullRecord {
  /** From 1, in the order of opening. */
  number: number;
  branch: string;
  base: string;
  /** Commit of the branch when it was last looked at while open. */
  head: string;
  title: string;
  body: string;
  labels: string[];
  state: PullRequest['state'];
  mergeCommit: string | null;
  decidedBy: string | null;
}

export type NewPullRecord = Pick<
  PullRecord,
  'branch' | 'base' | 'head' | 'title' | 'body' | 'labels'
>;

export type PullRecordChange = Partial<
  Pick<PullRecord, 'head' | 'title' | 'body' | 'labels' | 'state' | 'mergeCommit' | 'decidedBy'>
>;

export interface PullComment {
  /** Names the comment; unique within its pull request. */
  marker: string;
  body: string;
}

export interface StatusRecord {
  context: string;
  state: CommitState;
  description: string;
  url: string | null;
}

/** The memory of the local forge. Each method is one durable step. */
export interface PullRecords {
  /**
   * Opens a pull request (state `open`, the next number, nothing decided) unless the branch has one already,
   * whatever its state. Returns the branch's newest.
   */
  insertIfAbsent(draft: NewPullRecord): Promise<{ pull: PullRecord; inserted: boolean }>;
  get(number: number): Promise<PullRecord | undefined>;
  /** The one of the branch with the highest number. */
  newestByBranch(branch: string): Promise<PullRecord | undefined>;
  /** Changes the columns that are given; returns the whole record. Throws if there is no such number. */
  update(number: number, change: PullRecordChange): Promise<PullRecord>;
  /** Newest first; `before` is the last number of the page before. */
  list(query: {
    state?: PullRecord['state'];
    before?: number;
    limit: number;
  }): Promise<PullRecord[]>;

  /** Writes the comment of that marker, replacing its body if it is there. Throws if there is no such number. */
  upsertComment(number: number, comment: PullComment): Promise<void>;
  /** In the order in which they were first written. */
  comments(number: number): Promise<PullComment[]>;

  /** Writes the commit's status of that context, replacing the one that is there. */
  setStatus(commit: string, status: StatusRecord): Promise<void>;
  /** By context. */
  statuses(commit: string): Promise<StatusRecord[]>;
}

/** The repository that pull requests are merged in. */
export interface MergeTarget {
  /** Commit of a branch (short name, `trueup/lisbon-07/1f0c…`), or undefined if there is no such branch. */
  branchHead(branch: string): Promise<string | undefined>;
  /** Whether the commit can be reached from the branch `base`. False if either is unknown to the repository. */
  contains(base: string, commit: string): Promise<boolean>;
  /** Paths that the commit `head` changes since it left the branch `base`; none if either is unknown. */
  changedFiles(base: string, head: string): Promise<string[]>;
  /**
   * Merges exactly the commit `head` into the branch `base` with a merge commit, moving the branch only from
   * where the merge found it. `author` is a person's or token's name, not an address; `message` is the whole
   * message. Returns the commit that `base` is at then, or the paths that conflict.
   * Throws where a repeat can help (the branch moved meanwhile).
   */
  merge(options: {
    head: string;
    base: string;
    message: string;
    author: string;
  }): Promise<{ commit: string } | { conflicts: string[] }>;
}
