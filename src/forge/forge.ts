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
  /** Who opened it: an account's name. Not known to the local forge. */
  author?: string;
  /** Its branch lies in another repository, with what that one's owner put there. */
  fork?: true;
  /** Not to be merged yet, as its author says. */
  draft?: true;
  /** The forge merges it by itself, as it was at `head`, as soon as its rules allow. */
  autoMerge?: true;
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

export interface PullRequestComment {
  /** The forge's own name of it; on the local forge the marker. */
  id: string;
  /** Account that wrote it. Any account may write what it likes: ask for its permission before obeying. */
  author: string;
  /** Without the marker's line. */
  body: string;
  /** Set on a comment of ours that `ensureComment` made. */
  marker?: string;
  /** Milliseconds since 1970; 0 where the forge does not keep it. */
  createdAt: number;
}

/** How the result of merging a pull request can be had. */
export interface MergeResult {
  /** Ref of the plan's repository by which git fetches the head, a fork's as well. */
  headRef: string;
  head: string;
  /** False if it conflicts; not given while the forge has not worked it out. */
  mergeable?: boolean;
  /** The trial merge that the forge keeps as a ref, of this `head` and of a base that may have moved since. */
  trial?: { ref: string; commit: string };
}

/** One page on the forge that is ours, edited in place. */
export interface Dashboard {
  title: string;
  body: string;
  /** It says something that people should see: it is made if it is not there, and opened if it was closed. */
  needed: boolean;
}

/** What an account may do in the repository. `write` is what merging takes. */
export type Permission = 'none' | 'read' | 'write' | 'admin';

/**
 * Where pull requests live. Every `ensure…` may be repeated: after a crash or a lost answer the second call finds
 * what the first one did. Branches are pushed over git by the caller before a pull request is asked for; whether
 * somebody else has pushed to one shows in `head`, which then is not the commit that was pushed last.
 * Throws `Stalled` where retrying cannot help (credentials, missing repository), `UserError` where the forge refuses
 * this one thing, other errors where a repeat can help.
 */
export interface Forge {
  readonly type: 'local' | 'github' | 'gitea';
  /** Opens the branch's pull request, or finds the newest one that the branch has, whatever its state. */
  ensurePullRequest(draft: PullRequestDraft): Promise<PullRequest>;
  getPullRequest(number: number): Promise<PullRequest | undefined>;
  /** The newest pull request of a branch, whatever its state. */
  findPullRequest(branch: string): Promise<PullRequest | undefined>;
  /** All open pull requests to a branch, those of forks too, the newest first. */
  listOpenPullRequests(base: string): Promise<PullRequest[]>;
  /** Posts the comment that carries `<!-- trueup:marker -->`, or brings the one that is there up to date. */
  ensureComment(number: number, marker: string, body: string): Promise<void>;
  /** Every comment, the oldest first. */
  listComments(number: number): Promise<PullRequestComment[]>;
  /** Puts labels on a pull request and takes others off; labels that nobody mentions stay. Returns all of them. */
  ensureLabels(number: number, change: { add?: string[]; remove?: string[] }): Promise<string[]>;
  /** The account that put a label of a pull request on last; undefined where that is not known. */
  labelledBy(number: number, label: string): Promise<string | undefined>;
  /** Brings title and body up to date. */
  updatePullRequest(number: number, change: { title?: string; body?: string }): Promise<void>;
  /** Merges exactly the commit that was reviewed. Already merged is success. Throws `UserError` if it can't be. */
  mergePullRequest(number: number, head: string, decidedBy: string): Promise<PullRequest>;
  /**
   * Has the forge merge exactly this commit as soon as its rules (required statuses, reviews) are met: at once if
   * they are. Already merged, or set to be, is success. Throws `UserError` if the repository does not have it.
   * The commit is looked at now: what people with write access push later may be merged instead, so take it back
   * where `head` moves.
   */
  ensureAutoMerge(number: number, head: string, decidedBy: string): Promise<PullRequest>;
  /** Takes `ensureAutoMerge` back, as far as it is not merged yet. What a person has set stays, where that is known. */
  cancelAutoMerge(number: number): Promise<PullRequest>;
  closePullRequest(number: number, decidedBy: string): Promise<PullRequest>;
  /** Opens a closed one again. Already open is success. Throws `UserError` if merged, or if its branch is gone. */
  reopenPullRequest(number: number): Promise<PullRequest>;
  /**
   * Brings the dashboard, an issue of the repository, up to date. One that is not needed and not there is not made.
   * On the local forge there are no issues: its own page shows what waits.
   */
  ensureDashboard(dashboard: Dashboard): Promise<void>;
  setCommitStatus(commit: string, status: CommitStatus): Promise<void>;
  /**
   * Paths that an open pull request changes, old names of what it renames as well, sorted; `complete` is false if the
   * forge does not tell them all, or none: then git has to be asked.
   */
  changedFiles(number: number): Promise<{ files: string[]; complete: boolean }>;
  mergeResult(number: number): Promise<MergeResult>;
  /** What an account may do; `none` for one that is not known. */
  permissionOf(account: string): Promise<Permission>;
}
