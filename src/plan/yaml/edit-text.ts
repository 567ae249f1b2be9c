import { deleteFlow, insertFlow, moveFlow } from './edit-flow.ts';
import {
  extentAt,
  extentsOf,
  isBlank,
  lineEnd,
  lineStart,
  type Extent,
  type Splice,
} from './edit-layout.ts';
import { addEntry, deleteLines, insertItem, moveLines } from './edit-lines.ts';
import type { Step } from './edit-steps.ts';
import {
  afterDash,
  blockText,
  flowEntry,
  flowText,
  inlineText,
  isBlock,
  keyText,
  type Style,
} from './edit-write.ts';
import type { MapNode, ScalarNode, SequenceNode, YamlNode } from './node.ts';
import { nodeAt, placeOf } from './value.ts';

type Collection = MapNode | SequenceNode;

/** The document's text once a step is done, changed no further than the step needs. */
export function editText(text: string, root: MapNode, step: Step, style: Style): string {
  const node = nodeAt(root, step.path);
  if (!node || node.kind === 'scalar') return text;
  const splices = splicesOf(text, root, node, step, style);
  const last = splices.some(({ end }) => end === text.length);
  const header = last && !text.endsWith('\n') ? openHeader(root, text.length) : undefined;
  if (header && splices.every(({ start }) => start >= header.end)) splices.push(header);
  let result = text;
  for (const { start, end, text: part } of splices.toSorted((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + part + result.slice(end);
  }
  // A last line that is written anew ends with a newline, whether the one before it did or not.
  return last && result !== '' && !result.endsWith('\n') ? `${result}\n` : result;
}

/** A block scalar that the file ends in, without a newline, must not gain one from the lines that follow it. */
function openHeader(node: YamlNode, end: number): Splice | undefined {
  if (node.alias !== undefined) return undefined;
  if (node.kind === 'scalar') {
    if (node.style !== 'block' || node.source.end !== end) return undefined;
    const [head, before = ''] = /^(?:!\S+ +)?([|>][1-9]?)[-+]?/.exec(node.token) ?? [''];
    const { start } = node.source;
    return { start, end: start + head.length, text: head.replace(/[|>].*$/, `${before}-`) };
  }
  const children =
    node.kind === 'map' ? [...node.entries.values()].map(({ value }) => value) : node.items;
  return children.map((child) => openHeader(child, end)).find((splice) => splice !== undefined);
}

function splicesOf(
  text: string,
  root: MapNode,
  node: Collection,
  step: Step,
  style: Style,
): Splice[] {
  const extents = extentsOf(text, node);
  const fill = (value: Collection): Splice[] => fillEmpty(text, root, step.path, value, style);
  switch (step.kind) {
    case 'replace': {
      const extent = extents[extentAt(extents, step.at)]!;
      return replaceValue(text, node, extent, nodeAt(node, [step.at])!, step.value, style);
    }
    case 'rename': {
      if (node.kind !== 'map') return [];
      const { keySource, keyToken } = node.entries.get(step.at)!;
      const key = keyText(step.entry, style, node.flow, keyToken);
      return [{ start: keySource.start, end: keySource.end, text: key }];
    }
    case 'add': {
      if (node.kind !== 'map') return [];
      const until = step.after === undefined ? extents.length : extentAt(extents, step.after) + 1;
      if (extents.length === 0 && node !== root) {
        return fill({
          kind: 'map',
          entries: new Map([[step.entry.key, step.entry]]),
          flow: style.flowMaps,
        });
      }
      if (extents.length === 0 || !node.flow)
        return [addEntry(text, node, extents.slice(0, until), step.entry, style)];
      return insertFlow(text, extents, until, flowEntry(step.entry, style));
    }
    case 'insert': {
      if (node.kind !== 'sequence') return [];
      if (extents.length === 0)
        return fill({ kind: 'sequence', items: [step.value], flow: style.flowLists });
      const like = quotedNeighbour(node, step);
      if (node.flow) return insertFlow(text, extents, step.at, flowText(step.value, style, like));
      return [insertItem(text, node, extents, step, style, like)];
    }
    case 'delete': {
      if (extents.length === 1 && node !== root) return fill(emptied(node));
      const index = extentAt(extents, step.at);
      return node.flow ? deleteFlow(text, node, extents, index) : deleteLines(text, extents, index);
    }
    case 'move':
      return (node.flow ? moveFlow : moveLines)(text, extents, step.at, step.to);
  }
}

/** An item whose quotes a new one takes: one beside it, where all of them are quoted. */
function quotedNeighbour(
  { items }: SequenceNode,
  { at, value }: Step & { kind: 'insert' },
): ScalarNode | undefined {
  if (value.kind !== 'scalar' || typeof value.value !== 'string' || value.value.includes('\n'))
    return undefined;
  const quoted = items.filter(
    (item) => item.kind === 'scalar' && (item.style === 'single' || item.style === 'double'),
  );
  const beside = items[at - 1] ?? items[0];
  return quoted.length === items.length && beside?.kind === 'scalar' ? beside : undefined;
}

function emptied(node: Collection): Collection {
  return node.kind === 'map'
    ? { kind: 'map', entries: new Map(), flow: true }
    : { kind: 'sequence', items: [], flow: true };
}

/** Replaces a collection that is empty, or is to be, within its own parent. */
function fillEmpty(
  text: string,
  root: MapNode,
  path: Step['path'],
  value: Collection,
  style: Style,
): Splice[] {
  const parent = nodeAt(root, path.slice(0, -1));
  const old = nodeAt(root, path);
  if (!parent || !old || parent.kind === 'scalar') return [];
  const extents = extentsOf(text, parent);
  const extent = extents[extentAt(extents, path.at(-1)!)]!;
  return replaceValue(text, parent, extent, old, value, style);
}

/** Where the key or dash of an entry ends, with the colon and an anchor that stays. */
function afterIndicator(text: string, node: Collection, extent: Extent): number {
  let after = extent.start + (node.flow ? 0 : 1);
  if (node.kind === 'map') {
    const { keySource } = node.entries.get(String(extent.at))!;
    after = text.indexOf(':', keySource.end) + 1;
  }
  const anchor = /^ +&[\w-]+(?= *(?:#|$))/.exec(text.slice(after, lineEnd(text, after)));
  return after + (anchor?.[0].length ?? 0);
}

function replaceValue(
  text: string,
  parent: Collection,
  extent: Extent,
  old: YamlNode,
  value: YamlNode,
  style: Style,
): Splice[] {
  const { start, end } = placeOf(old);
  const after = afterIndicator(text, parent, extent);
  if (parent.flow) {
    const oldScalar = old.kind === 'scalar' && !old.alias ? old : undefined;
    const space = start === end ? ' ' : '';
    return [{ start, end, text: space + flowText(value, style, oldScalar) }];
  }
  const column = parent.source!.column - 1;
  const below = text.slice(after, start).includes('\n');
  const oldBlock = old.kind !== 'scalar' && !old.aliasSource && !old.flow;
  if (!isBlock(value, style)) {
    const oldScalar = old.kind === 'scalar' && !old.alias ? old : undefined;
    const written = inlineText(value, column, style, oldScalar);
    if (below && oldBlock) {
      const line = lineEnd(text, after);
      const [first, rest] = splitFirstLine(written);
      const tail = text.slice(after, line).trimEnd();
      return [{ start: after, end, text: (first === '' ? '' : ` ${first}`) + tail + rest }];
    }
    return replaceInline(text, after, start, end, written, old);
  }
  if (parent.kind === 'sequence' && !below) {
    const gap = Math.max(start - after, 1);
    const lines = afterDash(value, column, gap, style);
    return replaceInline(text, after, start, end, lines.slice(gap), old);
  }
  const inner = innerColumn(parent, old, value, column, style, oldBlock && below);
  const lines = blockText(value, inner, style);
  if (below) return [{ start: lineStart(text, start), end, text: lines }];
  // The value goes from the key's line, a comment there stays, and the lines follow below.
  const line = lineEnd(text, end);
  const tail = text.slice(end, line).trimEnd();
  return [{ start: after, end: line, text: `${tail}\n${lines}` }];
}

/** The column for a block collection that takes the place of `old`. */
function innerColumn(
  parent: Collection,
  old: YamlNode,
  value: Collection,
  column: number,
  style: Style,
  asOld: boolean,
): number {
  const before = asOld ? old.source!.column - 1 : -1;
  if (
    before > column ||
    (before === column && value.kind === 'sequence' && parent.kind === 'map')
  ) {
    return before;
  }
  const step =
    value.kind === 'map' || parent.kind === 'sequence' ? Math.max(style.step, 1) : style.listStep;
  return column + step;
}

/** Puts a text in the place of a value on its line; a comment after the value stays on that line. */
function replaceInline(
  text: string,
  after: number,
  start: number,
  end: number,
  written: string,
  old: YamlNode,
): Splice[] {
  if (written === '') return [{ start: after, end, text: '' }];
  const space = start === after ? ' ' : '';
  if (old.kind === 'scalar' && old.style === 'block' && !old.alias) {
    const comment = / +#.*/.exec(splitFirstLine(old.token)[0])?.[0] ?? '';
    const [first, rest] = splitFirstLine(written);
    const kept = first.includes(' #') ? '' : comment;
    return [{ start, end, text: space + first + kept + rest }];
  }
  const line = lineEnd(text, end);
  const tail = text.slice(end, line);
  const [first, rest] = splitFirstLine(written);
  if (rest === '' || isBlank(tail)) return [{ start, end, text: space + written }];
  return [{ start, end: line, text: space + first + tail.trimEnd() + rest }];
}

/** A text's first line, and the rest with the newline before it. */
function splitFirstLine(text: string): [first: string, rest: string] {
  const line = lineEnd(text, 0);
  return [text.slice(0, line), text.slice(line)];
}
