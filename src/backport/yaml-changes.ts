import { diffArrays } from 'diff';

import { makeEntry } from '../plan/yaml/make.ts';
import type { MapEntry, MapNode, SequenceNode, YamlNode, YamlPath } from '../plan/yaml/node.ts';
import { sameNode } from '../plan/yaml/value.ts';

/** One thing that an edit of a YAML file changed, in terms of values: comments and formatting apart. */
export type YamlChange =
  /**
   * A value that differs, or a key that was not there (`before` undefined). `keyToken`: how such a key is written
   * where it is no string (`80`); `behind`: the key before it, where it did not come last; `renames`: the key that
   * stood in its place with the same value.
   */
  | {
      kind: 'set';
      path: YamlPath;
      before: YamlNode | undefined;
      after: YamlNode;
      keyToken?: string;
      behind?: string;
      renames?: string;
    }
  | { kind: 'delete'; path: YamlPath; before: YamlNode }
  /** List items that came or went; `steps` lead from `before` to `after` when taken in their order. */
  | { kind: 'list'; path: YamlPath; before: SequenceNode; after: SequenceNode; steps: ListStep[] };

export type ListStep =
  | { kind: 'remove'; index: number; item: YamlNode }
  | { kind: 'insert'; index: number; item: YamlNode };

/** Lists that differ more than that are taken for new ones: to compare them would take long and tell little. */
const MAX_LIST_DIFFERENCES = 200;

/** What changed between two documents' values, each change at the deepest path that tells it whole. */
export function yamlChanges(before: YamlNode, after: YamlNode, path: YamlPath = []): YamlChange[] {
  if (sameNode(before, after)) return [];
  if (before.kind === 'map' && after.kind === 'map') return mapChanges(before, after, path);
  if (before.kind === 'sequence' && after.kind === 'sequence')
    return listChanges(before, after, path);
  return [{ kind: 'set', path, before, after }];
}

function mapChanges(before: MapNode, after: MapNode, path: YamlPath): YamlChange[] {
  const changes: YamlChange[] = [];
  for (const [key, { value }] of before.entries) {
    const other = after.entries.get(key);
    if (other) changes.push(...yamlChanges(value, other.value, [...path, key]));
    else changes.push({ kind: 'delete', path: [...path, key], before: value });
  }
  const last = [...after.entries.keys()].findLast((key) => before.entries.has(key));
  let behind: string | undefined;
  let isLast = last === undefined;
  for (const [key, { value, keyValue, keyToken }] of after.entries) {
    if (!before.entries.has(key)) {
      const token = keyValue === undefined ? {} : { keyToken };
      const place = isLast || behind === undefined ? {} : { behind };
      const old = keyUntil(before, after, behind);
      const same = old !== undefined && sameNode(before.entries.get(old)!.value, value);
      const renames = same ? { renames: old } : {};
      changes.push({
        kind: 'set',
        path: [...path, key],
        before: undefined,
        after: value,
        ...token,
        ...place,
        ...renames,
      });
    }
    behind = key;
    isLast ||= key === last;
  }
  return changes;
}

function listChanges(before: SequenceNode, after: SequenceNode, path: YamlPath): YamlChange[] {
  if (before.items.length === after.items.length) {
    const changes = before.items.flatMap((item, index) =>
      yamlChanges(item, after.items[index]!, [...path, index]),
    );
    // Most of the items differ: more likely items moved than that each was edited.
    const touched = new Set(changes.map((change) => change.path[path.length]));
    if (touched.size <= Math.max(1, before.items.length / 2)) return changes;
  }
  const steps = listSteps(before, after);
  return steps
    ? [{ kind: 'list', path, before, after, steps }]
    : [{ kind: 'set', path, before, after }];
}

function listSteps(before: SequenceNode, after: SequenceNode): ListStep[] | undefined {
  const runs = diffArrays(before.items, after.items, {
    comparator: sameNode,
    maxEditLength: MAX_LIST_DIFFERENCES,
  });
  if (!runs) return undefined;
  const steps: ListStep[] = [];
  let at = 0;
  for (const run of runs) {
    for (const item of run.value) {
      if (run.removed) steps.push({ kind: 'remove', index: at, item });
      else {
        if (run.added) steps.push({ kind: 'insert', index: at, item });
        at += 1;
      }
    }
  }
  return steps;
}

/**
 * A node with a change made to it that starts from it; everything else is shared. Undefined where the path does not
 * lead anywhere.
 */
export function withChange(
  node: YamlNode,
  change: YamlChange,
  path: YamlPath = change.path,
): YamlNode | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return change.kind === 'delete' ? undefined : change.after;
  if (node.kind === 'scalar') return undefined;
  if (node.kind === 'sequence') {
    const item = node.items[Number(step)];
    const changed = item && withChange(item, change, rest);
    if (!changed) return undefined;
    const items = node.items.with(Number(step), changed);
    return { kind: 'sequence', items, flow: node.flow };
  }
  const entries = new Map(node.entries);
  const key = String(step);
  const entry = entries.get(key);
  if (rest.length === 0 && change.kind === 'delete') entries.delete(key);
  else if (rest.length === 0 && !entry && change.kind === 'set') {
    const { after, keyToken, behind } = change;
    const added = { ...makeEntry(key, after), ...(keyToken ? { keyToken } : {}) };
    return { kind: 'map', entries: withEntry(entries, added, behind), flow: node.flow };
  } else {
    const changed = entry && withChange(entry.value, change, rest);
    if (!entry || !changed) return undefined;
    entries.set(key, { ...entry, value: changed });
  }
  return { kind: 'map', entries, flow: node.flow };
}

/** The key that stood behind another and is gone now. */
function keyUntil(before: MapNode, after: MapNode, behind: string | undefined): string | undefined {
  const keys = [...before.entries.keys()];
  const key = keys[behind === undefined ? 0 : keys.indexOf(behind) + 1];
  const isKnown = behind === undefined || before.entries.has(behind);
  return isKnown && key !== undefined && !after.entries.has(key) ? key : undefined;
}

/** Entries with one more: behind that of a key, or last. */
function withEntry(
  entries: MapNode['entries'],
  entry: MapEntry,
  behind: string | undefined,
): MapNode['entries'] {
  const all = [...entries];
  const at = all.findIndex(([key]) => key === behind);
  return new Map(all.toSpliced(at < 0 ? all.length : at + 1, 0, [entry.key, entry]));
}

/** Dotted name of a parameter path, as people write it: `ntp.servers[0]`. */
export function dotted(path: YamlPath): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`,
    )
    .join('');
}
