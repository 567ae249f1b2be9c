import { reindentBlockScalar } from './block-scalar.ts';
import {
  Tagged,
  type MapEntry,
  type MapNode,
  type ScalarNode,
  type SequenceNode,
  type YamlNode,
} from './node.ts';
import { quoteText } from './scalar.ts';

/** Spaces that each level is indented by; lists are indented below their key. */
const STEP = 2;

/** Emitted collections by level, for sites share most of their nodes. Nodes never change, so nothing goes stale. */
const emitted: WeakMap<MapNode | SequenceNode, string>[] = [];

/**
 * Writes a node as a YAML file that PyYAML reads exactly as it read the sources: tokens are copied as they stand
 * (`0644`, `1.10`, `yes`, `!vault |`), collections come in block style with their keys in order, anchors expanded,
 * comments left out. The text starts with `---` and ends with a newline. Throws on a `!unset` tombstone, which
 * merging must have taken out.
 */
export function emitYaml(root: YamlNode): string {
  if (root.kind === 'scalar') {
    const { token, value } = root;
    const quote = typeof value === 'string' && looksLikeMarker(token);
    return `---\n${quote ? quoteText(value) : scalarText(root, 0)}\n`;
  }
  if (isEmpty(root)) return `---\n${emptyText(root)}\n`;
  // The top is as a rule one site's own: keeping it would only hold memory.
  return `---\n${root.kind === 'map' ? mapText(root, 0) : sequenceText(root, 0)}`;
}

function collectionText(node: MapNode | SequenceNode, indent: number): string {
  const level = indent / STEP;
  const cache = (emitted[level] ??= new WeakMap());
  let text = cache.get(node);
  if (text === undefined) {
    text = node.kind === 'map' ? mapText(node, indent) : sequenceText(node, indent);
    cache.set(node, text);
  }
  return text;
}

function mapText(map: MapNode, indent: number): string {
  const pad = ' '.repeat(indent);
  let text = '';
  for (const entry of map.entries.values()) {
    const { value } = entry;
    text += `${pad}${indent === 0 ? topKey(entry) : entry.keyToken}:`;
    if (value.kind === 'scalar') {
      text += value.token === '' ? '\n' : ` ${scalarText(value, indent)}\n`;
    } else if (isEmpty(value)) text += ` ${emptyText(value)}\n`;
    else text += `\n${collectionText(value, indent + STEP)}`;
  }
  return text;
}

function sequenceText(sequence: SequenceNode, indent: number): string {
  const pad = ' '.repeat(indent);
  let text = '';
  for (const item of sequence.items) {
    text += `${pad}-`;
    if (item.kind === 'scalar') {
      text += item.token === '' ? '\n' : ` ${scalarText(item, indent)}\n`;
    } else if (isEmpty(item)) text += ` ${emptyText(item)}\n`;
    // The first line of the item follows the dash.
    else text += ` ${collectionText(item, indent + STEP).slice(indent + STEP)}`;
  }
  return text;
}

function topKey({ key, keyToken }: MapEntry): string {
  return looksLikeMarker(keyToken) ? quoteText(key) : keyToken;
}

/** A token that stood within a line can mark a document's start or end at the beginning of one. */
function looksLikeMarker(token: string): boolean {
  return token.startsWith('---') || token.startsWith('...');
}

/** A scalar's token for a place in a collection that is indented by `indent`. */
function scalarText(node: ScalarNode, indent: number): string {
  const { token, value } = node;
  if (node.tag === '!unset') throw new Error('a !unset tombstone reached the writer');
  if (!token.includes('\n')) return token;
  if (node.style === 'block') {
    const text = value instanceof Tagged ? value.text : typeof value === 'string' ? value : '';
    return reindentBlockScalar(token, text, node.indent ?? 0, indent, indent + STEP);
  }
  const pad = ' '.repeat(indent + STEP);
  const [first = '', ...lines] = token.split('\n').map((line, i) =>
    // What a line ends with stays: the space may be escaped.
    i === 0 ? line : line.replace(/^[ \t]+/, ''),
  );
  return first + lines.map((line) => (line === '' ? '\n' : `\n${pad}${line}`)).join('');
}

function isEmpty(node: MapNode | SequenceNode): boolean {
  return node.kind === 'map' ? node.entries.size === 0 : node.items.length === 0;
}

function emptyText(node: MapNode | SequenceNode): string {
  return node.kind === 'map' ? '{}' : '[]';
}
