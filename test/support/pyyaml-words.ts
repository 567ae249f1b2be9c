import type { YamlOperation } from '../../src/plan/yaml/edit.ts';
import { Float, Tagged, type ScalarValue, type YamlNode } from '../../src/plan/yaml/node.ts';
import { floatText, isDate } from '../../src/plan/yaml/scalar.ts';
import { isDateNode } from '../../src/plan/yaml/value.ts';

/** A value in the words of the Python side: a type and what it holds. */
export type Words = [type: string, held?: unknown];

export function shown(node: YamlNode): Words {
  if (node.kind === 'sequence') return ['list', node.items.map(shown)];
  if (node.kind === 'scalar')
    return isDateNode(node) ? ['date', node.value] : shownScalar(node.value);
  const entries = [...node.entries.values()].map(({ key, keyValue, keyToken, value }) => {
    const shownKey =
      keyValue !== undefined
        ? shownScalar(keyValue)
        : [keyToken.startsWith('!!timestamp') || isDate(keyToken) ? 'date' : 'str', key];
    return [shownKey, shown(value)];
  });
  return ['map', entries];
}

export function shownScalar(value: ScalarValue): Words {
  if (value === null) return ['null'];
  if (typeof value === 'boolean') return ['bool', value];
  if (typeof value === 'string') return ['str', value];
  if (value instanceof Float) return ['float', floatText(value.value)];
  if (value instanceof Tagged) return [value.tag, value.text];
  return ['int', String(value)];
}

/** What an operation makes of a value that Python read: worked out without any text of ours. */
export function meant(value: unknown, operation: YamlOperation, depth: number = 0): unknown {
  const step = operation.path[depth]!;
  const isLast = depth === operation.path.length - 1;
  if (isWords(value, 'list')) {
    const items = [...value[1]];
    const at = Number(step);
    if (!isLast) items[at] = meant(items[at], operation, depth + 1);
    else if (operation.op === 'set') items[at] = shown(operation.value);
    else if (operation.op === 'insert') items.splice(at, 0, shown(operation.value));
    else if (operation.op === 'move') items.splice(operation.to, 0, ...items.splice(at, 1));
    else items.splice(at, 1);
    return ['list', items];
  }
  // A key with nothing after it takes a mapping.
  const entries = isWords(value, 'map') ? value[1].filter(isEntry) : [];
  const at = entries.findIndex(([[, key]]) => key === String(step));
  const old = entries[at]?.[1];
  const key: Entry[0] =
    operation.op === 'rename' && isLast ? ['str', operation.key] : ['str', step];
  const now = !isLast
    ? meant(old, operation, depth + 1)
    : operation.op === 'set'
      ? shown(operation.value)
      : old;
  const made: Entry[] = operation.op === 'delete' && isLast ? [] : [[key, now]];
  const after = operation.op === 'set' && isLast ? operation.after : undefined;
  const behind = entries.findIndex(([[, name]]) => name === after);
  if (at >= 0) entries.splice(at, 1, ...made);
  else entries.splice(behind >= 0 ? behind + 1 : entries.length, 0, ...made);
  // A file that has lost its last key holds nothing; to us that is a mapping without keys.
  return depth === 0 && entries.length === 0 ? ['null'] : ['map', entries];
}

type Entry = [key: [string, unknown], value: unknown];

function isWords(value: unknown, type: string): value is [string, unknown[]] {
  return Array.isArray(value) && value[0] === type;
}

function isEntry(entry: unknown): entry is Entry {
  return Array.isArray(entry) && Array.isArray(entry[0]);
}
