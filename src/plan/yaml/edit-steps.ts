import { diffArrays } from 'diff';

import { UserError } from '../../model/errors.ts';
import { formatProblem } from '../../model/problem.ts';
import { toEntry } from './key.ts';
import { makeEntry, NO_SOURCE } from './make.ts';
import type { MapEntry, MapNode, SequenceNode, Source, YamlNode, YamlPath } from './node.ts';
import { resolvePlain } from './scalar.ts';
import { nodeAt, sameNode, sameValue } from './value.ts';

/** A change of a document. Paths are those of the document as the operations before have left it. */
export type YamlOperation =
  /**
   * Gives a key or list item this value; a key that is missing is added, with the mappings above it. Mappings and
   * lists are changed only where they differ. `keyToken`: how a new key is written where it is not a string (`80`).
   * `verbatim`: text that stands in some file is written as it stands there, quotes and all, where that means the
   * same here; otherwise it takes after what it replaces. `after`: the key behind which a new one is put, if it is
   * there; otherwise it comes last.
   */
  | {
      op: 'set';
      path: YamlPath;
      value: YamlNode;
      keyToken?: string;
      verbatim?: boolean;
      after?: string;
    }
  /** Takes out a key or list item. */
  | { op: 'delete'; path: YamlPath }
  | { op: 'rename'; path: YamlPath; key: string }
  /** Puts an item into a list; the path ends with the index that it will have. */
  | { op: 'insert'; path: YamlPath; value: YamlNode }
  /** Moves an item of a list; the path ends with its index, `to` is the index that it will have. */
  | { op: 'move'; path: YamlPath; to: number };

/** The same in steps small enough to be one change of the text each. Paths lead to the collection changed. */
export type Step =
  | { kind: 'replace'; path: YamlPath; at: string | number; value: YamlNode }
  | { kind: 'add'; path: YamlPath; entry: MapEntry; after?: string }
  | { kind: 'delete'; path: YamlPath; at: string | number }
  | { kind: 'rename'; path: YamlPath; at: string; entry: MapEntry }
  | { kind: 'insert'; path: YamlPath; at: number; value: YamlNode }
  | { kind: 'move'; path: YamlPath; at: number; to: number };

/** More differences between two lists are not sought; the list is written anew. */
const MAX_LIST_DIFFERENCES = 200;

/** The steps that an operation takes on a document. Throws `UserError` where it cannot be done. */
export function stepsOf(root: MapNode, file: string, operation: YamlOperation): Step[] {
  const { path } = operation;
  const last = path.at(-1);
  if (last === undefined) {
    if (operation.op !== 'set' || operation.value.kind !== 'map') {
      throw refusal(root, file, 'the top of the file can only be set to a mapping');
    }
    return changes([], root, operation.value);
  }
  if (operation.op === 'set') return setSteps(root, file, operation);
  const parentPath = path.slice(0, -1);
  const parent = collectionAt(root, file, parentPath);
  if (operation.op === 'insert' || operation.op === 'move') {
    const at = Number(last);
    const limit = parent.kind === 'sequence' ? parent.items.length : -1;
    if (operation.op === 'insert') {
      checkIndex(parent, file, path, at, limit);
      return [{ kind: 'insert', path: parentPath, at, value: operation.value }];
    }
    checkIndex(parent, file, path, at, limit - 1);
    checkIndex(parent, file, path, operation.to, limit - 1);
    if (at === operation.to) return [];
    return [{ kind: 'move', path: parentPath, at, to: operation.to }];
  }
  if (parent.kind === 'sequence') {
    checkIndex(parent, file, path, Number(last), parent.items.length - 1);
    if (operation.op === 'rename') throw refusal(parent, file, 'a list item has no name');
    return [{ kind: 'delete', path: parentPath, at: Number(last) }];
  }
  const entry = parent.entries.get(String(last));
  if (!entry) throw refusal(parent, file, `there is no ${show(path)}`);
  if (entry.merged)
    throw refusal(entry.value, file, `${show(path)} comes through a merge key (<<)`);
  if (operation.op === 'delete') return [{ kind: 'delete', path: parentPath, at: entry.key }];
  if (operation.key === entry.key) return [];
  if (parent.entries.has(operation.key)) {
    throw refusal(entry.value, file, `${operation.key} stands beside ${show(path)} already`);
  }
  const renamed = makeEntry(operation.key, entry.value);
  return [{ kind: 'rename', path: parentPath, at: entry.key, entry: renamed }];
}

function setSteps(
  root: MapNode,
  file: string,
  { path, value, keyToken, after }: YamlOperation & { op: 'set' },
): Step[] {
  let node: YamlNode = root;
  for (const [depth, step] of path.entries()) {
    const here = path.slice(0, depth);
    if (node.kind === 'scalar') {
      if (node.value !== null || node.tag !== '') {
        throw refusal(node, file, `${show(here)} is a single value and has no ${step}`);
      }
      checkPlace(node, file, here);
      // `key:` with nothing after it takes a mapping.
      const made = nest(path.slice(depth), value, keyToken);
      return [{ kind: 'replace', path: here.slice(0, -1), at: here.at(-1)!, value: made }];
    }
    checkPlace(node, file, here);
    if (node.kind === 'sequence') {
      checkIndex(node, file, path.slice(0, depth + 1), Number(step), node.items.length - 1);
      node = node.items[Number(step)]!;
      continue;
    }
    const entry: MapEntry | undefined = node.entries.get(String(step));
    const isLast = depth === path.length - 1;
    if (entry && !(entry.merged && isLast)) {
      node = entry.value;
      continue;
    }
    if (entry && sameNode(entry.value, value)) return [];
    const made = nest(path.slice(depth + 1), value, keyToken);
    const added = newEntry(String(step), made, isLast ? keyToken : undefined);
    const behind = isLast && after !== undefined ? node.entries.get(after) : undefined;
    const place = behind && !behind.merged ? { after: behind.key } : {};
    return [{ kind: 'add', path: here, entry: added, ...place }];
  }
  return changes(path, node, value);
}

/** Mappings around a value, one for each step of a path. */
function nest(path: YamlPath, value: YamlNode, keyToken: string | undefined): YamlNode {
  let node = value;
  for (const [i, step] of path.toReversed().entries()) {
    const entry = newEntry(String(step), node, i === 0 ? keyToken : undefined);
    node = { kind: 'map', entries: new Map([[entry.key, entry]]), flow: false };
  }
  return node;
}

function newEntry(key: string, value: YamlNode, keyToken: string | undefined): MapEntry {
  if (keyToken === undefined || /^['"]/.test(keyToken)) return makeEntry(key, value);
  const keyValue = resolvePlain(keyToken) ?? null;
  const scalar = { kind: 'scalar', source: NO_SOURCE, token: keyToken, style: 'plain' } as const;
  return toEntry({ ...scalar, tag: '', value: keyValue }, value);
}

/** The smallest steps found that turn one node into another. */
function changes(path: YamlPath, old: YamlNode, value: YamlNode): Step[] {
  if (sameNode(old, value)) return [];
  const whole: Step[] =
    path.length === 0
      ? []
      : [{ kind: 'replace', path: path.slice(0, -1), at: path.at(-1)!, value }];
  if (old.alias !== undefined) return whole;
  if (old.kind === 'map' && value.kind === 'map') return mapChanges(path, old, value) ?? whole;
  if (old.kind === 'sequence' && value.kind === 'sequence') {
    return listChanges(path, old, value) ?? whole;
  }
  return whole;
}

function mapChanges(path: YamlPath, old: MapNode, value: MapNode): Step[] | undefined {
  const steps: Step[] = [];
  const kept = [...old.entries.values()].filter(({ key }) => value.entries.has(key));
  if (kept.length === 0 && path.length > 0) return undefined;
  for (const entry of value.entries.values()) {
    const before = old.entries.get(entry.key);
    if (!before) steps.push({ kind: 'add', path, entry });
    else if (!sameKey(before, entry)) return undefined;
    else if (before.merged) {
      if (!sameNode(before.value, entry.value)) steps.push({ kind: 'add', path, entry });
    } else steps.push(...changes([...path, entry.key], before.value, entry.value));
  }
  for (const { key } of old.entries.values()) {
    if (!value.entries.has(key)) steps.push({ kind: 'delete', path, at: key });
  }
  return steps;
}

function sameKey(a: MapEntry, b: MapEntry): boolean {
  return (
    (a.keyValue === undefined) === (b.keyValue === undefined) &&
    sameValue(a.keyValue ?? null, b.keyValue ?? null)
  );
}

function listChanges(path: YamlPath, old: SequenceNode, value: SequenceNode): Step[] | undefined {
  if (old.items.length === 0 || value.items.length === 0) return undefined;
  const parts = diffArrays(old.items, value.items, {
    comparator: (a, b) => sameNode(a, b),
    maxEditLength: MAX_LIST_DIFFERENCES,
  });
  if (!parts) return undefined;
  const steps: Step[] = [];
  let at = 0; // in the list as the steps so far leave it
  for (let i = 0; i < parts.length; i += 1) {
    const part = parts[i]!;
    if (!part.added && !part.removed) {
      at += part.value.length;
      continue;
    }
    // Items that went and items that came at the same place: the first ones are taken as changed.
    const next = parts[i + 1];
    const pair = next && (part.added ? next.removed : next.added) ? next : undefined;
    if (pair) i += 1;
    const gone = part.removed ? part.value : (pair?.value ?? []);
    const come = part.added ? part.value : (pair?.value ?? []);
    const both = Math.min(gone.length, come.length);
    for (let j = 0; j < both; j += 1, at += 1) {
      steps.push(...changes([...path, at], gone[j]!, come[j]!));
    }
    for (const item of come.slice(both)) {
      steps.push({ kind: 'insert', path, at, value: item });
      at += 1;
    }
    for (let j = both; j < gone.length; j += 1) steps.push({ kind: 'delete', path, at });
  }
  return steps;
}

/** The collection at a path, which must stand there itself. */
function collectionAt(root: MapNode, file: string, path: YamlPath): MapNode | SequenceNode {
  for (let depth = 0; depth <= path.length; depth += 1) {
    const node = nodeAt(root, path.slice(0, depth));
    if (!node) throw refusal(root, file, `there is no ${show(path.slice(0, depth))}`);
    checkPlace(node, file, path.slice(0, depth));
  }
  const node = nodeAt(root, path)!;
  if (node.kind === 'scalar') throw refusal(node, file, `${show(path)} is a single value`);
  return node;
}

function checkPlace(node: YamlNode, file: string, path: YamlPath): void {
  if (node.alias === undefined) return;
  const how = node.alias === '<<' ? 'a merge key (<<)' : `the alias *${node.alias}`;
  throw refusal(node, file, `${show(path)} comes through ${how} and stands elsewhere`);
}

function checkIndex(
  node: MapNode | SequenceNode,
  file: string,
  path: YamlPath,
  index: number,
  limit: number,
): void {
  const where = show(path.slice(0, -1));
  if (node.kind !== 'sequence') throw refusal(node, file, `${where} is no list`);
  if (!Number.isInteger(index) || index < 0 || index > limit) {
    throw refusal(node, file, `${where} has no place ${index}; it has ${node.items.length} items`);
  }
}

/** A path as messages show it. */
export function show(path: YamlPath): string {
  return path.length === 0 ? 'the file' : path.join('.');
}

/** Why an edit is not made, with the position of the node that stands in its way. */
export function refusal(node: YamlNode | Source, file: string, message: string): UserError {
  const source = 'kind' in node ? (node.aliasSource ?? node.source) : node;
  const { line, column } = source && source.line > 0 ? source : { line: 1, column: 1 };
  return new UserError(formatProblem({ message, position: { file, line, column } }));
}
