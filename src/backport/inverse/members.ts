import type { Attribute, Expression, Item, Slice } from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import { slice } from '../../render/template/python/access.ts';
import { characters } from '../../render/template/python/text.ts';
import { type Datum, elements, Members, Undefined } from '../../render/template/values.ts';
import { costlier } from './alternatives.ts';
import type { Alternative, Goal, Solver } from './types.ts';
import { attempt, guessesFor, same, satisfies, sequenceLike } from './values.ts';

/** `object.name` and `object[key]`: the object is wanted with that part of it replaced. */
export function solveMember(
  solver: Solver,
  expression: Attribute | Item,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const { object } = expression;
  const whole = solver.current(object, environment);
  if (whole instanceof Members) {
    const isLoop = object.kind === 'name' && object.name === 'loop';
    const what = isLoop ? 'it is counted by the loop' : `${whole.title} is no value of the plan`;
    solver.why(what);
    return [];
  }
  const key =
    expression.kind === 'attribute' ? expression.name : keyOf(solver, expression, environment);
  const found =
    key === undefined
      ? []
      : solvePart(solver, object, environment, { whole, key, goal, expression });
  const other =
    expression.kind === 'item' ? solveKey(solver, expression, environment, { whole, goal }) : [];
  return [...found, ...other];
}

function keyOf(solver: Solver, item: Item, environment: Environment): string | number | undefined {
  const key = solver.current(item.key, environment);
  return typeof key === 'string' || typeof key === 'number' ? key : undefined;
}

function solvePart(
  solver: Solver,
  object: Expression,
  environment: Environment,
  part: {
    whole: Datum | undefined;
    key: string | number;
    goal: Goal;
    expression: Expression;
  },
): Alternative[] {
  const { whole, key, goal, expression } = part;
  const old = solver.current(expression, environment);
  return guessesFor(goal, old).flatMap(({ value, cost = 0 }) => {
    const now = withPart(whole, key, value);
    if (now === undefined) return [];
    return costlier(solver.solve(object, environment, { kind: 'value', value: now }), cost);
  });
}

/** A value with one part replaced; a mapping is made where there is none yet. */
function withPart(whole: Datum | undefined, key: string | number, value: Datum): Datum | undefined {
  if (typeof key === 'string') {
    if (whole instanceof Map) return new Map(whole).set(key, value);
    return whole === undefined || whole instanceof Undefined ? new Map([[key, value]]) : undefined;
  }
  const items = typeof whole === 'string' ? characters(whole) : whole && elements(whole);
  if (!items) return undefined;
  const at = key < 0 ? key + items.length : key;
  if (at < 0 || at > items.length) return undefined;
  const now = [...items];
  now[at] = value;
  if (typeof whole !== 'string') return sequenceLike(whole, now);
  return now.every((character) => typeof character === 'string') ? now.join('') : undefined;
}

/** Another key under which the collection has what is wanted already. */
function solveKey(
  solver: Solver,
  { key }: Item,
  environment: Environment,
  { whole, goal }: { whole: Datum | undefined; goal: Goal },
): Alternative[] {
  if (!(whole instanceof Map) || key.kind === 'literal') return [];
  const keys = [...whole].filter(([, value]) => satisfies(value, goal)).slice(0, 3);
  return keys.flatMap(([name]) =>
    costlier(solver.solve(key, environment, { kind: 'value', value: name }), 2),
  );
}

/** `object[from:to]`: what is left out of the slice stays. */
export function solveSlice(
  solver: Solver,
  expression: Slice,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const whole = solver.current(expression.object, environment);
  const part = solver.current(expression, environment);
  const [from, to, step] = [expression.from, expression.to, expression.step].map(
    (bound) => bound && solver.current(bound, environment),
  );
  if (whole === undefined || part === undefined) return [];
  const cut = (value: Datum): Datum | undefined =>
    attempt(() => slice(value, from, to, step, environment.freshRun().fuel));
  return guessesFor(goal, part).flatMap(({ value, cost = 0 }) => {
    const guesses = unsliced(whole, { from, step, part, value }).filter((guess) => {
      const result = cut(guess);
      return result !== undefined && same(result, value);
    });
    if (guesses.length === 0) solver.why('what is wanted does not fit into the slice');
    return guesses.flatMap((guess) =>
      costlier(solver.solve(expression.object, environment, { kind: 'value', value: guess }), cost),
    );
  });
}

function unsliced(
  whole: Datum,
  {
    from,
    step,
    part,
    value,
  }: { from: Datum | undefined; step: Datum | undefined; part: Datum; value: Datum },
): Datum[] {
  if (step === -1 && from === undefined) {
    if (typeof value === 'string') return [characters(value).toReversed().join('')];
    return [sequenceLike(whole, (elements(value) ?? []).toReversed())];
  }
  if (step !== undefined && step !== 1 && step !== null) return [];
  const [all, old, now] = [spread(whole), spread(part), spread(value)];
  const first = typeof from === 'number' ? (from < 0 ? Math.max(0, from + all.length) : from) : 0;
  const items = [...all.slice(0, first), ...now, ...all.slice(first + old.length)];
  if (typeof whole !== 'string') return [sequenceLike(whole, items)];
  return items.every((item) => typeof item === 'string') ? [items.join('')] : [];
}

function spread(value: Datum): readonly Datum[] {
  return typeof value === 'string' ? characters(value) : (elements(value) ?? []);
}
