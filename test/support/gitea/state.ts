import type { BareRepository } from '../github/repository.ts';

export interface Pull {
  number: number;
  title: string;
  body: string;
  /** Branch that it asks to merge, its commit, and the branch that it goes to. */
  branch: string;
  head: string;
  base: string;
  /** Commit of the base when it was last open, and where the two parted. */
  baseCommit: string;
  mergeBase: string;
  /** Head and base that the two were last found for. */
  ends: string;
  state: 'open' | 'closed';
  /** Ids of the repository's labels. */
  labels: number[];
  user: string;
  merge: { commit: string; by: string } | null;
  /** Is merged once the base's rules are met. */
  scheduled: { message: string; by: string } | null;
  /** Head and base that the service has looked at for conflicts; that takes it a moment. */
  checked: string;
  events: { type: string; user: string; label?: number; body?: string }[];
  createdAt: string;
}

export interface Comment {
  id: number;
  pull: number;
  body: string;
  user: string;
  createdAt: string;
}

export interface Issue {
  number: number;
  title: string;
  body: string;
  state: 'open' | 'closed';
  user: string;
}

export interface Status {
  id: number;
  commit: string;
  status: string;
  context: string;
  description: string;
  targetUrl: string;
}

/** Everything that the emulated service remembers. Branches and commits are in the repository. */
export interface GiteaState {
  owner: string;
  repo: string;
  /** Account that the token belongs to. */
  account: string;
  origin: string;
  repository: BareRepository;
  pulls: Pull[];
  comments: Comment[];
  statuses: Status[];
  issues: Issue[];
  labels: { id: number; name: string; color: string }[];
  /** What accounts may do here; others nothing. */
  permissions: Map<string, 'admin' | 'write' | 'read'>;
  /** The base branches' rule: statuses without whose success nothing is merged. */
  requiredStatuses: string[];
  /** The repository's setting of that name. */
  autodetectManualMerge: boolean;
  lastId: number;
}

export function rulesAreMet(state: GiteaState, commit: string): boolean {
  return state.requiredStatuses.every(
    (context) =>
      state.statuses.findLast((one) => one.commit === commit && one.context === context)?.status ===
      'success',
  );
}

export function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
