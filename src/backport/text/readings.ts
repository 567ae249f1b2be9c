import { diffArrays } from 'diff';

/** A stretch as it was rendered: fixed text, or (`free`) a value that may be another now. */
export interface Stretch {
  text: string;
  free: boolean;
}

/** What each stretch of a text became. */
export type Reading = readonly string[];

/** More ways of reading are not looked for; most edits have one (readings, steps). */
const MAX_READINGS = 8;
const MAX_STEPS = 4000;
/** Places of a fixed text at which a value may end, and how long one may be of which nothing says where it ends. */
const MAX_ENDS = 24;
const MAX_GUESSED = 60;

/**
 * The ways to read a text as stretches of which only the free ones changed, likeliest first: with few changed
 * values, and those not unlike the old ones.
 */
export function readingsOf(stretches: readonly Stretch[], text: string): Reading[] {
  const found: string[][] = [];
  const values: string[] = [];
  let steps = 0;
  const read = (index: number, at: number): void => {
    steps += 1;
    if (found.length >= MAX_READINGS || steps > MAX_STEPS) return;
    const stretch = stretches[index];
    if (!stretch) {
      if (at === text.length) found.push([...values]);
      return;
    }
    for (const end of endsOf(stretches, index, text, at)) {
      const value = text.slice(at, end);
      if (breaksLine(stretch.text, value)) continue;
      values.push(value);
      read(index + 1, end);
      values.pop();
    }
  };
  read(0, 0);
  return found.toSorted((a, b) => strangeness(stretches, a) - strangeness(stretches, b));
}

/** Where a stretch that starts at `at` may end. */
export function endsOf(
  stretches: readonly Stretch[],
  index: number,
  text: string,
  at: number,
  isWhole: boolean = true,
): number[] {
  const { text: was, free } = stretches[index]!;
  const ends = text.startsWith(was, at) ? [at + was.length] : [];
  if (!free) return ends;
  const next = stretches[index + 1];
  if (!next && isWhole) ends.push(text.length);
  else if (next && !next.free && next.text !== '') {
    let from = at;
    for (let count = 0; count < MAX_ENDS; count += 1) {
      const end = text.indexOf(next.text, from);
      if (end < 0) break;
      ends.push(end);
      from = end + 1;
    }
  } else {
    const most = Math.min(text.length, at + MAX_GUESSED);
    for (let end = at; end <= most; end += 1) ends.push(end);
  }
  return [...new Set(ends)];
}

/** A value of one line stays one: what came below it is another line of the text. */
export function breaksLine(was: string, value: string): boolean {
  return value.includes('\n') && !was.includes('\n');
}

function strangeness(stretches: readonly Stretch[], reading: Reading): number {
  return reading.reduce((sum, value, index) => {
    const was = stretches[index]!.text;
    return value === was ? sum : sum + 1 + unlikeness(was, value);
  }, 0);
}

/** How unlikely it is that a value was changed to another: a number to prose, a word to several. */
export function unlikeness(was: string, value: string): number {
  const number = /^-?\d+(?:\.\d+)?$/;
  return (
    (number.test(was) && !number.test(value) ? 4 : 0) +
    (!/[\s,;:]/.test(was) && /[\s,;]/.test(value) ? 3 : 0) +
    (was !== '' && value.trim() === '' ? 3 : 0)
  );
}

/** A run of neighbouring stretches and the text that stands in their place now. */
export interface Rewritten {
  /** Indexes of stretches, the last one included; `last < first` where text came between two. */
  first: number;
  last: number;
  was: string;
  text: string;
}

/**
 * Reads a text word by word: which stretches were rewritten, fixed or free. Where a change goes over the edge of
 * stretches they are taken together.
 */
export function rewrittenOf(stretches: readonly Stretch[], text: string): Rewritten[] {
  const edges = edgesOf(stretches, text);
  const rewritten: Rewritten[] = [];
  let first = 0;
  let start = 0;
  for (let last = 0; last < stretches.length; last += 1) {
    const edge = edges[last];
    // Stretches without a text have no edges of their own.
    if (!edge || (edge.end < start && last + 1 < stretches.length)) continue;
    const end = Math.max(start, edge.end);
    const was = stretches
      .slice(first, last + 1)
      .map((stretch) => stretch.text)
      .join('');
    const now = text.slice(start, end);
    if (was !== now) rewritten.push({ first, last, was, text: now });
    if (edge.next > end)
      rewritten.push({ first: last + 1, last, was: '', text: text.slice(end, edge.next) });
    first = last + 1;
    start = edge.next;
  }
  return rewritten;
}

/** Where a stretch ends and the next one begins: not the same where text came between two values. */
interface Edge {
  end: number;
  next: number;
}

/** For each stretch where it ends in the text; undefined where that cannot be told. */
function edgesOf(stretches: readonly Stretch[], text: string): (Edge | undefined)[] {
  const words = stretches.map((stretch) => wordsOf(stretch.text));
  const counts: number[] = [];
  for (const { length } of words) counts.push((counts.at(-1) ?? 0) + length);
  const edges: (Edge | undefined)[] = counts.map(() => undefined);
  const runs = changesOf(words.flat(), wordsOf(text));
  for (const [index, count] of counts.entries()) {
    for (const { was, is, same } of runs) {
      if (count < was.from || count > was.to) continue;
      if (same) {
        const end = is.from + textLength(words.flat().slice(was.from, count));
        edges[index] ??= { end, next: end };
      } else if (was.from === was.to) edges[index] = attributed(stretches, index, is);
      else if (count === was.from) edges[index] = { end: is.from, next: is.from };
      else if (count === was.to) edges[index] = { end: is.to, next: is.to };
    }
  }
  const last = stretches.length - 1;
  const end = stretches[last]?.free ? (edges[last]?.end ?? text.length) : text.length;
  if (last >= 0) edges[last] = { end, next: text.length };
  return edges;
}

/** Text that came where two stretches meet is no part of a value if there is fixed text beside it. */
function attributed(
  stretches: readonly Stretch[],
  index: number,
  { from, to }: { from: number; to: number },
): Edge {
  if (!stretches[index]!.free) return { end: to, next: to };
  return stretches[index + 1]?.free ? { end: from, next: to } : { end: from, next: from };
}

interface Run {
  /** Word indexes. */
  was: { from: number; to: number };
  /** Offsets in the text. */
  is: { from: number; to: number };
  same: boolean;
}

/** A comparison of words as runs that are the same and runs that are not, in turns. */
function changesOf(was: readonly string[], is: readonly string[]): Run[] {
  const runs: Run[] = [];
  let [at, there] = [0, 0];
  for (const { added, removed, value } of diffArrays([...was], [...is])) {
    const same = !added && !removed;
    const from = { was: at, is: there };
    if (!added) at += value.length;
    if (!removed) there += textLength(value);
    const last = runs.at(-1);
    if (last && !last.same && !same) {
      last.was.to = at;
      last.is.to = there;
    } else runs.push({ was: { from: from.was, to: at }, is: { from: from.is, to: there }, same });
  }
  return runs;
}

function textLength(words: readonly string[]): number {
  return words.reduce((sum, word) => sum + word.length, 0);
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+|[^\S\n]+|[^]/gu) ?? [];
}
