import { GIT_NAMESPACE, keyOfBlob } from '../git/ssh-signature.ts';
import { UserError } from '../model/errors.ts';

/** One line of an allowed-signers file. */
export interface AllowedKey {
  /** Whose it is; patterns are kept as they stand. */
  principals: string;
  /** Base64 of the key, the field after `ssh-ed25519`. */
  key: string;
  comment: string;
  /** What it may sign; undefined: anything. */
  namespaces: readonly string[] | undefined;
  /** When it begins and ends to be valid (milliseconds since 1970); undefined: there is no bound. */
  validAfter: number | undefined;
  validBefore: number | undefined;
}

/** The keys that are trusted, in the order of their lines. */
export type AllowedKeys = readonly AllowedKey[];

const LONGEST = 1024 * 1024;
const OPTION = /^(?:namespaces|valid-after|valid-before)="([^"]*)"$/i;

/**
 * Reads an allowed-signers file as git and OpenSSH have it. Keys of other types than Ed25519 are left out: nothing is
 * ever accepted from them.
 * @param file its name, for errors
 * @throws UserError with the line that cannot be read: a line that is misread must not widen what is trusted
 * @see https://man.openbsd.org/ssh-keygen.1#ALLOWED_SIGNERS
 */
export function parseAllowedKeys(text: string, file = 'allowed_signers'): AllowedKeys {
  if (text.length > LONGEST) throw new UserError(`${file} is longer than ${LONGEST} characters`);
  const keys: AllowedKey[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const refuse = (why: string): UserError => new UserError(`${file}:${index + 1}: ${why}`);
    const words = trimmed.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
    const [principals = '', ...rest] = words;
    const typeAt = rest.findIndex((word) => /^(?:ssh|ecdsa|sk)-/.test(word));
    if (typeAt === -1 || typeAt > 1)
      throw refuse('expected principals, options and a public key, divided by spaces');
    const options = parseOptions(typeAt === 1 ? rest[0]! : '', refuse);
    const [type = '', key = '', ...comment] = rest.slice(typeAt);
    if (type !== 'ssh-ed25519') continue;
    if (!keyOfBlob(key)) throw refuse('the public key is damaged');
    keys.push({
      principals: principals.replaceAll('"', ''),
      key,
      comment: comment.join(' '),
      ...options,
    });
  }
  return keys;
}

/** A key that may sign for us, from its public key on one line (`ssh-ed25519 AAAA… comment`). */
export function allowedKey(
  principals: string,
  publicKey: string,
  validity: { validAfter?: number; validBefore?: number } = {},
): AllowedKey {
  const [type, key = '', ...comment] = publicKey.trim().split(/\s+/);
  if (type !== 'ssh-ed25519' || !keyOfBlob(key))
    throw new UserError(`${JSON.stringify(publicKey.slice(0, 80))} is no ssh-ed25519 public key`);
  return {
    principals,
    key,
    comment: comment.join(' '),
    namespaces: [GIT_NAMESPACE],
    validAfter: validity.validAfter,
    validBefore: validity.validBefore,
  };
}

/** The file as `ssh-keygen` and git read it. */
export function formatAllowedKeys(keys: AllowedKeys): string {
  return keys.map((key) => `${line(key)}\n`).join('');
}

function line({
  principals,
  key,
  comment,
  namespaces,
  validAfter,
  validBefore,
}: AllowedKey): string {
  const options = [
    ...(namespaces ? [`namespaces="${namespaces.join(',')}"`] : []),
    ...(validAfter === undefined ? [] : [`valid-after="${timestamp(validAfter)}"`]),
    ...(validBefore === undefined ? [] : [`valid-before="${timestamp(validBefore)}"`]),
  ];
  const words = [principals, options.join(','), 'ssh-ed25519', key, comment];
  return words.filter((word) => word !== '').join(' ');
}

/**
 * What keeps a key from counting, or undefined if it counts.
 * @param key base64, as in `SshSignature`
 * @param time when it signed (milliseconds since 1970)
 */
export function trustFault(
  keys: AllowedKeys,
  key: string,
  time: number,
  namespace: string = GIT_NAMESPACE,
): string | undefined {
  const lines = keys.filter((one) => one.key === key);
  if (lines.length === 0) return 'it is signed by a key that is not trusted here';
  const fitting = lines.filter(({ namespaces }) => namespaces?.includes(namespace) ?? true);
  if (fitting.length === 0) return 'it is signed by a key that is trusted for other things alone';
  const valid = fitting.some(
    ({ validAfter = -Infinity, validBefore = Infinity }) =>
      time >= validAfter && time < validBefore,
  );
  return valid ? undefined : 'it is signed by a key that was not valid at the time it says';
}

function parseOptions(
  text: string,
  refuse: (why: string) => UserError,
): Pick<AllowedKey, 'namespaces' | 'validAfter' | 'validBefore'> {
  const options: Pick<AllowedKey, 'namespaces' | 'validAfter' | 'validBefore'> = {
    namespaces: undefined,
    validAfter: undefined,
    validBefore: undefined,
  };
  for (const option of text.match(/(?:[^,"]|"[^"]*")+/g) ?? []) {
    const [, value] = OPTION.exec(option) ?? [];
    if (value === undefined) throw refuse(`the option ${option.split('=')[0]} is not known`);
    const name = option.slice(0, option.indexOf('=')).toLowerCase();
    if (name === 'namespaces') options.namespaces = value.split(',');
    else if (name === 'valid-after') options.validAfter = parseTime(value, refuse);
    else options.validBefore = parseTime(value, refuse);
  }
  return options;
}

/** `YYYYMMDD[HHMM[SS]][Z]`; ours are in UTC, others' without a Z in local time, as OpenSSH has it. */
function parseTime(text: string, refuse: (why: string) => UserError): number {
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = ''] =
    /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/.exec(text) ?? [];
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  if (Number.isNaN(time)) throw refuse(`${JSON.stringify(text)} is no time (YYYYMMDDHHMMSSZ)`);
  return time;
}

function timestamp(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
}
