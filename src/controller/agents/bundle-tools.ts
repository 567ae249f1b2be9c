import type { SiteStore } from '../../git/site-store.ts';
import { UserError } from '../../model/errors.ts';
import type { Returned } from './returns.ts';

/** What the centre needs of bundles: its own keys, and how they are made and looked into. */
export interface BundleTools {
  /** Names the key that signs, so that a bundle signed by an earlier one is not sent any more. */
  readonly key: string;
  /** Makes an armored signature (SSHSIG, namespace git); undefined: there is no key. */
  readonly sign: ((payload: Buffer) => string) | undefined;
  /** The keys that sites may believe, as an allowed-signers file, and signatures of it by each that is in use. */
  allowedSigners(): string;
  signatures(): string[];
  /** Writes the bundle for a site; undefined where it needs none. */
  create(request: {
    trees: SiteStore;
    site: string;
    commit: string;
    have: readonly string[];
    expires: number;
    to: string;
  }): Promise<{ bytes: number } | undefined>;
  /** Takes a return bundle's objects in, if it is good and signed by this key. */
  intake(request: {
    trees: SiteStore;
    site: string;
    file: string;
    publicKey: string;
  }): Promise<Returned>;
}

/** Opens the centre's keys in the data directory. */
export async function openBundleTools(_directory: string): Promise<BundleTools> {
  const missing = async (): Promise<never> => {
    throw new UserError('this build cannot make or read bundles');
  };
  return {
    key: '',
    sign: undefined,
    allowedSigners: () => '',
    signatures: () => [],
    create: missing,
    intake: missing,
  };
}
