import { hash } from 'node:crypto';
import { inflateSync } from 'node:zlib';

import { Pace } from '../git/pace.ts';
import { tooLarge, truncated } from './header.ts';
import { InvalidBundle } from './invalid-bundle.ts';
import type { BundleLimits } from './limits.ts';

const HEADER = 12;
const CHECKSUM = 20;
const TAG = 4;
const OFFSET_DELTA = 6;
const BASE_DELTA = 7;
const TYPES = new Set([1, 2, 3, TAG, OFFSET_DELTA, BASE_DELTA]);
/** A delta begins with two sizes of at most ten bytes each. */
const SIZES = 20;

/**
 * Looks through a pack before git sees it: its frame, the sizes that its objects unpack to, its checksum. What a pack
 * unpacks to is bounded here, for git bounds what comes in alone.
 * @returns its tags, by their ids
 * @throws InvalidBundle where it is cut off, damaged or too large
 * @see https://git-scm.com/docs/gitformat-pack
 */
export async function scanPack(pack: Buffer, limits: BundleLimits): Promise<Map<string, Buffer>> {
  if (pack.length < HEADER + CHECKSUM) throw truncated();
  const version = pack.readUInt32BE(4);
  if (pack.toString('latin1', 0, 4) !== 'PACK' || (version !== 2 && version !== 3))
    throw new InvalidBundle('corrupt', 'what it holds is no pack');
  const count = pack.readUInt32BE(8);
  if (count > limits.objects) throw tooLarge('objects', limits.objects);
  const scan = new Scan(pack.subarray(0, -CHECKSUM), limits);
  const pace = new Pace();
  for (let index = 0; index < count; index += 1) {
    scan.entry();
    const pause = pace.next();
    if (pause) await pause;
  }
  const checksum = hash('sha1', pack.subarray(0, -CHECKSUM), 'buffer');
  if (scan.at !== pack.length - CHECKSUM || !checksum.equals(pack.subarray(-CHECKSUM)))
    throw damaged();
  return scan.tags;
}

class Scan {
  readonly tags = new Map<string, Buffer>();
  at = HEADER;
  #unpacked = 0;
  readonly #bytes: Buffer;
  readonly #limits: BundleLimits;

  constructor(bytes: Buffer, limits: BundleLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  entry(): void {
    const first = this.#byte();
    const type = (first >> 4) & 7;
    if (!TYPES.has(type)) throw damaged();
    const size = this.#size(first);
    this.#count(size);
    if (type === OFFSET_DELTA) while (this.#byte() >= 0x80);
    if (type === BASE_DELTA) this.#skip(CHECKSUM);
    const content = this.#inflate(size);
    if (type === OFFSET_DELTA || type === BASE_DELTA) this.#count(resultSize(content));
    if (type === TAG)
      this.tags.set(hash('sha1', Buffer.concat([Buffer.from(`tag ${size}\0`), content])), content);
  }

  #size(first: number): number {
    let size = first & 15;
    let factor = 16;
    for (let byte = first; byte >= 0x80; factor *= 128) {
      byte = this.#byte();
      size += (byte & 127) * factor;
      if (size > this.#limits.object) throw tooLarge('bytes in one file', this.#limits.object);
    }
    return size;
  }

  #count(size: number): void {
    this.#unpacked += size;
    if (size > this.#limits.object) throw tooLarge('bytes in one file', this.#limits.object);
    if (this.#unpacked > this.#limits.unpacked)
      throw tooLarge('bytes, unpacked,', this.#limits.unpacked);
  }

  #inflate(size: number): Buffer {
    let result: { buffer: Buffer; engine: { bytesWritten: number } };
    try {
      result = unpack(this.#bytes.subarray(this.at), Math.max(size, 1));
    } catch (error) {
      throw error instanceof Error && error.message === 'unexpected end of file'
        ? truncated()
        : damaged();
    }
    if (result.buffer.length !== size) throw damaged();
    this.at += result.engine.bytesWritten;
    return result.buffer;
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw truncated();
    this.at += 1;
    return byte;
  }

  #skip(length: number): void {
    if (this.at + length > this.#bytes.length) throw truncated();
    this.at += length;
  }
}

/** With `info` it also tells how much of the input was read; the types do not know. */
function unpack(
  bytes: Buffer,
  maxOutputLength: number,
): { buffer: Buffer; engine: { bytesWritten: number } } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return inflateSync(bytes, { info: true, maxOutputLength }) as unknown as {
    buffer: Buffer;
    engine: { bytesWritten: number };
  };
}

/** What a delta makes: the second of the two sizes that it begins with. */
function resultSize(delta: Buffer): number {
  let at = 0;
  let size = 0;
  for (let which = 0; which < 2; which += 1) {
    size = 0;
    for (let factor = 1, byte = 0x80; byte >= 0x80; factor *= 128) {
      byte = delta[at] ?? 0;
      at += 1;
      size += (byte & 127) * factor;
      if (at > SIZES) throw damaged();
    }
  }
  return size;
}

function damaged(): InvalidBundle {
  return new InvalidBundle('corrupt', 'it is damaged: copy it again');
}
