/** Changes of the entries of block collections: whole lines come, go and move, with the comments that are theirs. */

import {
  commentStart,
  isBlank,
  isOwnLine,
  lineEnd,
  lineStart,
  moved,
  type Extent,
  type Splice,
} from './edit-layout.ts';
import { afterDash, entryText, type Style } from './edit-write.ts';
import type { MapEntry, MapNode, ScalarNode, SequenceNode, YamlNode } from './node.ts';
import { placeOf } from './value.ts';

/** Adds a key below the last of some of a block mapping, or to an empty document. */
export function addEntry(
  text: string,
  node: MapNode,
  extents: readonly Extent[],
  entry: MapEntry,
  style: Style,
): Splice {
  const last = extents.at(-1);
  if (!last && node.flow) {
    const { start, end } = placeOf(node);
    return { start, end, text: entryText(entry, 0, style) };
  }
  const column = last ? node.source!.column - 1 : 0;
  const line = `${' '.repeat(column)}${entryText(entry, column, style)}`;
  const at = last ? lineEnd(text, last.end) : text.length;
  return insertLine(text, at, line);
}

/** Adds lines after the line that ends at `at`, or at the text's end. */
function insertLine(text: string, at: number, line: string): Splice {
  if (at < text.length) return { start: at + 1, end: at + 1, text: `${line}\n` };
  const open = text !== '' && !text.endsWith('\n');
  return { start: at, end: at, text: `${open ? '\n' : ''}${line}\n` };
}

/** @param like the item whose quotes the new one takes */
export function insertItem(
  text: string,
  node: SequenceNode,
  extents: readonly Extent[],
  { at, value }: { at: number; value: YamlNode },
  style: Style,
  like?: ScalarNode,
): Splice {
  const column = node.source!.column - 1;
  const pad = ' '.repeat(column);
  const item = `-${afterDash(value, column, dashGap(text, node, extents), style, like)}`;
  if (at >= extents.length) return insertLine(text, lineEnd(text, extents.at(-1)!.end), pad + item);
  const { start } = extents[at]!;
  if (!isOwnLine(text, start)) return { start, end: start, text: `${item}\n${pad}` };
  const line = commentStart(text, start, at > 0 ? lineEnd(text, extents[at - 1]!.end) + 1 : 0);
  return { start: line, end: line, text: `${pad}${item}\n` };
}

/** How many spaces the list's items keep from their dashes. */
function dashGap(text: string, node: SequenceNode, extents: readonly Extent[]): number {
  for (const [i, { start }] of extents.entries()) {
    const gap = placeOf(node.items[i]!).start - start - 1;
    if (gap > 0 && isBlank(text.slice(start + 1, start + 1 + gap))) return gap;
  }
  return 1;
}

/** Takes out an entry's lines and the comments that belong to it. */
export function deleteLines(text: string, extents: readonly Extent[], index: number): Splice[] {
  const { start, end } = extents[index]!;
  const next = extents[index + 1];
  if (!isOwnLine(text, start) && next) {
    // The next entry moves up to where this one started; comments between go above the line.
    const line = lineStart(text, start);
    const pad = /^ */.exec(text.slice(line))![0];
    const between = text.slice(
      Math.min(lineEnd(text, end) + 1, next.start),
      lineStart(text, next.start),
    );
    const comments = between
      .split('\n')
      .map((comment) => comment.trim())
      .filter(Boolean);
    return [
      { start: line, end: line, text: comments.map((comment) => `${pad}${comment}\n`).join('') },
      { start, end: next.start, text: '' },
    ];
  }
  const floor = index > 0 ? lineEnd(text, extents[index - 1]!.end) + 1 : 0;
  let first = commentStart(text, start, floor);
  let last = Math.min(lineEnd(text, end) + 1, text.length);
  // Where blank lines stood on both sides, those above go with it; below a key, those that would come first.
  if (index === 0 && start > lineStart(text, start)) {
    while (text[last] === '\n') last += 1;
  }
  if (last === text.length || text[last] === '\n') {
    while (first > floor && text[first - 1] === '\n' && text[first - 2] === '\n') first -= 1;
  }
  return [{ start: first, end: last, text: '' }];
}

/** Moves an item's lines, and the comments that belong to it, among those of the others. */
export function moveLines(
  text: string,
  extents: readonly Extent[],
  from: number,
  to: number,
): Splice[] {
  const pieces = extents.map(({ start, end }, i) => {
    const own = isOwnLine(text, start);
    const floor = i > 0 ? lineEnd(text, extents[i - 1]!.end) + 1 : 0;
    const first = own ? commentStart(text, start, floor) : start;
    return { start: first, end: lineEnd(text, end), own, pad: start - lineStart(text, start) };
  });
  const order = moved(pieces, from, to);
  return pieces.map(({ start, end, own, pad }, i) => {
    const source = order[i]!;
    let lines = text.slice(source.start, source.end);
    if (own && !source.own) lines = ' '.repeat(pad) + lines;
    if (!own && source.own) lines = lines.trimStart();
    return { start, end, text: lines };
  });
}
