import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import { publicKeyBlob, signSsh } from '../git/ssh-signature.ts';
import { SshReader, sshString } from '../git/ssh-wire.ts';
import { syncFolder } from '../git/sync-folder.ts';
import { errorCode, UserError } from '../model/errors.ts';

/** A key that signs. */
export interface Signer {
  /** On one line, as in `id_ed25519.pub`: `ssh-ed25519 AAAA… comment`. */
  publicKey: string;
  /** Makes an armored signature (SSHSIG, namespace git); the same for the same bytes. */
  sign(payload: Buffer): string;
}

const MAGIC = 'openssh-key-v1\0';
const TYPE = 'ssh-ed25519';
const BEGIN = '-----BEGIN OPENSSH PRIVATE KEY-----';
const END = '-----END OPENSSH PRIVATE KEY-----';
const LONGEST = 64 * 1024;
/** What stands before the seed in a PKCS #8 private key (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Makes an Ed25519 key pair: the private key in the format of OpenSSH, mode 0600, and beside it `<file>.pub`.
 * @throws UserError if the file is there already
 */
export async function createKey(file: string, comment = 'trueup'): Promise<Signer> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const words = comment.replaceAll(/[^\x20-\x7e]/g, '');
  const signer = signerOf(privateKey, words);
  try {
    await writeDurably(file, formatPrivateKey(privateKey, words), 0o600);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    throw new UserError(`${file} is there already: name another file for the key`);
  }
  await writeDurably(`${file}.pub`, `${signer.publicKey}\n`, 0o644, true);
  return signer;
}

/**
 * Reads a private key as `createKey` or `ssh-keygen -t ed25519` wrote it.
 * @throws UserError if it is not there, of another type, or locked by a passphrase
 */
export async function loadSigner(file: string): Promise<Signer> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UserError(
      errorCode(error) === 'ENOENT'
        ? `there is no key ${file}: make one with \`trueup key create\` or \`ssh-keygen -t ed25519\``
        : `the key ${file} cannot be read (${errorCode(error) ?? 'no reason given'})`,
    );
  });
  return parsePrivateKey(text, file);
}

/** The fingerprint that `ssh-keygen -l` shows: `SHA256:…`. */
export function fingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${hash('sha256', blob, 'base64').replace(/=+$/, '')}`;
}

function signerOf(key: KeyObject, comment: string): Signer {
  const blob = publicKeyBlob(createPublicKey(key));
  return {
    publicKey: `${TYPE} ${blob}${comment === '' ? '' : ` ${comment}`}`,
    sign: (payload) => signSsh(key, blob, payload),
  };
}

/** @see https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key */
function formatPrivateKey(key: KeyObject, comment: string): string {
  const seed = key.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8.length);
  const blob = Buffer.from(publicKeyBlob(createPublicKey(key)), 'base64');
  const raw = blob.subarray(-32);
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    sshString(TYPE),
    sshString(raw),
    sshString(Buffer.concat([seed, raw])),
    sshString(comment),
  ]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (secret.length % 8)) % 8));
  const bytes = Buffer.concat([
    Buffer.from(MAGIC, 'latin1'),
    sshString('none'),
    sshString('none'),
    sshString(''),
    Buffer.from([0, 0, 0, 1]),
    sshString(blob),
    sshString(Buffer.concat([secret, padding])),
  ]);
  return `${BEGIN}\n${bytes.toString('base64').replaceAll(/.{70}(?=.)/g, '$&\n')}\n${END}\n`;
}

function parsePrivateKey(text: string, file: string): Signer {
  const refuse = (why: string): UserError =>
    new UserError(`the key ${file} cannot be used: ${why}`);
  const body = text.trim();
  if (body.length > LONGEST || !body.startsWith(BEGIN) || !body.endsWith(END))
    throw refuse('it is no private key in the format of OpenSSH');
  const reader = new SshReader(Buffer.from(body.slice(BEGIN.length, -END.length), 'base64'));
  try {
    if (reader.bytes(MAGIC.length).toString('latin1') !== MAGIC) throw new RangeError();
    const cipher = reader.string().toString('latin1');
    reader.string();
    reader.string();
    if (cipher !== 'none')
      throw refuse('a passphrase locks it; trueup signs without anybody there to type one');
    if (reader.number() !== 1) throw new RangeError();
    reader.string();
    const secret = new SshReader(reader.string());
    secret.bytes(8);
    if (secret.string().toString('latin1') !== TYPE)
      throw refuse('it is no Ed25519 key: `ssh-keygen -t ed25519` makes one');
    secret.string();
    const seed = secret.string().subarray(0, 32);
    const comment = secret.string().toString('utf8');
    if (seed.length !== 32) throw new RangeError();
    const key = createPrivateKey({
      key: Buffer.concat([PKCS8, seed]),
      format: 'der',
      type: 'pkcs8',
    });
    return signerOf(key, comment.replaceAll(/[^\x20-\x7e]/g, ''));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw refuse('it is cut off or damaged');
  }
}

/** Writes a file, whole or not at all, that lasts when this returns. */
export async function writeDurably(
  file: string,
  text: string,
  mode: number,
  replace = false,
): Promise<void> {
  const fresh = replace ? `${file}.new` : file;
  if (replace) await rm(fresh, { force: true });
  const handle = await open(fresh, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (replace) await rename(fresh, file);
  await syncFolder(dirname(file));
}
