import { hash } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';

/** Numbers from 0 up to, and not with, `below`. */
export type Draw = (below: number) => number;

/** Draws that the seed alone decides (mulberry32). */
export function drawer(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

interface Entry {
  type: number;
  content: Buffer;
  /** What a delta builds on: another entry, or an object by its id. */
  base: Entry | Buffer | undefined;
}

/** A good bundle, taken apart. */
export interface Sample {
  name: string;
  bytes: Buffer;
  header: string[];
  pack: Buffer;
  entries: Entry[];
}

const OFFSET_DELTA = 6;
const BASE_DELTA = 7;
const TAG = 4;
const ODD_LINES = [
  '',
  '@object-format=sha256',
  '@filter=blob:none',
  '# v2 git bundle',
  '# v3 git bundle',
  `${'0'.repeat(40)} refs/heads/desired`,
  `${'a'.repeat(40)} refs/heads/../../x`,
  `${'a'.repeat(40)} refs/sites/porto/desired`,
  `${'A'.repeat(40)} HEAD`,
  `-${'b'.repeat(40)} `,
  '-',
  'HEAD',
  '\0\0\0',
  'x'.repeat(70_000),
];

export function sampleOf(name: string, bytes: Buffer): Sample {
  const at = bytes.indexOf('\n\n') + 2;
  const header = bytes.toString('latin1', 0, at - 2).split('\n');
  const pack = bytes.subarray(at);
  return { name, bytes, header, pack, entries: entriesOf(pack) };
}

/** Changes a bundle somehow. Most changes are of a kind that is found before git is asked. */
export function mutate(sample: Sample, donors: readonly Sample[], draw: Draw): Buffer {
  const kind = draw(100);
  if (kind < 25) return flipped(sample.bytes, draw);
  if (kind < 40) return cut(sample.bytes, draw);
  if (kind < 65) return Buffer.concat([withHeader(sample, donors, draw), sample.pack]);
  if (kind < 75) return spliced(sample, donors, draw);
  if (kind < 85) return sealed(sample, flipped(sample.pack.subarray(0, -20), draw));
  if (kind < 90) return retagged(sample, draw);
  return rebuilt(sample, donors, draw);
}

function flipped(bytes: Buffer, draw: Draw): Buffer {
  const copy = Buffer.from(bytes);
  for (let count = 1 + draw(4); count > 0; count -= 1) {
    const at = draw(copy.length);
    copy[at] = draw(3) === 0 ? draw(256) : copy[at]! ^ (1 << draw(8));
  }
  return copy;
}

function cut(bytes: Buffer, draw: Draw): Buffer {
  const at = draw(bytes.length);
  const to = at + draw(bytes.length - at);
  switch (draw(4)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return bytes.subarray(at);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
    default:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]);
  }
}

/** Lines dropped, doubled, swapped, taken from other bundles, or odd. */
function withHeader(sample: Sample, donors: readonly Sample[], draw: Draw): Buffer {
  const lines = [...sample.header];
  for (let count = 1 + draw(3); count > 0; count -= 1) {
    const at = draw(lines.length);
    const donor = donors[draw(donors.length)]!.header;
    const line = lines[at] ?? '';
    switch (draw(8)) {
      case 0:
        lines.splice(at, 1);
        break;
      case 1:
        lines.splice(at, 0, line);
        break;
      case 2:
        lines.push(...lines.splice(at, 1));
        break;
      case 3:
        lines.splice(at, 1, donor[draw(donor.length)]!);
        break;
      case 4:
        lines.splice(1 + draw(lines.length), 0, donor[draw(donor.length)]!);
        break;
      case 5:
        lines.splice(draw(lines.length), 0, ODD_LINES[draw(ODD_LINES.length)]!);
        break;
      case 6:
        lines.push(...Array.from({ length: draw(500) }, (_, n) => `${line}${n}`));
        break;
      default:
        lines[at] = flipped(Buffer.from(`${line} `, 'latin1'), draw).toString('latin1');
    }
  }
  return Buffer.from(`${lines.join('\n')}\n\n`, 'latin1');
}

function spliced(sample: Sample, donors: readonly Sample[], draw: Draw): Buffer {
  const { pack } = donors[draw(donors.length)]!;
  const header = Buffer.from(`${sample.header.join('\n')}\n\n`, 'latin1');
  const counted = Buffer.from(sample.pack);
  switch (draw(4)) {
    case 0:
      return Buffer.concat([header, pack]);
    case 1:
      return Buffer.concat([header, sample.pack, pack]);
    case 2:
      counted.writeUInt32BE(draw(2) === 0 ? draw(2 ** 32) : draw(200), 8);
      return sealed(sample, counted.subarray(0, -20));
    default:
      return sealed(sample, Buffer.concat([sample.pack.subarray(0, -20), pack.subarray(12, -20)]));
  }
}

/** Another tag than the one that was signed, and the header speaks of it. */
function retagged(sample: Sample, draw: Draw): Buffer {
  const entries = [...sample.entries];
  const at = entries.findIndex(({ type }) => type === TAG);
  const content = flipped(entries[at]!.content, draw);
  entries[at] = { type: TAG, content, base: undefined };
  const id = hash('sha1', Buffer.concat([Buffer.from(`tag ${content.length}\0`), content]));
  const header = sample.header.map((line) =>
    line.includes(' refs/tags/') ? `${id}${line.slice(40)}` : line,
  );
  return sealed({ ...sample, header }, packOf(entries));
}

/** Objects changed, dropped, doubled, or of other bundles, in a pack that is whole. */
function rebuilt(sample: Sample, donors: readonly Sample[], draw: Draw): Buffer {
  const entries = [...sample.entries];
  for (let count = 1 + draw(2); count > 0; count -= 1) {
    const at = draw(entries.length);
    const entry = entries[at]!;
    const donor = donors[draw(donors.length)]!.entries;
    switch (draw(6)) {
      case 0:
        entries.splice(at, 1);
        break;
      case 1:
        entries.push(entry);
        break;
      case 2:
        entries.push(donor[draw(donor.length)]!);
        break;
      case 3:
        entries[at] = { ...entry, type: 1 + draw(3), base: undefined };
        break;
      case 4:
        entries.push({ type: 3, content: Buffer.alloc(draw(5000), draw(256)), base: undefined });
        break;
      default:
        entries[at] = { ...entry, content: flipped(Buffer.from([...entry.content, 0]), draw) };
    }
    if (entries.length === 0) return sample.bytes.subarray(0, 40);
  }
  return sealed(sample, packOf(entries));
}

function sealed(sample: Pick<Sample, 'header'>, body: Buffer): Buffer {
  const header = Buffer.from(`${sample.header.join('\n')}\n\n`, 'latin1');
  return Buffer.concat([header, body, hash('sha1', body, 'buffer')]);
}

function entriesOf(pack: Buffer): Entry[] {
  const found = new Map<number, Entry>();
  let at = 12;
  for (let count = pack.readUInt32BE(8); count > 0; count -= 1) {
    const start = at;
    let byte = pack[at++]!;
    const type = (byte >> 4) & 7;
    while (byte & 0x80) byte = pack[at++]!;
    let base: Entry | Buffer | undefined;
    if (type === BASE_DELTA) base = pack.subarray(at, (at += 20));
    if (type === OFFSET_DELTA) {
      byte = pack[at++]!;
      let offset = byte & 0x7f;
      while (byte & 0x80) {
        byte = pack[at++]!;
        offset = (offset + 1) * 128 + (byte & 0x7f);
      }
      base = found.get(start - offset);
    }
    // What zlib tells with `info` the types do not know.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { buffer, engine } = inflateSync(pack.subarray(at), { info: true }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    at += engine.bytesWritten;
    found.set(start, { type, content: buffer, base });
  }
  return [...found.values()];
}

function packOf(entries: readonly Entry[]): Buffer {
  const head = Buffer.from('PACK\0\0\0\u0002\0\0\0\0', 'latin1');
  head.writeUInt32BE(entries.length, 8);
  const parts = [head];
  const places = new Map<Entry, number>();
  let at = head.length;
  for (const entry of entries) {
    const { type, content, base } = entry;
    const reference = Buffer.isBuffer(base)
      ? base
      : base === undefined
        ? Buffer.alloc(0)
        : offsetBytes(at - (places.get(base) ?? 0));
    const part = Buffer.concat([sizeBytes(type, content.length), reference, deflateSync(content)]);
    places.set(entry, at);
    parts.push(part);
    at += part.length;
  }
  return Buffer.concat(parts);
}

function sizeBytes(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 15)];
  for (let rest = size >> 4; rest > 0; rest >>= 7) {
    bytes[bytes.length - 1]! |= 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}

function offsetBytes(offset: number): Buffer {
  const bytes = [offset & 0x7f];
  for (let rest = offset >> 7; rest > 0; rest >>= 7) {
    rest -= 1;
    bytes.unshift(0x80 | (rest & 0x7f));
  }
  return Buffer.from(bytes);
}
