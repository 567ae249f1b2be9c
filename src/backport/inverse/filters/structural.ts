import type { Expression, FilterExpression } from '../../../render/template/ast.ts';
import type { Environment } from '../../../render/template/environment.ts';
import { truthy } from '../../../render/template/python/compare.ts';
import { type Datum, elements, Undefined } from '../../../render/template/values.ts';
import { combined, costlier } from '../alternatives.ts';
import { remove } from '../assign.ts';
import { argumentsOf, solvePrintf } from '../formats.ts';
import { placeOf } from '../place.ts';
import { align } from '../sequences.ts';
import type { Alternative, Goal, Solver } from '../types.ts';
import { attempt, guessesFor, printed, same, satisfies } from '../values.ts';

/** A filter at work: its arguments by the places of its signature. */
export interface Application {
  solver: Solver;
  expression: FilterExpression;
  environment: Environment;
  goal: Goal;
  argument: (place: number) => Expression | undefined;
  keyword: (name: string) => Datum | undefined;
}

type Structural = (application: Application) => Alternative[];

/** `default`: the parameter, whether it has a value or not; else the default itself. */
const byDefault: Structural = ({ solver, expression, environment, goal, argument }) => {
  const { input } = expression;
  const value = solver.current(input, environment);
  const fallback = argument(0);
  const strict = argument(1);
  const isLoose = strict !== undefined && isTrue(solver.current(strict, environment));
  const isMissing =
    value === undefined || value instanceof Undefined || (isLoose && !isTrue(value));
  const standing = fallback ? solver.current(fallback, environment) : '';
  if (!isMissing) {
    const set = solver.solve(input, environment, goal);
    const place = satisfies(standing, goal) ? placeOf(solver, input, environment) : undefined;
    return [...set, ...(place ? remove(place, (reason) => solver.why(reason)) : [])];
  }
  const like = value === undefined || value instanceof Undefined ? standing : value;
  const set = guessesFor(goal, value === null || value === '' ? standing : like).flatMap(
    ({ value: wanted, cost = 0 }) =>
      costlier(solver.solve(input, environment, { kind: 'value', value: wanted }), cost),
  );
  const changed = fallback ? solver.solve(fallback, environment, goal) : [];
  return [...set, ...costlier(changed, 1.5)];
};

function isTrue(value: Datum | undefined): boolean {
  return value !== undefined && attempt(() => truthy(value)) === true;
}

const mandatory: Structural = ({ solver, expression, environment, goal }) =>
  solver.solve(expression.input, environment, goal);

/** `ternary`: the value that was chosen, or the other one. */
const ternary: Structural = ({ solver, expression, environment, goal, argument }) => {
  const value = solver.current(expression.input, environment);
  const truth = isTrue(value);
  const [taken, other] = truth ? [argument(0), argument(1)] : [argument(1), argument(0)];
  if (!taken || !other || (value === null && argument(2))) return [];
  const stays = solver.solve(taken, environment, goal);
  if (!satisfies(solver.current(other, environment), goal)) return stays;
  const flipped = solver.truth(expression.input, environment, !truth);
  return [...costlier(stays, 0.5), ...costlier(flipped, 0.3)];
};

/** `combine`: every key that changed, in the last mapping that has it. */
const combine: Structural = ({ solver, expression, environment, goal, keyword }) => {
  const sources = [expression.input, ...expression.args];
  const values = sources.map((source) => solver.current(source, environment));
  const merged = solver.current(expression, environment);
  const [guess] = guessesFor(goal, merged);
  const wanted = guess?.value;
  if (!(merged instanceof Map) || !(wanted instanceof Map)) return [];
  const maps = values.map((value) => (value instanceof Map ? value : undefined));
  if (!maps.every((map) => map !== undefined)) {
    solver.why('combine of lists of mappings is not worked backwards');
    return [];
  }
  const isRecursive = isTrue(keyword('recursive'));
  const hasNew = [...wanted.keys()].some((key) => !merged.has(key));
  const homes = hasNew ? maps.map((_, i) => maps.length - 1 - i) : [maps.length - 1];
  return homes.flatMap((home, i) => {
    const now = distributed(maps, merged, wanted, { isRecursive, home });
    const all = now.map((map, j) => {
      const source = sources[j];
      return source ? solver.solve(source, environment, { kind: 'value', value: map }) : [];
    });
    return costlier(combined(all), 0.1 + i / 10);
  });
};

type Mapping = Map<string, Datum>;

function distributed(
  maps: readonly Mapping[],
  merged: Mapping,
  wanted: Mapping,
  { isRecursive, home }: { isRecursive: boolean; home: number },
): Mapping[] {
  const now = maps.map((map) => new Map(map));
  for (const key of merged.keys()) {
    if (!wanted.has(key)) for (const map of now) map.delete(key);
  }
  for (const [key, value] of wanted) {
    const old = merged.get(key);
    if (old !== undefined && same(old, value)) continue;
    const owners = maps.flatMap((map, i) => (map.has(key) ? [i] : []));
    const owner = owners.at(-1) ?? home;
    const inner = owners.map((i) => maps[i]?.get(key));
    const isNested = isRecursive && owners.length > 1 && old instanceof Map && value instanceof Map;
    if (isNested && inner.every((part) => part instanceof Map)) {
      const parts = distributed(inner, old, value, { isRecursive, home: inner.length - 1 });
      for (const [i, part] of parts.entries()) now[owners[i] ?? owner]?.set(key, part);
    } else now[owner]?.set(key, value);
  }
  return now;
}

/** `'%s' | format(a)` */
const format: Structural = ({ solver, expression, environment, goal }) => {
  const text = printed(solver.current(expression.input, environment));
  if (text === undefined) return [];
  const named = new Map(expression.keywords.map(({ name, value }) => [name, value]));
  return solvePrintf(text, argumentsOf(solver, environment, expression.args, named), goal);
};

/** `zip`: every list gets its column; what the shortest left out stays. */
const zip: Structural = ({ solver, expression, environment, goal, keyword }) => {
  const sources = [expression.input, ...expression.args];
  const lists = sources.map((source) => elements(solver.current(source, environment) ?? null));
  const [guess] = guessesFor(goal, solver.current(expression, environment));
  const rows = guess && elements(guess.value)?.map((row) => elements(row));
  if (!rows || !lists.every((list) => list !== undefined)) return [];
  if (!rows.every((row) => row?.length === lists.length)) return [];
  const isLongest = expression.name.endsWith('longest');
  const fill = keyword('fillvalue') ?? null;
  const shortest = Math.min(...lists.map((list) => list.length));
  return combined(
    sources.map((source, i) => {
      const column = rows.map((row) => row?.[i] ?? null);
      const own = lists[i] ?? [];
      while (column.length > Math.max(own.length, isLongest ? 0 : Infinity)) {
        if (!same(column.at(-1) ?? null, fill)) break;
        column.pop();
      }
      const tail = isLongest ? [] : own.slice(shortest);
      return solver.solve(source, environment, { kind: 'value', value: [...column, ...tail] });
    }),
  );
};

/** `union`: every element in the list that it came from; what neither had, in the first or the second. */
const union: Structural = ({ solver, expression, environment, goal, argument }) => {
  const other = argument(0);
  const [a, b, seen] = [expression.input, other, expression].map(
    (part) => part && elements(solver.current(part, environment) ?? null),
  );
  const [guess] = guessesFor(goal, solver.current(expression, environment));
  const wanted = guess && elements(guess.value);
  if (!other || !a || !b || !seen || !wanted) return [];
  const changes = align(seen, wanted);
  const after = (list: readonly Datum[], takesNew: boolean): Datum[] => {
    const now = list.flatMap((item) => {
      const change = changes.find(
        ({ from }) => from !== undefined && same(seen[from] ?? null, item),
      );
      const to = change ? change.to : undefined;
      return to === undefined ? [] : [wanted[to] ?? null];
    });
    const added = changes.filter(({ from }) => from === undefined);
    return takesNew ? [...now, ...added.map(({ to }) => wanted[to ?? 0] ?? null)] : now;
  };
  return [true, false].flatMap((isFirst) =>
    combined([
      solver.guesses(expression.input, environment, [{ value: after(a, isFirst), cost: 0.1 }]),
      solver.guesses(other, environment, [{ value: after(b, !isFirst), cost: 0.1 }]),
    ]),
  );
};

/** `key | extract(container)`: the element of the container. */
const extract: Structural = ({ solver, expression, environment, goal, argument }) => {
  const container = argument(0);
  const key = solver.current(expression.input, environment);
  const whole = container && solver.current(container, environment);
  if (!container || argument(1) || whole === undefined) return [];
  const old = solver.current(expression, environment);
  return guessesFor(goal, old).flatMap(({ value, cost = 0 }) => {
    let now: Datum | undefined;
    if (whole instanceof Map && typeof key === 'string') now = new Map(whole).set(key, value);
    const items = elements(whole);
    if (items && typeof key === 'number') {
      const at = key < 0 ? key + items.length : key;
      now = items.map((item, i) => (i === at ? value : item));
    }
    return now === undefined
      ? []
      : costlier(solver.solve(container, environment, { kind: 'value', value: now }), cost);
  });
};

/** Filters of which more than the input is looked for, or which hand on what they are given. */
export const structural: Readonly<Record<string, Structural>> = {
  default: byDefault,
  mandatory,
  ternary,
  combine,
  format,
  zip,
  zip_longest: zip,
  extract,
  union,
};
