import { commitDate, identity } from '../git/commit-words.ts';
import { parseSshSignature, verifySsh } from '../git/ssh-signature.ts';
import { type AllowedKeys, trustFault } from './allowed-keys.ts';
import { InvalidBundle } from './invalid-bundle.ts';
import type { Signer } from './keys.ts';

/** A tag or commit, taken apart. */
export interface SignedObject {
  /** Header lines: name → values. */
  headers: ReadonlyMap<string, readonly string[]>;
  message: string;
  /** When it was made (milliseconds since 1970). */
  time: number;
  /** Armored; undefined: there is none. */
  signature: string | undefined;
  /** What the signature is over. */
  payload: Buffer;
}

const BEGIN = '-----BEGIN SSH SIGNATURE-----\n';
const SIGNER = { name: 'trueup', email: 'trueup@localhost' };

/**
 * A signed annotated tag of a commit, as git makes it.
 * @param name without `refs/tags/`
 * @param time milliseconds since 1970
 */
export function signedTag(
  of: { commit: string; name: string; time: number; subject: string },
  trailers: Readonly<Record<string, string | number>>,
  signer: Signer,
): Buffer {
  const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${value}\n`);
  const payload =
    `object ${of.commit}\ntype commit\ntag ${of.name}\n` +
    `tagger ${identity(SIGNER)} ${commitDate(of.time)}\n\n${of.subject}\n\n${lines.join('')}`;
  return Buffer.from(payload + signer.sign(Buffer.from(payload)));
}

/** Takes a tag object apart; its signature stands at the end of its message. */
export function parseTag(content: Buffer): SignedObject {
  const text = content.toString('utf8');
  const at = text.lastIndexOf(`\n${BEGIN}`) + 1;
  const signed = at > 0;
  const payload = signed ? text.slice(0, at) : text;
  const { headers, message } = split(payload);
  return {
    headers,
    message,
    time: timeOf(headers.get('tagger')),
    signature: signed ? text.slice(at) : undefined,
    payload: Buffer.from(payload),
  };
}

/** Takes a commit object apart; its signature is a header of its own. */
export function parseCommit(content: Buffer): SignedObject {
  const text = content.toString('latin1');
  const end = text.indexOf('\n\n') + 1;
  const found = /^gpgsig (.*\n(?: .*\n)*)/m.exec(text.slice(0, end));
  const payload = found
    ? text.slice(0, found.index) + text.slice(found.index + found[0].length)
    : text;
  const bytes = Buffer.from(payload, 'latin1');
  const { headers, message } = split(bytes.toString('utf8'));
  return {
    headers,
    message,
    time: timeOf(headers.get('committer')),
    signature: found?.[1]?.replaceAll('\n ', '\n'),
    payload: bytes,
  };
}

/**
 * Makes sure that one of these keys signed it, at a time at which the key was valid.
 * @param what for the words: `its tag`
 * @throws InvalidBundle saying how it is not
 */
export function requireSignature(object: SignedObject, trusted: AllowedKeys, what: string): void {
  const { signature, payload, time } = object;
  if (signature === undefined) throw new InvalidBundle('unsigned', `${what} is not signed`);
  const parsed = parseSshSignature(signature);
  if (!parsed)
    throw new InvalidBundle('unsigned', `${what} has no signature by an SSH key (Ed25519)`);
  const fault =
    parsed.namespace === 'git'
      ? trustFault(trusted, parsed.key, time)
      : 'it is signed for something else than git';
  if (fault) throw new InvalidBundle('untrusted-key', `${what}: ${fault}`);
  if (!verifySsh(parsed, payload))
    throw new InvalidBundle(
      'bad-signature',
      `the signature of ${what} is not one over what it says`,
    );
}

/** The last value of a trailer in a message. */
export function trailer(message: string, name: string): string | undefined {
  return [...message.matchAll(new RegExp(`^${name}: ?(.*)$`, 'gm'))].at(-1)?.[1];
}

function split(text: string): { headers: Map<string, string[]>; message: string } {
  const end = text.indexOf('\n\n');
  const headers = new Map<string, string[]>();
  for (const line of text.slice(0, end === -1 ? text.length : end).split('\n')) {
    const space = line.indexOf(' ');
    const name = line.slice(0, space);
    headers.set(name, [...(headers.get(name) ?? []), line.slice(space + 1)]);
  }
  return { headers, message: end === -1 ? '' : text.slice(end + 2) };
}

function timeOf(person: readonly string[] | undefined): number {
  const [, seconds] = / (\d{1,12}) [+-]\d{4}$/.exec(person?.[0] ?? '') ?? [];
  if (seconds === undefined) throw new InvalidBundle('fsck', 'it does not say when it was made');
  return Number(seconds) * 1000;
}
