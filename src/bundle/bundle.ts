export {
  type AllowedKey,
  allowedKey,
  type AllowedKeys,
  formatAllowedKeys,
  parseAllowedKeys,
} from './allowed-keys.ts';
export { createSiteBundle, intakeDesired } from './desired.ts';
export { type BundleFault, InvalidBundle } from './invalid-bundle.ts';
export { createKey, fingerprint, loadSigner, type Signer } from './keys.ts';
export { type BundleLimits, DEFAULT_LIMITS } from './limits.ts';
export { type BundleHeader, readBundle } from './header.ts';
export { createReturnBundle, intakeReturn } from './returned.ts';
export { openSigningKeys, type SigningKeys } from './signing-keys.ts';
export type {
  Created,
  DesiredIntake,
  ReceivedDesired,
  ReceivedReturn,
  ReturnBundleOptions,
  ReturnIntake,
  SiteBundleOptions,
} from './types.ts';
