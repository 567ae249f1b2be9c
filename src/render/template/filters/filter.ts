import type { Signature } from '../arguments.ts';
import { Fault } from '../errors.ts';
import { truthy } from '../python/compare.ts';
import { asInt } from '../python/numbers.ts';
import type { Run } from '../run.ts';
import { type Datum, elementAt, nameOfType, usable, given } from '../values.ts';

/** What a filter or test was given beside its input, in the places of its signature. */
export class Arguments {
  static readonly none = new Arguments([], [], new Map());
  readonly values: readonly (Datum | undefined)[];
  readonly rest: readonly Datum[];
  readonly keywords: ReadonlyMap<string, Datum>;

  constructor(
    values: readonly (Datum | undefined)[],
    rest: readonly Datum[],
    keywords: ReadonlyMap<string, Datum>,
  ) {
    this.values = values;
    this.rest = rest;
    this.keywords = keywords;
  }

  /** The argument as it is; `undefined` where none is given. */
  get(place: number): Datum | undefined {
    return this.values[place];
  }

  /** An argument that the signature asks for. */
  required(place: number): Datum {
    return elementAt(this.values, place);
  }

  /** An argument that must be text. */
  text(place: number, fallback: string): string {
    const value = given(this.values[place], fallback);
    if (typeof value !== 'string') throw wrongType(place, 'text', value);
    return value;
  }

  /** An argument that must be an integer. */
  integer(place: number, fallback: number): number {
    const value = this.values[place];
    if (value === undefined) return fallback;
    const integer = asInt(value);
    if (integer === undefined) throw wrongType(place, 'an integer', value);
    return Number(integer);
  }

  /** An argument that is a switch. */
  flag(place: number, fallback = false): boolean {
    const value = this.values[place];
    return value === undefined ? fallback : truthy(value);
  }

  /** Refuses what is undefined or secret. */
  check(): void {
    for (const value of this.values) if (value !== undefined) usable(value);
    for (const value of this.rest) usable(value);
    for (const value of this.keywords.values()) usable(value);
  }
}

function wrongType(place: number, expected: string, value: Datum): Fault {
  return new Fault(`argument ${place + 1} must be ${expected}, not ${nameOfType(value)}`);
}

/**
 * Whether a filter's input can be worked out from its output: `exact` where there is one, `several` where there are
 * many and the nearest to the old one is taken, `none` where nothing useful can be said.
 */
export type Inverse = 'exact' | 'several' | 'none';

export interface FilterDefinition {
  name: string;
  signature: Signature;
  inverse: Inverse;
  /** Set on filters that can be given what is undefined or secret, and hand it on. */
  takesUndefined?: boolean;
  /** Set on filters whose result is a list of some of the input's elements, unchanged. */
  keepsElements?: boolean;
  implementation: (value: Datum, args: Arguments, run: Run) => Datum;
}

export interface Filter extends FilterDefinition {
  run(value: Datum, args: Arguments, run: Run): Datum;
}

/** A filter that refuses undefined and secret values, unless its definition says that it takes them. */
export function defineFilter(definition: FilterDefinition): Filter {
  const { implementation } = definition;
  if (definition.takesUndefined) return { ...definition, run: implementation };
  return {
    ...definition,
    run(value, args, run) {
      usable(value);
      args.check();
      run.fuel.spend(1);
      return implementation(value, args, run);
    },
  };
}
