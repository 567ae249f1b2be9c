import { Fault, unreachable } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { item, iterate } from '../python/access.ts';
import { same, truthy } from '../python/compare.ts';
import { type Datum, elements, Lazy, nameOfType, Tuple, Undefined, View } from '../values.ts';
import { ignoreCase } from './attributes.ts';
import { sortBy } from './collections.ts';
import { type Arguments, defineFilter, type Filter } from './filter.ts';

function needMap(value: Datum, filter: string): Map<string, Datum> {
  if (value instanceof Map) return value;
  throw new Fault(`"${filter}" needs a mapping, not ${nameOfType(value)}`);
}

const listMerges = ['replace', 'keep', 'append', 'prepend', 'append_rp', 'prepend_rp'] as const;
type ListMerge = (typeof listMerges)[number];

interface Merging {
  recursive: boolean;
  lists: ListMerge;
  fuel: Fuel;
}

/** Ansible's `merge_hash`: `high` wins. */
function merge(
  low: Map<string, Datum>,
  high: Map<string, Datum>,
  merging: Merging,
): Map<string, Datum> {
  const { recursive, lists, fuel } = merging;
  fuel.spend(low.size + high.size);
  if (low.size === 0 || equalMaps(low, high, fuel)) return new Map(high);
  if (high.size === 0) return low;
  const result = new Map(low);
  for (const [key, value] of high) {
    const old = result.get(key);
    if (old instanceof Map && value instanceof Map) {
      result.set(key, recursive ? merge(old, value, merging) : value);
    } else if (Array.isArray(old) && Array.isArray(value)) {
      result.set(key, mergeLists(old, value, lists, fuel));
    } else {
      result.set(key, value);
    }
  }
  return result;
}

function equalMaps(a: Map<string, Datum>, b: Map<string, Datum>, fuel: Fuel): boolean {
  return (
    a.size === b.size &&
    [...a].every(([key, value]) => {
      const other = b.get(key);
      return other !== undefined && (value === other || same(value, other, fuel));
    })
  );
}

function mergeLists(low: Datum[], high: Datum[], how: ListMerge, fuel: Fuel): Datum[] {
  fuel.spend(low.length * high.length);
  const without = (list: Datum[], other: Datum[]): Datum[] =>
    list.filter((element) => !other.some((candidate) => same(candidate, element, fuel)));
  switch (how) {
    case 'replace':
      return high;
    case 'keep':
      return low;
    case 'append':
      return [...low, ...high];
    case 'prepend':
      return [...high, ...low];
    case 'append_rp':
      return [...without(low, high), ...high];
    case 'prepend_rp':
      return [...high, ...without(low, high)];
  }
  return unreachable(how);
}

function combine(value: Datum, args: Arguments, fuel: Fuel): Datum {
  const wanted = args.keywords.get('list_merge') ?? 'replace';
  const lists = listMerges.find((name) => name === wanted);
  if (!lists) throw new Fault(`list_merge is one of ${listMerges.join(', ')}`);
  for (const name of args.keywords.keys()) {
    if (name !== 'recursive' && name !== 'list_merge')
      throw new Fault(`combine has no argument "${name}"`);
  }
  const recursive = truthy(args.keywords.get('recursive') ?? false);
  const maps = [value, ...args.rest]
    .flatMap((term) => elements(term) ?? [term])
    .filter((term) => term !== null)
    .map((term) => needMap(term, 'combine'));
  const merging: Merging = { recursive, lists, fuel };
  return maps.reduceRight((high, low) => merge(low, high, merging), maps.pop() ?? new Map());
}

function dictSort(value: Datum, args: Arguments, fuel: Fuel): Datum {
  const by = args.text(1, 'key');
  if (by !== 'key' && by !== 'value') throw new Fault('dictsort sorts by key or value');
  const part = ([key, content]: [string, Datum]): Datum => (by === 'key' ? key : content);
  const compared = args.flag(0) ? part : (entry: [string, Datum]): Datum => ignoreCase(part(entry));
  const entries = sortBy([...needMap(value, 'dictsort')], compared, args.flag(2), fuel);
  return entries.map((entry) => new Tuple(entry));
}

function itemsToDict(value: Datum, args: Arguments, fuel: Fuel): Datum {
  const items = elements(value);
  if (!items) throw new Fault(`"items2dict" needs a list, not ${nameOfType(value)}`);
  const [keyName, valueName] = [args.text(0, 'key'), args.text(1, 'value')];
  const result = new Map<string, Datum>();
  fuel.spend(items.length);
  for (const entry of items) {
    const map = needMap(entry, 'items2dict');
    const key = map.get(keyName);
    const content = map.get(valueName);
    if (key === undefined || content === undefined) {
      throw new Fault(`items2dict needs "${keyName}" and "${valueName}" in every element`);
    }
    if (typeof key !== 'string') throw new Fault(`a key must be text, not ${nameOfType(key)}`);
    result.set(key, content);
  }
  return result;
}

export const mappingFilters: Filter[] = [
  defineFilter({
    name: 'combine',
    signature: ['*', '**'],
    inverse: 'several',
    implementation: (value, args, run) => combine(value, args, run.fuel),
  }),
  defineFilter({
    name: 'dict2items',
    signature: ['key_name?', 'value_name?'],
    inverse: 'exact',
    implementation: (value, args, run) => {
      const map = needMap(value, 'dict2items');
      const [keyName, valueName] = [args.text(0, 'key'), args.text(1, 'value')];
      run.fuel.spend(map.size);
      return [...map].map(
        ([key, content]) =>
          new Map<string, Datum>([
            [keyName, key],
            [valueName, content],
          ]),
      );
    },
  }),
  defineFilter({
    name: 'items2dict',
    signature: ['key_name?', 'value_name?'],
    inverse: 'exact',
    implementation: (value, args, run) => itemsToDict(value, args, run.fuel),
  }),
  defineFilter({
    name: 'dictsort',
    signature: ['case_sensitive?', 'by?', 'reverse?'],
    inverse: 'exact',
    implementation: (value, args, run) => dictSort(value, args, run.fuel),
  }),
  defineFilter({
    name: 'extract',
    signature: ['container', 'morekeys?'],
    inverse: 'several',
    implementation: (value, args, run) => {
      const more = args.get(1) ?? null;
      const keys = [value, ...(Array.isArray(more) ? more : more === null ? [] : [more])];
      let result = args.required(0);
      for (const key of keys) {
        run.fuel.spend(1);
        result = item(result, key, run.fuel);
        if (result instanceof Undefined) return result;
      }
      return result;
    },
  }),
  defineFilter({
    name: 'items',
    signature: [],
    inverse: 'exact',
    implementation: (value, _, run) => {
      const items = iterate(new View('items', needMap(value, 'items')), run.fuel);
      return new Lazy(items, 'items');
    },
  }),
];
