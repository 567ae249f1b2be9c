import type { DictExpression, ListExpression } from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import { elements } from '../../render/template/values.ts';
import { combined } from './alternatives.ts';
import type { Alternative, Goal, Solver } from './types.ts';
import { guessesFor } from './values.ts';

/** `[a, b]` and `(a, b)`: each element by itself. */
export function solveListDisplay(
  solver: Solver,
  expression: ListExpression,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const [guess] = guessesFor(goal, solver.current(expression, environment));
  const wanted = guess && elements(guess.value);
  if (!wanted || wanted.length !== expression.items.length) {
    solver.why('the template fixes how many elements there are');
    return [];
  }
  return combined(
    expression.items.map((item, i) =>
      solver.solve(item, environment, { kind: 'value', value: wanted[i] ?? null }),
    ),
  );
}

/** `{'a': x}`: each value by itself. */
export function solveDictDisplay(
  solver: Solver,
  expression: DictExpression,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const [guess] = guessesFor(goal, solver.current(expression, environment));
  const wanted = guess?.value;
  const keys = expression.entries.map(({ key }) => solver.current(key, environment));
  if (!(wanted instanceof Map) || wanted.size !== new Set(keys).size) {
    solver.why('the template fixes which keys there are');
    return [];
  }
  return combined(
    expression.entries.map(({ value }, i) => {
      const key = keys[i];
      const part = typeof key === 'string' ? wanted.get(key) : undefined;
      if (part !== undefined)
        return solver.solve(value, environment, { kind: 'value', value: part });
      solver.why('the template fixes which keys there are');
      return [];
    }),
  );
}
