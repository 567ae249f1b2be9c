import type { Position } from '../../model/problem.ts';

/** The place in a file of an offset into its text. */
export function placeOfOffset(file: string, text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  return { file, line: before.split('\n').length, column: offset - start + 1 };
}

/** Where each line of a text begins, and its end with the line break; a last line break begins no further line. */
export function lineRanges(text: string): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  for (let start = 0; start < text.length;) {
    const at = text.indexOf('\n', start);
    const end = at === -1 ? text.length : at + 1;
    ranges.push({ start, end });
    start = end;
  }
  return ranges;
}
