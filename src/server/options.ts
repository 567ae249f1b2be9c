import type { ProposalRow, TokenRole } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Check, Health, Readiness } from './wire.ts';

export type { Check, Health, Readiness };

/** Who sends a request: the name that decisions are recorded under, and what it may do. */
export interface Identity {
  name: string;
  role: TokenRole;
}

export interface Authenticator {
  /** Whose token this is; undefined for one that is unknown or revoked. Must take the same time for each. */
  verify(token: string): Promise<Identity | undefined>;
}

/**
 * What people can decide. Each may be repeated. A `UserError` says why it cannot be done now (answered with 409),
 * a `Stalled` that the forge refuses us (502).
 */
export interface Decisions {
  merge(id: string, by: string): Promise<ProposalRow>;
  close(id: string, by: string): Promise<ProposalRow>;
  retry(site: string, by: string): Promise<void>;
}

/** Bounds on what one address, and all of them, may ask for at a time. */
export interface Limits {
  /** Requests of the API that an address may make, on average and at once. A refused token counts as 20. */
  perSecond: number;
  burst: number;
  /** Requests under way, of one address and of all. */
  concurrent: number;
  concurrentTotal: number;
  /** Bytes. */
  body: number;
  /** Milliseconds until a request that is not answered yet is given up. */
  timeout: number;
}

export interface ServerOptions {
  /** Where to listen; port 0 takes a free one. On a loopback address reads need no token. */
  host: string;
  port: number;
  /** Where a proxy makes the server known to others; its host is then accepted on loopback, with a token. */
  publicUrl?: string;
  version: string;
  log: Logger;
  store: Pick<Store, 'plan' | 'revisions' | 'sites' | 'runs' | 'drifts' | 'proposals' | 'audit'>;
  metrics: { contentType: string; text: () => Promise<string> };
  /** Whether the process itself is well: if not, whoever runs it should start it anew. */
  health: () => Health;
  /** Whether the controller can do its work. */
  ready: () => Promise<Readiness>;
  /** Unified diff desired → observed; undefined if one of them is not known. */
  siteDiff: (site: string) => Promise<string | undefined>;
  decisions: Decisions;
  auth: Authenticator;
  limits?: Partial<Limits>;
}
