/** Where the entries of a collection stand in the text, with what belongs to them. */

import type { MapNode, SequenceNode } from './node.ts';
import { placeOf } from './value.ts';

/** Puts `text` in the place of a range. */
export interface Splice {
  start: number;
  end: number;
  text: string;
}

export interface Extent {
  /** The entry's key, or its index; undefined for a merge key. */
  at: string | number | undefined;
  /** Where its key or dash starts; in brackets, where its key or value does. */
  start: number;
  /** Where its value ends. */
  end: number;
}

/** The entries that a collection itself holds, as they follow one another in the text. */
export function extentsOf(text: string, node: MapNode | SequenceNode): Extent[] {
  if (node.kind === 'map') {
    const own = [...node.entries.values()].filter((entry) => !entry.merged);
    const extents: Extent[] = own.map(({ key, keySource, value }) => {
      const end = Math.max(placeOf(value).end, keySource.end);
      return { at: key, start: keySource.start, end };
    });
    for (const { start, end } of node.mergeSources ?? []) {
      extents.push({ at: undefined, start, end });
    }
    return extents.toSorted((a, b) => a.start - b.start);
  }
  const column = node.source!.column - 1;
  let dash = node.source!.start;
  return node.items.map((item, at) => {
    const { start, end } = placeOf(item);
    if (node.flow) return { at, start: withAnchor(text, start), end };
    if (at > 0) dash = nextDash(text, dash, column);
    const extent = { at, start: dash, end: Math.max(end, dash + 1) };
    dash = extent.end;
    return extent;
  });
}

/** In brackets an anchor goes with its value. */
function withAnchor(text: string, start: number): number {
  const before = /&[\w-]+ +$/.exec(text.slice(Math.max(0, start - 200), start));
  return start - (before?.[0].length ?? 0);
}

/** The first dash at a column, on a line after the one of `from`. */
function nextDash(text: string, from: number, column: number): number {
  for (let line = lineEnd(text, from) + 1; line < text.length; line = lineEnd(text, line) + 1) {
    const at = line + column;
    if (
      text[at] === '-' &&
      isBlank(text.slice(line, at)) &&
      /^(?:[ \n]|$)/.test(text.charAt(at + 1))
    ) {
      return at;
    }
  }
  return text.length;
}

/** The place, among a collection's entries, of the one with a key or index. */
export function extentAt(extents: readonly Extent[], at: string | number): number {
  return extents.findIndex((extent) => extent.at !== undefined && String(extent.at) === String(at));
}

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Where the newline of a line stands, or the end of the text. */
export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end;
}

export function isBlank(part: string): boolean {
  return /^ *$/.test(part);
}

/** Whether nothing stands before an entry on its line: no dash, no key. */
export function isOwnLine(text: string, start: number): boolean {
  return isBlank(text.slice(lineStart(text, start), start));
}

/** A line that underlines or frames a heading: `# ----`, `##`. */
const ORNAMENT = /^ *(?:##+|#+ *[-=*_~#]{3}.*)$/;

/**
 * Where the comment lines above an entry start that belong to it: those directly above, as far in as it is. A
 * comment that the file begins with is the file's; a framed heading is that of all that follows it. `floor`: nothing before it is looked at.
 */
export function commentStart(text: string, start: number, floor: number): number {
  const column = start - lineStart(text, start);
  let first = lineStart(text, start);
  while (first > floor) {
    const above = lineStart(text, first - 1);
    const line = text.slice(above, first - 1);
    if (above < floor || !(line.startsWith('#', column) && isBlank(line.slice(0, column)))) break;
    if (ORNAMENT.test(line)) break;
    first = above;
  }
  const isHeader =
    first === 0 || /^---[^\n]*\n$/.test(text.slice(lineStart(text, first - 1), first));
  return isHeader && floor === 0 ? lineStart(text, start) : first;
}

/** A list with one item moved to another place. */
export function moved<Item>(items: readonly Item[], from: number, to: number): Item[] {
  const order = [...items];
  order.splice(to, 0, ...order.splice(from, 1));
  return order;
}
