import { diffArrays } from 'diff';

/** A stretch of rendered text. */
export interface Stretch {
  start: number;
  end: number;
}

/** Whole lines of a rendered text that were edited, and what stands there now. */
export interface Region {
  /** UTF-16 code units of the rendered text. */
  start: number;
  end: number;
  /** Its first line, from 1. */
  line: number;
  text: string;
  /** Where `text` starts in the edited text. */
  at: number;
}

/** Texts that differ more than that are not read: to compare them would take long and tell little (lines). */
const MAX_DIFFERENCES = 2000;

/** A run of lines that differ, as indexes of lines. */
interface Hunk {
  was: readonly [from: number, to: number];
  is: readonly [from: number, to: number];
}

/**
 * The edited regions of a text: as small as lines allow, but a value that goes over several lines is never cut.
 * @param values what is not fixed in the text
 * @returns undefined if the texts have next to nothing in common
 */
export function editedRegions(
  was: string,
  is: string,
  values: readonly Stretch[],
): Region[] | undefined {
  const [before, after] = [linesOf(was), linesOf(is)];
  const hunks = hunksOf(before, after);
  if (!hunks) return undefined;
  const [starts, ends] = [offsetsOf(before), offsetsOf(after)];
  const long = values.filter(({ start, end }) => was.slice(start, end - 1).includes('\n'));
  return widened(hunks, long, starts).map(({ was: [from, to], is: [first, last] }) => ({
    start: starts[from]!,
    end: starts[to]!,
    line: from + 1,
    text: is.slice(ends[first], ends[last]),
    at: ends[first]!,
  }));
}

/** How many lines differ between two texts; undefined if next to all do. */
export function differingLines(was: string, is: string): number | undefined {
  return hunksOf(linesOf(was), linesOf(is))?.reduce(
    (sum, { was: [from, to], is: [first, last] }) => sum + Math.max(to - from, last - first),
    0,
  );
}

/** Lines with their ends, so that a missing last newline is a difference like any other. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Where each line starts, and where the last one ends. */
function offsetsOf(lines: readonly string[]): number[] {
  const offsets = [0];
  for (const line of lines) offsets.push(offsets.at(-1)! + line.length);
  return offsets;
}

function hunksOf(was: readonly string[], is: readonly string[]): Hunk[] | undefined {
  const runs = diffArrays([...was], [...is], { maxEditLength: MAX_DIFFERENCES });
  if (!runs) return undefined;
  const hunks: Hunk[] = [];
  let [at, there] = [0, 0];
  let removed = 0;
  for (const { value, added, removed: gone } of runs) {
    const from = [at, there] as const;
    if (!added) at += value.length;
    if (!gone) there += value.length;
    if (!added && !gone) continue;
    removed += gone ? value.length : 0;
    const last = hunks.at(-1);
    if (last && last.was[1] === from[0] && last.is[1] === from[1]) {
      hunks.splice(-1, 1, { was: [last.was[0], at], is: [last.is[0], there] });
    } else hunks.push({ was: [from[0], at], is: [from[1], there] });
  }
  return splitByLine(was, is, inPlace(was, is, removed) ?? hunks);
}

/**
 * Line by line where no line came or went: of two lines that became alike, a comparison that looks for what is in
 * common may take the wrong one for the edited one.
 */
function inPlace(
  was: readonly string[],
  is: readonly string[],
  removed: number,
): Hunk[] | undefined {
  if (was.length !== is.length) return undefined;
  const differing = [...was.keys()].filter((index) => was[index] !== is[index]);
  if (differing.length > removed) return undefined;
  return differing.map((index) => ({ was: [index, index + 1], is: [index, index + 1] }));
}

/** More pairs of lines than that are not compared for likeness. */
const MAX_PAIRS = 2500;

/** Each edited line as an edit of its own, and runs of lines that came or went between them. */
function splitByLine(
  was: readonly string[],
  is: readonly string[],
  hunks: readonly Hunk[],
): Hunk[] {
  return hunks.flatMap((hunk): Hunk[] => {
    const [[from, to], [first, last]] = [hunk.was, hunk.is];
    const [gone, came] = [to - from, last - first];
    if (gone === 0 || came === 0 || (gone === 1 && came === 1)) return [hunk];
    if (gone === came)
      return Array.from({ length: gone }, (_, i) => ({
        was: [from + i, from + i + 1],
        is: [first + i, first + i + 1],
      }));
    if (gone * came > MAX_PAIRS) return [hunk];
    return paired(was.slice(from, to), is.slice(first, last)).map((part) => ({
      was: [part.was[0] + from, part.was[1] + from],
      is: [part.is[0] + first, part.is[1] + first],
    }));
  });
}

/** As many lines as can be are taken for edited ones, those that are most alike. */
function paired(was: readonly string[], is: readonly string[]): Hunk[] {
  const words = [was.map(wordsOf), is.map(wordsOf)] as const;
  const [rows, columns] = [was.length, is.length];
  // best[i][j]: how alike the lines from i and from j on can be made, at most.
  const best = Array.from({ length: rows + 1 }, () => new Float64Array(columns + 1));
  const pair = (i: number, j: number): number => 0.01 + likeness(words[0][i]!, words[1][j]!);
  for (let i = rows - 1; i >= 0; i -= 1) {
    for (let j = columns - 1; j >= 0; j -= 1) {
      best[i]![j] = Math.max(best[i + 1]![j]!, best[i]![j + 1]!, pair(i, j) + best[i + 1]![j + 1]!);
    }
  }
  const hunks: Hunk[] = [];
  let [i, j, firstGone, firstCame] = [0, 0, 0, 0];
  const flush = (): void => {
    if (i > firstGone || j > firstCame) hunks.push({ was: [firstGone, i], is: [firstCame, j] });
  };
  while (i < rows && j < columns) {
    if (best[i]![j] === best[i + 1]![j]) i += 1;
    else if (best[i]![j] === best[i]![j + 1]) j += 1;
    else {
      flush();
      hunks.push({ was: [i, i + 1], is: [j, j + 1] });
      [i, j] = [i + 1, j + 1];
      [firstGone, firstCame] = [i, j];
    }
  }
  [i, j] = [rows, columns];
  flush();
  return hunks;
}

function wordsOf(line: string): Set<string> {
  return new Set(line.match(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu));
}

/** The share of words that two lines have in common. */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const common = [...a].filter((word) => b.has(word)).length;
  return common / Math.max(1, a.size + b.size - common);
}

/** Hunks that hold whole every long value that they touch; those that come to touch one another are one. */
function widened(
  hunks: readonly Hunk[],
  long: readonly Stretch[],
  starts: readonly number[],
): Hunk[] {
  const wide: Hunk[] = [];
  for (const { was, is } of hunks) {
    let [from, to] = was;
    for (const { start, end } of long) {
      const touches =
        from === to
          ? start < starts[from]! && starts[from]! < end
          : start < starts[to]! && starts[from]! < end;
      if (!touches) continue;
      from = Math.min(from, lineAt(starts, start));
      to = Math.max(to, lineAt(starts, end - 1) + 1);
    }
    const grown: Hunk = {
      was: [from, to],
      is: [is[0] - (was[0] - from), is[1] + (to - was[1])],
    };
    const last = wide.at(-1);
    if (last && from < last.was[1]) {
      // Both hold the same long value, so that the first starts no later; the second knows what came between.
      const end = Math.max(last.was[1], to);
      wide.splice(-1, 1, { was: [last.was[0], end], is: [last.is[0], grown.is[1] + end - to] });
    } else wide.push(grown);
  }
  return wide;
}

/** The line that an offset is in. */
function lineAt(starts: readonly number[], offset: number): number {
  const next = starts.findIndex((start) => start > offset);
  return (next < 0 ? starts.length : next) - 1;
}
