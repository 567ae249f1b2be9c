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
 * @param isShared whether other documents may hold a collection too: then its text is kept for them
 */
export function emitYaml(root: YamlNode, isShared: IsShared = () => true): string {
  if (root.kind === 'scalar') {
    const { token, value } = root;
    const quote = typeof value === 'string' && looksLikeMarker(token);
    return `---\n${quote ? quoteText(value) : scalarText(root, 0)}\n`;
  }
  if (isEmpty(root)) return `---\n${emptyText(root)}\n`;
  // The top is as a rule one site's own: keeping it would only hold memory.
  return `---\n${textOf(root, 0, isShared)}`;
}

type IsShared = (node: MapNode | SequenceNode) => boolean;

function collectionText(node: MapNode | SequenceNode, indent: number, isShared: IsShared): string {
  if (!isShared(node)) return textOf(node, indent, isShared);
  const level = indent / STEP;
  const cache = (emitted[level] ??= new WeakMap());
  let text = cache.get(node);
  if (text === undefined) {
    text = textOf(node, indent, isShared);
    cache.set(node, text);
  }
  return text;
}

function textOf(node: MapNode | SequenceNode, indent: number, isShared: IsShared): string {
  return node.kind === 'map'
    ? mapText(node, indent, isShared)
    : sequenceText(node, indent, isShared);
}

function mapText(map: MapNode, indent: number, isShared: IsShared): string {
  const pad = ' '.repeat(indent);
  // Joined, for a text that is added to is kept in its pieces, and put together at every later use of it.
  const texts: string[] = [];
  for (const entry of map.entries.values()) {
    const { value } = entry;
    texts.push(pad, indent === 0 ? topKey(entry) : entry.keyToken, ':');
    if (value.kind === 'scalar') {
      texts.push(value.token === '' ? '\n' : ` ${scalarText(value, indent)}\n`);
    } else if (isEmpty(value)) texts.push(` ${emptyText(value)}\n`);
    else texts.push('\n', collectionText(value, indent + STEP, isShared));
  }
  return texts.join('');
}

function sequenceText(sequence: SequenceNode, indent: number, isShared: IsShared): string {
  const pad = ' '.repeat(indent);
  const texts: string[] = [];
  for (const item of sequence.items) {
    texts.push(pad, '-');
    if (item.kind === 'scalar') {
      texts.push(item.token === '' ? '\n' : ` ${scalarText(item, indent)}\n`);
    } else if (isEmpty(item)) texts.push(` ${emptyText(item)}\n`);
    // The first line of the item follows the dash.
    else texts.push(' ', collectionText(item, indent + STEP, isShared).slice(indent + STEP));
  }
  return texts.join('');
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
