/** Changes of the entries of collections in brackets. */

import { isOwnLine, lineStart, moved, type Extent, type Splice } from './edit-layout.ts';
import type { MapNode, SequenceNode } from './node.ts';
import { placeOf } from './value.ts';

export function insertFlow(
  text: string,
  extents: readonly Extent[],
  at: number,
  written: string,
): Splice {
  const separator = flowSeparator(text, extents);
  const next = extents[at];
  if (next) return { start: next.start, end: next.start, text: written + separator };
  const last = extents.at(-1)!;
  return { start: last.end, end: last.end, text: spaceAfter(text, last) + separator + written };
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
  if (next) return [{ start, end: next.start, text: '' }];
  if (before) return [{ start: before.end, end, text: spaceAfter(text, before) }];
  const place = placeOf(node);
  return [{ start: place.start, end: place.end, text: node.kind === 'map' ? '{}' : '[]' }];
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
