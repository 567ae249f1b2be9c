import { createHash } from 'node:crypto';

import { Float } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import { parseJson } from '../python/json-parse.ts';
import { asNumber, floatOf, parseFloatText } from '../python/numbers.ts';
import { fixed, printf } from '../python/printf.ts';
import { roundDigits } from '../python/round.ts';
import { show } from '../python/show.ts';
import { strip, stripEnd } from '../python/whitespace.ts';
import type { Run } from '../run.ts';
import { type Datum, given, nameOfType, Tuple } from '../values.ts';
import { type Arguments, defineFilter, type Filter } from './filter.ts';
import { needText } from './text.ts';

interface CommentStyle {
  beginning?: string;
  decoration: string;
  end?: string;
}

const styles = new Map<string, CommentStyle>([
  ['plain', { decoration: '# ' }],
  ['erlang', { decoration: '% ' }],
  ['c', { decoration: '// ' }],
  ['cblock', { beginning: '/*', decoration: ' * ', end: ' */' }],
  ['xml', { beginning: '<!--', decoration: ' - ', end: '-->' }],
]);

const commentTexts = ['newline', 'beginning', 'prefix', 'decoration', 'postfix', 'end'] as const;
const commentCounts = ['prefix_count', 'postfix_count'] as const;

/** Ansible's `comment`. */
function comment(value: Datum, args: Arguments, run: Run): string {
  const text = needText(value, 'comment');
  const name = args.text(0, 'plain');
  const style = styles.get(name);
  if (!style)
    throw new Fault(`comment has no style "${name}"`, { hint: [...styles.keys()].join(', ') });
  const known = new Set<string>([...commentTexts, ...commentCounts]);
  for (const key of args.keywords.keys()) {
    if (!known.has(key)) throw new Fault(`comment has no argument "${key}"`);
  }
  const option = (key: (typeof commentTexts)[number], fallback: string): string =>
    needText(given(args.keywords.get(key), fallback), 'comment');
  const count = (key: (typeof commentCounts)[number]): number => {
    const found = given(args.keywords.get(key), 1);
    if (typeof found !== 'number' || found > 1000) throw new Fault(`${key} is a number up to 1000`);
    return Math.max(0, found);
  };
  const newline = option('newline', '\n');
  const decoration = option('decoration', style.decoration);
  const edge = stripEnd(decoration);
  const beginning = option('beginning', style.beginning ?? '');
  const prefix = option('prefix', edge);
  const postfix = option('postfix', edge);
  const end = option('end', style.end ?? '');
  if (newline === '') throw new Fault('the newline of comment may not be empty');
  run.fuel.spend(
    text.length * (1 + decoration.length) + count('prefix_count') + count('postfix_count'),
  );
  const decorated = `${decoration}${text.replaceAll(newline, newline + decoration)}`;
  const body = decorated.replaceAll(decoration + newline, edge + newline);
  const head =
    prefix === ''
      ? ''
      : (prefix === newline ? newline : prefix + newline).repeat(count('prefix_count'));
  const tail = (newline + postfix).repeat(count('postfix_count'));
  return `${beginning && beginning + newline}${head}${body}${tail}${end && newline + end}`;
}

const sizes: readonly [string, number][] = [
  ['Y', 2 ** 80],
  ['Z', 2 ** 70],
  ['E', 2 ** 60],
  ['P', 2 ** 50],
  ['T', 2 ** 40],
  ['G', 2 ** 30],
  ['M', 2 ** 20],
  ['K', 2 ** 10],
  ['B', 1],
];

/** Ansible's `human_readable`. */
function humanReadable(value: Datum, args: Arguments): string {
  const number = asNumber(value);
  if (number === undefined)
    throw new Fault(`human_readable needs a number, not ${nameOfType(value)}`);
  const isBits = args.flag(0);
  const unit = args.get(1) ?? null;
  const size = floatOf(number);
  const wanted = unit === null ? undefined : needText(unit, 'human_readable').toUpperCase();
  const [letter, limit] = sizes.find(([name, least]) =>
    wanted === undefined ? size >= least : wanted === name,
  ) ?? ['B', 1];
  const base = isBits ? 'bits' : 'Bytes';
  return `${fixed(size / limit, 2)} ${limit === 1 ? base : letter + base.charAt(0)}`;
}

/** Jinja2's `filesizeformat`. */
function fileSize(value: Datum, isBinary: boolean): string {
  const number = typeof value === 'string' ? parseFloatText(strip(value)) : asNumber(value);
  if (number === undefined) {
    throw new Fault(`filesizeformat needs a number, not ${nameOfType(value)}`);
  }
  const bytes = typeof number === 'number' ? number : floatOf(number);
  if (!Number.isFinite(bytes)) throw new Fault('filesizeformat needs a finite number');
  const base = isBinary ? 1024 : 1000;
  if (bytes === 1) return '1 Byte';
  if (bytes < base) return `${BigInt(Math.trunc(bytes))} Bytes`;
  const letters = isBinary ? 'KMGTPEZY' : 'kMGTPEZY';
  const at = Array.from(letters).findIndex((_, i) => bytes < unitSize(base, i + 2));
  const place = at < 0 ? letters.length - 1 : at;
  const size = (base * bytes) / unitSize(base, place + 2);
  return `${fixed(size, 1)} ${letters.charAt(place)}${isBinary ? 'i' : ''}B`;
}

/** `base ** power` as the nearest float. */
function unitSize(base: number, power: number): number {
  return Number(BigInt(base) ** BigInt(power));
}

/** Ansible's `human_to_bytes`. */
function humanToBytes(value: Datum, args: Arguments, run: Run): Datum {
  const isBits = args.flag(1);
  const text = show(value, run.fuel);
  const [, digits = '', written] = /^\s*(\d*\.?\d*)\s*([A-Za-z]+)?$/.exec(text) ?? [];
  if (!/\d/.test(digits)) throw new Fault(`human_to_bytes cannot read ${JSON.stringify(text)}`);
  const fallback = args.get(0) ?? null;
  const unit = written ?? (fallback === null ? undefined : needText(fallback, 'human_to_bytes'));
  if (unit === undefined) return wholeNumber(Number(digits));
  const found = sizes.find(([name]) => name === unit.charAt(0).toUpperCase());
  // Longer words are units to some versions only.
  const letter = found?.[0] === 'B' ? '' : found?.[0];
  const fits = unit.length === 1 || unit === `${letter}${isBits ? 'b' : 'B'}`;
  if (!found || !fits) throw new Fault(`human_to_bytes does not know the unit "${unit}"`);
  return wholeNumber(Number(digits) * found[1]);
}

function wholeNumber(value: number): Datum {
  const rounded = roundDigits(new Float(value), 0);
  if (!(rounded instanceof Float) || !Number.isSafeInteger(rounded.value)) {
    throw new Fault('the number is too large');
  }
  return rounded.value;
}

const ANSIBLE_NAMESPACE = '361e6d51faec444a9079341386da8e2e';

/** `uuid.uuid5(namespace, text)`. */
function toUuid(value: Datum, args: Arguments, run: Run): string {
  const namespace = args.text(0, ANSIBLE_NAMESPACE).replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(namespace)) throw new Fault('the namespace of to_uuid must be a UUID');
  const text = show(value, run.fuel);
  run.fuel.spend(text.length);
  const hash = createHash('sha1').update(Buffer.from(namespace, 'hex')).update(text).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex', 0, 16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

export const formatFilters: Filter[] = [
  defineFilter({
    name: 'format',
    signature: ['*', '**'],
    inverse: 'exact',
    implementation: (value, args, run) => {
      if (args.rest.length > 0 && args.keywords.size > 0) {
        throw new Fault('format takes values either in order or by name');
      }
      const values = args.keywords.size > 0 ? new Map(args.keywords) : new Tuple(args.rest);
      return printf(show(value, run.fuel), values, run.fuel);
    },
  }),
  defineFilter({
    name: 'comment',
    signature: ['style?', '**'],
    inverse: 'exact',
    implementation: comment,
  }),
  defineFilter({
    name: 'human_readable',
    signature: ['isbits?', 'unit?'],
    inverse: 'several',
    implementation: (value, args) => humanReadable(value, args),
  }),
  defineFilter({
    name: 'filesizeformat',
    signature: ['binary?'],
    inverse: 'none',
    implementation: (value, args) => fileSize(value, args.flag(0)),
  }),
  defineFilter({
    name: 'human_to_bytes',
    signature: ['default_unit?', 'isbits?'],
    inverse: 'several',
    implementation: humanToBytes,
  }),
  defineFilter({
    name: 'to_uuid',
    signature: ['namespace?'],
    inverse: 'none',
    implementation: toUuid,
  }),
  defineFilter({
    name: 'from_json',
    signature: [],
    inverse: 'exact',
    implementation: (value, _, run) => parseJson(needText(value, 'from_json'), run.fuel),
  }),
];
