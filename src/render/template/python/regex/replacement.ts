import { Fault } from '../../errors.ts';
import type { Match } from './match.ts';
import type { Regex } from './pattern.ts';

const part = /\\(?:g<([^>]*)>|([1-9]\d?)|0([0-7]{0,2})|([^]))|\\$/g;
const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** What a match is replaced by, from the replacement that `re.sub` was given. Throws a Fault where `re` would. */
export function parseReplacement(replacement: string, regex: Regex): (match: Match) => string {
  const parts: (string | number)[] = [];
  let last = 0;
  for (const found of replacement.matchAll(part)) {
    parts.push(replacement.slice(last, found.index), read(found, replacement, regex));
    last = found.index + found[0].length;
  }
  parts.push(replacement.slice(last));
  return ({ groups }) =>
    parts.map((piece) => (typeof piece === 'number' ? (groups[piece] ?? '') : piece)).join('');
}

function read(found: RegExpExecArray, replacement: string, regex: Regex): string | number {
  const [whole, name, number, octal, other] = found;
  if (name !== undefined) return groupOf(name, regex);
  if (octal !== undefined) return String.fromCharCode(parseInt(octal || '0', 8));
  if (number !== undefined) {
    const following = replacement.slice(found.index + 1, found.index + 4);
    if (/^[0-7]{3}$/.test(following)) throw new Fault(`the octal escape "\\${following}"`);
    return groupOf(number, regex);
  }
  if (other === undefined) throw new Fault('the replacement ends in a backslash');
  const known = escapes[other];
  if (known !== undefined) return known;
  if (/[A-Za-z]/.test(other)) throw new Fault(`the escape "\\${other}" in the replacement`);
  return whole;
}

function groupOf(name: string, regex: Regex): number {
  const index = /^\d+$/.test(name) ? Number(name) : regex.names.get(name);
  if (index === undefined || index > regex.groups) throw new Fault(`there is no group "${name}"`);
  return index;
}
