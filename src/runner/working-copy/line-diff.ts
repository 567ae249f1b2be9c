import { diffIndices } from 'node-diff3';

/** A stretch of lines that stands in the place of another; either may be empty. Lines are counted from 0. */
export interface Hunk {
  /** First line before, and the line after the last. */
  from: number;
  to: number;
  /** The same of the lines after. */
  start: number;
  end: number;
}

/** Files of more lines than this are compared as a whole. */
const MAX_LINES = 20_000;

/** Where two texts differ, found as the three-way merge finds it; undefined where they are too long for that. */
export function lineDiff(before: readonly string[], after: readonly string[]): Hunk[] | undefined {
  if (before.length + after.length > MAX_LINES) return undefined;
  return diffIndices([...before], [...after]).map(({ buffer1, buffer2 }) => ({
    from: buffer1[0],
    to: buffer1[0] + buffer1[1],
    start: buffer2[0],
    end: buffer2[0] + buffer2[1],
  }));
}

/** Calls back with each line that two texts share, where it stands before and after. */
export function eachShared(
  hunks: readonly Hunk[],
  length: number,
  found: (before: number, after: number) => void,
): void {
  let [before, after] = [0, 0];
  const upTo = (end: number): void => {
    for (; after < end; before += 1, after += 1) found(before, after);
  };
  for (const { start, end, to } of hunks) {
    upTo(start);
    [before, after] = [to, end];
  }
  upTo(length);
}

/** The text before, with some of the changes made in it. */
export function withHunks(
  before: readonly string[],
  after: readonly string[],
  hunks: readonly Hunk[],
): string[] {
  const out: string[] = [];
  let done = 0;
  for (const { from, to, start, end } of hunks) {
    for (const line of before.slice(done, from)) out.push(line);
    for (const line of after.slice(start, end)) out.push(line);
    done = to;
  }
  for (const line of before.slice(done)) out.push(line);
  return out;
}
