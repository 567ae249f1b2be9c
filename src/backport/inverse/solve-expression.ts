import type { Expression } from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import { pathOf } from '../../render/template/paths.ts';
import type { Datum } from '../../render/template/values.ts';
import type { Alternative, SolveOptions } from './types.ts';

export { REMOVED } from './types.ts';
export type { Alternative, Assignment, SolveOptions, SourceEdit } from './types.ts';

/** Values that make the expression print `text`. Cheapest first; at most a dozen; empty where none is known. */
export function solveText(
  expression: Expression,
  environment: Environment,
  text: string,
  options: SolveOptions,
): Alternative[] {
  return solveValue(expression, environment, text, options);
}

/** Values that make the expression have `value`; as `solveText`. */
export function solveValue(
  expression: Expression,
  environment: Environment,
  value: Datum,
  options: SolveOptions,
): Alternative[] {
  const path = pathOf(expression, environment);
  if (!path) {
    options.reasons.add('the expression is more than a way to a parameter');
    return [];
  }
  const [name] = path;
  const local = typeof name === 'string' && (options.locals?.has(name) ?? false);
  return [{ assignments: [{ path, local, value }], edits: [], cost: 0 }];
}

/** Values that make the expression true, or false; as `solveText`. */
export function solveTruth(
  expression: Expression,
  environment: Environment,
  wanted: boolean,
  options: SolveOptions,
): Alternative[] {
  return solveValue(expression, environment, wanted, options);
}
