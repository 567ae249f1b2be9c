import { Fault } from '../errors.ts';
import { replace } from '../python/replace.ts';
import { show } from '../python/show.ts';
import {
  capitalize,
  center,
  characters,
  lower,
  stripCharacters,
  title,
  upper,
} from '../python/text.ts';
import { SPACE, splitLines } from '../python/whitespace.ts';
import type { Run } from '../run.ts';
import { type Datum, nameOfType, given } from '../values.ts';
import { defineFilter, type Filter } from './filter.ts';

function textFilter(
  name: string,
  inverse: Filter['inverse'],
  change: (text: string, run: Run) => Datum,
): Filter {
  return defineFilter({
    name,
    signature: [],
    inverse,
    implementation: (value, _, run) => {
      const text = show(value, run.fuel);
      run.fuel.spend(text.length);
      return change(text, run);
    },
  });
}

/** A value that a filter takes only as text. */
export function needText(value: Datum, filter: string): string {
  if (typeof value === 'string') return value;
  throw new Fault(`"${filter}" needs text, not ${nameOfType(value)}`, { hint: 'add | string' });
}

const shellSafe = /^[\w@%+=:,./-]+$/;

/** `shlex.quote`. */
function shellQuote(text: string): string {
  if (shellSafe.test(text)) return text;
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

/** Jinja2's `indent`: not the first line, and not blank lines, unless asked for. */
function indent(text: string, indention: string, first: boolean, blank: boolean): string {
  const lines = splitLines(`${text}\n`);
  const rest = lines.slice(1).map((line) => (line || blank ? indention + line : line));
  return [(first ? indention : '') + (lines[0] ?? ''), ...rest].join('\n');
}

export const textFilters: Filter[] = [
  textFilter('upper', 'several', upper),
  textFilter('lower', 'several', lower),
  textFilter('capitalize', 'several', capitalize),
  textFilter('title', 'several', title),
  textFilter('string', 'exact', (text) => text),
  textFilter('wordcount', 'none', (text) => text.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
  defineFilter({
    name: 'trim',
    signature: ['chars?'],
    inverse: 'several',
    implementation: (value, args, run) => {
      const text = show(value, run.fuel);
      run.fuel.spend(text.length);
      const chars = args.get(0) ?? null;
      if (chars !== null && typeof chars !== 'string') throw new Fault('trim takes text');
      return stripCharacters(text, chars);
    },
  }),
  defineFilter({
    name: 'replace',
    signature: ['old', 'new', 'count?'],
    inverse: 'several',
    implementation: (value, args, run) => {
      const [from, to] = [args.required(0), args.required(1)].map((part) => show(part, run.fuel));
      const count = args.get(2) === null ? -1 : args.integer(2, -1);
      return replace(show(value, run.fuel), from ?? '', to ?? '', count, run.fuel);
    },
  }),
  defineFilter({
    name: 'indent',
    signature: ['width?', 'first?', 'blank?'],
    inverse: 'exact',
    implementation: (value, args, run) => {
      const text = needText(value, 'indent');
      const width = given(args.get(0), 4);
      const size = typeof width === 'string' ? width.length : Math.max(0, args.integer(0, 4));
      run.fuel.spend(text.length + size * (1 + splitLines(text).length));
      const indention = typeof width === 'string' ? width : ' '.repeat(size);
      return indent(text, indention, args.flag(1), args.flag(2));
    },
  }),
  defineFilter({
    name: 'center',
    signature: ['width?'],
    inverse: 'several',
    implementation: (value, args, run) => {
      const width = args.integer(0, 80);
      run.fuel.spend(Math.max(0, width));
      return center(show(value, run.fuel), width);
    },
  }),
  defineFilter({
    name: 'truncate',
    signature: ['length?', 'killwords?', 'end?', 'leeway?'],
    inverse: 'several',
    implementation: (value, args, run) => {
      const text = characters(needText(value, 'truncate'));
      const length = args.integer(0, 255);
      const end = args.text(2, '...');
      const leeway = args.get(3) === null ? 5 : args.integer(3, 5);
      const room = length - characters(end).length;
      if (room < 0) throw new Fault('the length of truncate must hold its end');
      if (leeway < 0) throw new Fault('the leeway of truncate may not be negative');
      run.fuel.spend(text.length);
      if (text.length <= length + leeway) return text.join('');
      const kept = text.slice(0, room).join('');
      const lastSpace = kept.lastIndexOf(' ');
      return (args.flag(1) || lastSpace < 0 ? kept : kept.slice(0, lastSpace)) + end;
    },
  }),
  defineFilter({
    name: 'quote',
    signature: [],
    inverse: 'exact',
    implementation: (value, _, run) => {
      const text = value === null ? '' : show(value, run.fuel);
      run.fuel.spend(text.length);
      return shellQuote(text);
    },
  }),
  defineFilter({
    name: 'split',
    signature: ['sep?', 'maxsplit?'],
    inverse: 'exact',
    implementation: (value, args, run) => {
      const text = needText(value, 'split');
      run.fuel.spend(text.length);
      return splitText(text, args.get(0) ?? null, args.integer(1, -1));
    },
  }),
];

const spaces = new RegExp(`[${SPACE}]+`, 'g');

/** `str.split(separator, limit)`. */
export function splitText(text: string, separator: Datum, limit: number): string[] {
  if (separator === null) return splitWords(text, limit);
  if (typeof separator !== 'string') throw new Fault('split needs text to split at');
  if (separator === '') throw new Fault('split needs a separator that is not empty');
  const parts = text.split(separator);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(separator)];
}

function splitWords(text: string, limit: number): string[] {
  const words: string[] = [];
  let at = 0;
  spaces.lastIndex = 0;
  for (const space of text.matchAll(spaces)) {
    if (space.index > at) {
      if (limit >= 0 && words.length === limit) break;
      words.push(text.slice(at, space.index));
    }
    at = space.index + space[0].length;
  }
  const rest = text.slice(at);
  if (rest === '') return words;
  const trimmed = limit >= 0 && words.length === limit ? stripCharacters(rest, null, 'end') : rest;
  return trimmed === '' ? words : [...words, trimmed];
}
