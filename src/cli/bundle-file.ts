import { readFile, stat } from 'node:fs/promises';

import {
  type AllowedKeys,
  type BundleHeader,
  fingerprint,
  InvalidBundle,
  parseAllowedKeys,
  readBundle,
} from '../bundle/bundle.ts';
import { DESIRED_KIND } from '../bundle/desired.ts';
import { type OpenBundle, openBundle } from '../bundle/intake.ts';
import { RETURN_KIND } from '../bundle/returned.ts';
import { parseSshSignature } from '../git/ssh-signature.ts';
import { errorCode, UserError } from '../model/errors.ts';
import { isName } from '../model/tree.ts';

/** What a bundle says of itself; nothing of it has been checked. */
export interface BundleWords {
  header: BundleHeader;
  bytes: number;
  /** Objects in its pack. */
  objects: number;
  kind: 'desired' | 'return';
  /** Undefined where it says none that a site can have. */
  site: string | undefined;
  /** Lines of its tag: `Generation`, `Expires`, `Sequence` … */
  said: ReadonlyMap<string, string>;
  /** Fingerprint of the key by which it says to be signed. */
  signedBy: string | undefined;
  /** Why it cannot be one that anybody takes in; then it says nothing. */
  fault: InvalidBundle | undefined;
}

/** Reads what a bundle says of itself, and believes none of it. Throws as `readBundle` does. */
export async function readWords(file: string): Promise<BundleWords> {
  const header = await readBundle(file);
  const { size: bytes } = await stat(file);
  const returned = RETURN_KIND.refs.some((name) => header.refs.has(name));
  const kind = returned ? 'return' : 'desired';
  const opened = await openBundle(file, returned ? RETURN_KIND : DESIRED_KIND).catch(
    (error: unknown) => {
      if (error instanceof InvalidBundle) return error;
      throw error;
    },
  );
  if (opened instanceof InvalidBundle) {
    const said = new Map<string, string>();
    const nothing = { objects: 0, site: undefined, said, signedBy: undefined };
    return { header, bytes, kind, ...nothing, fault: opened };
  }
  const { site, pack, tag } = opened;
  const key = parseSshSignature(tag.signature ?? '')?.key;
  return {
    header,
    bytes,
    objects: pack.readUInt32BE(8),
    kind,
    site: isName(site) ? site : undefined,
    said: linesOf(opened),
    signedBy: key === undefined ? undefined : fingerprint(`ssh-ed25519 ${key}`),
    fault: undefined,
  };
}

/** The keys to trust, as they stand in an allowed-signers file. */
export async function readTrusted(file: string): Promise<AllowedKeys> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UserError(
      errorCode(error) === 'ENOENT'
        ? `there is no file ${file}: it is to hold the keys to trust (\`trueup key show\` prints them)`
        : `${file} cannot be read`,
    );
  });
  const keys = parseAllowedKeys(text, file);
  if (keys.length === 0) throw new UserError(`${file} holds no ssh-ed25519 key to trust`);
  return keys;
}

function linesOf({ tag }: OpenBundle): Map<string, string> {
  return new Map(
    [...tag.message.matchAll(/^([A-Z][A-Za-z-]{0,40}): ([\x20-\x7e]{0,200})$/gm)].map(
      ([, name = '', value = '']) => [name, value] as const,
    ),
  );
}
