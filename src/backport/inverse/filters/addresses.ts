import { type Address, parseAddress } from '../../../render/template/python/address.ts';
import { type Datum, elements } from '../../../render/template/values.ts';
import { realigned } from '../sequences.ts';
import { printed } from '../values.ts';
import type { Inverse } from './step.ts';

function read(value: Datum | undefined): Address | undefined {
  return typeof value === 'string' ? parseAddress(value) : undefined;
}

/** The old address's place within its network, in another network. */
function moved(old: Address, network: Address): string {
  return old.show(network.first + (old.value - old.first));
}

/** Addresses and networks of which one part is what the text says, and the rest as it was. */
function addressGuesses(input: string, wanted: Datum): Datum[] {
  const old = parseAddress(input);
  const text = printed(wanted);
  if (text === undefined) return [];
  if (!old) return [text];
  const hasPrefix = input.includes('/');
  const tail = hasPrefix ? `/${old.prefix}` : '';
  const bare = text.replace(/^\[(.*?)\]/, '$1');
  const [first = '', second] = bare.split(/[ -]/);
  const address = first.split('/')[0] ?? '';
  const guesses: Datum[] = [address + tail, bare];
  if (/^\d+$/.test(bare)) guesses.push(`${old.address}/${bare}`);
  const network = read(`${address}/${old.prefix}`);
  if (network && network.version === old.version) {
    guesses.unshift(moved(old, network) + tail);
    guesses.push(network.cidr);
  }
  const own = read(bare);
  if (own?.version === old.version && bare.includes('/')) {
    guesses.push(own.cidr, `${moved(old, own)}/${own.prefix}`);
  }
  for (let prefix = 0; prefix <= old.bits; prefix += 1) {
    guesses.push(`${old.address}/${prefix}`);
    if (second !== undefined) guesses.push(`${address}/${prefix}`);
  }
  return guesses;
}

const ipaddr: Inverse = ({ input, output, wanted, apply }) => {
  if (typeof input === 'string') return addressGuesses(input, wanted);
  const [all, seen, now] = [input, output, wanted].map((value) =>
    value === undefined ? undefined : elements(value),
  );
  if (!all || !seen || !now || all.length !== seen.length) return [];
  const list = realigned(seen, now, ({ from, to }) => {
    const [item, after] = [from === undefined ? undefined : all[from], now[to] ?? null];
    if (from !== undefined && seen[from] === after) return item;
    const guesses = addressGuesses(typeof item === 'string' ? item : '', after);
    return guesses.find((guess) => {
      const result = elements(apply([guess]) ?? null);
      return result?.length === 1 && result[0] === after;
    });
  });
  return [list];
};

const nthhost: Inverse = ({ input, wanted, args }) => {
  const [old, now] = [read(input), read(wanted)];
  if (!old || !now || old.version !== now.version) return [];
  const start = now.value - BigInt(args.integer(0, 0));
  const network = start < 0n ? undefined : read(`${old.show(start)}/${old.prefix}`);
  return network ? [network.cidr, `${moved(old, network)}/${old.prefix}`] : [];
};

const ipmath: Inverse = ({ input, wanted, args }) => {
  const [old, now] = [read(input), read(wanted)];
  if (!old || !now || old.version !== now.version) return [];
  const value = now.value - BigInt(args.integer(0, 0));
  if (value < 0n || value >= 1n << BigInt(old.bits)) return [];
  const tail = typeof input === 'string' && input.includes('/') ? `/${old.prefix}` : '';
  return [old.show(value) + tail];
};

/** `ipsubnet`: the network of the same size in which the subnet lies. */
const ipsubnet: Inverse = ({ input, wanted }) => {
  const [old, now] = [read(input), read(wanted)];
  if (!old || !now || old.version !== now.version) return [];
  const around = read(`${now.address}/${old.prefix}`);
  return [around?.cidr, now.cidr];
};

/** Inverses of the filters on addresses. */
export const addressInverses: Readonly<Record<string, Inverse>> = {
  ipaddr,
  ipv4: ipaddr,
  ipv6: ipaddr,
  ipwrap: ipaddr,
  nthhost,
  ipmath,
  ipsubnet,
};
