import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { type Address, parseAddress, reverseName } from '../python/address.ts';
import { asInt, toInt } from '../python/numbers.ts';
import { type Datum, elements, given, nameOfType } from '../values.ts';
import { defineFilter, type Filter } from './filter.ts';

/** An address as it was written: with a prefix it is a network to `ansible.utils`, without one an address. */
interface Written {
  address: Address;
  text: string;
  hasPrefix: boolean;
}

type Query = (written: Written) => Datum;

function network(query: (address: Address) => Datum): Query {
  return ({ address, hasPrefix }) => {
    if (!hasPrefix) throw new Fault('the query needs a network, not an address');
    return query(address);
  };
}

/** netaddr takes a small number for an IPv4 address, also where it came from an IPv6 one. */
function fromNumber(address: Address, value: bigint): string {
  if (address.version === 6 && value < 1n << 32n)
    throw new Fault('the first addresses of IPv6 are not supported');
  return address.show(value);
}

/** The first and last address that hosts can have. */
function usable(address: Address): [bigint, bigint] {
  return address.size === 2n
    ? [address.first, address.last]
    : [address.first + 1n, address.last - 1n];
}

function neighbour(address: Address, step: bigint): Datum {
  if (address.size === 1n) return null;
  const [first, last] = usable(address);
  const next = address.value + step;
  return next >= first && next <= last ? fromNumber(address, next) : null;
}

const hostAddress: Query = ({ address: a }) =>
  a.size === 1n || !a.isNetwork || !a.hasBroadcast || a.version === 6 ? a.address : null;

const hostWithPrefix: Query = ({ address: a }) =>
  a.size > 2n && (a.value === a.first || a.value === a.last) ? false : a.toString();

const hostmask: Query = ({ address: a }) => a.show(a.hostmask);
const networkAddress: Query = ({ address: a }) => a.show(a.first);
const cidr: Query = ({ address: a }) => a.cidr;

const queries = new Map<string, Query>([
  ['', ({ address: a, hasPrefix }) => (hasPrefix ? a.toString() : a.address)],
  ['address', hostAddress],
  ['ip', hostAddress],
  ...['address/prefix', 'gateway', 'gw', 'host/prefix', 'hostnet', 'router'].map(
    (name): [string, Query] => [name, hostWithPrefix],
  ),
  ['bool', () => true],
  ['broadcast', ({ address: a }) => (a.hasBroadcast ? a.show(a.last) : null)],
  ['cidr', ({ address: a }) => a.toString()],
  [
    'host',
    ({ address: a }) => (a.size === 1n || !a.isNetwork || !a.hasBroadcast ? a.toString() : null),
  ],
  ['hostmask', hostmask],
  ['wildcard', hostmask],
  ['int', ({ address: a, hasPrefix }) => (hasPrefix ? `${a.value}/${a.prefix}` : toInt(a.value))],
  [
    'ip/prefix',
    ({ address: a }) => (a.size === 2n || (a.size > 1n && !a.isNetwork) ? a.toString() : null),
  ],
  [
    'ip_netmask',
    ({ address: a }) =>
      a.size === 2n || (a.size > 1n && !a.isNetwork) ? `${a.address} ${a.show(a.netmask)}` : null,
  ],
  ['net', ({ address: a }) => (a.size > 1n && a.isNetwork ? a.cidr : null)],
  ['netmask', ({ address: a }) => a.show(a.netmask)],
  ['network', networkAddress],
  ['network_id', networkAddress],
  ['network/prefix', cidr],
  ['subnet', cidr],
  ['network_netmask', ({ address: a }) => `${a.show(a.first)} ${a.show(a.netmask)}`],
  ['network_wildcard', ({ address: a }) => `${a.show(a.first)} ${a.show(a.hostmask)}`],
  ['prefix', ({ address: a }) => a.prefix],
  ['revdns', ({ address: a }) => reverseName(a)],
  ['size', ({ address: a }) => toInt(a.size)],
  ['size_usable', ({ address: a }) => (a.size === 1n ? 0 : a.size === 2n ? 2 : toInt(a.size - 2n))],
  ['type', ({ address: a }) => (a.size === 1n || !a.isNetwork ? 'address' : 'network')],
  ['version', ({ address: a }) => a.version],
  ['first_usable', network((a) => (a.size > 1n ? fromNumber(a, usable(a)[0]) : null))],
  ['last_usable', network((a) => (a.size > 1n ? fromNumber(a, usable(a)[1]) : null))],
  ['next_usable', network((a) => neighbour(a, 1n))],
  ['previous_usable', network((a) => neighbour(a, -1n))],
  [
    'range_usable',
    network((a) =>
      a.size > 1n
        ? usable(a)
            .map((value) => fromNumber(a, value))
            .join('-')
        : null,
    ),
  ],
  [
    'wrap',
    ({ address: a, text, hasPrefix }) => {
      if (a.version === 4) return text;
      return hasPrefix ? `[${a.address}]/${a.prefix}` : `[${a.address}]`;
    },
  ],
]);

/** Text that netaddr could read as something that we do not: a number, or with spaces and signs. */
const doubtful = /^[\d\s/+_]*$|[\s+_]|^$/;

function read(value: Datum): Written | undefined {
  if (typeof value !== 'string') {
    throw new Fault(`an address is text, not ${nameOfType(value)}`, { hint: 'add | string' });
  }
  const address = parseAddress(value);
  if (address) return { address, text: value, hasPrefix: value.includes('/') };
  if (doubtful.test(value))
    throw new Fault(`${JSON.stringify(value)} is not clearly an address or none`);
  return undefined;
}

/** `ipaddr(value, query)`: what is no address, or of another version, is false. */
function ipaddr(value: Datum, query: Datum, version: number | undefined, fuel: Fuel): Datum {
  fuel.spend(10);
  const list = elements(value);
  if (list) {
    const kept = list.map((element) => ipaddr(element, query, version, fuel));
    return kept.filter(
      (element) => element !== false && element !== null && element !== 0 && element !== '',
    );
  }
  const written = read(value);
  if (!written || (version !== undefined && written.address.version !== version)) return false;
  const number = asInt(query);
  if (number !== undefined) return nth(written, BigInt(number));
  if (typeof query !== 'string') throw new Fault('the query of ipaddr is text or a number');
  const known = queries.get(query);
  if (known) return known(written);
  if (/^-?\d+$/.test(query)) throw new Fault('give the number without quotes');
  const range = parseAddress(query);
  if (!range) throw new Fault(`the query "${query}" of ipaddr is not supported`);
  return range.contains(written.address) ? written.text : null;
}

function nth({ address, hasPrefix }: Written, index: bigint): Datum {
  if (address.size === 1n) return hasPrefix ? address.toString() : address.address;
  const at = index < 0n ? address.last + 1n + index : address.first + index;
  return at >= address.first && at <= address.last
    ? `${address.show(at)}/${address.prefix}`
    : false;
}

function addressFilter(name: string, version: number | undefined): Filter {
  return defineFilter({
    name,
    signature: ['query?'],
    inverse: 'several',
    implementation: (value, args, run) => ipaddr(value, given(args.get(0), ''), version, run.fuel),
  });
}

function wrap(value: Datum, fuel: Fuel): Datum {
  const list = elements(value);
  if (list) return list.map((element) => wrap(element, fuel));
  fuel.spend(10);
  const written = read(value);
  if (!written) return value;
  const { address, hasPrefix } = written;
  if (address.version === 4) return hasPrefix ? address.toString() : address.address;
  return hasPrefix ? `[${address.address}]/${address.prefix}` : `[${address.address}]`;
}

function subnet(value: Datum, query: Datum, index: Datum): Datum {
  const written = read(value);
  if (!written) return false;
  const { address } = written;
  const isAddress = address.size === 1n || !address.isNetwork;
  if (isAddress) throw new Fault('ipsubnet is supported for networks');
  if (query === '') return address.cidr;
  const size = typeof query === 'string' && /^\d+$/.test(query) ? Number(query) : asInt(query);
  if (size === undefined) throw new Fault('ipsubnet is supported with the size of a subnet');
  if (size > address.bits || size < address.prefix)
    throw new Fault(`${size} is no size of a subnet of ${address.cidr}`);
  const subnets = 1n << BigInt(Number(size) - address.prefix);
  if (index === null) return String(subnets);
  const wanted = asInt(index);
  if (wanted === undefined) throw new Fault('the index of ipsubnet must be an integer');
  const at = BigInt(wanted) < 0n ? BigInt(wanted) + subnets : BigInt(wanted);
  if (at < 0n || at >= subnets) return false;
  const start = address.first + (at << BigInt(address.bits - Number(size)));
  return `${fromNumber(address, start)}/${size}`;
}

export const addressFilters: Filter[] = [
  addressFilter('ipaddr', undefined),
  addressFilter('ipv4', 4),
  addressFilter('ipv6', 6),
  defineFilter({
    name: 'ipwrap',
    signature: [],
    inverse: 'exact',
    implementation: (value, _, run) => wrap(value, run.fuel),
  }),
  defineFilter({
    name: 'ipsubnet',
    signature: ['query?', 'index?'],
    inverse: 'several',
    implementation: (value, args) =>
      subnet(value, given(args.get(0), ''), given(args.get(1), null)),
  }),
  defineFilter({
    name: 'nthhost',
    signature: ['query'],
    inverse: 'several',
    implementation: (value, args) => {
      const written = read(value);
      const index = BigInt(args.integer(0, 0));
      if (!written || index === 0n) return false;
      const { address } = written;
      if (index < 0n) throw new Fault('nthhost counts from the start of the network');
      return index < address.size ? address.show(address.first + index) : false;
    },
  }),
  defineFilter({
    name: 'ipmath',
    signature: ['amount'],
    inverse: 'exact',
    implementation: (value, args) => {
      const written = read(value);
      if (!written) throw new Fault('ipmath needs an address');
      const { address } = written;
      const sum = address.value + BigInt(args.integer(0, 0));
      if (sum < 0n || sum >= 1n << BigInt(address.bits))
        throw new Fault('there is no such address');
      return address.show(sum);
    },
  }),
];
