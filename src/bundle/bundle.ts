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
export { type BundleLimits, DEFAULT_LIMITS, PUSH_LIMITS, STICK_LIMITS } from './limits.ts';
export { type BundleHeader, readBundle } from './header.ts';
export { createReturnPart } from './parts.ts';
export { createReturnBundle, intakeReturn } from './returned.ts';
export { openSigningKeys, type SigningKeys } from './signing-keys.ts';
export type {
  Created,
  CreatedPart,
  DesiredIntake,
  ReceivedDesired,
  ReceivedReturn,
  ReturnBundleOptions,
  ReturnIntake,
  SiteBundleOptions,
} from './types.ts';
