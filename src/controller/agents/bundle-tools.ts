import { join } from 'node:path';

import { allowedKey } from '../../bundle/allowed-keys.ts';
import { createSiteBundle, intakeReturn, openSigningKeys } from '../../bundle/bundle.ts';
import type { SiteStore } from '../../git/site-store.ts';
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
    /** Commits of the site that its refs may still have to follow. */
    tips: readonly string[];
  }): Promise<Returned>;
}

/**
 * Opens the centre's keys in the data directory (`signing/`), and makes the first one if there is none.
 * @param limits.bytes of a bundle that comes back
 */
export async function openBundleTools(
  directory: string,
  limits: { bytes: number },
): Promise<BundleTools> {
  const keys = await openSigningKeys(join(directory, 'signing'));
  const { signer } = keys;
  return {
    key: signer.publicKey,
    sign: (payload) => signer.sign(payload),
    allowedSigners: () => keys.allowedSigners,
    signatures: () => keys.signatures(),
    async create({ trees, ...request }) {
      const made = await createSiteBundle({ ...request, repository: trees.repository, signer });
      return made.upToDate ? undefined : { bytes: made.bytes };
    },
    async intake({ trees, site, file, publicKey, tips }) {
      return intakeReturn({
        repository: trees.repository,
        site,
        file,
        trusted: [allowedKey(site, publicKey)],
        tips,
        limits,
      });
    },
  };
}
