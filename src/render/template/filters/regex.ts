import { Fault } from '../errors.ts';
import { truthy } from '../python/compare.ts';
import { Matcher } from '../python/regex/match.ts';
import { parseRegex } from '../python/regex/parse.ts';
import { parseReplacement } from '../python/regex/replacement.ts';
import { show } from '../python/show.ts';
import type { Run } from '../run.ts';
import { type Datum, Tuple } from '../values.ts';
import { type Arguments, defineFilter, type Filter } from './filter.ts';

interface Pattern {
  source: string;
  ignoreCase: boolean;
  multiline: boolean;
}

function matcher(value: Datum, pattern: Pattern, run: Run): Matcher {
  return new Matcher(parseRegex(pattern.source, pattern), show(value, run.fuel), run.fuel);
}

/** Whether a regular expression is found in a text; `whole` says where it must be. */
export function isMatch(value: Datum, pattern: Pattern, where: string, run: Run): boolean {
  const found = matcher(value, pattern, run);
  if (where === 'search') return found.search(0) !== undefined;
  if (where === 'match') return found.matchAt(0) !== undefined;
  throw new Fault('match_type is search or match');
}

function replaceAll(value: Datum, args: Arguments, run: Run): string {
  const source = args.text(0, '');
  const flags = { ignoreCase: args.flag(2), multiline: args.flag(3) };
  const regex = parseRegex(source, flags);
  const replacement = parseReplacement(args.text(1, ''), regex);
  const found = new Matcher(regex, show(value, run.fuel), run.fuel);
  let result = '';
  let at = 0;
  for (const match of found.all()) {
    const replaced = replacement(match);
    run.fuel.spend(replaced.length);
    result += found.slice(at, match.start) + replaced;
    at = match.end;
  }
  return result + found.slice(at, found.text.length);
}

function search(value: Datum, args: Arguments, run: Run): Datum {
  for (const name of args.keywords.keys()) {
    if (name !== 'ignorecase' && name !== 'multiline') {
      throw new Fault(`regex_search has no argument "${name}"`);
    }
  }
  const flag = (name: string): boolean => truthy(args.keywords.get(name) ?? false);
  const source = args.text(0, '');
  const regex = parseRegex(source, {
    ignoreCase: flag('ignorecase'),
    multiline: flag('multiline'),
  });
  const wanted = args.rest.map((group) => {
    const [, name, number] = /^\\(?:g<(\S+)>|(\d+))/.exec(show(group, run.fuel)) ?? [];
    const index = name === undefined ? Number(number) : regex.names.get(name);
    if (index === undefined || !(index <= regex.groups))
      throw new Fault('regex_search knows no such group');
    return index;
  });
  const match = new Matcher(regex, show(value, run.fuel), run.fuel).search(0);
  if (!match) return null;
  if (wanted.length === 0) return match.groups[0] ?? '';
  return wanted.map((index) => match.groups[index] ?? null);
}

function findAll(value: Datum, args: Arguments, run: Run): Datum {
  const pattern = { source: args.text(0, ''), multiline: args.flag(1), ignoreCase: args.flag(2) };
  const found: Datum[] = [];
  for (const { groups } of matcher(value, pattern, run).all()) {
    run.fuel.spend(groups.length);
    const texts = groups.map((group) => group ?? '');
    found.push(texts.length > 2 ? new Tuple(texts.slice(1)) : (texts.at(-1) ?? ''));
  }
  return found;
}

const special = /[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g;

export const regexFilters: Filter[] = [
  defineFilter({
    name: 'regex_replace',
    signature: ['pattern?', 'replacement?', 'ignorecase?', 'multiline?'],
    inverse: 'several',
    implementation: replaceAll,
  }),
  defineFilter({
    name: 'regex_search',
    signature: ['regex', '*', '**'],
    inverse: 'several',
    implementation: search,
  }),
  defineFilter({
    name: 'regex_findall',
    signature: ['regex', 'multiline?', 'ignorecase?'],
    inverse: 'several',
    implementation: findAll,
  }),
  defineFilter({
    name: 'regex_escape',
    signature: ['re_type?'],
    inverse: 'exact',
    implementation: (value, args, run) => {
      const text = show(value, run.fuel);
      run.fuel.spend(text.length);
      const type = args.text(0, 'python');
      if (type === 'python') return text.replace(special, '\\$&');
      if (type === 'posix_basic') return text.replace(/[\].[^$*\\]/g, '\\$&');
      throw new Fault(`regex_escape does not know "${type}"`);
    },
  }),
];
