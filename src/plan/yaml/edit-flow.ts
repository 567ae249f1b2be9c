/** Changes of the entries of collections in brackets. */

import {
  commentStart,
  isOwnLine,
  lineEnd,
  lineStart,
  moved,
  type Extent,
  type Splice,
} from './edit-layout.ts';
import type { MapNode, SequenceNode } from './node.ts';
import { placeOf } from './value.ts';

export function insertFlow(
  text: string,
  extents: readonly Extent[],
  at: number,
  written: string,
): Splice[] {
  const separator = flowSeparator(text, extents);
  const next = extents[at];
  if (next && hasLine(text, next)) {
    const line = ownStart(text, extents, at);
    return [{ start: line, end: line, text: `${padOf(text, next)}${written},\n` }];
  }
  if (next) return [{ start: next.start, end: next.start, text: written + separator }];
  const last = extents.at(-1)!;
  const space = spaceAfter(text, last);
  if (!hasLine(text, last))
    return [{ start: last.end, end: last.end, text: space + separator + written }];
  const below = lineEnd(text, last.end);
  const line = `\n${padOf(text, last)}${written}`;
  if (hasComma(text, last)) return [{ start: below, end: below, text: `${line},` }];
  const comma = `${space},`;
  if (below === last.end) return [{ start: below, end: below, text: comma + line }];
  return [
    { start: last.end, end: last.end, text: comma },
    { start: below, end: below, text: line },
  ];
}

/** Whether an entry stands alone on its lines, but for its comma and a comment. */
function hasLine(text: string, { start, end }: Extent): boolean {
  return isOwnLine(text, start) && /^ *,? *(?: #.*)?$/.test(text.slice(end, lineEnd(text, end)));
}

function hasComma(text: string, { end }: Extent): boolean {
  return /^ *,/.test(text.slice(end, lineEnd(text, end)));
}

function padOf(text: string, { start }: Extent): string {
  return text.slice(lineStart(text, start), start);
}

/** Where the lines of an entry start that has lines of its own, with the comments above that are its own. */
function ownStart(text: string, extents: readonly Extent[], index: number): number {
  const { start } = extents[index]!;
  const before = extents[index - 1];
  const floor = before ? lineEnd(text, before.end) + 1 : lineStart(text, start);
  return commentStart(text, start, floor);
}

/** A colon or tag with nothing after it must not touch the comma or bracket that follows. */
function spaceAfter(text: string, { start, end }: Extent): string {
  return /(?:^|:| )(?:!\S*)?$/.test(text.slice(start, end)) ? ' ' : '';
}

/** What stands between two entries in brackets: a comma and a space, or a new line where each has its own. */
function flowSeparator(text: string, extents: readonly Extent[]): string {
  const [first, second] = extents;
  if (first && second) {
    const between = text.slice(first.end, second.start);
    if (/^ *,\s*$/.test(between)) return between;
  } else if (first && isOwnLine(text, first.start)) {
    return `,\n${text.slice(lineStart(text, first.start), first.start)}`;
  }
  return ', ';
}

export function deleteFlow(
  text: string,
  node: MapNode | SequenceNode,
  extents: readonly Extent[],
  index: number,
): Splice[] {
  const { start, end } = extents[index]!;
  const next = extents[index + 1];
  const before = extents[index - 1];
  const last = before && !next && !hasComma(text, extents[index]!) ? before : undefined;
  if ((next || before) && hasLine(text, extents[index]!)) {
    const line = ownStart(text, extents, index);
    const gone = { start: line, end: Math.min(lineEnd(text, end) + 1, text.length), text: '' };
    return last ? [commaOf(text, last), gone] : [gone];
  }
  const isLastOfLine = before && next && text.slice(end, next.start).includes('\n');
  if (isLastOfLine && !text.slice(before.end, start).includes('\n'))
    return [{ start: before.end, end, text: spaceAfter(text, before) }];
  if (next) return [{ start, end: next.start, text: '' }];
  // A comment behind the one before stays.
  if (last && text.slice(last.end, start).includes('#'))
    return [commaOf(text, last), { start, end, text: '' }];
  if (before) return [{ start: before.end, end, text: spaceAfter(text, before) }];
  const place = placeOf(node);
  return [{ start: place.start, end: place.end, text: node.kind === 'map' ? '{}' : '[]' }];
}

/** Takes away the comma behind an entry that becomes the last. */
function commaOf(text: string, extent: Extent): Splice {
  const comma = text.indexOf(',', extent.end);
  return { start: extent.end, end: comma + 1, text: spaceAfter(text, extent) };
}

export function moveFlow(
  text: string,
  extents: readonly Extent[],
  from: number,
  to: number,
): Splice[] {
  const order = moved(extents, from, to);
  return extents.map(({ start, end }, i) => {
    const source = order[i]!;
    return { start, end, text: text.slice(source.start, source.end) };
  });
}
