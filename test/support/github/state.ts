import type { BareRepository } from './repository.ts';

export interface Pull {
  number: number;
  title: string;
  body: string | null;
  /** Branch that it asks to merge, its commit, and the branch that it goes to. */
  branch: string;
  head: string;
  base: string;
  /** Commit of the base when it was last open. */
  baseCommit: string;
  state: 'open' | 'closed';
  labels: string[];
  /** What was put on and taken off, oldest first. */
  labelling: { event: 'labeled' | 'unlabeled'; label: string; by: string; at: string }[];
  user: string;
  /** Owner of the fork that its branch lies in; empty: it lies here. */
  fork: string;
  draft: boolean;
  /** Who has it merged once the base's rules are met. */
  autoMerge: { by: string; message: string } | null;
  merge: { commit: string; by: string } | null;
  closedBy: string | null;
  /** The trial merge that is kept under `refs/pull/<number>/merge`. */
  trial: string | null;
  /** Head and base for which the service has worked out by now whether they can be merged. */
  mergeabilityOf: string;
  createdAt: string;
  updatedAt: string;
  closedAt: string | null;
}

export interface Comment {
  id: number;
  pull: number;
  body: string;
  user: string;
  createdAt: string;
  updatedAt: string;
}

/** What is no pull request. Its number is none of theirs. */
export type Issue = Pick<
  Pull,
  | 'number'
  | 'state'
  | 'title'
  | 'body'
  | 'user'
  | 'labels'
  | 'merge'
  | 'closedBy'
  | 'closedAt'
  | 'createdAt'
  | 'updatedAt'
>;

export interface Status {
  id: number;
  commit: string;
  state: string;
  context: string;
  description: string | null;
  targetUrl: string | null;
  createdAt: string;
}

/** An app that is installed for the repository, and the tokens that it was given. */
export interface App {
  id: string;
  slug: string;
  installation: number;
  /** PEM; empty: there is no app. */
  publicKey: string;
  /** When they expire, by the service's clock (ms since 1970). */
  tokens: Map<string, number>;
}

/** Everything that the emulated service remembers. Branches and commits are in the repository. */
export interface GitHubState {
  owner: string;
  repo: string;
  /** Account that the token belongs to. */
  account: string;
  /** `http://127.0.0.1:<port>`, for the addresses in answers; where the API is below it. */
  origin: string;
  apiUrl: string;
  repository: BareRepository;
  pulls: Pull[];
  comments: Comment[];
  statuses: Status[];
  issues: Issue[];
  /** What accounts may do here; others nothing. */
  permissions: Map<string, 'admin' | 'write' | 'read'>;
  /** The base branches' rule: statuses without whose success nothing is merged. */
  requiredStatuses: string[];
  /** Whether the repository's settings allow auto-merge. */
  autoMergeAllowed: boolean;
  app: App;
  /** Last id given to a comment or status. */
  lastId: number;
}

/** Whether all statuses that the rules ask for are there. */
export function rulesAreMet(state: GitHubState, commit: string): boolean {
  return state.requiredStatuses.every((context) => {
    const newest = state.statuses.findLast(
      (status) => status.commit === commit && status.context === context,
    );
    return newest?.state === 'success';
  });
}

/** The time as the service writes it, in whole seconds. */
export function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
