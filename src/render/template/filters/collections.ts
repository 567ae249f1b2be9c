import { Float } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { iterate } from '../python/access.ts';
import { compareText, hashable, less, same } from '../python/compare.ts';
import { asNumber, floatOf } from '../python/numbers.ts';
import { binary } from '../python/operators.ts';
import { show } from '../python/show.ts';
import { characters, countCharacters } from '../python/text.ts';
import type { Run } from '../run.ts';
import { elementAt, given } from '../values.ts';
import {
  Callable,
  type Datum,
  elements,
  Lazy,
  Members,
  nameOfType,
  Range,
  Undefined,
  usable,
  View,
} from '../values.ts';
import { getter, getters, ignoreCase, type Getter } from './attributes.ts';
import { type Arguments, defineFilter, type Filter } from './filter.ts';

/** `len(value)`. */
function lengthOf(value: Datum, fuel: Fuel): number {
  if (typeof value === 'string') {
    fuel.spend(value.length / 16);
    return countCharacters(value);
  }
  if (value instanceof Map) return value.size;
  if (value instanceof View) return value.map.size;
  if (value instanceof Range) return value.length;
  const items = elements(value);
  if (!items) throw new Fault(`${nameOfType(value)} has no length`, { hint: 'add | list' });
  return items.length;
}

/**
 * Python's `sorted`. By several keys, an element's key is a list to Python, which asks first whether two are equal;
 * by one, it asks only which is less, and so refuses two nulls.
 */
export function sortBy<Item>(
  items: readonly Item[],
  keys: ((item: Item) => Datum) | readonly ((item: Item) => Datum)[],
  reverse: boolean,
  fuel: Fuel,
): Item[] {
  fuel.spend(items.length * (8 + Math.ceil(Math.log2(items.length + 1))));
  const all = typeof keys === 'function' ? [keys] : keys;
  const keyed = items.map((item) => ({ item, key: all.map((key) => usable(key(item))) }));
  for (const { key } of keyed) key.forEach(refuseNotANumber);
  const sign = reverse ? -1 : 1;
  const asList = typeof keys !== 'function';
  keyed.sort((a, b) => sign * order(a.key, b.key, asList, fuel));
  return keyed.map(({ item }) => item);
}

function order(a: readonly Datum[], b: readonly Datum[], asList: boolean, fuel: Fuel): number {
  for (let i = 0; i < a.length; i += 1) {
    const left = elementAt(a, i);
    const right = elementAt(b, i);
    if (typeof left === 'string' && typeof right === 'string') {
      const result = compareText(left, right);
      if (result !== 0) return result;
    } else if (!asList || !same(left, right, fuel)) {
      if (less(left, right, fuel)) return -1;
      if (less(right, left, fuel)) return 1;
    }
  }
  return 0;
}

/** It has no place in an order: the result would depend on the way of sorting. */
function refuseNotANumber(key: Datum): void {
  if (key instanceof Float && Number.isNaN(key.value)) throw new Fault('nan cannot be sorted');
}

/** The first of equal elements each. */
function unique(value: Datum, args: Arguments, fuel: Fuel): Datum[] {
  const items = iterate(value, fuel);
  const get = getter(args.get(1), fuel);
  const key: Getter = args.flag(0) ? get : (item) => ignoreCase(get(item));
  const keys = items.map((item) => usable(key(item)));
  if (keys.every(isPlain)) {
    const seen = new Set<unknown>();
    return items.filter((_, i) => {
      const plain = plainKey(elementAt(keys, i));
      return !seen.has(plain) && seen.add(plain);
    });
  }
  // Ansible's own way where Jinja2's fails: lists and mappings, compared as they are.
  if (args.values.length > 0) keys.forEach(hashable);
  return uniqueItems(items, fuel);
}

/** The first of equal items each, all of them compared as they are. */
export function uniqueItems(items: readonly Datum[], fuel: Fuel): Datum[] {
  const seen = new Set<unknown>();
  const others: Datum[] = [];
  return items.filter((item) => {
    if (isPlain(item)) {
      const plain = plainKey(item);
      return !seen.has(plain) && seen.add(plain);
    }
    fuel.spend(others.length);
    return !others.some((other) => same(other, item, fuel)) && others.push(item);
  });
}

function isPlain(key: Datum): boolean {
  return typeof key !== 'object' || key === null || key instanceof Float;
}

/** One key for what is equal to Python: 1, 1.0 and true. */
function plainKey(key: Datum): unknown {
  if (key instanceof Float) return key.value;
  return typeof key === 'boolean' ? Number(key) : key;
}

function extreme(value: Datum, args: Arguments, run: Run, isMax: boolean): Datum {
  const items = iterate(value, run.fuel);
  const attribute = getter(args.get(1), run.fuel);
  const key: Getter = args.flag(0) ? attribute : (item) => ignoreCase(attribute(item));
  const [first] = items;
  if (first === undefined) return new Undefined('the sequence is empty');
  let best = first;
  let bestKey = usable(key(first));
  for (const item of items.slice(1)) {
    const itemKey = usable(key(item));
    run.fuel.spend(1);
    if (isMax ? less(bestKey, itemKey, run.fuel) : less(itemKey, bestKey, run.fuel)) {
      best = item;
      bestKey = itemKey;
    }
  }
  return best;
}

function sum(value: Datum, args: Arguments, run: Run): Datum {
  const get = getter(args.get(0), run.fuel);
  let result: Datum = given(args.get(1), 0);
  if (typeof result === 'string') throw new Fault('text cannot be summed', { hint: 'use join' });
  const terms: number[] = [];
  for (const item of iterate(value, run.fuel)) {
    const next = usable(get(item));
    const number = asNumber(next);
    if (number !== undefined) terms.push(floatOf(number));
    result = binary('+', result, next, run.fuel);
  }
  if (result instanceof Float && result.value !== compensatedSum(terms, args.get(1))) {
    throw new Fault('the last digit of this sum differs between versions of Python');
  }
  return result;
}

/** Neumaier's sum, which Python takes for floats since 3.12. */
function compensatedSum(terms: readonly number[], start: Datum | undefined): number {
  const first = asNumber(start);
  let total = first === undefined ? 0 : floatOf(first);
  let lost = 0;
  for (const term of terms) {
    const next = total + term;
    lost += Math.abs(total) >= Math.abs(term) ? total - next + term : term - next + total;
    total = next;
  }
  return total + lost;
}

function reverse(value: Datum, run: Run): Datum {
  if (typeof value === 'string') {
    run.fuel.spend(value.length);
    return characters(value).toReversed().join('');
  }
  if (value instanceof Callable || value instanceof Members)
    throw new Fault('it cannot be reversed');
  return new Lazy(iterate(value, run.fuel).toReversed(), 'reverse');
}

function join(value: Datum, args: Arguments, run: Run): Datum {
  const separator = show(given(args.get(0), ''), run.fuel);
  const get = getter(args.get(1), run.fuel);
  const parts = iterate(value, run.fuel).map((item) => show(get(item), run.fuel));
  const size = parts.reduce((total, part) => total + part.length + separator.length, 0);
  run.fuel.spend(size);
  return parts.join(separator);
}

function last(value: Datum, run: Run): Datum {
  if (value instanceof Lazy)
    throw new Fault(`${nameOfType(value)} has no last element`, { hint: 'add | list' });
  const items = iterate(value, run.fuel);
  return given(items.at(-1), new Undefined('the sequence is empty'));
}

export const collectionFilters: Filter[] = [
  defineFilter({
    name: 'join',
    signature: ['d?', 'attribute?'],
    inverse: 'exact',
    implementation: join,
  }),
  defineFilter({
    name: 'length',
    signature: [],
    inverse: 'none',
    implementation: (value, _, run) => lengthOf(value, run.fuel),
  }),
  defineFilter({
    name: 'first',
    signature: [],
    inverse: 'exact',
    implementation: (value, _, run) =>
      given(iterate(value, run.fuel)[0], new Undefined('the sequence is empty')),
  }),
  defineFilter({
    name: 'last',
    signature: [],
    inverse: 'exact',
    implementation: (value, _, run) => last(value, run),
  }),
  defineFilter({
    name: 'list',
    signature: [],
    inverse: 'exact',
    keepsElements: true,
    implementation: (value, _, run) => [...iterate(value, run.fuel)],
  }),
  defineFilter({
    name: 'reverse',
    signature: [],
    inverse: 'exact',
    keepsElements: true,
    implementation: (value, _, run) => reverse(value, run),
  }),
  defineFilter({
    name: 'sort',
    signature: ['reverse?', 'case_sensitive?', 'attribute?'],
    inverse: 'several',
    keepsElements: true,
    implementation: (value, args, run) => {
      const keys = getters(args.get(2), run.fuel).map((get): Getter =>
        args.flag(1) ? get : (item) => ignoreCase(get(item)),
      );
      return sortBy(iterate(value, run.fuel), keys, args.flag(0), run.fuel);
    },
  }),
  defineFilter({
    name: 'unique',
    signature: ['case_sensitive?', 'attribute?'],
    inverse: 'several',
    keepsElements: true,
    implementation: (value, args, run) => unique(value, args, run.fuel),
  }),
  defineFilter({
    name: 'min',
    signature: ['case_sensitive?', 'attribute?'],
    inverse: 'several',
    implementation: (value, args, run) => extreme(value, args, run, false),
  }),
  defineFilter({
    name: 'max',
    signature: ['case_sensitive?', 'attribute?'],
    inverse: 'several',
    implementation: (value, args, run) => extreme(value, args, run, true),
  }),
  defineFilter({
    name: 'sum',
    signature: ['attribute?', 'start?'],
    inverse: 'none',
    implementation: sum,
  }),
];
