import type { Expression } from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import type { Datum } from '../../render/template/values.ts';
import { cheapest } from './alternatives.ts';
import { counts, Search } from './search.ts';
import type { Alternative, Goal, SolveOptions } from './types.ts';
import { printed, same, satisfies } from './values.ts';

export { CAPTURED, REMOVED } from './types.ts';
export type { Alternative, Assignment, SolveOptions, SourceEdit } from './types.ts';

/**
 * Values that make an expression of a traced template print `text`: candidates, cheapest first, at most a dozen; none
 * where none is known, and then `options.reasons` says why. What it prints already needs no assignments, at no cost.
 * Never throws for what templates or texts may hold.
 */
export function solveText(
  expression: Expression,
  environment: Environment,
  text: string,
  options: SolveOptions,
): Alternative[] {
  const goal: Goal = { kind: 'text', text };
  return searched(options, () => {
    const search = new Search(environment, options);
    const found = search.solve(expression, environment, goal);
    return search.proven(found, expression, (value) => printed(value) === text);
  });
}

/** Values that make the expression have `value` (plain data, tuples as lists); otherwise as `solveText`. */
export function solveValue(
  expression: Expression,
  environment: Environment,
  value: Datum,
  options: SolveOptions,
): Alternative[] {
  const goal: Goal = { kind: 'value', value };
  return searched(options, () => {
    const search = new Search(environment, options);
    const now = search.current(expression, environment);
    if (satisfies(now, goal)) return search.solve(expression, environment, goal);
    const found =
      Array.isArray(value) && now instanceof Map
        ? search.elements(expression, environment, value)
        : search.solve(expression, environment, goal);
    return search.proven(found, expression, (result) => {
      if (Array.isArray(value) && result instanceof Map) return same([...result.keys()], value);
      return same(result, value);
    });
  });
}

/** Values that make the expression count as true, or as false; otherwise as `solveText`. */
export function solveTruth(
  expression: Expression,
  environment: Environment,
  wanted: boolean,
  options: SolveOptions,
): Alternative[] {
  return searched(options, () => {
    const search = new Search(environment, options);
    const found = search.truth(expression, environment, wanted);
    return search.proven(found, expression, (value) => counts(value, wanted));
  });
}

function searched(options: SolveOptions, search: () => Alternative[]): Alternative[] {
  try {
    return cheapest(search());
  } catch (error) {
    // Values nested without end exhaust the stack: no candidate, and nothing else is at stake.
    if (!(error instanceof RangeError)) throw error;
    options.reasons.add('the expression is too involved to be worked backwards');
    return [];
  }
}
