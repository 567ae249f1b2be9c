import { characters } from '../../../render/template/python/text.ts';
import { type Datum, elements } from '../../../render/template/values.ts';
import { elementsOf } from '../names.ts';
import {
  align,
  attributeParts,
  mapWithKeys,
  placesOf,
  realigned,
  replaceSeen,
  withAttribute,
} from '../sequences.ts';
import { printed, same, valueLike } from '../values.ts';
import type { Inverse, Step } from './step.ts';

/** The lists in a step: what went in (of a mapping, its keys), what came out, what is wanted. */
export interface Lists {
  all: readonly Datum[];
  seen: readonly Datum[];
  wanted: readonly Datum[];
}

export function lists({ input, output, wanted }: Step): Lists | undefined {
  const all = elementsOf(input);
  const seen = output === undefined ? undefined : elements(output);
  const now = elements(wanted);
  return all && seen && now ? { all, seen, wanted: now } : undefined;
}

/** A list in the place of the input: of a mapping, its keys; of text, its characters. */
export function inPlaceOf(input: Datum | undefined, items: readonly Datum[]): Datum | undefined {
  if (input instanceof Map) return mapWithKeys(input, items);
  if (typeof input !== 'string') return [...items];
  return items.every((item) => typeof item === 'string') ? items.join('') : undefined;
}

/** Filters that leave elements out or order them anew: every element found again where it stands. */
export const keepsElements: Inverse = (step) => {
  const found = lists(step);
  const places = found && placesOf(found.all, found.seen);
  if (!found || !places) return [];
  return [inPlaceOf(step.input, replaceSeen(found.all, places, found.seen, found.wanted))];
};

/** As many elements at the same places: the order is not the elements' own. */
const permuted: Inverse = (step) => {
  const found = lists(step);
  const places = found && placesOf(found.all, found.seen);
  if (!found || !places || found.wanted.length !== found.all.length) return [];
  const now = [...found.all];
  for (const [i, place] of places.entries()) now[place] = found.wanted[i] ?? null;
  return [now];
};

/** `unique`: also what was there more than once changes, or goes, with the first. */
const unique: Inverse = (step) => {
  const found = lists(step);
  if (!found) return [];
  const { all, seen, wanted } = found;
  const now = new Map<Datum, Datum | undefined>();
  const added: Datum[] = [];
  for (const { from, to } of align(seen, wanted)) {
    const after = to === undefined ? undefined : wanted[to];
    if (from !== undefined) now.set(seen[from] ?? null, after);
    else if (after !== undefined) added.push(after);
  }
  const everywhere = all.flatMap((item) => {
    const key = seen.find((other) => same(other, item));
    const after = key === undefined ? item : now.get(key);
    return after === undefined ? [] : [after];
  });
  return [...keepsElements(step), [...everywhere, ...added]];
};

const join: Inverse = ({ input, wanted, args }) => {
  const all = elementsOf(input);
  if (!all || typeof wanted !== 'string') return [];
  const separator = printed(args.get(0) ?? '') ?? '';
  const attribute = attributeParts(args.get(1));
  const shown = all.map((item) => printed(attributeOf(item, attribute)) ?? '');
  const texts = splitLike(shown, separator, wanted);
  const now =
    texts &&
    realigned(shown, texts, ({ from, to }) => {
      const item = from === undefined ? undefined : all[from];
      const text = texts[to] ?? '';
      if (item !== undefined && from !== undefined && shown[from] === text) return item;
      const model = item ?? all[0];
      const value = valueLike(model === undefined ? '' : attributeOf(model, attribute), text);
      return withAttribute(item ?? new Map(), attribute, value);
    });
  return now ? [inPlaceOf(input, now)] : [];
};

function attributeOf(item: Datum, parts: readonly (string | number)[]): Datum {
  let result: Datum | undefined = item;
  for (const part of parts) {
    if (result instanceof Map && typeof part === 'string') result = result.get(part);
    else
      result =
        typeof part === 'number' && result !== undefined ? elements(result)?.[part] : undefined;
  }
  return result ?? '';
}

/** The texts that were joined: separators within them stay where they were. */
function splitLike(
  shown: readonly string[],
  separator: string,
  wanted: string,
): string[] | undefined {
  if (wanted === '') return [];
  if (separator === '') {
    const sizes = shown.map((text) => text.length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (shown.length === 1) return [wanted];
    if (total !== wanted.length) return undefined;
    let at = 0;
    return sizes.map((size) => wanted.slice(at, (at += size)));
  }
  return wanted.split(separator);
}

/** `first`, `last`, `min` and `max`: the element that was chosen becomes another. */
function chosen(place: (all: readonly Datum[], output: Datum | undefined) => number): Inverse {
  return ({ input, output, wanted }) => {
    const all = typeof input === 'string' ? characters(input) : elementsOf(input);
    if (!all || all.length === 0) return Array.isArray(input) ? [[wanted]] : [];
    const at = place(all, output);
    if (at < 0) return [];
    return [
      inPlaceOf(
        input,
        all.map((item, i) => (i === at ? wanted : item)),
      ),
    ];
  };
}

const extreme = chosen((all, output) =>
  all.findIndex((item) => output !== undefined && same(item, output)),
);

/** Rows of a list, without what only fills them up. */
const rows: Inverse = ({ input, wanted, args }) => {
  const all = elementsOf(input);
  const found = elements(wanted)?.map((row) => elements(row));
  if (!all || !found?.every((row) => row !== undefined)) return [];
  const fill = args.get(1) ?? null;
  const flat = found.flat();
  const isFilled = (item: Datum | undefined): boolean =>
    item !== undefined && fill !== null && same(item, fill);
  const withoutFill = [...flat];
  while (isFilled(withoutFill.at(-1))) withoutFill.pop();
  const trimmed = found.map((row) => (isFilled(row.at(-1)) ? row.slice(0, -1) : row)).flat();
  return [flat.slice(0, all.length), withoutFill, trimmed, flat].map((items) =>
    inPlaceOf(input, items),
  );
};

/** `flatten`: as many elements are put back into the lists that they came from. */
const flattened: Inverse = (step) => {
  const found = lists(step);
  if (!found) return [];
  const { all, seen, wanted } = found;
  const guesses: Datum[][] = [];
  if (seen.length === wanted.length) {
    let at = 0;
    const refill = (items: readonly Datum[]): Datum[] =>
      items.map((item) => {
        const inner = elements(item);
        if (inner) return refill(inner);
        const isSkipped = item === null || item === 'None' || item === 'null';
        return isSkipped ? item : (wanted[at++] ?? null);
      });
    guesses.push(refill(all));
  }
  // The list that lost or gained elements is the one whose others are still there.
  const sizes = all.map((item) => elements(item)?.length ?? 1);
  const change = wanted.length - seen.length;
  let start = 0;
  for (const [i, size] of sizes.entries()) {
    if (size + change >= 0 && change !== 0 && elements(all[i] ?? null)) {
      const inner = wanted.slice(start, start + size + change);
      guesses.push(all.map((item, j) => (j === i ? inner : item)));
    }
    start += size;
  }
  return guesses;
};

/** `groupby`: the groups, put together in the order of the list. */
const grouped: Inverse = ({ input, output, wanted }) => {
  const all = elementsOf(input);
  const [seen, now] = [groupElements(output), groupElements(wanted)];
  const places = all && seen && placesOf(all, seen);
  return all && seen && now && places ? [replaceSeen(all, places, seen, now)] : [];
};

function groupElements(value: Datum | undefined): readonly Datum[] | undefined {
  const groups = value === undefined ? undefined : elements(value);
  return groups?.flatMap((group) => elements(elements(group)?.[1] ?? null) ?? []);
}

/** `rekey_on_member`: the elements under their keys. */
const rekeyed: Inverse = ({ input, wanted }) => {
  if (!(wanted instanceof Map)) return [];
  if (!(input instanceof Map)) return [[...wanted.values()]];
  const keys = [...input.keys()];
  return [new Map([...wanted.values()].map((item, i) => [keys[i] ?? '', item]))];
};

/** Inverses of the filters on lists. */
export const listInverses: Readonly<Record<string, Inverse>> = {
  join,
  first: chosen(() => 0),
  last: chosen((all) => all.length - 1),
  min: extreme,
  max: extreme,
  list: ({ input, wanted }) => {
    const now = elements(wanted);
    return now ? [inPlaceOf(input, now)] : [];
  },
  reverse: ({ input, wanted }) => {
    if (typeof wanted === 'string') return [characters(wanted).toReversed().join('')];
    const now = elements(wanted);
    return now ? [inPlaceOf(input, now.toReversed())] : [];
  },
  sort: keepsElements,
  unique,
  shuffle: permuted,
  batch: rows,
  slice: rows,
  flatten: flattened,
  groupby: grouped,
  difference: keepsElements,
  intersect: keepsElements,
  rekey_on_member: rekeyed,
  select: keepsElements,
  reject: keepsElements,
  selectattr: keepsElements,
  rejectattr: keepsElements,
};

/** `map`: each element by the inverse of what was applied to it. */
export function mapInverse(
  inverseOf: (name: string) => Inverse | undefined,
  applied: (name: string, step: Step) => Step | undefined,
): Inverse {
  return (step) => {
    const found = lists(step);
    if (!found) return [];
    const { all, seen, wanted } = found;
    const [name] = step.args.rest;
    const attribute = attributeParts(step.args.keywords.get('attribute'));
    const now = realigned(seen, wanted, ({ from, to }) => {
      const after = wanted[to] ?? null;
      const item = from === undefined ? undefined : all[from];
      if (item !== undefined && from !== undefined && same(seen[from] ?? null, after)) return item;
      if (name === undefined) return withAttribute(item ?? new Map(), attribute, after);
      if (typeof name !== 'string') return undefined;
      const inner = applied(name, {
        ...step,
        input: item ?? all[0],
        output: seen[from ?? 0],
        wanted: after,
      });
      const guesses = inner ? (inverseOf(name)?.(inner) ?? []) : [];
      return guesses.find((guess) => {
        const result = guess === undefined ? undefined : inner?.apply(guess);
        return result !== undefined && same(result, after);
      });
    });
    return now ? [inPlaceOf(step.input, now)] : [];
  };
}
