import { Float, type Value } from '../../src/plan/yaml/node.ts';
import type { Random } from './jinja-random.ts';

/** A filter or test with a regular expression, and what it works on. */
export interface RegexCase {
  template: string;
  context: Map<string, Value>;
}

const atoms = [
  'a',
  'b',
  'ab',
  '.',
  '\\d',
  '\\w',
  '\\s',
  '\\.',
  '\\W',
  '\\S',
  '\\D',
  '-',
  '_',
  '1',
  'é',
  '\\n',
  '\\x41',
  '{',
  '}',
  '{1',
  '/',
  ':',
  ' ',
] as const;
const sets = [
  '[ab]',
  '[^a]',
  '[a-z]',
  '[\\w.-]',
  '[]a]',
  '[^]b]',
  '[a\\-z]',
  '[-a]',
  '[a-]',
  '[0-9a-f]',
  '[\\d\\s]',
  '[^\\W_]',
  '[A-Z]',
  '[.]',
  '[$]',
] as const;
const anchors = ['^', '$', '\\b', '\\B', '\\A', '\\Z'] as const;
const odd = [
  '(?<=a)',
  '(?<!b)',
  '(?<=\\d)',
  '\\1',
  '(?#x)',
  '(?P=n1)',
  '(?<=a|bc)',
  '(?i:a)',
] as const;
const quantifiers = [
  '*',
  '+',
  '?',
  '{2}',
  '{1,2}',
  '{,2}',
  '{1,}',
  '*?',
  '+?',
  '??',
  '{1,3}?',
  '**',
  '{2,1}',
  '*+',
] as const;
const openings = ['', '', '?:', '?=', '?!'] as const;
const letters = [
  'a',
  'b',
  'ab',
  'A',
  'B',
  '1',
  '9',
  ' ',
  '\n',
  '.',
  '-',
  '_',
  'é',
  '€',
  'x',
  '\t',
  'c',
  'aa',
  'bb',
  '{',
  '}',
  '$',
] as const;
const replacements = [
  '-',
  '<\\1>',
  '',
  '\\g<0>',
  '\\\\',
  '[\\g<1>\\n]',
  '$1',
  '\\.',
  '\\2',
  'x\\g<n1>',
  '\\q',
] as const;
const regexTemplates = [
  '{{ t | regex_replace(p, r) }}',
  '{{ t | regex_replace(p, r, ignorecase=true, multiline=true) }}',
  '{{ t | regex_findall(p) }}',
  '{{ t | regex_findall(p, multiline=true, ignorecase=true) }}',
  '{{ t | regex_search(p) }}',
  "{{ t | regex_search(p, '\\\\0') }}",
  '{{ t is match(p) }}{{ t is search(p) }}',
  '{{ p | regex_escape }}',
] as const;

function pattern(random: Random, depth: number): string {
  const group = (): string => {
    const name = random.chance(0.2) ? `?P<n${random.below(9)}>` : random.pick(openings);
    return depth > 0 ? `(${name}${pattern(random, depth - 1)})` : 'a';
  };
  const atom = (): string =>
    random.pick([
      () => random.pick(atoms),
      () => random.pick(sets),
      () => random.pick(anchors),
      group,
      () => (depth > 0 ? random.pick(odd) : 'b'),
    ])();
  const repeated = (): string => atom() + (random.chance(0.35) ? random.pick(quantifiers) : '');
  return random.several(1, 2, () => random.several(0, 3, repeated).join('')).join('|');
}

/** A regular expression, mostly valid, on a short text. */
export function generateRegexCase(random: Random): RegexCase {
  const flags = random.chance(0.15) ? random.pick(['(?i)', '(?m)', '(?s)']) : '';
  return {
    template: random.pick(regexTemplates),
    context: new Map<string, Value>([
      ['p', flags + pattern(random, 2)],
      ['t', random.several(0, 8, () => random.pick(letters)).join('')],
      ['r', random.pick(replacements)],
    ]),
  };
}

const fragments = [
  'a',
  'b c',
  ' ',
  '  ',
  '\n',
  '\n\n',
  "'",
  '"',
  '\\',
  ':',
  ': ',
  '#',
  ' #',
  '-',
  '- ',
  '?',
  '? ',
  '!',
  '&',
  '*',
  '|',
  '>',
  '%',
  '@',
  '`',
  '{',
  '}',
  '[',
  ']',
  ',',
  'yes',
  'null',
  '~',
  '1',
  '0x1',
  '1.5',
  '1e3',
  '2024-01-01',
  '---',
  '...',
  'é',
  '€',
  '😀',
  '\t',
  '\x07',
  '\u2028',
  '\x85',
  '\ufeff',
  'lorem ipsum dolor sit amet consectetur',
  '=',
  '<<',
  '12:30:45',
  '.inf',
  'y',
  'ab cd ef gh ij kl mn op qr st uv wx yz',
  '\u00a0',
  '\r',
  'x'.repeat(50),
] as const;
const dumps = [
  'to_json',
  'to_nice_json',
  'to_nice_json(indent=2, sort_keys=false)',
  'to_json(ensure_ascii=false)',
  'to_yaml',
  'to_nice_yaml',
  'to_nice_yaml(indent=2, width=40, sort_keys=false)',
  'to_yaml(default_flow_style=true)',
  'to_nice_yaml(explicit_start=true)',
  'string',
  'from_json',
  'quote',
] as const;

/** A value of awkward texts, to be written out. */
export function generateDumpCase(random: Random): RegexCase {
  const text = (): string =>
    random.several(0, random.pick([1, 2, 3, 12]), () => random.pick(fragments)).join('');
  const scalar = (): Value =>
    random.pick<() => Value>([
      text,
      text,
      text,
      () => random.below(1000) - 500,
      () => random.chance(0.5),
      () => null,
      () => new Float(random.pick([1.5, 1e21, 1e-7, 0.1, -0, 100])),
    ])();
  const value = (depth: number): Value => {
    if (depth <= 0 || random.chance(0.3)) return scalar();
    if (random.chance(0.5)) return random.several(0, 4, () => value(depth - 1));
    return new Map(random.several(0, 4, () => [text(), value(depth - 1)]));
  };
  const made = value(random.below(4));
  return { template: `{{ x | ${random.pick(dumps)} }}`, context: new Map([['x', made]]) };
}
