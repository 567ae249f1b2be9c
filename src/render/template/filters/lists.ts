import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { item, iterate } from '../python/access.ts';
import { same } from '../python/compare.ts';
import { asInt } from '../python/numbers.ts';
import { type Datum, elements, given, Lazy, nameOfType, Tuple, Undefined } from '../values.ts';
import { getter, ignoreCase, type Getter } from './attributes.ts';
import { sortBy, uniqueItems } from './collections.ts';
import { type Arguments, defineFilter, type Filter } from './filter.ts';

function needList(value: Datum, filter: string): Datum[] {
  if (Array.isArray(value)) return value;
  throw new Fault(`"${filter}" needs a list, not ${nameOfType(value)}`, { hint: 'add | list' });
}

function includes(list: readonly Datum[], element: Datum, fuel: Fuel): boolean {
  fuel.spend(list.length);
  return list.some((other) => same(other, element, fuel));
}

type SetOperation = (a: Datum[], b: Datum[], fuel: Fuel) => Datum[];

const intersect: SetOperation = (a, b, fuel) =>
  uniqueItems(
    a.filter((element) => includes(b, element, fuel)),
    fuel,
  );
const union: SetOperation = (a, b, fuel) => uniqueItems([...a, ...b], fuel);

const symmetricDifference: SetOperation = (a, b, fuel) => {
  const both = intersect(a, b, fuel);
  return union(a, b, fuel).filter((element) => !includes(both, element, fuel));
};

/** Ansible's filters on sets. The order is that of the lists; newer versions leave it to chance where they can. */
function setFilter(
  name: string,
  operation: SetOperation,
  inverse: Filter['inverse'] = 'several',
): Filter {
  return defineFilter({
    name,
    signature: ['b'],
    inverse,
    keepsElements: true,
    implementation: (value, args, run) => {
      const [a, b] = [needList(value, name), needList(args.required(0), name)];
      run.fuel.spend(a.length + b.length);
      return operation(a, b, run.fuel);
    },
  });
}

function flatten(list: readonly Datum[], levels: number, skipNulls: boolean, fuel: Fuel): Datum[] {
  fuel.spend(4 + 2 * list.length);
  return list.flatMap((element) => {
    if (skipNulls && (element === null || element === 'None' || element === 'null')) return [];
    const inner = elements(element);
    if (!inner || levels < 1) return [element];
    return flatten(inner, levels - 1, skipNulls, fuel);
  });
}

function batch(items: readonly Datum[], size: number, fill: Datum, fuel: Fuel): Datum[] {
  if (size < 1) throw new Fault('batch needs a size of at least 1');
  const rows: Datum[][] = [];
  for (let i = 0; i < items.length; i += size) rows.push(items.slice(i, i + size));
  const last = rows.at(-1);
  if (last && fill !== null) {
    fuel.spend(size);
    while (last.length < size) last.push(fill);
  }
  return rows;
}

function slices(items: readonly Datum[], count: number, fill: Datum, fuel: Fuel): Datum[] {
  if (count < 1) throw new Fault('slice needs at least 1 slice');
  fuel.spend(count);
  const size = Math.floor(items.length / count);
  const longer = items.length % count;
  let start = 0;
  return Array.from({ length: count }, (_, i) => {
    const end = start + size + (i < longer ? 1 : 0);
    const row = items.slice(start, end);
    start = end;
    if (fill !== null && i >= longer) row.push(fill);
    return row;
  });
}

function groupBy(value: Datum, args: Arguments, fuel: Fuel): Datum {
  const fallback = args.get(1);
  const attribute = getter(args.required(0), fuel, fallback);
  const key: Getter = args.flag(2) ? attribute : (element) => ignoreCase(attribute(element));
  const sorted = sortBy(iterate(value, fuel), key, false, fuel);
  const groups: { key: Datum; items: Datum[] }[] = [];
  for (const element of sorted) {
    const own = key(element);
    const last = groups.at(-1);
    if (last && same(last.key, own, fuel)) last.items.push(element);
    else groups.push({ key: own, items: [element] });
  }
  return groups.map(({ items }) => new Tuple([attribute(given(items[0], null)), items]));
}

function product(lists: readonly (readonly Datum[])[], fuel: Fuel): Datum[] {
  let rows: Datum[][] = [[]];
  for (const list of lists) {
    fuel.spend(rows.length * list.length * (8 + (rows[0]?.length ?? 0)));
    rows = rows.flatMap((row) => list.map((element) => [...row, element]));
  }
  return rows.map((row) => new Tuple(row));
}

/** Every way to choose `size` of the items; `again` says from where on the next may be chosen. */
function choose(items: readonly Datum[], size: number, ordered: boolean, fuel: Fuel): Datum[] {
  const rows: Datum[] = [];
  const extend = (chosen: readonly number[]): void => {
    fuel.spend(1 + size);
    if (chosen.length === size) {
      rows.push(new Tuple(chosen.map((i) => given(items[i], null))));
      return;
    }
    for (let i = ordered ? 0 : (chosen.at(-1) ?? -1) + 1; i < items.length; i += 1) {
      if (!chosen.includes(i)) extend([...chosen, i]);
    }
  };
  if (size <= items.length) extend([]);
  return rows;
}

function chooseFilter(name: string, ordered: boolean): Filter {
  return defineFilter({
    name,
    signature: ordered ? ['r?'] : ['r'],
    inverse: 'none',
    implementation: (value, args, run) => {
      const items = iterate(value, run.fuel);
      const size = args.integer(0, items.length);
      if (size < 0 || size > 20) throw new Fault(`${name} chooses 0 to 20`);
      return new Lazy(choose(items, size, ordered, run.fuel), name);
    },
  });
}

function zip(value: Datum, args: Arguments, fuel: Fuel, longest: boolean): Datum {
  const fill = given(args.keywords.get('fillvalue'), null);
  for (const name of args.keywords.keys()) {
    if (!longest || name !== 'fillvalue') throw new Fault(`zip has no argument "${name}"`);
  }
  const lists = [value, ...args.rest].map((list) => iterate(list, fuel));
  const sizes = lists.map((list) => list.length);
  const size = longest ? Math.max(...sizes) : Math.min(...sizes);
  fuel.spend(size * lists.length);
  const rows = Array.from(
    { length: size },
    (_, i) => new Tuple(lists.map((list) => given(list[i], fill))),
  );
  return new Lazy(rows, 'zip');
}

function subelements(value: Datum, args: Arguments, fuel: Fuel): Datum {
  const list = value instanceof Map ? [...value.values()] : needList(value, 'subelements');
  const wanted = args.required(0);
  const keys = typeof wanted === 'string' ? wanted.split('.') : needList(wanted, 'subelements');
  const rows: Datum[] = [];
  for (const element of list) {
    fuel.spend(1);
    let found: Datum = element;
    for (const key of keys) {
      const inner = found instanceof Map && typeof key === 'string' ? found.get(key) : undefined;
      if (inner === undefined && !(found instanceof Map && args.flag(1))) {
        throw new Fault(`subelements does not find "${typeof key === 'string' ? key : '?'}"`);
      }
      found = given(inner, []);
      if (inner === undefined) break;
    }
    for (const inner of needList(found, 'subelements')) rows.push(new Tuple([element, inner]));
    fuel.spend(rows.length);
  }
  return rows;
}

function rekey(value: Datum, args: Arguments, fuel: Fuel): Datum {
  const duplicates = args.text(1, 'error');
  if (duplicates !== 'error' && duplicates !== 'overwrite') {
    throw new Fault('duplicates is error or overwrite');
  }
  const result = new Map<string, Datum>();
  for (const element of value instanceof Map
    ? value.values()
    : needList(value, 'rekey_on_member')) {
    fuel.spend(1);
    if (!(element instanceof Map)) throw new Fault('rekey_on_member needs mappings');
    const key = item(element, args.required(0), fuel);
    if (typeof key !== 'string') {
      throw key instanceof Undefined
        ? key.fault
        : new Fault(`a key must be text, not ${nameOfType(key)}`);
    }
    if (result.has(key) && duplicates === 'error') throw new Fault(`the key "${key}" stands twice`);
    result.set(key, element);
  }
  return result;
}

export const listFilters: Filter[] = [
  setFilter('intersect', intersect),
  setFilter('union', union),
  setFilter('symmetric_difference', symmetricDifference, 'none'),
  setFilter('difference', (a, b, fuel) =>
    uniqueItems(
      a.filter((element) => !includes(b, element, fuel)),
      fuel,
    ),
  ),
  chooseFilter('permutations', true),
  chooseFilter('combinations', false),
  defineFilter({
    name: 'flatten',
    signature: ['levels?', 'skip_nulls?'],
    inverse: 'several',
    keepsElements: true,
    implementation: (value, args, run) => {
      const levels = args.get(0) ?? null;
      const depth = levels === null ? 100 : Number(asInt(levels) ?? 0);
      return flatten(iterate(value, run.fuel), depth, args.flag(1, true), run.fuel);
    },
  }),
  defineFilter({
    name: 'batch',
    signature: ['linecount', 'fill_with?'],
    inverse: 'exact',
    implementation: (value, args, run) => {
      const rows = batch(
        iterate(value, run.fuel),
        args.integer(0, 1),
        given(args.get(1), null),
        run.fuel,
      );
      return new Lazy(rows, 'batch');
    },
  }),
  defineFilter({
    name: 'slice',
    signature: ['slices', 'fill_with?'],
    inverse: 'exact',
    implementation: (value, args, run) => {
      const rows = slices(
        iterate(value, run.fuel),
        args.integer(0, 1),
        given(args.get(1), null),
        run.fuel,
      );
      return new Lazy(rows, 'slice');
    },
  }),
  defineFilter({
    name: 'groupby',
    signature: ['attribute', 'default?', 'case_sensitive?'],
    inverse: 'several',
    implementation: (value, args, run) => groupBy(value, args, run.fuel),
  }),
  defineFilter({
    name: 'product',
    signature: ['*'],
    inverse: 'none',
    implementation: (value, args, run) => {
      const lists = [value, ...args.rest].map((list) => iterate(list, run.fuel));
      return new Lazy(product(lists, run.fuel), 'product');
    },
  }),
  defineFilter({
    name: 'zip',
    signature: ['*', '**'],
    inverse: 'several',
    implementation: (value, args, run) => zip(value, args, run.fuel, false),
  }),
  defineFilter({
    name: 'zip_longest',
    signature: ['*', '**'],
    inverse: 'several',
    implementation: (value, args, run) => zip(value, args, run.fuel, true),
  }),
  defineFilter({
    name: 'subelements',
    signature: ['subelements', 'skip_missing?'],
    inverse: 'none',
    implementation: (value, args, run) => subelements(value, args, run.fuel),
  }),
  defineFilter({
    name: 'rekey_on_member',
    signature: ['key', 'duplicates?'],
    inverse: 'several',
    implementation: (value, args, run) => rekey(value, args, run.fuel),
  }),
];
