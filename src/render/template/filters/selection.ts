import { Tagged } from '../../../plan/yaml/node.ts';
import { bindArguments, type Signature } from '../arguments.ts';
import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { iterate } from '../python/access.ts';
import { truthy } from '../python/compare.ts';
import { unsupported } from '../refused.ts';
import type { Run } from '../run.ts';
import { tests } from '../tests.ts';
import { type Datum, Lazy, Undefined, usable, given } from '../values.ts';
import { getter, type Getter } from './attributes.ts';
import { Arguments, defineFilter, type Filter } from './filter.ts';

/** A filter or a test. */
interface Applicable {
  name: string;
  signature: Signature;
  run(value: Datum, args: Arguments, run: Run): Datum;
}

type Known<Kind> = ReadonlyMap<string, Kind>;

/** The named filter or test with its arguments, ready for elements. */
function prepared(
  known: Known<Applicable>,
  what: 'filter' | 'test',
  name: Datum | undefined,
  args: readonly Datum[],
  keywords: ReadonlyMap<string, Datum>,
): (element: Datum, run: Run) => Datum {
  if (typeof name !== 'string') throw new Fault(`the name of a ${what} must be text`);
  const definition = known.get(name);
  if (!definition) throw unsupported(what, name);
  const bound = bindArguments(definition, args, [...keywords]);
  const places = new Arguments(bound.values, bound.rest, bound.keywords);
  return (element, run) => definition.run(element, places, run);
}

/** What Jinja2 goes through here: of what counts as false, whatever it is, nothing. */
function elementsOf(value: Datum, run: Run): readonly Datum[] {
  return value instanceof Lazy || truthy(value) ? iterate(value, run.fuel) : [];
}

/** `map(attribute=…)` or `map('filter', …)`. */
function map(value: Datum, args: Arguments, run: Run, filters: Known<Filter>): Datum {
  const change = mapping(args, run.fuel, filters);
  const items = elementsOf(value, run).map((element) => {
    run.fuel.spend(1);
    const result = change(element, run);
    if (result instanceof Undefined) throw result.fault;
    return result;
  });
  return new Lazy(items, 'map');
}

function mapping(
  args: Arguments,
  fuel: Fuel,
  filters: Known<Filter>,
): (element: Datum, run: Run) => Datum {
  const [name, ...rest] = args.rest;
  if (name !== undefined) return prepared(filters, 'filter', name, rest, args.keywords);
  const keywords = new Map(args.keywords);
  const attribute = keywords.get('attribute');
  const fallback = keywords.get('default');
  keywords.delete('attribute');
  keywords.delete('default');
  const [unexpected] = keywords.keys();
  if (unexpected !== undefined) throw new Fault(`map has no argument "${unexpected}"`);
  if (attribute === undefined) throw new Fault('map needs a filter or an attribute');
  return getter(attribute, fuel, fallback);
}

/** `select`, `reject` and their forms that look at an attribute. */
function selector(name: string, keep: boolean, byAttribute: boolean): Filter {
  return defineFilter({
    name,
    signature: ['*', '**'],
    inverse: 'several',
    keepsElements: true,
    implementation: (value, args, run) => {
      const attribute = byAttribute ? args.rest[0] : undefined;
      if (byAttribute && attribute === undefined) throw new Fault(`${name} needs an attribute`);
      const get: Getter = getter(attribute, run.fuel);
      const [test, ...rest] = byAttribute ? args.rest.slice(1) : args.rest;
      const passes =
        test === undefined ? undefined : prepared(tests, 'test', test, rest, args.keywords);
      const items = elementsOf(value, run).filter((element) => {
        run.fuel.spend(1);
        const looked = get(element);
        return truthy(passes ? passes(looked, run) : looked) === keep;
      });
      return new Lazy(items, name);
    },
  });
}

/** The filter `map`, which applies others: `filters` are those that it finds when it runs. */
export function mapFilter(filters: Known<Filter>): Filter {
  return defineFilter({
    name: 'map',
    signature: ['*', '**'],
    inverse: 'exact',
    implementation: (value, args, run) => map(value, args, run, filters),
  });
}

export const selectionFilters: Filter[] = [
  selector('select', true, false),
  selector('reject', false, false),
  selector('selectattr', true, true),
  selector('rejectattr', false, true),
  defineFilter({
    name: 'default',
    signature: ['default_value?', 'boolean?'],
    inverse: 'several',
    takesUndefined: true,
    implementation: (value, args) => {
      const missing =
        value instanceof Undefined ||
        (args.flag(1) && !(value instanceof Tagged) && !truthy(value));
      return missing ? given(args.get(0), '') : value;
    },
  }),
  defineFilter({
    name: 'mandatory',
    signature: ['msg?'],
    inverse: 'exact',
    takesUndefined: true,
    implementation: (value, args) => {
      if (!(value instanceof Undefined)) return value;
      const message = args.get(0);
      throw typeof message === 'string' ? new Fault(message) : value.fault;
    },
  }),
  defineFilter({
    name: 'ternary',
    signature: ['true_val', 'false_val', 'none_val?'],
    inverse: 'several',
    takesUndefined: true,
    implementation: (value, args) => {
      usable(value);
      const none = args.get(2) ?? null;
      return value === null && none !== null ? none : args.required(truthy(value) ? 0 : 1);
    },
  }),
];
