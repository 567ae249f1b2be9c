import { Float, Tagged } from '../../plan/yaml/node.ts';
import { Fault, type Place } from './errors.ts';

/**
 * What expressions work on: the plan's values, and what only exists while a template runs. `undefined` of the host
 * language is never a Datum; it stands for "not given".
 */
export type Datum =
  | null
  | boolean
  | number
  | bigint
  | string
  | Float
  | Tagged
  | Datum[]
  | Map<string, Datum>
  | Tuple
  | Markup
  | Undefined
  | Lazy
  | View
  | Range
  | Callable
  | Members;

/** Python's tuple: what `.items()`, `dictsort` and `(a, b)` give. */
export class Tuple {
  readonly items: readonly Datum[];
  constructor(items: readonly Datum[]) {
    this.items = items;
  }
}

/**
 * Text that is escaped already: what `escape`, `safe` and `tojson` give. Python's own escapes whatever it is joined
 * with, so here it can be printed, escaped again (to no effect) and joined by `join`, and nothing else.
 */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * A name, attribute or element that is not there. Strict: any use but `is defined` and `default` is an error. Lenient
 * is only what an inline `if` without `else` gives: it prints as nothing, as in Jinja2.
 */
export class Undefined {
  readonly reason: string;
  readonly lenient: boolean;
  /** The name that is missing, where it is a name and not a part of something. */
  readonly name: string | undefined;
  private place: Place | undefined;

  constructor(reason: string, options: { lenient?: boolean; name?: string; place?: Place } = {}) {
    this.reason = reason;
    this.lenient = options.lenient ?? false;
    this.name = options.name;
    this.place = options.place;
  }

  /** Says which expression is undefined, unless that is known already. */
  at(place: Place): this {
    this.place ??= place;
    return this;
  }

  get fault(): Fault {
    const { place, reason, name } = this;
    if (!place) return new Fault(reason);
    const what = JSON.stringify(place.source.slice(place.start, place.end));
    const message = name === undefined ? `${what} is undefined: ${reason}` : `${what} is undefined`;
    return new Fault(message, { place, ...(name !== undefined && { unknownName: name }) });
  }
}

/**
 * What Jinja2 gives as a generator and Ansible as a list. Only what both treat alike is allowed: to go through it
 * once. Anything else needs `| list`.
 */
export class Lazy {
  private items: readonly Datum[] | undefined;
  readonly source: string;
  constructor(items: readonly Datum[], source: string) {
    this.items = items;
    this.source = source;
  }

  /** The elements, once. */
  take(): readonly Datum[] {
    if (!this.items) {
      throw new Fault(`the result of ${this.source} was already used up`, { hint: 'add | list' });
    }
    const items = this.items;
    this.items = undefined;
    return items;
  }
}

/** `.keys()`, `.values()` or `.items()` of a mapping: to go through, count and search, not to print or subscript. */
export class View {
  readonly kind: 'keys' | 'values' | 'items';
  readonly map: Map<string, Datum>;
  constructor(kind: 'keys' | 'values' | 'items', map: Map<string, Datum>) {
    this.kind = kind;
    this.map = map;
  }

  items(): Datum[] {
    if (this.kind === 'keys') return [...this.map.keys()];
    if (this.kind === 'values') return [...this.map.values()];
    return [...this.map].map((entry) => new Tuple(entry));
  }
}

/** `range(…)`: safe integers only. */
export class Range {
  readonly start: number;
  readonly step: number;
  readonly length: number;
  constructor(start: number, stop: number, step: number) {
    this.start = start;
    this.step = step;
    this.length = Math.max(0, Math.ceil((stop - start) / step));
  }

  at(index: number): number {
    return this.start + index * this.step;
  }
}

export type Keywords = ReadonlyMap<string, Datum>;

/** A macro, or one of the few functions that there are (`range`, `namespace` …). */
export class Callable {
  readonly name: string;
  readonly call: (args: readonly Datum[], keywords: Keywords) => Datum;
  constructor(name: string, call: (args: readonly Datum[], keywords: Keywords) => Datum) {
    this.name = name;
    this.call = call;
  }
}

/** `loop`, a namespace, an imported template: something of which only named members can be asked. */
export class Members {
  readonly title: string;
  readonly get: (name: string) => Datum | undefined;
  /** Present on what `{% set name.member = … %}` may change. */
  readonly set: ((name: string, value: Datum) => void) | undefined;
  /** Present where it can be called itself (`loop(…)` of a recursive loop). */
  readonly callable: Callable | undefined;
  constructor(
    title: string,
    get: (name: string) => Datum | undefined,
    options: { set?: (name: string, value: Datum) => void; callable?: Callable } = {},
  ) {
    this.title = title;
    this.get = get;
    this.set = options.set;
    this.callable = options.callable;
  }
}

/** What to call a value in a message to a person. */
export function nameOfType(value: Datum): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'a boolean';
  if (typeof value === 'number' || typeof value === 'bigint') return 'an integer';
  if (typeof value === 'string') return 'text';
  if (value instanceof Float) return 'a float';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Map) return 'a mapping';
  if (value instanceof Tuple) return 'a tuple';
  if (value instanceof Markup) return 'escaped text';
  if (value instanceof Tagged) return 'a secret';
  if (value instanceof Undefined) return 'undefined';
  if (value instanceof Lazy) return `the result of ${value.source}`;
  if (value instanceof View) return `.${value.kind}()`;
  if (value instanceof Range) return 'range()';
  return value instanceof Callable ? `${value.name}()` : value.title;
}

/** Hands a value on unless it is undefined, a secret or escaped: what every use of a value goes through first. */
export function usable(value: Datum): Exclude<Datum, Undefined | Tagged | Markup> {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Undefined) throw value.fault;
  if (value instanceof Tagged) throw secretFault();
  if (value instanceof Markup) throw markupFault();
  return value;
}

/** For every use of escaped text but printing it. */
export function markupFault(): Fault {
  return new Fault('escaped text can only be printed', {
    hint: 'let escape, safe or tojson be the last filter, and print the rest beside it',
  });
}

export function secretFault(): Fault {
  return new Fault('a secret may not be used in a template', {
    hint: 'keep it in the variables, for Ansible to decrypt; only `is defined` and `default` work on it here',
  });
}

/** The value, or `fallback` where there is none; unlike `??`, null is a value. */
export function given(value: Datum | undefined, fallback: Datum): Datum {
  return value === undefined ? fallback : value;
}

/** The element of a list where there must be one. */
export function elementAt<Element>(list: readonly (Element | undefined)[], index: number): Element {
  const element = list[index];
  if (element === undefined) throw new RangeError(`no element ${index} of ${list.length}`);
  return element;
}

/** The elements of a list or tuple, else undefined. */
export function elements(value: Datum): readonly Datum[] | undefined {
  if (Array.isArray(value)) return value;
  return value instanceof Tuple ? value.items : undefined;
}
