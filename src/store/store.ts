import type { ProposalState } from '../model/proposal.ts';
import type { SiteState } from '../model/site.ts';
import type * as rows from './rows.ts';

export abstract class Lease {
  abstract acquire(
    owner: string,
    ttlMs: number,
    now: number,
  ): Promise<{ epoch: number } | undefined>;
  abstract renew(owner: string, epoch: number, ttlMs: number, now: number): Promise<boolean>;
  abstract release(owner: string, epoch: number): Promise<void>;
}
export abstract class PlanState {
  abstract get(): Promise<rows.PlanStateRow>;
  abstract update(change: Partial<rows.PlanStateRow>): Promise<rows.PlanStateRow>;
}
export abstract class Revisions {
  abstract get(revision: string): Promise<rows.RevisionRow | undefined>;
  /** Writes the row, replacing the one there is. */
  abstract record(row: rows.RevisionRow): Promise<void>;
  abstract update(
    revision: string,
    change: Partial<Omit<rows.RevisionRow, 'revision'>>,
  ): Promise<void>;
  /** Newest (by seenAt) first. */
  abstract list(limit: number): Promise<rows.RevisionRow[]>;
}
export abstract class Sites {
  abstract get(name: string): Promise<rows.SiteRow | undefined>;
  abstract list(query: {
    state?: SiteState;
    search?: string;
    after?: string;
    limit: number;
  }): Promise<rows.SiteRow[]>;
  abstract all(): AsyncGenerator<rows.SiteRow>;
  abstract names(): Promise<string[]>;
  abstract upsertMany(rows: Iterable<rows.SiteUpsert>): Promise<void>;
  abstract update(name: string, change: rows.SiteChange): Promise<rows.SiteRow>;
  abstract setDesired(many: Iterable<rows.SiteDesired>): Promise<void>;
  abstract remove(name: string): Promise<void>;
  abstract countByState(): Promise<Record<SiteState, number>>;
}
export abstract class Runs {
  abstract insert(run: rows.RunStart): Promise<void>;
  abstract finish(id: string, end: rows.RunEnd): Promise<rows.RunRow>;
  abstract get(id: string): Promise<rows.RunRow | undefined>;
  /** Newest first; `after` is the id of the last row of the page before. Reports are left out. */
  abstract list(query: { site?: string; after?: string; limit: number }): Promise<rows.RunRow[]>;
  abstract unfinished(): Promise<rows.RunRow[]>;
  abstract prune(keepPerSite: number): Promise<number>;
}
export abstract class Drifts {
  abstract insertIfAbsent(
    drift: rows.NewDrift,
  ): Promise<{ drift: rows.DriftRow; inserted: boolean }>;
  abstract get(id: string): Promise<rows.DriftRow | undefined>;
  abstract open(site: string): Promise<rows.DriftRow[]>;
  abstract openAll(): Promise<rows.DriftRow[]>;
  /** False if it was decided before. */
  abstract decide(id: string, status: rows.DriftDecision, by: string, at: number): Promise<boolean>;
  abstract setProposal(id: string, proposalId: string): Promise<void>;
  abstract countDecided(site: string, contentKey: string): Promise<number>;
  abstract list(query: {
    site?: string;
    status?: rows.DriftStatus;
    after?: string;
    limit: number;
  }): Promise<rows.DriftRow[]>;
}
export abstract class Proposals {
  abstract insertIfAbsent(
    proposal: rows.NewProposal,
  ): Promise<{ proposal: rows.ProposalRow; inserted: boolean }>;
  abstract get(id: string): Promise<rows.ProposalRow | undefined>;
  abstract byBranch(branch: string): Promise<rows.ProposalRow | undefined>;
  abstract byNumber(number: number): Promise<rows.ProposalRow | undefined>;
  abstract open(): Promise<rows.ProposalRow[]>;
  abstract update(id: string, change: rows.ProposalChange): Promise<rows.ProposalRow>;
  abstract list(query: {
    state?: ProposalState;
    site?: string;
    after?: string;
    limit: number;
  }): Promise<rows.ProposalRow[]>;
  abstract countByState(): Promise<Record<ProposalState, number>>;
}
export abstract class Audit {
  abstract append(entry: rows.AuditEntry): Promise<void>;
  /** Newest first; `after` is the id of the last row of the page before. */
  abstract list(limit: number, after?: number): Promise<rows.AuditRow[]>;
}
export abstract class Tokens {
  /** The only time the token itself is told. */
  abstract create(
    name: string,
    role: rows.TokenRole,
  ): Promise<{ token: string; row: rows.TokenRow }>;
  abstract list(): Promise<rows.TokenRow[]>;
  abstract revoke(name: string): Promise<boolean>;
  abstract verify(token: string): Promise<rows.TokenRow | undefined>;
}
/** Inside `transaction`, use the store that the work is given, never the outer one. */
export abstract class Store {
  abstract readonly lease: Lease;
  abstract readonly plan: PlanState;
  abstract readonly revisions: Revisions;
  abstract readonly sites: Sites;
  abstract readonly runs: Runs;
  abstract readonly drifts: Drifts;
  abstract readonly proposals: Proposals;
  abstract readonly audit: Audit;
  abstract readonly tokens: Tokens;
  abstract transaction<T>(work: (store: Store) => Promise<T>): Promise<T>;
  abstract close(): Promise<void>;
}
export declare function openStore(options: { file: string; now?: () => number }): Promise<Store>;
