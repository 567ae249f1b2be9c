import { diffArrays } from 'diff';

import { type Datum, elements } from '../../render/template/values.ts';
import { pairOf } from './names.ts';
import { same } from './values.ts';

/** An element before and after: one of them is missing where it was added or removed. */
export interface Aligned {
  from: number | undefined;
  to: number | undefined;
}

/** Which element became which. As many elements in the place of as many others are those, changed. */
export function align(before: readonly Datum[], after: readonly Datum[]): Aligned[] {
  const parts = diffArrays([...before], [...after], {
    comparator: (a: Datum, b: Datum) => same(a, b),
    oneChangePerToken: false,
  });
  const aligned: Aligned[] = [];
  let from: number[] = [];
  let to: number[] = [];
  let [left, right] = [0, 0];
  const flush = (): void => {
    const isPaired = from.length === to.length;
    for (const [i, at] of from.entries()) {
      aligned.push({ from: at, to: isPaired ? to[i] : undefined });
    }
    if (!isPaired) for (const at of to) aligned.push({ from: undefined, to: at });
    from = [];
    to = [];
  };
  for (const { added, removed, value } of parts) {
    for (let i = 0; i < value.length; i += 1) {
      if (removed) from.push(left++);
      else if (added) to.push(right++);
      else {
        flush();
        aligned.push({ from: left++, to: right++ });
      }
    }
  }
  flush();
  return aligned;
}

/** A list whose elements are made of the aligned ones; undefined where one cannot be made. */
export function realigned(
  before: readonly Datum[],
  after: readonly Datum[],
  make: (pair: { from: number | undefined; to: number }) => Datum | undefined,
): Datum[] | undefined {
  const result: Datum[] = [];
  for (const { from, to } of align(before, after)) {
    if (to === undefined) continue;
    const item = make({ from, to });
    if (item === undefined) return undefined;
    result.push(item);
  }
  return result;
}

/**
 * A list of which only some elements, at `places`, were seen as `before` and are to be seen as `after`: the others
 * stay where they are, new ones come after the one that they follow.
 */
export function replaceSeen(
  all: readonly Datum[],
  places: readonly number[],
  before: readonly Datum[],
  after: readonly Datum[],
): Datum[] {
  const now = new Map<number, Datum | undefined>();
  const added = new Map<number, Datum[]>();
  let last = -1;
  for (const { from, to } of align(before, after)) {
    if (from !== undefined) {
      last = places[from] ?? last;
      now.set(last, to === undefined ? undefined : after[to]);
    } else if (to !== undefined) {
      added.set(last, [...(added.get(last) ?? []), after[to] ?? null]);
    }
  }
  const result = [...(added.get(-1) ?? [])];
  for (const [i, item] of all.entries()) {
    const kept = now.has(i) ? now.get(i) : item;
    if (kept !== undefined) result.push(kept);
    result.push(...(added.get(i) ?? []));
  }
  return result;
}

/** Where each of `seen` stands in `all`: the very same, else an equal one, each once. */
export function placesOf(all: readonly Datum[], seen: readonly Datum[]): number[] | undefined {
  const free = new Set(all.keys());
  const places: number[] = [];
  for (const item of seen) {
    let found = -1;
    for (const at of free) {
      const other = all[at] ?? null;
      if (other === item || same(other, item)) {
        found = at;
        break;
      }
    }
    if (found < 0) return undefined;
    free.delete(found);
    places.push(found);
  }
  return places;
}

/** A mapping of pairs, in the order of an old one as far as it has their keys; undefined where a key stands twice. */
export function mapOfPairs(
  old: Map<string, Datum>,
  pairs: readonly Datum[],
): Map<string, Datum> | undefined {
  const now = new Map<string, Datum>();
  for (const pair of pairs) {
    const entry = pairOf(pair);
    if (!entry || now.has(entry[0])) return undefined;
    now.set(...entry);
  }
  const renamed = renamedKey(old, now);
  const result = new Map<string, Datum>();
  for (const key of old.keys()) {
    const name = renamed?.from === key ? renamed.to : key;
    const value = now.get(name);
    if (value !== undefined) result.set(name, value);
  }
  for (const [key, value] of now) if (!result.has(key)) result.set(key, value);
  return result;
}

/** The one key that stands in the place of another, if there is one. */
function renamedKey(
  old: Map<string, Datum>,
  now: Map<string, Datum>,
): { from: string; to: string } | undefined {
  const gone = [...old.keys()].filter((key) => !now.has(key));
  const added = [...now.keys()].filter((key) => !old.has(key));
  const [from] = gone;
  const [to] = added;
  return gone.length === 1 && added.length === 1 && from !== undefined && to !== undefined
    ? { from, to }
    : undefined;
}

/** A mapping with other keys: renamed where there are as many, else without those that are gone. */
export function mapWithKeys(
  old: Map<string, Datum>,
  keys: readonly Datum[],
): Map<string, Datum> | undefined {
  const entries = [...old];
  const before = entries.map(([key]) => key);
  const now = realigned(before, keys, ({ from, to }) => {
    const value = from === undefined ? undefined : entries[from]?.[1];
    const key = keys[to];
    return value === undefined || typeof key !== 'string' ? undefined : [key, value];
  });
  return now && mapOfPairs(new Map(), now);
}

/** A value with the part that an attribute like `a.b.0` names replaced; undefined where there is none. */
export function withAttribute(
  value: Datum,
  [part, ...rest]: readonly (string | number)[],
  wanted: Datum,
): Datum | undefined {
  if (part === undefined) return wanted;
  if (value instanceof Map && typeof part === 'string') {
    const inner = withAttribute(value.get(part) ?? new Map(), rest, wanted);
    return inner === undefined ? undefined : new Map(value).set(part, inner);
  }
  const items = elements(value);
  if (!items || typeof part !== 'number' || part >= items.length) return undefined;
  const inner = withAttribute(items[part] ?? null, rest, wanted);
  return inner === undefined ? undefined : items.map((item, i) => (i === part ? inner : item));
}

/** The parts of an attribute's name. */
export function attributeParts(attribute: Datum | undefined): (string | number)[] {
  if (typeof attribute === 'number') return [attribute];
  if (typeof attribute !== 'string') return [];
  return attribute.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
