import { chmod, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { errorCode, UserError } from '../model/errors.ts';
import {
  allowedKey,
  type AllowedKey,
  type AllowedKeys,
  formatAllowedKeys,
  parseAllowedKeys,
} from './allowed-keys.ts';
import { createKey, fingerprint, loadSigner, type Signer, writeDurably } from './keys.ts';

/** Who signs for the centre, in its allowed-signers file. */
export const CENTRE = 'trueup';

const CURRENT = 'current';
const ALLOWED = 'allowed_signers';

/** A key of the centre's, as it is shown. */
export interface SigningKey {
  fingerprint: string;
  publicKey: string;
  /** `current` signs; `earlier` is still trusted, for what it signed before `validBefore`. */
  state: 'current' | 'earlier' | 'expired';
  validAfter: number | null;
  validBefore: number | null;
}

/**
 * The centre's keys, in a folder: `current` (private, with `current.pub`), earlier ones under their fingerprints, and
 * `allowed_signers`, which is what sites trust.
 */
export class SigningKeys {
  readonly directory: string;
  readonly signer: Signer;
  readonly allowed: AllowedKeys;
  readonly #earlier: readonly Signer[];

  constructor(directory: string, signer: Signer, allowed: AllowedKeys, earlier: readonly Signer[]) {
    this.directory = directory;
    this.signer = signer;
    this.allowed = allowed;
    this.#earlier = earlier;
  }

  /** The keys that sites may believe, as an allowed-signers file. */
  get allowedSigners(): string {
    return formatAllowedKeys(this.allowed);
  }

  /** Signatures of `allowedSigners` by every key that is in use: a site that trusts one of them learns the others. */
  signatures(): string[] {
    const text = Buffer.from(this.allowedSigners);
    return [this.signer, ...this.#earlier].map((signer) => signer.sign(text));
  }

  /** @param now milliseconds since 1970 */
  list(now: number): SigningKey[] {
    return this.allowed.map((key) => {
      const publicKey = `ssh-ed25519 ${key.key}${key.comment === '' ? '' : ` ${key.comment}`}`;
      const expired = key.validBefore !== undefined && key.validBefore <= now;
      const current = key.key === blobOf(this.signer);
      return {
        fingerprint: fingerprint(publicKey),
        publicKey,
        state: current ? 'current' : expired ? 'expired' : 'earlier',
        validAfter: key.validAfter ?? null,
        validBefore: key.validBefore ?? null,
      };
    });
  }

  /**
   * Makes a new current key. The one before stays trusted until `until` (milliseconds since 1970), so that sites that
   * have not heard of the new one accept what is under way, and believe the new list by its word.
   */
  async rotate(now: number, until: number): Promise<SigningKeys> {
    const fresh = join(this.directory, 'next');
    await Promise.all([rm(fresh, { force: true }), rm(`${fresh}.pub`, { force: true })]);
    const next = await createKey(fresh, `${CENTRE} ${day(now)}`);
    const old = blobOf(this.signer);
    const allowed = [
      ...this.allowed.map((key): AllowedKey => {
        if (key.key !== old) return key;
        return { ...key, validBefore: Math.min(key.validBefore ?? Infinity, until) };
      }),
      allowedKey(CENTRE, next.publicKey),
    ];
    // Trusted before it signs: a crash in between leaves a key that nobody uses, and never an unknown signer.
    await this.#writeAllowed(allowed);
    const current = join(this.directory, CURRENT);
    await rename(current, this.#fileOf(this.signer.publicKey));
    await rename(fresh, current);
    await rename(`${fresh}.pub`, `${current}.pub`);
    return openSigningKeys(this.directory);
  }

  /**
   * Ends a key at once: what it signed counts nowhere once sites have the new list.
   * @param which its fingerprint, or the beginning of it
   * @throws UserError if it is the current key, or not one alone
   */
  async revoke(which: string): Promise<SigningKeys> {
    const found = this.list(0).filter((key) => key.fingerprint.startsWith(which));
    const [key] = found;
    if (!key || found.length > 1)
      throw new UserError(`${which} is the fingerprint of ${found.length} keys: see \`key show\``);
    if (key.state === 'current')
      throw new UserError('the current key cannot be revoked: rotate it first, then revoke it');
    await this.#writeAllowed(this.allowed.filter((one) => one.key !== key.publicKey.split(' ')[1]));
    await rm(this.#fileOf(key.publicKey), { force: true });
    return openSigningKeys(this.directory);
  }

  async #writeAllowed(keys: AllowedKeys): Promise<void> {
    await writeDurably(join(this.directory, ALLOWED), formatAllowedKeys(keys), 0o644, true);
  }

  #fileOf(publicKey: string): string {
    return join(this.directory, fileName(publicKey));
  }
}

/**
 * Opens the keys in a folder (`<dataDir>/signing`), and makes the first one if there is none.
 * @throws UserError if a file there cannot be used
 */
export async function openSigningKeys(
  directory: string,
  now: number = Date.now(),
): Promise<SigningKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const file = join(directory, CURRENT);
  const next = join(directory, 'next');
  const signer = await loadOrMake(file, next, now);
  const allowed = await readAllowed(directory, signer);
  const earlier: Signer[] = [];
  for (const key of allowed) {
    if (key.key === blobOf(signer) || (key.validBefore ?? Infinity) <= now) continue;
    const path = join(directory, fileName(`ssh-ed25519 ${key.key}`));
    const loaded = await loadSigner(path).catch(() => undefined);
    if (loaded) earlier.push(loaded);
  }
  return new SigningKeys(directory, signer, allowed, earlier);
}

async function loadOrMake(file: string, next: string, now: number): Promise<Signer> {
  const exists = await readFile(file).then(
    () => true,
    (error: unknown) => errorCode(error) !== 'ENOENT',
  );
  if (exists) return loadSigner(file);
  // A rotation that was cut short had put the key before away, and its list trusts the next one already.
  const waiting = await loadSigner(next).catch(() => undefined);
  if (!waiting) return createKey(file, `${CENTRE} ${day(now)}`);
  await rename(next, file);
  await writeDurably(`${file}.pub`, `${waiting.publicKey}\n`, 0o644, true);
  return waiting;
}

async function readAllowed(directory: string, signer: Signer): Promise<AllowedKeys> {
  const file = join(directory, ALLOWED);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  });
  const keys = parseAllowedKeys(text, file);
  if (keys.some(({ key }) => key === blobOf(signer))) return keys;
  const all = [...keys, allowedKey(CENTRE, signer.publicKey)];
  await writeDurably(file, formatAllowedKeys(all), 0o644, true);
  return all;
}

function fileName(publicKey: string): string {
  return `earlier-${fingerprint(publicKey)
    .slice('SHA256:'.length)
    .replaceAll(/[^A-Za-z0-9]/g, '_')}`;
}

function blobOf(signer: Signer): string {
  return signer.publicKey.split(' ')[1]!;
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
