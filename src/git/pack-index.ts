import { hash } from 'node:crypto';

/** Where an object stands in a pack. */
export interface PackedObject {
  /** 40 hex digits. */
  id: string;
  /** CRC-32 of its bytes in the pack. */
  crc: number;
  /** Of its first byte; less than 2^31. */
  offset: number;
}

const ID = 20;
const FANOUT = 8 + 256 * 4;

/**
 * The index of a pack, in version 2 of the format.
 * @param checksum that of the pack
 * @see https://git-scm.com/docs/gitformat-pack
 */
export function packIndex(objects: readonly PackedObject[], checksum: Buffer): Buffer {
  const sorted = objects.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const count = sorted.length;
  const [crcs, offsets] = [FANOUT + count * ID, FANOUT + count * (ID + 4)];
  const index = Buffer.alloc(FANOUT + count * (ID + 8) + 2 * ID);
  index.writeUInt32BE(0xff744f63, 0);
  index.writeUInt32BE(2, 4);
  const fanout = new Uint32Array(256);
  for (const [place, { id, crc, offset }] of sorted.entries()) {
    index.write(id, FANOUT + place * ID, 'hex');
    index.writeUInt32BE(crc, crcs + place * 4);
    index.writeUInt32BE(offset, offsets + place * 4);
    fanout[index[FANOUT + place * ID]!]! += 1;
  }
  let below = 0;
  for (const [first, own] of fanout.entries()) {
    below += own;
    index.writeUInt32BE(below, 8 + first * 4);
  }
  checksum.copy(index, index.length - 2 * ID);
  hash('sha1', index.subarray(0, -ID), 'buffer').copy(index, index.length - ID);
  return index;
}
