import { Float } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { elementAt, given } from '../values.ts';
import {
  Callable,
  type Datum,
  elements,
  Lazy,
  Members,
  nameOfType,
  Range,
  Tuple,
  Undefined,
  usable,
  View,
} from '../values.ts';
import { asInt } from './numbers.ts';
import { characters, isSimple } from './text.ts';

const numberMembers =
  'as_integer_ratio bit_count bit_length conjugate denominator from_bytes fromhex hex imag is_integer numerator real to_bytes';
const memberNames = {
  mapping: 'clear copy fromkeys get items keys pop popitem setdefault update values',
  list: 'append clear copy count extend index insert pop remove reverse sort',
  tuple: 'count index grouper list',
  text:
    'capitalize casefold center count encode endswith expandtabs find format format_map index isalnum isalpha ' +
    'isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower ' +
    'lstrip maketrans partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split ' +
    'splitlines startswith strip swapcase title translate upper zfill',
  number: numberMembers,
};

const members = new Map(
  Object.entries(memberNames).map(([kind, names]) => [kind, new Set(names.split(' '))] as const),
);

/** Whether Python has a member of that name on the value: there, `value.name` is never an element. */
export function isMember(value: Datum, name: string): boolean {
  if (name.startsWith('__')) return true;
  const kind =
    value instanceof Map
      ? 'mapping'
      : Array.isArray(value)
        ? 'list'
        : value instanceof Tuple
          ? 'tuple'
          : typeof value === 'string'
            ? 'text'
            : 'number';
  return members.get(kind)?.has(name) ?? false;
}

/** `value.name`: a member of the value's type is refused, an element is given, what is not there is undefined. */
export function attribute(value: Datum, name: string): Datum {
  if (value instanceof Map) {
    if (isMember(value, name)) throw memberFault(value, name);
    return given(value.get(name), missing(value, name));
  }
  usable(value);
  if (value instanceof Members) {
    if (name.startsWith('__')) throw memberFault(value, name);
    return given(value.get(name), missing(value, name));
  }
  if (
    value instanceof Lazy ||
    value instanceof View ||
    value instanceof Range ||
    value instanceof Callable
  ) {
    throw new Fault(`${nameOfType(value)} has no attributes`);
  }
  if (isMember(value, name)) throw memberFault(value, name);
  return missing(value, name);
}

function memberFault(value: Datum, name: string): Fault {
  return new Fault(`.${name} of ${nameOfType(value)} is not available`, {
    hint: `for a key of that name write ['${name}']`,
  });
}

function missing(value: Datum, name: string): Undefined {
  return new Undefined(`${nameOfType(value)} has no attribute "${name}"`);
}

/** `value[key]`. */
export function item(value: Datum, key: Datum, fuel: Fuel): Datum {
  usable(value);
  usable(key);
  if (value instanceof Map) {
    if (typeof key !== 'string') return missingItem(value, key);
    const found = value.get(key);
    if (found !== undefined) return found;
    if (isMember(value, key)) throw memberFault(value, key);
    return new Undefined(`the mapping has no key "${key}"`);
  }
  if (typeof key === 'string') {
    if (value instanceof Members || !isMember(value, key)) return attribute(value, key);
    throw memberFault(value, key);
  }
  const index = asInt(key);
  if (typeof value === 'string' && index !== undefined) {
    fuel.spend(value.length / 16);
    return pick(isSimple(value) ? value : characters(value), index, 'character');
  }
  if (value instanceof Range && index !== undefined) {
    const at = Number(index) < 0 ? Number(index) + value.length : Number(index);
    return at >= 0 && at < value.length
      ? value.at(at)
      : new Undefined('range() has no such element');
  }
  const items = elements(value);
  if (items && index !== undefined) return pick(items, index, 'element');
  if (value instanceof Lazy || value instanceof View) {
    throw new Fault(`${nameOfType(value)} has no elements by number`, { hint: 'add | list' });
  }
  return missingItem(value, key);
}

function pick(items: readonly Datum[] | string, index: number | bigint, what: string): Datum {
  const at = Number(index) < 0 ? Number(index) + items.length : Number(index);
  return given(items[at], new Undefined(`there is no ${what} ${index}`));
}

function missingItem(value: Datum, key: Datum): Undefined {
  return new Undefined(`${nameOfType(value)} has no element under ${nameOfType(key)}`);
}

/** `value[from:to:step]`; undefined stands for a part that is left out. */
export function slice(
  value: Datum,
  from: Datum | undefined,
  to: Datum | undefined,
  step: Datum | undefined,
  fuel: Fuel,
): Datum {
  usable(value);
  const pickFrom = <Item>(items: readonly Item[]): Item[] => {
    const indices = sliceIndices(items.length, bound(from), bound(to), bound(step));
    fuel.spend(indices.length);
    return indices.map((index) => elementAt(items, index));
  };
  if (typeof value === 'string') return pickFrom(characters(value)).join('');
  if (Array.isArray(value)) return pickFrom(value);
  if (value instanceof Tuple) return new Tuple(pickFrom(value.items));
  throw new Fault(`${nameOfType(value)} cannot be sliced`, { hint: 'add | list' });
}

function bound(value: Datum | undefined): number | undefined {
  if (value === undefined || value === null) return undefined;
  const index = value instanceof Float ? undefined : asInt(usable(value));
  if (index === undefined) throw new Fault(`a slice needs integers, not ${nameOfType(value)}`);
  return Number(index);
}

/** The indices that Python's `slice(from, to, step)` picks. */
function sliceIndices(length: number, from?: number, to?: number, step = 1): number[] {
  if (step === 0) throw new Fault('the step of a slice may not be 0');
  const clamp = (index: number, low: number, high: number): number =>
    Math.min(Math.max(index < 0 ? index + length : index, low), high);
  const result: number[] = [];
  if (step > 0) {
    const end = to === undefined ? length : clamp(to, 0, length);
    for (let i = from === undefined ? 0 : clamp(from, 0, length); i < end; i += step)
      result.push(i);
  } else {
    const end = to === undefined ? -1 : clamp(to, -1, length - 1);
    const start = from === undefined ? length - 1 : clamp(from, -1, length - 1);
    for (let i = start; i > end; i += step) result.push(i);
  }
  return result;
}

/** `iter(value)`: its elements, paid for. Throws for what cannot be gone through. */
export function iterate(value: Datum, fuel: Fuel): readonly Datum[] {
  if (Array.isArray(value)) {
    fuel.spend(value.length);
    return value;
  }
  if (value instanceof Undefined && value.lenient) return [];
  usable(value);
  if (value instanceof Tuple || value instanceof View) {
    const items = value instanceof Tuple ? value.items : value.items();
    fuel.spend(items.length);
    return items;
  }
  if (value instanceof Map) {
    fuel.spend(value.size);
    return [...value.keys()];
  }
  if (value instanceof Lazy) return value.take();
  if (typeof value === 'string') {
    fuel.spend(value.length);
    return characters(value);
  }
  if (value instanceof Range) {
    fuel.spend(value.length);
    return Array.from({ length: value.length }, (_, i) => value.at(i));
  }
  throw new Fault(`${nameOfType(value)} has no elements to go through`);
}
