import { Fault } from '../errors.ts';
import { characters } from '../python/text.ts';
import { isSpace, splitLines, strip } from '../python/whitespace.ts';
import { type Datum, given } from '../values.ts';
import { type Arguments, defineFilter, type Filter } from './filter.ts';
import { needText } from './text.ts';

interface Wrapping {
  width: number;
  breaksWords: boolean;
  breaksAtHyphens: boolean;
  /** Python asks `is True` for this one, and for truth for the one above. */
  splitsAtHyphens: boolean;
}

/** The pieces of `textwrap`: runs of white space, words up to a hyphen or a dash within them, dashes. */
const pieces = new RegExp(
  [
    String.raw`[\t\n\v\f\r ]+`,
    String.raw`(?<=[\p{L}\p{N}_!"'&.,?])-{2,}(?=[\p{L}\p{N}_])`,
    String.raw`[^\t\n\v\f\r ]+?(?:${[
      String.raw`-(?:(?<=LL-)|(?<=L-L-))(?=L-?L)`,
      String.raw`(?=[\t\n\v\f\r ]|$)`,
      String.raw`(?<=[\p{L}\p{N}_!"'&.,?])(?=-{2,}[\p{L}\p{N}_])`,
    ].join('|')})`,
  ]
    .join('|')
    // A character of words that is no decimal digit.
    .replaceAll(/(?<!\{)L(?!\})/g, String.raw`[\p{L}\p{Nl}\p{No}_]`),
  'gu',
);
const words = /[\t\n\v\f\r ]+|[^\t\n\v\f\r ]+/gu;

/** `textwrap.wrap` with `expand_tabs=False, replace_whitespace=False`. */
function wrapLine(text: string, wrapping: Wrapping): string[] {
  const { width, breaksWords, breaksAtHyphens, splitsAtHyphens } = wrapping;
  const chunks = (text.match(splitsAtHyphens ? pieces : words) ?? []).map(characters).toReversed();
  const lines: string[] = [];
  /** How many characters of the chunk at hand are in lines already. */
  let used = 0;
  const left = (): number => (chunks.at(-1)?.length ?? 0) - used;
  const take = (count: number): string => {
    const part =
      chunks
        .at(-1)
        ?.slice(used, used + count)
        .join('') ?? '';
    used += count;
    if (left() <= 0) {
      chunks.pop();
      used = 0;
    }
    return part;
  };
  while (chunks.length > 0) {
    const line: string[] = [];
    let size = 0;
    if (lines.length > 0 && isBlank(chunks.at(-1), used)) take(left());
    while (chunks.length > 0 && size + left() <= width) {
      size += left();
      line.push(take(left()));
    }
    if (left() > width) {
      const room = width - size;
      if (breaksWords)
        line.push(take(partWithin(chunks.at(-1) ?? [], used, room, breaksAtHyphens)));
      else if (line.length === 0) line.push(take(left()));
    }
    if (line.length > 0 && strip(line.at(-1) ?? '') === '') line.pop();
    if (line.length > 0) lines.push(line.join(''));
  }
  return lines;
}

function isBlank(chunk: readonly string[] | undefined, from: number): boolean {
  for (let at = from; at < (chunk?.length ?? 0); at += 1) {
    if (!isSpace(chunk?.[at] ?? '')) return false;
  }
  return true;
}

/** How much of a word that fits into no line goes into this one: up to the last hyphen that does, if there is one. */
function partWithin(
  word: readonly string[],
  from: number,
  room: number,
  breaksAtHyphens: boolean,
): number {
  if (!breaksAtHyphens) return room;
  const part = word.slice(from, from + room);
  const hyphen = part.lastIndexOf('-');
  return hyphen > 0 && part.slice(0, hyphen).some((character) => character !== '-')
    ? hyphen + 1
    : room;
}

/** Jinja2's `wordwrap`: each line of the text by itself. */
function wordWrap(value: Datum, args: Arguments): string {
  const width = args.integer(0, 79);
  if (width <= 0) throw new Fault('the width of wordwrap must be at least 1');
  const between = args.text(2, '\n');
  const wrapping = {
    width,
    breaksWords: args.flag(1, true),
    breaksAtHyphens: args.flag(3, true),
    splitsAtHyphens: given(args.get(3), true) === true,
  };
  return splitLines(needText(value, 'wordwrap'))
    .map((line) => wrapLine(line, wrapping).join(between))
    .join(between);
}

export const wrapFilters: Filter[] = [
  defineFilter({
    name: 'wordwrap',
    signature: ['width?', 'break_long_words?', 'wrapstring?', 'break_on_hyphens?'],
    inverse: 'none',
    implementation: (value, args, run) => {
      if (typeof value === 'string') {
        const joint = given(args.get(2), '');
        run.fuel.spend(value.length * (typeof joint === 'string' ? 4 + joint.length : 4));
      }
      return wordWrap(value, args);
    },
  }),
];
