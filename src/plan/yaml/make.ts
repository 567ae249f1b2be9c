/** Nodes that no file holds: defaults, and what edits write. */

import {
  Tagged,
  type MapEntry,
  type MapNode,
  type ScalarNode,
  type ScalarValue,
  type SequenceNode,
  type Source,
  type Value,
  type YamlNode,
} from './node.ts';
import { writeScalar } from './scalar.ts';

/** The source of a node that was made: no file has an empty name. */
export const NO_SOURCE: Source = { file: '', start: 0, end: 0, line: 0, column: 0 };

/** A node for a value, with tokens written by `writeScalar`. Throws `UserError` for text that is not Unicode. */
export function makeNode(value: Value): YamlNode {
  if (Array.isArray(value)) return makeSequence(value.map(makeNode));
  if (value instanceof Map) {
    return makeMap([...value].map(([key, item]) => [key, makeNode(item)]));
  }
  return makeScalar(value);
}

export function makeScalar(value: ScalarValue): ScalarNode {
  const token = writeScalar(value);
  const written = token.replace(/^!\S+ ?/, '');
  const style = written.startsWith("'") ? 'single' : written.startsWith('"') ? 'double' : 'plain';
  const tag = value instanceof Tagged ? value.tag : '';
  return { kind: 'scalar', source: NO_SOURCE, token, style, tag, value };
}

export function makeSequence(items: YamlNode[]): SequenceNode {
  return { kind: 'sequence', items, flow: false };
}

export function makeMap(entries: readonly (readonly [string, YamlNode])[]): MapNode {
  return {
    kind: 'map',
    entries: new Map(entries.map(([key, value]) => [key, makeEntry(key, value)])),
    flow: false,
  };
}

/** An entry whose key is a string, quoted where it would be read as something else. */
export function makeEntry(key: string, value: YamlNode): MapEntry {
  return { key, keyToken: writeScalar(key), keySource: NO_SOURCE, value };
}
