import { diffArrays } from 'diff';

/** A stretch of rendered text: fixed, or the value of an expression. */
export interface Stretch {
  start: number;
  end: number;
  hole: boolean;
}

/** Whole lines of a rendered text that were edited, and what stands there now. */
export interface Region {
  /** UTF-16 code units of the rendered text. */
  start: number;
  end: number;
  /** Its first line, from 1. */
  line: number;
  text: string;
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
 * @returns undefined if the texts have next to nothing in common
 */
export function editedRegions(
  was: string,
  is: string,
  stretches: readonly Stretch[],
): Region[] | undefined {
  const [before, after] = [linesOf(was), linesOf(is)];
  const hunks = hunksOf(before, after);
  if (!hunks) return undefined;
  const [starts, ends] = [offsetsOf(before), offsetsOf(after)];
  const long = stretches.filter(
    ({ start, end, hole }) => hole && was.slice(start, end - 1).includes('\n'),
  );
  return widened(hunks, long, starts).map(({ was: [from, to], is: [first, last] }) => ({
    start: starts[from]!,
    end: starts[to]!,
    line: from + 1,
    text: is.slice(ends[first], ends[last]),
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
  return splitByLine(inPlace(was, is, removed) ?? hunks);
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

/** As many lines in the place of as many: each is an edit of its own. */
function splitByLine(hunks: readonly Hunk[]): Hunk[] {
  return hunks.flatMap((hunk): Hunk[] => {
    const [[from, to], [first, last]] = [hunk.was, hunk.is];
    if (to - from !== last - first) return [hunk];
    return Array.from({ length: to - from }, (_, i) => ({
      was: [from + i, from + i + 1],
      is: [first + i, first + i + 1],
    }));
  });
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
