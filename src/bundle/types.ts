import type { Repository } from '../git/repository.ts';
import type { Decided } from '../git/site-store.ts';
import type { AgentStatus, SiteRun } from '../model/agent-wire.ts';
import type { AllowedKeys } from './allowed-keys.ts';
import type { Signer } from './keys.ts';
import type { BundleLimits } from './limits.ts';

/** What is made: a file of so many bytes, or nothing, where the other end has it all. */
export type Created = { bytes: number; upToDate?: never } | { upToDate: true; bytes?: never };

/** One of the bundles that together bring back what is new. */
export type CreatedPart =
  | {
      bytes: number;
      upToDate?: never;
      /** What it brings; null: nothing of this kind. */
      tips: Record<'observed' | 'applied' | 'results', string | null>;
      /** Something is left for another part. */
      more: boolean;
    }
  | { upToDate: true; bytes?: never };

export interface SiteBundleOptions {
  repository: Repository;
  site: string;
  /** The desired commit, signed. */
  commit: string;
  /** Commits that the site says it has; what is none of its desired history is ignored. */
  have: readonly string[];
  signer: Signer;
  /** When it expires; milliseconds since 1970. */
  expires: number;
  /** File that is written, beside it first and then renamed. */
  to: string;
  /** When it is made; now if not given. */
  now?: number;
}

export interface ReturnBundleOptions {
  repository: Repository;
  site: string;
  /** Commits of the site's refs; null: there is none. */
  observed: string | null;
  applied: string | null;
  results: string | null;
  /** Commits that the centre is known to have; unknown ones are ignored. */
  have: readonly string[];
  /** With the site's own key. */
  signer: Signer;
  /** Grows with every return bundle of the site. */
  sequence: number;
  to: string;
  now?: number;
}

interface IntakeOptions {
  repository: Repository;
  site: string;
  file: string;
  trusted: AllowedKeys;
  /** Commits that are the site's beside those that its refs reach, where refs are still to follow. */
  tips?: readonly string[];
  limits?: Partial<BundleLimits>;
}

export interface DesiredIntake extends IntakeOptions {
  /** Of what the site has; 0: nothing. */
  generation: number;
  /** The desired commit that the site has: another one of the same generation is refused. */
  desired?: string | null;
  /** Milliseconds since 1970. */
  now: number;
}

/** A desired commit that came in; its objects are in the repository, and no ref has moved. */
export interface ReceivedDesired {
  commit: string;
  generation: number;
  /** Of the plan. */
  revision: string;
  /** Of the tree, see `treeDigest`. */
  digest: string;
  /** Of all desired commits newer than the generation that the site had, oldest first. */
  decisions: Decided[];
  /** Why the newest of these asks to be applied whatever was applied before. */
  apply: string | null;
  /** Milliseconds since 1970. */
  expires: number;
}

export type ReturnIntake = IntakeOptions;

/** What a site observed and did; its objects are in the repository, and no ref has moved. */
export interface ReceivedReturn {
  observed: string | null;
  applied: string | null;
  results: string | null;
  sequence: number;
  /** Those that are new with this bundle, in the order in which they were made. */
  runs: SiteRun[];
  /** The newest. */
  status: AgentStatus | null;
}
