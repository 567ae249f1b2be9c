import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';

import { SshReader, sshString } from './ssh-wire.ts';

const MAGIC = 'SSHSIG';
const TYPE = 'ssh-ed25519';
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const BEGIN = '-----BEGIN SSH SIGNATURE-----';
const END = '-----END SSH SIGNATURE-----';
const LINE = 70;
/** Characters of an armored signature; ours have about 300. */
const LONGEST = 4096;
/** What stands before an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** The namespace of git's signatures. */
export const GIT_NAMESPACE = 'git';

export interface SshSignature {
  /** Base64 of the public key's blob, as in the second field of `id_ed25519.pub`. */
  key: string;
  namespace: string;
  hashAlgorithm: 'sha256' | 'sha512';
  signature: Buffer;
}

/** The blob by which SSH knows an Ed25519 public key, in base64: the second field of `id_ed25519.pub`. */
export function publicKeyBlob(key: KeyObject): string {
  const raw = key.export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
  return Buffer.concat([sshString(TYPE), sshString(raw)]).toString('base64');
}

/** The key of a blob; undefined if it is no Ed25519 key. */
export function keyOfBlob(blob: string): KeyObject | undefined {
  try {
    const reader = new SshReader(Buffer.from(blob, 'base64'));
    const type = reader.string().toString('latin1');
    const raw = reader.string();
    if (type !== TYPE || raw.length !== KEY_BYTES || !reader.done) return undefined;
    return createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

/**
 * Signs as `ssh-keygen -Y sign` does, without a process of its own; `git verify-commit` takes it.
 * @param key an Ed25519 private key
 * @param blob its public key, see `publicKeyBlob`
 * @returns the armored signature, with a line break at its end; the same for the same input
 * @see https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig
 */
export function signSsh(
  key: KeyObject,
  blob: string,
  payload: Uint8Array,
  namespace: string = GIT_NAMESPACE,
): string {
  const signature = sign(null, signedBytes(payload, namespace, 'sha512'), key);
  const version = Buffer.from([0, 0, 0, 1]);
  const bytes = Buffer.concat([
    Buffer.from(MAGIC),
    version,
    sshString(Buffer.from(blob, 'base64')),
    sshString(namespace),
    sshString(''),
    sshString('sha512'),
    sshString(Buffer.concat([sshString(TYPE), sshString(signature)])),
  ]);
  const lines = bytes.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return [BEGIN, ...lines, END, ''].join('\n');
}

/** Reads an armored signature; undefined if it is none, or none by an Ed25519 key. */
export function parseSshSignature(armored: string): SshSignature | undefined {
  const text = armored.trim();
  if (text.length > LONGEST || !text.startsWith(BEGIN) || !text.endsWith(END)) return undefined;
  const base64 = text.slice(BEGIN.length, -END.length).replaceAll('\n', '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  try {
    const reader = new SshReader(Buffer.from(base64, 'base64'));
    const magic = reader.bytes(MAGIC.length).toString('latin1');
    const version = reader.number();
    const key = reader.string().toString('base64');
    const namespace = reader.string().toString('latin1');
    reader.string();
    const hashAlgorithm = reader.string().toString('latin1');
    const inner = new SshReader(reader.string());
    const type = inner.string().toString('latin1');
    const signature = inner.string();
    const whole = magic === MAGIC && version === 1 && reader.done && inner.done;
    const known = hashAlgorithm === 'sha256' || hashAlgorithm === 'sha512';
    if (!whole || !known || type !== TYPE || signature.length !== SIGNATURE_BYTES) return undefined;
    return { key, namespace, hashAlgorithm, signature };
  } catch {
    return undefined;
  }
}

/** Whether a signature is one of its key over these bytes. Whether the key is trusted is another question. */
export function verifySsh(signature: SshSignature, payload: Uint8Array): boolean {
  const key = keyOfBlob(signature.key);
  if (!key) return false;
  const bytes = signedBytes(payload, signature.namespace, signature.hashAlgorithm);
  return verify(null, bytes, key, signature.signature);
}

function signedBytes(payload: Uint8Array, namespace: string, algorithm: string): Buffer {
  return Buffer.concat([
    Buffer.from(MAGIC),
    sshString(namespace),
    sshString(''),
    sshString(algorithm),
    sshString(hash(algorithm, payload, 'buffer')),
  ]);
}
