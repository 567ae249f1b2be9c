import {
  Float,
  Tagged,
  type MapNode,
  type ScalarNode,
  type SequenceNode,
  type Value,
  type YamlNode,
  type YamlPath,
} from './node.ts';
import { isDate } from './scalar.ts';

const values = new WeakMap<MapNode | SequenceNode, Value[] | Map<string, Value>>();

/**
 * What PyYAML makes of a node, keys in their order. Worked out once for each collection and then shared: neither
 * the node nor the value may be changed.
 */
export function toValue(node: YamlNode): Value {
  if (node.kind === 'scalar') return node.value;
  let value = values.get(node);
  if (!value) values.set(node, (value = collectionValue(node, toValue)));
  return value;
}

/** As `toValue`, for a node that is asked about once: nothing is kept. */
export function freshValue(node: YamlNode): Value {
  return node.kind === 'scalar' ? node.value : collectionValue(node, freshValue);
}

function collectionValue(
  node: MapNode | SequenceNode,
  valueOf: (node: YamlNode) => Value,
): Value[] | Map<string, Value> {
  if (node.kind === 'sequence') return node.items.map(valueOf);
  const map = new Map<string, Value>();
  for (const { key, value } of node.entries.values()) map.set(key, valueOf(value));
  return map;
}

/** Whether two values are equal in type and content; the order of keys does not count, as in Python. */
export function sameValue(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Float) return b instanceof Float && Object.is(a.value, b.value);
  if (a instanceof Tagged) return b instanceof Tagged && a.tag === b.tag && a.text === b.text;
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]!))
    );
  }
  if (!(b instanceof Map) || a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !sameValue(value, other)) return false;
  }
  return true;
}

/**
 * Whether PyYAML reads two nodes alike: same values, types (dates apart from text, `80` apart from `"80"` also as
 * keys) and tags, however they are written. The order of keys does not count, unless `order` asks for it.
 */
export function sameNode(a: YamlNode, b: YamlNode, options: { order?: boolean } = {}): boolean {
  if (a === b) return true;
  if (a.kind === 'scalar') return b.kind === 'scalar' && sameScalar(a, b);
  if (a.kind === 'sequence') {
    return (
      b.kind === 'sequence' &&
      a.items.length === b.items.length &&
      a.items.every((item, i) => sameNode(item, b.items[i]!, options))
    );
  }
  if (b.kind !== 'map' || a.entries.size !== b.entries.size) return false;
  const order = options.order ? [...b.entries.keys()] : undefined;
  let index = 0;
  for (const [key, entry] of a.entries) {
    const other = b.entries.get(key);
    if (!other || (order && order[index] !== key)) return false;
    if (!sameValue(entry.keyValue ?? null, other.keyValue ?? null)) return false;
    if ((entry.keyValue === undefined) !== (other.keyValue === undefined)) return false;
    if (isDate(entry.keyToken) !== isDate(other.keyToken)) return false;
    if (!sameNode(entry.value, other.value, options)) return false;
    index += 1;
  }
  return true;
}

function sameScalar(a: ScalarNode, b: ScalarNode): boolean {
  return a.tag === b.tag && sameValue(a.value, b.value) && isDateNode(a) === isDateNode(b);
}

/** Whether PyYAML makes a date of a scalar whose value we keep as text. */
export function isDateNode(node: ScalarNode): node is ScalarNode & { value: string } {
  const { token, value } = node;
  if (typeof value !== 'string' || !isDate(value)) return false;
  return token.startsWith('!') ? token.startsWith('!!timestamp') : node.style === 'plain';
}

/** The node at a path, or undefined where there is none. */
export function nodeAt(node: YamlNode, path: YamlPath): YamlNode | undefined {
  let found: YamlNode | undefined = node;
  for (const step of path) {
    if (found?.kind === 'map') found = found.entries.get(String(step))?.value;
    else if (found?.kind === 'sequence') found = found.items[Number(step)];
    else return undefined;
  }
  return found;
}

/** The range of a node at the place where it is used: that of the alias for what an alias stands for. */
export function placeOf(node: YamlNode): { start: number; end: number } {
  return node.aliasSource ?? node.source ?? { start: 0, end: 0 };
}
