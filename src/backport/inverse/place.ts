import type { Expression } from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import type { Origin } from '../../render/template/trace.ts';
import { elements } from '../../render/template/values.ts';
import type { Place } from './assign.ts';
import type { Solver } from './types.ts';

/** Where the value of an expression stands, if the expression is no more than a way to it. */
export function placeOf(
  solver: Solver,
  expression: Expression,
  environment: Environment,
): Place | undefined {
  const value = solver.current(expression, environment);
  if (expression.kind === 'name') {
    const { name } = expression;
    if (solver.isLocal(name, environment)) return { path: [name], local: true, value };
    const binding = environment.binding(name);
    if (!binding) return { path: [name], local: false, value };
    return binding.origin && placeOfOrigin(solver, binding.origin, value);
  }
  if (expression.kind !== 'attribute' && expression.kind !== 'item') return undefined;
  const above = placeOf(solver, expression.object, environment);
  const key =
    expression.kind === 'attribute' ? expression.name : solver.current(expression.key, environment);
  if (!above || (typeof key !== 'string' && typeof key !== 'number')) return undefined;
  const size = above.value === undefined ? undefined : elements(above.value)?.length;
  const at = typeof key === 'number' && key < 0 && size !== undefined ? key + size : key;
  return { path: [...above.path, at], local: above.local, value };
}

function placeOfOrigin(solver: Solver, origin: Origin, value: Place['value']): Place | undefined {
  switch (origin.kind) {
    case 'context':
      return { path: [origin.name], local: false, value };
    case 'expression':
      if (origin.position.length > 0) return undefined;
      return placeOf(solver, origin.expression, origin.environment);
    case 'element': {
      const list = placeOf(solver, origin.expression, origin.environment);
      if (!list || list.value === undefined || !elements(list.value)) return undefined;
      const path = [...list.path, origin.index, ...origin.position];
      return { path, local: list.local, value };
    }
    case 'captured':
      return undefined;
  }
}
