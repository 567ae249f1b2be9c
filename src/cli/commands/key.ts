import { access, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import {
  allowedKey,
  createKey,
  fingerprint,
  formatAllowedKeys,
  loadSigner,
  openSigningKeys,
  type Signer,
  type SigningKeys,
} from '../../bundle/bundle.ts';
import { CENTRE } from '../../bundle/signing-keys.ts';
import { UserError } from '../../model/errors.ts';
import { EXIT, type Output, styled, table } from '../output.ts';

/**
 * `trueup key create DIR`: a folder with a key that signs, and the list of keys that sites are to trust.
 * @param options.file whether it is to be one key in a file, without a list that is kept
 */
export async function createKeys(
  path: string,
  { file = false }: { file?: boolean },
  output: Output,
): Promise<number> {
  if (file) return showSigner(path, await createKey(path), output);
  if (await holdsKeys(path))
    throw new UserError(
      `${path} holds keys already: \`trueup key rotate ${path}\` makes the next one`,
    );
  return show(await openSigningKeys(resolve(path)), output);
}

/** `trueup key show PATH`: the keys in a folder and how far they are trusted, or the one in a file. */
export async function showKeys(path: string, output: Output): Promise<number> {
  const isFile = (await stat(path).catch(() => undefined))?.isFile() === true;
  if (isFile) return showSigner(path, await loadSigner(path), output);
  return show(await openKeys(path), output);
}

/**
 * `trueup key rotate DIR`: a new key signs from now on.
 * @param options.overlap milliseconds for which the key before stays trusted
 */
export async function rotateKeys(
  directory: string,
  { overlap }: { overlap: number },
  output: Output,
): Promise<number> {
  const now = Date.now();
  return show(await (await openKeys(directory)).rotate(now, now + overlap), output);
}

/** `trueup key revoke DIR FINGERPRINT`: an earlier key counts no more. */
export async function revokeKey(directory: string, which: string, output: Output): Promise<number> {
  return show(await (await openKeys(directory)).revoke(which), output);
}

/** The keys in a folder that holds some. */
export async function openKeys(directory: string): Promise<SigningKeys> {
  if (await holdsKeys(directory)) return openSigningKeys(resolve(directory));
  throw new UserError(
    `${directory} holds no keys: \`trueup key create ${directory}\` makes the first one (a controller's are in its data directory, in signing)`,
  );
}

async function holdsKeys(directory: string): Promise<boolean> {
  const found = await Promise.all(
    ['current', 'next', 'allowed_signers'].map((name) =>
      access(join(directory, name)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

function showSigner(file: string, { publicKey }: Signer, output: Output): number {
  const allowedSigners = formatAllowedKeys([allowedKey(CENTRE, publicKey)]);
  output.document({ file, publicKey, fingerprint: fingerprint(publicKey), allowedSigners });
  output.line(`${styled('green', file)}  ${fingerprint(publicKey)}`);
  output.line(allowedSigners.trimEnd());
  return EXIT.ok;
}

function show(keys: SigningKeys, output: Output): number {
  const list = keys.list(Date.now());
  const file = join(keys.directory, 'allowed_signers');
  output.document({
    directory: keys.directory,
    allowedSignersFile: file,
    allowedSigners: keys.allowedSigners,
    keys: list.map(({ validAfter, validBefore, ...key }) => ({
      ...key,
      validAfter: timeText(validAfter),
      validBefore: timeText(validBefore),
    })),
  });
  output.line(
    table(
      list.map(({ fingerprint: print, state, validBefore }) => [
        state === 'current' ? styled('green', state) : state,
        print,
        ...(validBefore === null ? [] : [`until ${timeText(validBefore)}`]),
      ]),
    ),
  );
  output.line();
  output.line(`what sites are to trust (${file}):`);
  output.line(keys.allowedSigners.trimEnd());
  return EXIT.ok;
}

function timeText(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
