import { createHash, hash, randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';

import type { KnownObjects } from './known-objects.ts';
import { Pace } from './pace.ts';
import { packIndex, type PackedObject } from './pack-index.ts';
import { syncFolder } from './sync-folder.ts';

export type ObjectType = 'commit' | 'tree' | 'blob';

const TYPES = { commit: 1, tree: 2, blob: 3 } as const;

/** Bytes and objects after which a pack is written and another one begun: bounds memory and turns. */
const PACK = { bytes: 16 * 1024 * 1024, objects: 20_000 };
const CHUNK = 1024 * 1024;
const HEADER = 12;
/** Most bytes that one stored block of a zlib stream can hold. */
const BLOCK = 0xffff;
const deflateInThread = promisify(deflate);

/**
 * Writes git objects of a SHA-1 repository into packs, in this process: whole objects, the small ones stored as they
 * are. What is known to be there is not written again. To compress them would take more CPU than all else together,
 * and repacking finds deltas, which save more.
 * After an error, nothing that was put since the last `flush` is there.
 * @see https://git-scm.com/docs/gitformat-pack
 */
export class PackWriter {
  readonly #folder: string;
  readonly #known: KnownObjects;
  readonly #scratch = Buffer.allocUnsafe(BLOCK + 32);
  #ids = new Set<string>();
  #objects: PackedObject[] = [];
  #chunks: { buffer: Buffer; used: number }[] = [];
  #size = HEADER;

  /** @param folder the repository's `objects/pack` */
  constructor(folder: string, known: KnownObjects) {
    this.#folder = folder;
    this.#known = known;
  }

  /** Whether `flush` should be called before more is put. */
  get isFull(): boolean {
    return this.#size >= PACK.bytes || this.#objects.length >= PACK.objects;
  }

  /** Puts an object into the pack, or knows that it is there. Returns its id. */
  async put(type: ObjectType, content: Buffer): Promise<string> {
    if (content.length <= BLOCK) return this.putSmall(type, content);
    const id = this.#idOf(type, content);
    if (this.#isThere(id)) return id;
    const packed = await deflateInThread(content, { level: 1 });
    if (!this.#isThere(id)) this.#append(id, type, content.length, packed);
    return id;
  }

  /** As `put`, at once and never compressed: for objects that are not very large. */
  putSmall(type: ObjectType, content: Buffer): string {
    const id = this.#idOf(type, content);
    if (!this.#isThere(id)) this.#append(id, type, content.length, storedStream(content));
    return id;
  }

  /** Writes what was put to disk. When this returns it is there to be read, and lasts (fsync). */
  async flush(): Promise<void> {
    if (this.#objects.length === 0) return;
    const [objects, chunks] = [this.#objects, this.#chunks];
    [this.#objects, this.#chunks, this.#ids, this.#size] = [[], [], new Set(), HEADER];
    const parts = chunks.map(({ buffer, used }) => buffer.subarray(0, used));
    parts[0]!.write('PACK', 'latin1');
    parts[0]!.writeUInt32BE(2, 4);
    parts[0]!.writeUInt32BE(objects.length, 8);
    const digest = createHash('sha1');
    const pace = new Pace();
    for (const part of parts) {
      digest.update(part);
      const pause = pace.next();
      if (pause) await pause;
    }
    const checksum = digest.digest();
    const index = packIndex(objects, checksum);
    const temporary = [join(this.#folder, `tmp_pack_${randomUUID()}`)];
    temporary.push(temporary[0]!.replace('tmp_pack_', 'tmp_idx_'));
    const name = join(this.#folder, `pack-${checksum.toString('hex')}`);
    try {
      await Promise.all([
        writeSynced(temporary[0]!, [...parts, checksum]),
        writeSynced(temporary[1]!, [index]),
      ]);
      // Git takes a pack for one when it has an index.
      await rename(temporary[0]!, `${name}.pack`);
      await rename(temporary[1]!, `${name}.idx`);
    } catch (error) {
      for (const path of temporary) await rm(path, { force: true });
      throw error;
    }
    await syncFolder(this.#folder);
    for (const { id } of objects) this.#known.add(id);
  }

  #isThere(id: string): boolean {
    return this.#ids.has(id) || this.#known.has(id);
  }

  #idOf(type: ObjectType, content: Buffer): string {
    const header = `${type} ${content.length}\0`;
    if (content.length > BLOCK)
      return createHash('sha1').update(header).update(content).digest('hex');
    // One call for all of it takes half the time of three.
    const start = this.#scratch.write(header, 'latin1');
    content.copy(this.#scratch, start);
    return hash('sha1', this.#scratch.subarray(0, start + content.length), 'hex');
  }

  #append(id: string, type: ObjectType, size: number, packed: Buffer): void {
    const header = entryHeader(type, size);
    const chunk = this.#chunkFor(header.length + packed.length);
    const start = chunk.used;
    for (const byte of header) chunk.used = chunk.buffer.writeUInt8(byte, chunk.used);
    chunk.used += packed.copy(chunk.buffer, chunk.used);
    const crc = crc32(chunk.buffer.subarray(start, chunk.used));
    this.#objects.push({ id, crc, offset: this.#size });
    this.#ids.add(id);
    this.#size += chunk.used - start;
  }

  #chunkFor(bytes: number): { buffer: Buffer; used: number } {
    const last = this.#chunks.at(-1);
    if (last && last.used + bytes <= last.buffer.length) return last;
    const used = last ? 0 : HEADER;
    const chunk = { buffer: Buffer.allocUnsafeSlow(Math.max(CHUNK, used + bytes)), used };
    this.#chunks.push(chunk);
    return chunk;
  }
}

/** Type and size: four bits of the size, and then seven a byte. */
function entryHeader(type: ObjectType, size: number): number[] {
  const bytes: number[] = [];
  let byte = (TYPES[type] << 4) | (size & 15);
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(byte | 0x80);
    byte = rest & 0x7f;
  }
  return [...bytes, byte];
}

/**
 * A zlib stream of blocks that are not compressed.
 * @see https://www.rfc-editor.org/rfc/rfc1950, https://www.rfc-editor.org/rfc/rfc1951 (3.2.4)
 */
function storedStream(content: Buffer): Buffer {
  const blocks = Math.max(1, Math.ceil(content.length / BLOCK));
  const stream = Buffer.allocUnsafe(content.length + 5 * blocks + 6);
  let at = stream.writeUInt16BE(0x7801, 0);
  for (let block = 0; block < blocks; block += 1) {
    const part = content.subarray(block * BLOCK, (block + 1) * BLOCK);
    at = stream.writeUInt8(block === blocks - 1 ? 1 : 0, at);
    at = stream.writeUInt16LE(part.length, at);
    at = stream.writeUInt16LE(part.length ^ 0xffff, at);
    at += part.copy(stream, at);
  }
  stream.writeUInt32BE(adler32(content), at);
  return stream;
}

/** @see https://www.rfc-editor.org/rfc/rfc1950#section-9 */
function adler32(bytes: Buffer): number {
  let [a, b] = [1, 0];
  for (let at = 0; at < bytes.length;) {
    // So many sums stay small integers.
    const end = Math.min(at + 2800, bytes.length);
    for (; at < end; at += 1) {
      a += bytes[at]!;
      b += a;
    }
    a %= 65_521;
    b %= 65_521;
  }
  return b * 65_536 + a;
}

async function writeSynced(path: string, parts: Buffer[]): Promise<void> {
  const file = await open(path, 'wx', 0o444);
  try {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}
