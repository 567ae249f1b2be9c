import type { Problem } from '../model/problem.ts';
import type { ListMerge } from './plan.ts';
import { positionOf, quoted } from './shape.ts';
import { NodeIds } from './yaml/node-ids.ts';
import type { MapEntry, MapNode, ScalarNode, SequenceNode, YamlNode } from './yaml/node.ts';

/** The rules for lists, laid out by parameter path. */
export interface MergeRules {
  list: ListMerge;
  below: ReadonlyMap<string, MergeRules>;
}

/** No lists but whole ones. */
export const REPLACE: MergeRules = { list: 'replace', below: new Map() };

/** Lays rules for dotted paths out as a tree, so that merging meets them as it walks. */
export function mergeRules(rules: ReadonlyMap<string, ListMerge>): MergeRules {
  interface Draft extends MergeRules {
    below: Map<string, Draft>;
  }
  const top: Draft = { list: 'replace', below: new Map() };
  for (const [path, list] of rules) {
    let at = top;
    for (const key of path.split('.')) {
      let next = at.below.get(key);
      if (!next) at.below.set(key, (next = { list: 'replace', below: new Map() }));
      at = next;
    }
    at.list = list;
  }
  return top;
}

/** Whether a node is the mark that takes an inherited key away: `key: !unset`. */
export function isTombstone(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.tag === '!unset';
}

/**
 * Merges two maps by reference: `high` wins, maps merge deeply, lists by the rules. Nothing that only one side
 * has is copied, so that a merged leaf is the very node of the file that it came from. Tombstones stay, for
 * what may yet be merged below; `withoutTombstones` takes them out in the end.
 * @param problems gains what cannot be merged, with positions
 */
export function mergeMaps(
  low: MapNode,
  high: MapNode,
  rules: MergeRules,
  problems: Problem[],
): MapNode {
  if (high.entries.size === 0) return low;
  if (low.entries.size === 0) return high;
  const entries = new Map(low.entries);
  for (const [key, above] of high.entries) {
    const below = low.entries.get(key);
    const value = below
      ? mergeNodes(below.value, above.value, rules.below.get(key) ?? REPLACE, problems)
      : above.value;
    entries.set(key, value === above.value ? above : { ...above, value });
  }
  return { kind: 'map', entries, flow: false, parts: [...(low.parts ?? [low]), high] };
}

function mergeNodes(
  low: YamlNode,
  high: YamlNode,
  rules: MergeRules,
  problems: Problem[],
): YamlNode {
  if (low.kind === 'map' && high.kind === 'map') return mergeMaps(low, high, rules, problems);
  if (low.kind === 'sequence' && high.kind === 'sequence' && rules.list !== 'replace') {
    return mergeLists(low, high, rules, problems);
  }
  return high;
}

function mergeLists(
  low: SequenceNode,
  high: SequenceNode,
  rules: MergeRules,
  problems: Problem[],
): SequenceNode {
  return {
    kind: 'sequence',
    items: mergedItems(low, high, rules, problems),
    flow: false,
    parts: [...(low.parts ?? [low]), high],
  };
}

function mergedItems(
  low: SequenceNode,
  high: SequenceNode,
  rules: MergeRules,
  problems: Problem[],
): YamlNode[] {
  if (rules.list === 'replace') return high.items;
  if (rules.list === 'append') return [...low.items, ...high.items];
  const items = [...low.items];
  if (rules.list === 'unique') {
    const ids = new NodeIds();
    const seen = new Set(items.map((item) => ids.of(item)));
    for (const item of high.items) {
      if (seen.size !== seen.add(ids.of(item)).size) items.push(item);
    }
    return items;
  }
  const below = elementsBy(rules.list.by, low, problems);
  for (const [id, { item }] of elementsBy(rules.list.by, high, problems)) {
    const same = below.get(id);
    if (same) items[same.index] = mergeMaps(same.item, item, rules, problems);
    else items.push(item);
  }
  return items;
}

/** The maps in a list, by the value of the key that tells them apart. */
function elementsBy(
  by: string,
  list: SequenceNode,
  problems: Problem[],
): Map<string, { index: number; item: MapNode }> {
  const elements = new Map<string, { index: number; item: MapNode }>();
  for (const [index, item] of list.items.entries()) {
    const source = item.source ?? list.source;
    const refuse = (why: string): void => {
      const message = `this list merges by ${quoted(by)}, ${why}`;
      problems.push({ message, ...(source ? { position: positionOf(source) } : {}) });
    };
    const value = item.kind === 'map' ? item.entries.get(by)?.value : undefined;
    if (item.kind !== 'map' || value?.kind !== 'scalar' || isTombstone(value)) {
      refuse('which this element lacks');
    } else if (elements.has(identity(value))) {
      refuse('and another element has the same value there');
    } else elements.set(identity(value), { index, item });
  }
  return elements;
}

/** A scalar's type and value as text: `1`, `1.0` and `"1"` are three values. */
function identity(node: ScalarNode): string {
  const { value } = node;
  if (value === null || typeof value !== 'object') return `${typeof value} ${String(value)}`;
  return 'tag' in value ? `${value.tag} ${value.text}` : `float ${value.value}`;
}

const marked = new WeakMap<YamlNode, boolean>();

/** Whether there is a tombstone in a node. Worked out once for each: most are shared by many sites. */
export function hasTombstone(node: YamlNode): boolean {
  if (node.kind === 'scalar') return isTombstone(node);
  let result = marked.get(node);
  if (result === undefined) marked.set(node, (result = someBelow(node, hasTombstone)));
  return result;
}

/** As `hasTombstone`, for a node that is one site's own: nothing about it is kept. */
export function mentionsTombstone(node: YamlNode): boolean {
  return node.kind === 'scalar' ? isTombstone(node) : someBelow(node, mentionsTombstone);
}

function someBelow(node: MapNode | SequenceNode, holds: (node: YamlNode) => boolean): boolean {
  if (node.kind === 'sequence') return node.items.some(holds);
  for (const { value } of node.entries.values()) if (holds(value)) return true;
  return false;
}

const clean = new WeakMap<YamlNode, YamlNode>();

/** The node without its tombstones; the same node where it has none, so that sharing stays. */
export function withoutTombstones(node: MapNode): MapNode;
export function withoutTombstones(node: YamlNode): YamlNode;
export function withoutTombstones(node: YamlNode): YamlNode {
  if (node.kind === 'scalar' || !hasTombstone(node)) return node;
  let result = clean.get(node);
  if (!result) {
    result = node.kind === 'map' ? cleanMap(node) : cleanList(node);
    clean.set(node, result);
  }
  return result;
}

function cleanMap(node: MapNode): MapNode {
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of node.entries) {
    if (isTombstone(entry.value)) continue;
    const value = withoutTombstones(entry.value);
    entries.set(key, value === entry.value ? entry : { ...entry, value });
  }
  return { kind: 'map', entries, flow: false, parts: node.parts ?? [node] };
}

function cleanList(node: SequenceNode): SequenceNode {
  const items = node.items.map((item) => withoutTombstones(item));
  return { kind: 'sequence', items, flow: false, parts: node.parts ?? [node] };
}
