import type { Step } from './edit-steps.ts';
import type { MapEntry, MapNode, SequenceNode, YamlNode } from './node.ts';

/** What a document must read as once a step is done; the nodes not concerned are shared. */
export function applyStep(root: MapNode, step: Step): YamlNode {
  return at(root, 0);

  function at(node: YamlNode, depth: number): YamlNode {
    if (node.kind === 'scalar') return node;
    const next = step.path[depth];
    if (next === undefined)
      return node.kind === 'map' ? changeMap(node, step) : changeList(node, step);
    if (node.kind === 'sequence') {
      const index = Number(next);
      return { ...node, items: node.items.with(index, at(node.items[index]!, depth + 1)) };
    }
    const entry = node.entries.get(String(next));
    if (!entry) return node;
    const value = at(entry.value, depth + 1);
    return { ...node, entries: new Map(node.entries).set(entry.key, { ...entry, value }) };
  }
}

function changeMap(map: MapNode, step: Step): MapNode {
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of map.entries) {
    if (step.kind === 'delete' && key === step.at) continue;
    if (step.kind === 'rename' && key === step.at) entries.set(step.entry.key, step.entry);
    else if (step.kind === 'replace' && key === String(step.at)) {
      entries.set(key, { ...entry, value: step.value });
    } else entries.set(key, entry);
  }
  if (step.kind === 'add') return { ...map, entries: withEntry(entries, step.entry, step.after) };
  return { ...map, entries };
}

/** Entries with one more: behind that of a key, or last. */
function withEntry(
  entries: MapNode['entries'],
  entry: MapEntry,
  after: string | undefined,
): MapNode['entries'] {
  const all = [...entries];
  const at = all.findIndex(([key]) => key === after);
  return new Map(all.toSpliced(at < 0 ? all.length : at + 1, 0, [entry.key, entry]));
}

function changeList(list: SequenceNode, step: Step): SequenceNode {
  const items = [...list.items];
  if (step.kind === 'delete') items.splice(Number(step.at), 1);
  if (step.kind === 'replace') items[Number(step.at)] = step.value;
  if (step.kind === 'insert') items.splice(step.at, 0, step.value);
  if (step.kind === 'move') items.splice(step.to, 0, ...items.splice(step.at, 1));
  return { ...list, items };
}
