import { join } from 'node:path';

import { allowedKey, formatAllowedKeys } from '../../bundle/allowed-keys.ts';
import { createKey, fingerprint } from '../../bundle/keys.ts';
import { openSigningKeys, type SigningKeys } from '../../bundle/signing-keys.ts';
import { EXIT, type Output, styled } from '../output.ts';

const DAY = 24 * 60 * 60 * 1000;

/** `trueup key create`: a key in a file of its own, or a data directory's first one. */
export async function createSigningKey(
  file: string | undefined,
  { data }: { data: string },
  output: Output,
): Promise<number> {
  if (file === undefined) return show(await openKeys(data), output);
  const { publicKey } = await createKey(file);
  const allowedSigners = formatAllowedKeys([allowedKey('trueup', publicKey)]);
  output.document({ file, publicKey, fingerprint: fingerprint(publicKey), allowedSigners });
  output.line(`${styled('green', file)}  ${fingerprint(publicKey)}`);
  output.line(allowedSigners.trimEnd());
  return EXIT.ok;
}

/** `trueup key show` */
export async function showKeys({ data }: { data: string }, output: Output): Promise<number> {
  return show(await openKeys(data), output);
}

/** `trueup key rotate`: a new key signs; the one before stays trusted for some days. */
export async function rotateKey(
  { data, overlap }: { data: string; overlap: number },
  output: Output,
): Promise<number> {
  const keys = await openKeys(data);
  const now = Date.now();
  return show(await keys.rotate(now, now + overlap * DAY), output);
}

/** `trueup key revoke` */
export async function revokeKey(
  which: string,
  { data }: { data: string },
  output: Output,
): Promise<number> {
  return show(await (await openKeys(data)).revoke(which), output);
}

function openKeys(data: string): Promise<SigningKeys> {
  return openSigningKeys(join(data, 'signing'));
}

function show(keys: SigningKeys, output: Output): number {
  const list = keys.list(Date.now());
  output.document({ keys: list, allowedSigners: keys.allowedSigners });
  for (const { fingerprint: print, state, validBefore } of list) {
    const until = validBefore === null ? '' : `  until ${new Date(validBefore).toISOString()}`;
    output.line(`${styled('green', state.padEnd(8))} ${print}${until}`);
  }
  output.line('');
  output.line(keys.allowedSigners.trimEnd());
  return EXIT.ok;
}
