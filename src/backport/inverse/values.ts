import { Float, Tagged } from '../../plan/yaml/node.ts';
import { Fuel } from '../../render/template/fuel.ts';
import { parseDecimal, showFloat } from '../../render/template/python/numbers.ts';
import { show } from '../../render/template/python/show.ts';
import {
  type Datum,
  elements,
  Lazy,
  Range,
  Tuple,
  Undefined,
  View,
} from '../../render/template/values.ts';
import { parsePython } from './python-literal.ts';
import type { Goal, Guess } from './types.ts';

/** What `evaluate` gives, or undefined where it ends in an error of the template. */
export function attempt<Result>(evaluate: () => Result): Result | undefined {
  try {
    return evaluate();
  } catch {
    return undefined;
  }
}

/** What can be gone through only once, or only that, as a list; anything else as it is. */
export function plain(value: Datum): Datum {
  if (value instanceof Lazy) return [...value.take()];
  if (value instanceof View) return value.items();
  if (value instanceof Range) {
    return Array.from({ length: Math.min(value.length, 100_000) }, (_, i) => value.at(i));
  }
  return value;
}

/** How a value prints; undefined where it cannot. */
export function printed(value: Datum | undefined): string | undefined {
  return value === undefined ? undefined : attempt(() => show(value, new Fuel()));
}

/**
 * Whether two values are the same in kind and content: 1 is neither 1.0 nor true. Tuples are lists here; the order of
 * keys counts if asked for.
 */
export function same(a: Datum, b: Datum, keyOrder = false): boolean {
  if (a === b) return !(a instanceof Undefined);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Float) return b instanceof Float && Object.is(a.value, b.value);
  if (a instanceof Tagged) return b instanceof Tagged && a.tag === b.tag && a.text === b.text;
  if (a instanceof Map) return b instanceof Map && sameMap(a, b, keyOrder);
  const [left, right] = [elements(a), elements(b)];
  if (!left || !right || left.length !== right.length) return false;
  return left.every((item, i) => same(item, right[i] ?? null, keyOrder));
}

function sameMap(a: Map<string, Datum>, b: Map<string, Datum>, keyOrder: boolean): boolean {
  if (a.size !== b.size) return false;
  if (keyOrder) {
    const keys = [...b.keys()];
    if (![...a.keys()].every((key, i) => key === keys[i])) return false;
  }
  return [...a].every(([key, value]) => {
    const other = b.get(key);
    return other !== undefined && same(value, other, keyOrder);
  });
}

/** Whether a value is what is wanted already. */
export function satisfies(value: Datum | undefined, goal: Goal): boolean {
  if (value === undefined) return false;
  return goal.kind === 'text' ? printed(value) === goal.text : same(value, goal.value, true);
}

const WHOLE = /^(?:0|-?[1-9]\d{0,40})$/;

/** Values that print as `text`, those of the kind of the old value first. */
export function readings(old: Datum | undefined, text: string): Guess[] {
  const values: (Datum | undefined)[] = [];
  if (typeof old === 'number' || typeof old === 'bigint') {
    values.push(wholeNumber(text), floatNumber(text));
  } else if (old instanceof Float) values.push(floatNumber(text), wholeNumber(text));
  else if (typeof old === 'boolean') values.push(truthWord(text), wholeNumber(text));
  else if (old === null) values.push(text === 'None' ? null : undefined);
  else if (old instanceof Map || elements(old ?? null)) return collectionReading(text);
  values.push(text);
  const found = values.filter((value) => value !== undefined);
  return found.map((value, i) => ({ value, cost: i / 100 }));
}

/** A value like `old` that prints as `text`: the first reading, else the text. */
export function valueLike(old: Datum | undefined, text: string): Datum {
  return readings(old, text)[0]?.value ?? text;
}

function wholeNumber(text: string): Datum | undefined {
  return WHOLE.test(text) ? attempt(() => parseDecimal(text)) : undefined;
}

function floatNumber(text: string): Float | undefined {
  const value = /^-?\d/.test(text) ? Number(text) : NaN;
  return Number.isFinite(value) && showFloat(value) === text ? new Float(value) : undefined;
}

function truthWord(text: string): boolean | undefined {
  return text === 'True' ? true : text === 'False' ? false : undefined;
}

/** A printed list or mapping is read back only where it prints the very same. */
function collectionReading(text: string): Guess[] {
  const value = attempt(() => parsePython(text));
  return value !== undefined && printed(value) === text ? [{ value }] : [];
}

/** The guesses that meet a goal: the value, or what prints as the text. */
export function guessesFor(goal: Goal, old: Datum | undefined): Guess[] {
  return goal.kind === 'value' ? [{ value: goal.value }] : readings(old, goal.text);
}

/** A list, also of a tuple or of what stands for no elements; undefined for anything else. */
export function listOf(value: Datum | undefined): readonly Datum[] | undefined {
  return value === undefined ? undefined : elements(value);
}

/** A sequence of the kind of `old`. */
export function sequenceLike(old: Datum | undefined, items: readonly Datum[]): Datum {
  return old instanceof Tuple ? new Tuple(items) : [...items];
}

/** The keys of `before` first, in their order; then those that are new. Parts likewise, where they are at one place. */
export function inOrderOf(before: Datum | undefined, after: Datum): Datum {
  if (before instanceof Map && after instanceof Map) {
    const old = [...before.keys()].filter((key) => after.has(key));
    const added = [...after.keys()].filter((key) => !before.has(key));
    return new Map(
      [...old, ...added].map((key) => [key, inOrderOf(before.get(key), after.get(key) ?? null)]),
    );
  }
  const [old, now] = [listOf(before), elements(after)];
  if (!old || !now || old.length !== now.length) return after;
  return sequenceLike(
    after,
    now.map((item, i) => inOrderOf(old[i], item)),
  );
}
