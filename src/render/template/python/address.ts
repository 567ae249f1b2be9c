/** An IP address with the length of its network's prefix, as netaddr's `IPNetwork`. */
export class Address {
  readonly version: 4 | 6;
  readonly value: bigint;
  readonly prefix: number;

  constructor(version: 4 | 6, value: bigint, prefix: number) {
    this.version = version;
    this.value = value;
    this.prefix = prefix;
  }

  get bits(): number {
    return this.version === 4 ? 32 : 128;
  }

  /** How many addresses the network has. */
  get size(): bigint {
    return 1n << BigInt(this.bits - this.prefix);
  }

  get hostmask(): bigint {
    return this.size - 1n;
  }

  get netmask(): bigint {
    return (1n << BigInt(this.bits)) - this.size;
  }

  get first(): bigint {
    return this.value & this.netmask;
  }

  get last(): bigint {
    return this.value | this.hostmask;
  }

  /** Networks of one or two addresses have none. */
  get hasBroadcast(): boolean {
    return this.size > 2n;
  }

  get isNetwork(): boolean {
    return this.value === this.first;
  }

  get address(): string {
    return this.show(this.value);
  }

  /** `address/prefix` */
  toString(): string {
    return `${this.address}/${this.prefix}`;
  }

  /** The network itself, `network/prefix`. */
  get cidr(): string {
    return `${this.show(this.first)}/${this.prefix}`;
  }

  show(value: bigint): string {
    return this.version === 4 ? showV4(value) : showV6(value);
  }

  contains(other: Address): boolean {
    return other.version === this.version && other.first >= this.first && other.last <= this.last;
  }
}

/** Reads `address`, `address/prefix` or `address/mask`; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  const [address = '', suffix, ...rest] = text.split('/');
  if (rest.length > 0) return undefined;
  const v4 = parseV4(address);
  const value = v4 ?? parseV6(address);
  if (value === undefined) return undefined;
  const version = v4 === undefined ? 6 : 4;
  const prefix = suffix === undefined ? (version === 4 ? 32 : 128) : parsePrefix(suffix, version);
  return prefix === undefined ? undefined : new Address(version, value, prefix);
}

function parsePrefix(text: string, version: 4 | 6): number | undefined {
  const bits = version === 4 ? 32 : 128;
  if (/^\d{1,3}$/.test(text)) return Number(text) <= bits ? Number(text) : undefined;
  const mask = version === 4 ? parseV4(text) : parseV6(text);
  if (mask === undefined) return undefined;
  const digits = mask.toString(2).padStart(bits, '0');
  const asNetmask = /^(1*)0*$/.exec(digits);
  if (asNetmask) return asNetmask[1]?.length;
  return /^(0*)1*$/.exec(digits)?.[1]?.length;
}

function parseV4(text: string): bigint | undefined {
  const found = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const octets = found?.slice(1) ?? [];
  if (octets.length !== 4 || octets.some((octet) => Number(octet) > 255 || /^0\d/.test(octet))) {
    return undefined;
  }
  return octets.reduce((value, octet) => value * 256n + BigInt(octet), 0n);
}

function parseV6(text: string): bigint | undefined {
  let hex = text;
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (tail) {
    const v4 = parseV4(tail[2] ?? '');
    if (v4 === undefined) return undefined;
    hex = `${tail[1]}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
  }
  const halves = hex.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], rest = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...rest];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n);
}

function showV4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
}

/** As `inet_ntop`: the longest run of zeros shortened, the last four bytes dotted where they are an IPv4 address. */
function showV6(value: bigint): string {
  const words = Array.from({ length: 8 }, (_, i) =>
    Number((value >> BigInt(112 - 16 * i)) & 65535n),
  );
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (words[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const dotted =
    best.start === 0 && (best.length === 6 || (best.length === 5 && words[5] === 0xffff));
  if (dotted) return `${best.length === 6 ? '::' : '::ffff:'}${showV4(value & 0xffffffffn)}`;
  if (best.start < 0) return hex(words);
  return `${hex(words.slice(0, best.start))}::${hex(words.slice(best.start + best.length))}`;
}

function hex(words: number[]): string {
  return words.map((word) => word.toString(16)).join(':');
}

/** The name under which the address is looked up backwards. */
export function reverseName({ version, value }: Address): string {
  if (version === 4) return `${showV4(value).split('.').toReversed().join('.')}.in-addr.arpa.`;
  const digits = value.toString(16).padStart(32, '0');
  return `${Array.from(digits).toReversed().join('.')}.ip6.arpa.`;
}
