import * as fc from 'fast-check';

import type { SiteTree } from '../../src/model/tree.ts';
import { Dice, word } from './random-blocks.ts';

/** What operators do to a rendered text. */
const TEXT_KINDS = [
  'word changed',
  'word added',
  'word removed',
  'number changed',
  'value changed',
  'line changed',
  'line added',
  'line removed',
  'line repeated',
  'line repeated with another value',
  'lines swapped',
  'comment line',
  'comment behind',
  'template text',
] as const;
/** What they do to a rendered file of parameters, and the values in it. */
const DATA_KINDS = [
  'yaml scalar',
  'yaml item added',
  'yaml item removed',
  'yaml items swapped',
  'yaml key added',
  'yaml key removed',
] as const;
/** What no parameter or template can say, by design: an overlay is the right answer. */
const OVERLAY_KINDS = ['space', 'yaml comment', 'copied file', 'noise'] as const;

export const FREE_KINDS = [...TEXT_KINDS, ...DATA_KINDS, ...OVERLAY_KINDS] as const;
export type FreeKind = (typeof FREE_KINDS)[number];

/** Whether a parameter or a template is meant to be found for edits of a kind. */
export function isForPlan(kind: FreeKind): boolean {
  return !OVERLAY_KINDS.some((one) => one === kind);
}

/** A choice of an edit; the numbers count round what there is to edit. */
export interface FreeEdit {
  kind: FreeKind;
  dice: number[];
}

export const freeEdit: fc.Arbitrary<FreeEdit> = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<FreeKind>(...TEXT_KINDS) },
    { weight: 3, arbitrary: fc.constantFrom<FreeKind>(...DATA_KINDS) },
    { weight: 1, arbitrary: fc.constantFrom<FreeKind>(...OVERLAY_KINDS) },
  ),
  dice: fc.noBias(fc.array(fc.nat(9999), { minLength: 8, maxLength: 8 })),
});

/** Four edits that a parameter or a template is meant to be found for. */
export const fourEdits: fc.Arbitrary<FreeEdit[]> = fc.array(
  freeEdit.filter(({ kind }) => isForPlan(kind)),
  { minLength: 4, maxLength: 4 },
);

/**
 * A tree with one edit made, as an operator makes it with an editor.
 * @returns undefined where the tree has nothing that can be so edited
 */
export function makeFree(tree: SiteTree, { kind, dice: numbers }: FreeEdit): SiteTree | undefined {
  const dice = new Dice(numbers);
  const paths = [...tree.keys()].filter((path) => isFileOf(path, kind)).toSorted();
  const places = paths.flatMap((path) => {
    const lines = tree.get(path)!.content.toString().split('\n').slice(0, -1);
    return lines.flatMap((line, at) =>
      fits(kind, line, lines[at + 1]) && isFree(lines, at) ? [{ path, lines, at }] : [],
    );
  });
  const place = places[dice.next() % Math.max(1, places.length)];
  if (!place) return undefined;
  const { path, lines, at } = place;
  const count = kind === 'lines swapped' || kind === 'yaml items swapped' ? 2 : 1;
  const before = lines.slice(at, at + count);
  const now = edited(kind, before, dice);
  if (now.join('\n') === before.join('\n')) return undefined;
  const after = lines.toSpliced(at, count, ...now);
  const { mode } = tree.get(path)!;
  const text = after.map((line) => `${line}\n`).join('');
  return new Map(tree).set(path, { mode, content: Buffer.from(text) });
}

function isFileOf(path: string, kind: FreeKind): boolean {
  if (kind === 'copied file') return /(?:plain\.txt|playbooks\/site\.yml)$/.test(path);
  if (kind.startsWith('yaml')) return /^(?:group_vars|host_vars)\//.test(path);
  if (kind === 'noise') return !path.startsWith('.') && path !== 'README';
  return path.endsWith('.conf');
}

/** Secrets are another law's matter: their lines are left as they are. */
function isFree(lines: readonly string[], at: number): boolean {
  return !/^(?:token|key): |^ {2}\$ANSIBLE_VAULT|^ {2}\d{20}/.test(lines[at]!);
}

const KEY = /^((?:- |\s)*[\w-]+: )(\S.*)$/;
const ITEM = /^(\s*- )([^\s:]+)$/;
const ENTRY = /^\s*[\w-]+: [^\s|]/;
/** The last value of a line. */
const VALUE = /([ =:]\s*"?)([^\s"=:]+)("?[;,]?)$/;

/** Which lines a kind of edit can be made to, where not to all that are not blank. */
const FITTING: Partial<Record<FreeKind, (line: string, next: string | undefined) => boolean>> = {
  'number changed': (line) => /\d/.test(line),
  'value changed': (line) => VALUE.test(line),
  'line repeated with another value': (line) => VALUE.test(line),
  'word removed': (line) => /\S\s+\S/.test(line),
  'lines swapped': (line, next) =>
    line.trim() !== '' && next !== undefined && next.trim() !== '' && next !== line,
  'yaml scalar': (line) => KEY.test(line) || ITEM.test(line),
  'yaml item added': (line) => ITEM.test(line),
  // Without its only item a list would be null.
  'yaml item removed': (line, next) =>
    ITEM.test(line) && next !== undefined && ITEM.test(next) && indent(next) === indent(line),
  'yaml items swapped': (line, next) =>
    ITEM.test(line) && next !== undefined && ITEM.test(next) && next !== line,
  'yaml key added': (line) => ENTRY.test(line),
  'yaml key removed': (line) => ENTRY.test(line),
};

function indent(line: string): number {
  return line.search(/\S/);
}

function fits(kind: FreeKind, line: string, next: string | undefined): boolean {
  return FITTING[kind]?.(line, next) ?? line.trim() !== '';
}

function edited(kind: FreeKind, [line = '', next = '']: readonly string[], dice: Dice): string[] {
  const pad = /^\s*/.exec(line)![0];
  const words = line.trim().split(/\s+/);
  const at = dice.next() % words.length;
  const one = `${word(dice)}-${dice.next() % 100}`;
  /** The line with the chosen word replaced by others; the spaces between the rest stay as they are. */
  const spliced = (...now: string[]): string[] => {
    const parts = line.slice(pad.length).split(/(\s+)/);
    parts.splice(2 * at, now.length > 0 ? 1 : 2, ...(now.length > 0 ? [now.join(' ')] : []));
    return [pad + parts.join('').trimEnd()];
  };
  switch (kind) {
    case 'word changed':
      return spliced(one);
    case 'word added':
      return spliced(words[at]!, one);
    case 'word removed':
      return spliced();
    case 'number changed':
      return [line.replace(/\d+/, (found) => String(Number(found) + 1 + (dice.next() % 50)))];
    case 'value changed':
      return [withValue(line, one)];
    case 'line changed':
      return [`${pad}${one} ${word(dice)} ${dice.next()}`];
    case 'line added':
      return [line, `${pad}${one} ${dice.next()}`];
    case 'line removed':
    case 'yaml item removed':
    case 'yaml key removed':
      return [];
    case 'line repeated':
      return [line, line];
    case 'line repeated with another value':
      return [line, withValue(line, one)];
    case 'lines swapped':
    case 'yaml items swapped':
      return [next, line];
    case 'comment line':
      return [`${pad}# ${one} by ${word(dice)}`, line];
    case 'comment behind':
    case 'yaml comment':
      return [`${line} # ${one}`];
    case 'template text':
      return [
        line,
        `${pad}${dice.pick(['{{ x }}', '{% if x %}', '{# x #}', '#}', '{%', "{{ '{{' }}"])} ${one}`,
      ];
    case 'yaml scalar':
      return [
        line.replace(
          ITEM.test(line) ? ITEM : KEY,
          (_, head: string, value: string) => head + likeValue(value, one, dice),
        ),
      ];
    case 'yaml item added':
      return [line, line.replace(ITEM, (_, head: string) => head + one)];
    case 'yaml key added':
      return [line, `${pad}added_${word(dice)}: ${one}`];
    case 'space':
      return [dice.pick([`${line} `, `  ${line}`, line.replace(' ', '  '), `${line}\n`])];
    case 'copied file':
      return [line, `# ${one}`];
    case 'noise':
      return [
        line.slice(0, dice.next() % line.length) +
          dice.pick(['\u0007', '}}', '"', ': ', '\t', '[', '&x', '  - ']) +
          line.slice(line.length >> 1),
      ];
  }
}

/** A line with its last value replaced. */
function withValue(line: string, value: string): string {
  return line.replace(VALUE, (_, head: string, _value, tail: string) => head + value + tail);
}

function likeValue(value: string, made: string, dice: Dice): string {
  if (/^\d+$/.test(value)) return String(1 + dice.next());
  if (/^(?:yes|true)$/.test(value)) return 'no';
  if (/^(?:no|false)$/.test(value)) return 'yes';
  const quote = /^["']/.exec(value)?.[0] ?? '';
  return `${quote}${made}${quote}`;
}
