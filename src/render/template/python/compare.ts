import { Float } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { elementAt } from '../values.ts';
import { type Datum, Lazy, nameOfType, Range, Tuple, Undefined, usable, View } from '../values.ts';
import { asNumber, type Int } from './numbers.ts';

/** `bool(value)`. */
export function truthy(value: Datum): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value !== '';
  if (value === null) return false;
  if (typeof value === 'number' || typeof value === 'bigint') return Boolean(value);
  if (value instanceof Undefined && value.lenient) return false;
  usable(value);
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof Tuple) return value.items.length > 0;
  if (value instanceof View) return value.map.size > 0;
  if (value instanceof Range) return value.length > 0;
  if (value instanceof Lazy) {
    throw new Fault(`${nameOfType(value)} is neither true nor false`, { hint: 'add | list' });
  }
  return true;
}

/** `a == b`. */
export function equal(a: Datum, b: Datum, fuel: Fuel): boolean {
  usable(a);
  usable(b);
  if (typeof a === 'string' || typeof b === 'string') {
    const sameSize = typeof a === 'string' && typeof b === 'string' && a.length === b.length;
    fuel.spend(sameSize ? 1 + a.length / 16 : 1);
    return a === b;
  }
  const left = asNumber(a);
  const right = asNumber(b);
  if (left !== undefined || right !== undefined) {
    // oxlint-disable-next-line eqeqeq -- a number and a bigint of the same value are one number to Python
    return left !== undefined && right !== undefined && plain(left) == plain(right);
  }
  if (a === null || b === null) return a === b;
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b, fuel);
  if (a instanceof Tuple) return b instanceof Tuple && equalLists(a.items, b.items, fuel);
  if (a instanceof Map) return b instanceof Map && equalMaps(a, b, fuel);
  if (Array.isArray(b) || b instanceof Tuple || b instanceof Map) return false;
  throw new Fault(`${nameOfType(a)} cannot be compared`, { hint: 'add | list' });
}

function plain(value: Int | Float): Int {
  return value instanceof Float ? value.value : value;
}

function equalLists(a: readonly Datum[], b: readonly Datum[], fuel: Fuel): boolean {
  fuel.spend(Math.min(a.length, b.length));
  return a.length === b.length && a.every((item, i) => same(item, elementAt(b, i), fuel));
}

function equalMaps(a: Map<string, Datum>, b: Map<string, Datum>, fuel: Fuel): boolean {
  fuel.spend(Math.min(a.size, b.size));
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !same(value, other, fuel)) return false;
  }
  return true;
}

/** Equality inside containers: identical things are equal to Python without being asked (not-a-number is). */
export function same(a: Datum, b: Datum, fuel: Fuel): boolean {
  return (a === b && typeof a === 'object') || equal(a, b, fuel);
}

/** Orders text by code point, as Python does; UTF-16 differs above U+FFFF. */
export function compareText(a: string, b: string): number {
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; i += 1) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) {
      const wideLeft = left >= 0xd800 && left < 0xe000;
      const wideRight = right >= 0xd800 && right < 0xe000;
      return wideLeft === wideRight ? left - right : wideLeft ? 1 : -1;
    }
  }
  return a.length - b.length;
}

/** `a < b`; throws where Python refuses to order the two. */
export function less(a: Datum, b: Datum, fuel: Fuel): boolean {
  return ordered(a, b, fuel, '<');
}

/** The four ordering operators. */
export function ordered(
  a: Datum,
  b: Datum,
  fuel: Fuel,
  operator: '<' | '<=' | '>' | '>=',
): boolean {
  usable(a);
  usable(b);
  if (typeof a === 'string' && typeof b === 'string') {
    fuel.spend(1 + Math.min(a.length, b.length) / 16);
    return decide(compareText(a, b), operator);
  }
  const left = asNumber(a);
  const right = asNumber(b);
  if (left !== undefined && right !== undefined) {
    const x = plain(left);
    const y = plain(right);
    return operator === '<'
      ? x < y
      : operator === '<='
        ? x <= y
        : operator === '>'
          ? x > y
          : x >= y;
  }
  const bothLists = Array.isArray(a) && Array.isArray(b);
  const bothTuples = a instanceof Tuple && b instanceof Tuple;
  if (bothLists) return orderedLists(a, b, fuel, operator);
  if (bothTuples) return orderedLists(a.items, b.items, fuel, operator);
  throw new Fault(`${nameOfType(a)} and ${nameOfType(b)} cannot be ordered`);
}

function orderedLists(
  a: readonly Datum[],
  b: readonly Datum[],
  fuel: Fuel,
  operator: '<' | '<=' | '>' | '>=',
): boolean {
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; i += 1) {
    fuel.spend(1);
    const left = elementAt(a, i);
    const right = elementAt(b, i);
    if (!same(left, right, fuel)) return ordered(left, right, fuel, operator);
  }
  return decide(a.length - b.length, operator);
}

function decide(order: number, operator: '<' | '<=' | '>' | '>='): boolean {
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}

/** `needle in haystack`. */
export function contains(haystack: Datum, needle: Datum, fuel: Fuel): boolean {
  usable(haystack);
  if (typeof haystack === 'string') {
    usable(needle);
    if (typeof needle !== 'string') throw new Fault(`text cannot contain ${nameOfType(needle)}`);
    fuel.spend(1 + haystack.length / 16);
    return haystack.includes(needle);
  }
  if (haystack instanceof Map) {
    hashable(needle);
    return typeof needle === 'string' && haystack.has(needle);
  }
  if (haystack instanceof View && haystack.kind === 'keys') {
    return contains(haystack.map, needle, fuel);
  }
  usable(needle);
  if (haystack instanceof Range) return inRange(haystack, needle);
  const items = searchable(haystack);
  fuel.spend(items.length);
  return items.some((item) => same(item, needle, fuel));
}

function inRange(range: Range, value: Datum): boolean {
  const number = asNumber(value);
  if (number === undefined) return false;
  const at = (Number(plain(number)) - range.start) / range.step;
  return Number.isInteger(at) && at >= 0 && at < range.length;
}

function searchable(haystack: Datum): readonly Datum[] {
  if (Array.isArray(haystack)) return haystack;
  if (haystack instanceof Tuple) return haystack.items;
  if (haystack instanceof View) return haystack.items();
  throw new Fault(`${nameOfType(haystack)} cannot be searched with "in"`);
}

/** Hands on a value that Python can use as a key of a mapping; throws for lists and mappings. */
export function hashable(value: Datum): Datum {
  usable(value);
  if (value instanceof Tuple) value.items.forEach(hashable);
  else if (typeof value === 'object' && value !== null && !(value instanceof Float)) {
    throw new Fault(`${nameOfType(value)} cannot be a key`);
  }
  return value;
}
