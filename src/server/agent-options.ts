import type {
  CentreState,
  EnrollAnswer,
  EnrollRequest,
  ReturnAnswer,
  SignersAnswer,
} from '../model/agent-wire.ts';
import type { SiteRow } from '../store/rows.ts';
import type { SiteAgent } from './wire-site-agent.ts';

/** A bundle that is ready to be sent. */
export interface BundleFile {
  path: string;
  /** Bytes. */
  size: number;
  /** Names these very bytes; without quotes. */
  etag: string;
}

/** What agents ask for. A `UserError` says what was wrong with what one sent. */
export interface AgentSites {
  /**
   * What the centre has of a site; undefined: there is no such site, or no agent delivers to it.
   * @param token id of the token that asks: with its first use, what was enrolled before ends
   */
  state(site: string, token?: string): Promise<CentreState | undefined>;
  /** Notes that a site's agent was heard of, and what it said of itself. */
  contact(site: string, told: { now?: number | undefined; owed?: number | undefined }): void;
  /**
   * Resolves as soon as another commit than `desired` may be wanted at a site, after `patience` milliseconds, or when
   * the signal aborts. What changes from the moment of the call on is not missed. False where too many wait already.
   */
  changed(
    site: string,
    options: { desired: string | undefined; patience: number; signal: AbortSignal },
  ): Promise<boolean>;
  /** The bundle for a site that has these commits; undefined where it needs none. */
  bundle(site: string, have: readonly string[]): Promise<BundleFile | undefined>;
  /** Takes a return bundle in, as it comes; `by` is whoever carries it here. */
  receive(site: string, body: ReadableStream<Uint8Array>, by: string): Promise<ReturnAnswer>;
  signers(): Promise<SignersAnswer>;
  /** Throws `EnrollRefused` where the code is none. */
  enroll(request: EnrollRequest): Promise<EnrollAnswer>;
}

/** What people do about agents. A `UserError` says why it cannot be done now. */
export interface AgentDesk {
  /** Makes a one-time code for a site; or lets a key in at once. */
  invite(
    site: string,
    options: { by: string; publicKey?: string | undefined },
  ): Promise<{ code: string | null; expiresAt: number | null; allowedSigners: string }>;
  /** Ends the key, the token and the code of a site. */
  revoke(site: string, by: string): Promise<void>;
  /** How the agents of these sites do, by site; sites that no agent delivers to are left out. */
  views(rows: readonly SiteRow[]): Promise<Map<string, SiteAgent>>;
}

/** A code that is unknown, used or expired; which of these is told to nobody. */
export class EnrollRefused extends Error {
  override name = 'EnrollRefused';

  constructor() {
    super('the code is unknown, was used, or has expired: ask for a new one');
  }
}
