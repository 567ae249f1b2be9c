import { open } from 'node:fs/promises';

import { isObjectId, refNameFault } from '../git/names.ts';
import { errorCode, UserError } from '../model/errors.ts';
import { InvalidBundle } from './invalid-bundle.ts';
import { type BundleLimits, DEFAULT_LIMITS } from './limits.ts';

export interface BundleHeader {
  /** Full names → object ids, in the file's order. */
  refs: ReadonlyMap<string, string>;
  /** Commits that the other end must have. */
  prerequisites: readonly string[];
  /** Where the pack begins. */
  packOffset: number;
}

const SIGNATURE = '# v2 git bundle\n';
const SIGNATURE_3 = '# v3 git bundle\n';

/**
 * Reads what stands before a bundle's pack, and no more.
 * @throws InvalidBundle if it is none; UserError if it cannot be read
 * @see https://git-scm.com/docs/gitformat-bundle
 */
export async function readBundle(
  file: string,
  limits: Partial<BundleLimits> = {},
): Promise<BundleHeader> {
  const { header } = { ...DEFAULT_LIMITS, ...limits };
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw unreadable(file, error);
  });
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(header) });
    return parseHeader(buffer.subarray(0, bytesRead), limits);
  } finally {
    await handle.close();
  }
}

/** A whole bundle file, within the bounds. Throws as `readBundle` does. */
export async function readBytes(file: string, limits: BundleLimits): Promise<Buffer> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw unreadable(file, error);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new InvalidBundle('not-a-bundle', `${file} is no file`);
    if (stat.size > limits.bytes) throw tooLarge('bytes', limits.bytes);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** The header at the beginning of these bytes. */
export function parseHeader(bytes: Buffer, limits: Partial<BundleLimits> = {}): BundleHeader {
  const bounds = { ...DEFAULT_LIMITS, ...limits };
  const start = bytes.toString('latin1', 0, SIGNATURE.length);
  if (start !== SIGNATURE && start !== SIGNATURE_3) {
    const cut = bytes.length < SIGNATURE.length && SIGNATURE.startsWith(start);
    throw cut ? truncated() : new InvalidBundle('not-a-bundle', 'it is not a git bundle');
  }
  const end = bytes.indexOf('\n\n', SIGNATURE.length - 1);
  if (end === -1 || end > bounds.header) {
    throw bytes.length >= bounds.header
      ? new InvalidBundle('too-large', `its header is longer than ${bounds.header} bytes`)
      : truncated();
  }
  const refs = new Map<string, string>();
  const prerequisites: string[] = [];
  const text = bytes.toString('utf8', SIGNATURE.length, Math.max(end, SIGNATURE.length));
  for (const line of text === '' ? [] : text.split('\n')) {
    if (line.startsWith('@')) requireCapability(line, start === SIGNATURE_3);
    else if (line.startsWith('-')) prerequisites.push(idOf(line.slice(1)));
    else addRef(refs, line);
    if (refs.size > bounds.refs) throw tooLarge('refs', bounds.refs);
    if (prerequisites.length > bounds.prerequisites)
      throw tooLarge('prerequisites', bounds.prerequisites);
  }
  return { refs, prerequisites, packOffset: end + 2 };
}

/** The text before a pack. */
export function formatHeader(
  refs: readonly (readonly [name: string, id: string])[],
  prerequisites: readonly string[],
): string {
  return [
    SIGNATURE,
    ...prerequisites.map((id) => `-${id} \n`),
    ...refs.map(([name, id]) => `${id} ${name}\n`),
    '\n',
  ].join('');
}

function requireCapability(line: string, allowed: boolean): void {
  if (!allowed) throw new InvalidBundle('not-a-bundle', 'its header cannot be read');
  if (line === '@object-format=sha1') return;
  throw line.startsWith('@object-format=')
    ? new InvalidBundle('object-format', 'its objects are named by another hash than SHA-1')
    : new InvalidBundle('not-a-bundle', 'it leaves out objects, or asks for what is not known');
}

function addRef(refs: Map<string, string>, line: string): void {
  const space = line.indexOf(' ');
  const name = line.slice(space + 1);
  const id = idOf(line);
  const good = space === id.length && (name === 'HEAD' || name.startsWith('refs/'));
  if (!good || refNameFault(name) !== undefined || refs.has(name))
    throw new InvalidBundle('not-a-bundle', 'its header names refs that cannot be');
  refs.set(name, id);
}

function idOf(line: string): string {
  const id = line.split(' ', 1)[0]!;
  if (!isObjectId(id)) throw new InvalidBundle('not-a-bundle', 'its header cannot be read');
  if (id.length !== 40)
    throw new InvalidBundle('object-format', 'its objects are named by another hash than SHA-1');
  return id;
}

export function truncated(): InvalidBundle {
  return new InvalidBundle('truncated', 'it is cut off: copy it again');
}

export function tooLarge(what: string, limit: number): InvalidBundle {
  return new InvalidBundle('too-large', `it has more than ${limit} ${what}`);
}

function unreadable(file: string, error: unknown): UserError {
  return new UserError(
    errorCode(error) === 'ENOENT'
      ? `there is no file ${file}`
      : `${file} cannot be read (${errorCode(error) ?? 'no reason given'})`,
  );
}
