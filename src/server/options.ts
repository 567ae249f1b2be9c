import type { WaitingGroup } from '../proposals/waiters.ts';
import type { SiteImport } from '../reconcile/stale-imports.ts';
import type { ExplainReport } from '../render/explain/types.ts';
import type { ProposalRow, TokenRole } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { AgentDesk, AgentSites } from './agent-options.ts';
import type { ChangeFeed } from './stream.ts';
import type { Ui } from './ui.ts';
import type { SiteFile, SiteFiles } from './wire-inspect.ts';
import type { Check, Health, Readiness } from './wire.ts';

export type { Check, Health, Readiness };

/** Who sends a request: the name that decisions are recorded under, and what it may do. */
export interface Identity {
  /** Of its token; not there for the token of the configuration. */
  id?: string;
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
  /** Takes another of a proposal's options, counted from 1. */
  choose(id: string, option: number, by: string): Promise<ProposalRow>;
  retry(site: string, by: string): Promise<void>;
  /** Lets a held revision come into force. */
  confirm(revision: string, by: string): Promise<void>;
  /** Has the plan that a pull request would give checked at hosts; `commit`: the one that was read. */
  check(number: number, commit: string | undefined, by: string): Promise<void>;
}

/** What people can look into at a site: what the plan asks for there. Undefined is what is not there (yet). */
export interface Inspect {
  files(site: string): Promise<SiteFiles | undefined>;
  file(site: string, path: string): Promise<SiteFile | undefined>;
  /** What a site imports from others, and what of it is stale. */
  imports(site: string): Promise<SiteImport[]>;
  /** Throws `UserError` for what is not in the plan in force. */
  explain(
    site: string,
    what: { key: string } | { file: string; line: number | undefined },
  ): ExplainReport | undefined;
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

/** Bounds on what agents may ask for, each by its token. */
export interface AgentLimits extends Pick<
  Limits,
  'perSecond' | 'burst' | 'concurrent' | 'concurrentTotal'
> {
  /** Bytes of a bundle that comes back. */
  bundle: number;
  /** Bytes of all the bundles that are on their way in. */
  incoming: number;
  /** Milliseconds without a byte after which one is given up. */
  idle: number;
}

/** What to look at. It says no more than that there may be something new. */
export type Nudge = { plan: true } | { pullRequest: number };

/** Forges that send webhooks. */
export type WebhookForge = 'github' | 'gitea';

/** Webhooks are only taken from a forge whose secret is set. */
export interface WebhookOptions {
  /** What a forge signs its webhooks with; asked for at each one, so that it can be rotated. */
  secret: (forge: WebhookForge) => Promise<string | undefined>;
  /** The repository (`owner/name`; empty: any) and the branch that events must be about to be of use. */
  subject: (forge: WebhookForge) => { repository: string; branch: string };
  nudge: (nudge: Nudge) => void;
  /** Told of every one, for metrics: the event's name, out of few, and what became of it. */
  onWebhook: (forge: WebhookForge, event: string, result: string) => void;
}

export interface ServerOptions {
  /** Where to listen; port 0 takes a free one. On a loopback address reads need no token. */
  host: string;
  port: number;
  /** Where a proxy makes the server known to others; its host is then accepted on loopback, with a token. */
  publicUrl?: string;
  version: string;
  log: Logger;
  store: Pick<
    Store,
    | 'plan'
    | 'revisions'
    | 'sites'
    | 'runs'
    | 'drifts'
    | 'proposals'
    | 'previews'
    | 'audit'
    | 'tokens'
    | 'transaction'
  >;
  /** Beyond `open`, the default, they take the token of somebody who may read everything. */
  metrics: { contentType: string; text: () => Promise<string>; access?: 'open' | 'token' };
  /** Whether the process itself is well: if not, whoever runs it should start it anew. */
  health: () => Health;
  /** Whether the controller can do its work. */
  ready: () => Promise<Readiness>;
  /** Unified diff desired → observed; undefined if one of them is not known. */
  siteDiff: (site: string) => Promise<string | undefined>;
  inspect: Inspect;
  decisions: Decisions;
  /** Tells when anything of all this has changed. */
  changes: ChangeFeed;
  /** No page is served if not given. */
  ui?: Ui;
  /** Edits that wait for their proposal, the one that waits longest first. */
  waiting: () => Promise<readonly WaitingGroup[]>;
  auth: Authenticator;
  /** For the agents at sites, and for people who look after them. */
  agents: AgentSites & AgentDesk;
  /** None are taken if not given. */
  webhooks?: WebhookOptions;
  limits?: Partial<Limits>;
  agentLimits?: Partial<AgentLimits>;
}
