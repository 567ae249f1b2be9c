import type { Json } from '../model/outputs.ts';
import type { PreviewCheck, PreviewReport, Review } from '../model/preview.ts';
import type { Problem } from '../model/problem.ts';
import type { BackportProposal, PlanEdit, ProposalKind, ProposalState } from '../model/proposal.ts';
import type { RunKind, RunReport, RunResult } from '../model/run.ts';
import type { SiteState } from '../model/site.ts';

/** All times here are milliseconds since 1970; all digests and commits are lower-case hex. */

/** What the controller knows of the plan as a whole. */
export interface PlanStateRow {
  /** Newest commit of the tracked branch, and the newest one that was valid. */
  headRevision: string | null;
  goodRevision: string | null;
  fetchedAt: number | null;
  evaluatedAt: number | null;
  /** Faults of the revision in `invalidRevision`; bounded in number and length. */
  problems: Problem[];
  invalidRevision: string | null;
  /** Revision that sites are being brought to: while it is set, what is desired at some may be of another one. */
  evaluatingRevision: string | null;
  /** A revision that waits for somebody to confirm it, and what it would take away. */
  heldRevision: string | null;
  heldReason: string | null;
  /** The revision that somebody last confirmed. */
  confirmedRevision: string | null;
}

/** `pending`: seen, not applied everywhere yet. */
export type RevisionResult =
  | 'pending'
  | 'applied'
  | 'invalid'
  | 'held' // until somebody confirms what it takes away
  | 'superseded'
  | 'failed';

/** One revision of the plan that the controller has seen. */
export interface RevisionRow {
  revision: string;
  subject: string;
  author: string;
  committedAt: number;
  seenAt: number;
  result: RevisionResult;
  changedSites: number;
  completedAt: number | null;
  /** Whether what came into force is what its pull requests showed; null where none was previewed. */
  review: Review | null;
}

export interface SiteRow {
  name: string;
  labels: Record<string, string>;
  stacks: string[];
  delivery: 'push' | 'agent';
  generation: number;
  desiredCommit: string | null;
  desiredDigest: string | null;
  desiredRevision: string | null;
  observedCommit: string | null;
  observedDigest: string | null;
  /** The desired commit that the working copy came from. */
  baseCommit: string | null;
  /** While the working copy is being brought to `observedCommit`: from which commit, or '' from nothing. */
  writingFrom: string | null;
  appliedCommit: string | null;
  appliedDigest: string | null;
  appliedRevision: string | null;
  applyForced: boolean;
  applyReason: string;
  hold: string | null;
  /** What others have to gather, or to be brought to, before this site can be: for people. */
  waitsFor: string | null;
  /** Sites that changed with a revision that this one changed with too, and that go before it. */
  needs: string[];
  lastApplyFailed: boolean;
  /** One sentence on what happens next. */
  message: string;
  /** Derived from the other columns, the open drifts and the runs under way; never set by callers. */
  state: SiteState;
  lastRunId: string | null;
  lastAppliedAt: number | null;
  updatedAt: number;
  removedAt: number | null;
}

/** Columns that callers may change. */
export type SiteChange = Partial<Omit<SiteRow, 'name' | 'state' | 'updatedAt'>>;

/** A site as the plan defines it; further columns are written where they are given and kept where not. */
export type SiteUpsert = Pick<SiteRow, 'name' | 'labels' | 'stacks' | 'delivery'> & SiteChange;

export interface SiteDesired {
  name: string;
  generation: number;
  desiredCommit: string;
  desiredDigest: string;
  desiredRevision: string;
}

/** A value that runs gather at a site for others. */
export interface ExportRow {
  site: string;
  stack: string;
  name: string;
  /** Null, with no digest, as long as no run gave one that could be used. */
  value: Json;
  digest: string | null;
  /** The revision that was applied when it was gathered, the run, and when that ended. */
  revision: string;
  runId: string;
  gatheredAt: number;
  /** Why the last apply gave none: the value is an older one. */
  fault: string | null;
  /** Those who import it were rendered with it. */
  taken: boolean;
}

export interface RunRow {
  id: string;
  site: string;
  kind: RunKind;
  driver: string;
  cause: string;
  /** Whose tree it ran with: a site's observed commit; of a pull request's check, the head of its branch. */
  commit: string;
  /** The desired commit that it was to bring about; null of a check. */
  desiredCommit: string | null;
  digest: string;
  revision: string;
  startedAt: number;
  endedAt: number | null;
  result: RunResult | null;
  reason: string;
  /** Bounded: tasks that were fine, then diffs, then tasks are left out of a report that is too large. */
  report: RunReport | null;
}

export type RunStart = Omit<RunRow, 'endedAt' | 'result' | 'reason' | 'report'>;

export interface RunEnd {
  endedAt: number;
  result: RunResult;
  reason: string;
  report: RunReport | null;
}

export type DriftKind = 'tree' | 'host';

export type DriftDecision = 'adopted' | 'rejected' | 'reverted' | 'ignored' | 'superseded';

export type DriftStatus = 'open' | DriftDecision;

export interface DriftRow {
  id: string;
  site: string;
  kind: DriftKind;
  /** Unique within the site (see `driftFingerprint`). */
  fingerprint: string;
  /** Names what the edit is, whenever it was made. */
  contentKey: string;
  /** Names what the edit is at whichever site it was made: drifts of one group are decided together. */
  groupKey: string;
  /** The desired commit that it is an edit of. */
  baseCommit: string;
  /** The commit of the site's history that made it as it is. */
  observedCommit: string;
  /** Holds the desired tree with this edit in it, and no other. */
  editCommit: string;
  /** The site's observed commit in which it was found last. */
  foundIn: string;
  /** What became of it at the site before anybody decided; what is known of its pull request goes first. */
  gone: 'reverted' | 'adopted' | null;
  paths: string[];
  author: string;
  /** The operator's own words; empty where nobody said any. */
  message: string;
  detectedAt: number;
  status: DriftStatus;
  decidedAt: number | null;
  decidedBy: string | null;
  proposalId: string | null;
  /** Why no plan edit explains it, as long as that is so. */
  unexplained: string | null;
  /** Whether its site has done what was decided, where it is adopted or rejected. */
  carriedOut: boolean;
}

type Undecided =
  | 'status'
  | 'decidedAt'
  | 'decidedBy'
  | 'proposalId'
  | 'unexplained'
  | 'gone'
  | 'carriedOut';
type Derived = 'groupKey' | 'editCommit' | 'foundIn';

/** A drift without a group is one by itself; one without further commits is all that differed at its site. */
export type NewDrift = Omit<DriftRow, Undecided | Derived> & Partial<Pick<DriftRow, Derived>>;

/** What is told anew of a drift each time that it is found. */
export type FoundDrift = Pick<
  DriftRow,
  'baseCommit' | 'observedCommit' | 'editCommit' | 'foundIn' | 'author' | 'message'
>;

/** A `BackportResult` without the contents of files, which are in git. */
export interface StoredBackport {
  site: string;
  revision: string;
  proposals: (Omit<BackportProposal, 'edits'> & { edits: Omit<PlanEdit, 'content'>[] })[];
  unexplained: { path: string; reason: string }[];
  /** The sites that it was worked out for, where these are several. */
  sites?: string[];
  /** How many of the proposals, the first ones, are made together; the others are alternatives. */
  adopted?: number;
}

/** A commit that the proposal's branch had, and the sites whose edits it explains. */
export interface PushedCommit {
  commit: string;
  sites: string[];
}

export interface ProposalRow {
  id: string;
  /** The drift that it was made for, of several the one at the first site. */
  driftId: string;
  site: string;
  fingerprint: string;
  /** Group of drifts that it decides. */
  groupKey: string;
  /** Unique. */
  branch: string;
  kind: ProposalKind;
  title: string;
  body: string;
  /** Revision of the plan that the proposal was worked out for, and the commit of its branch. */
  baseRevision: string;
  commit: string | null;
  state: ProposalState;
  result: StoredBackport;
  /** Digest of all that it was worked out from: once that is another, it has to be worked out again. */
  basis: string;
  /** The alternative that somebody chose in place of the recommended one (see `choiceOf`). */
  choice: string | null;
  /** Commits of ours that its branch had, or was about to have, the newest last. */
  pushed: PushedCommit[];
  /** The commit that somebody else put on its branch: from then on the branch is theirs. */
  theirs: string | null;
  /** The newest comment that was read as a command. */
  lastCommand: string | null;
  /** Somebody asked us to leave it alone. */
  held: boolean;
  /** The pull request. */
  number: number | null;
  url: string | null;
  createdAt: number;
  openedAt: number | null;
  decidedAt: number | null;
  decidedBy: string | null;
  closeReason: string | null;
}

type Optional = 'groupKey' | 'basis' | 'choice' | 'pushed';

export type NewProposal = Omit<
  ProposalRow,
  | Optional
  | 'state'
  | 'theirs'
  | 'lastCommand'
  | 'held'
  | 'number'
  | 'url'
  | 'openedAt'
  | 'decidedAt'
  | 'decidedBy'
  | 'closeReason'
> &
  Partial<Pick<ProposalRow, Optional>>;

export type ProposalChange = Partial<
  Omit<ProposalRow, 'id' | 'fingerprint' | 'branch' | 'createdAt'>
>;

/** What an open pull request would change, or a merged one was said to. */
export interface PreviewRow {
  /** Of the pull request. */
  number: number;
  title: string;
  author: string;
  url: string;
  fork: boolean;
  state: 'open' | 'merged';
  /** Its commit; the commit that it was merged into for the preview; and the revision it was compared with. */
  head: string;
  baseCommit: string;
  revision: string;
  /** Digest of all that it was worked out from: once that is another, it has to be worked out again. */
  basis: string;
  report: PreviewReport;
  /** Digest of what the forge was told; null as long as it was not. */
  told: string | null;
  check: PreviewCheck | null;
  /** The newest comment that was read as a command. */
  lastAsk: string | null;
  /** The commit that merged it, and the revision with which that came into force. */
  mergedAs: string | null;
  inForceAs: string | null;
  createdAt: number;
  updatedAt: number;
}

export interface AuditEntry {
  at: number;
  actor: string;
  action: string;
  subject: string;
  /** JSON. */
  detail: Record<string, unknown>;
}

export interface AuditRow extends AuditEntry {
  id: number;
}

export type TokenRole = 'viewer' | 'operator' | 'admin' | 'runner' | `site:${string}`;

export interface TokenRow {
  id: string;
  name: string;
  role: TokenRole;
  createdAt: number;
  revokedAt: number | null;
}
