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
  user: string;
  merge: { commit: string; by: string } | null;
  closedBy: string | null;
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

export interface Status {
  id: number;
  commit: string;
  state: string;
  context: string;
  description: string | null;
  targetUrl: string | null;
  createdAt: string;
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
  /** Last id given to a comment or status. */
  lastId: number;
}

/** The time as the service writes it, in whole seconds. */
export function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
