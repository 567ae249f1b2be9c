/** A pull request as every forge can tell it. */
export interface PullRequest {
  number: number;
  url: string;
  title: string;
  body: string;
  /** Branch and commit that it asks to merge, and the branch it goes to. */
  branch: string;
  head: string;
  base: string;
  state: 'open' | 'merged' | 'closed';
  /** Commit on the base branch that merged it. */
  mergeCommit?: string;
  /** Who decided, where the forge says it. */
  decidedBy?: string;
  labels: string[];
}

export interface PullRequestDraft {
  branch: string;
  base: string;
  title: string;
  body: string;
  labels: string[];
}

export type CommitState = 'pending' | 'success' | 'failure' | 'error';

export interface CommitStatus {
  /** Who says it: `trueup/render`. */
  context: string;
  state: CommitState;
  description: string;
  url?: string;
}

/**
 * Where pull requests live. Every `ensure…` may be repeated: after a crash or a lost answer the second call finds
 * what the first one did. Branches are pushed over git by the caller before a pull request is asked for.
 * Throws `Stalled` where retrying cannot help (credentials, missing repository), other errors where it can.
 */
export interface Forge {
  readonly type: 'local' | 'github';
  /** Opens the branch's pull request, or finds the newest one that the branch has, whatever its state. */
  ensurePullRequest(draft: PullRequestDraft): Promise<PullRequest>;
  getPullRequest(number: number): Promise<PullRequest | undefined>;
  /** The newest pull request of a branch, whatever its state. */
  findPullRequest(branch: string): Promise<PullRequest | undefined>;
  /** Posts the comment that carries `<!-- trueup:marker -->`, or brings the one that is there up to date. */
  ensureComment(number: number, marker: string, body: string): Promise<void>;
  /** Brings title and body up to date. */
  updatePullRequest(number: number, change: { title?: string; body?: string }): Promise<void>;
  /** Merges exactly the commit that was reviewed. Already merged is success. Throws `UserError` if it can't be. */
  mergePullRequest(number: number, head: string, decidedBy: string): Promise<PullRequest>;
  closePullRequest(number: number, decidedBy: string): Promise<PullRequest>;
  setCommitStatus(commit: string, status: CommitStatus): Promise<void>;
}
