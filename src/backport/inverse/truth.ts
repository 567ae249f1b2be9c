import { Float } from '../../plan/yaml/node.ts';
import type {
  Comparison,
  ComparisonOperator,
  Expression,
  TestExpression,
} from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import { truthy } from '../../render/template/python/compare.ts';
import { asNumber } from '../../render/template/python/numbers.ts';
import { type Datum, elements, Undefined } from '../../render/template/values.ts';
import { combined, costlier, UNCHANGED } from './alternatives.ts';
import { remove } from './assign.ts';
import { placeOf } from './place.ts';
import type { Alternative, Guess, Solver } from './types.ts';
import { attempt, printed, same } from './values.ts';

const NO_VALUE = 'the condition needs a value that the edit does not give';
const WHICH_VALUE = 'the condition must fail, but does not say which value to take instead';
const THRESHOLD = 'a threshold does not say which value';

/** Filters whose result is empty, or zero, just where their input is. */
const AS_TRUE_AS_INPUT = new Set(['length', 'count', 'list']);

/** Ways to make an expression true or false. */
export function solveCondition(
  solver: Solver,
  expression: Expression,
  environment: Environment,
  wanted: boolean,
): Alternative[] {
  const value = solver.current(expression, environment);
  if (value !== undefined && attempt(() => truthy(value)) === wanted) return [UNCHANGED];
  const { kind } = expression;
  if (kind === 'unary' && expression.operator === 'not') {
    return solver.truth(expression.operand, environment, !wanted);
  }
  if (kind === 'logic') {
    const { operator, left, right } = expression;
    const sides = [left, right].map((side) => solver.truth(side, environment, wanted));
    return (operator === 'and') === wanted ? combined(sides) : sides.flat();
  }
  if (kind === 'comparison') return solveComparison(solver, expression, environment, wanted);
  if (kind === 'test') return solveTest(solver, expression, environment, wanted);
  if (kind === 'filter' && AS_TRUE_AS_INPUT.has(expression.name)) {
    return solver.truth(expression.input, environment, wanted);
  }
  if (kind === 'name' && !solver.isLocal(expression.name, environment)) {
    const origin = environment.binding(expression.name)?.origin;
    if (origin?.kind === 'expression' && origin.position.length === 0) {
      return solver.truth(origin.expression, origin.environment, wanted);
    }
  }
  return solver.guesses(expression, environment, truths(solver, value, wanted));
}

/** Values like the present one that are true, or false. */
function truths(solver: Solver, value: Datum | undefined, wanted: boolean): Guess[] {
  if (typeof value === 'boolean') return [{ value: wanted }];
  if (typeof value === 'number' || typeof value === 'bigint') {
    return [{ value: wanted ? 1 : 0, cost: 1 }];
  }
  if (wanted) {
    solver.why(NO_VALUE);
    const isNothing = value === undefined || value === null || value instanceof Undefined;
    return isNothing ? [{ value: true, cost: 5, doubt: NO_VALUE }] : [];
  }
  if (typeof value === 'string') {
    return [
      { value: '', cost: 4 },
      { value: false, cost: 5 },
    ];
  }
  if (value instanceof Map) return [{ value: new Map(), cost: 4 }];
  if (value instanceof Float) return [{ value: new Float(0), cost: 2 }];
  return value !== undefined && elements(value) ? [{ value: [], cost: 4 }] : [];
}

function solveComparison(
  solver: Solver,
  { first, rest }: Comparison,
  environment: Environment,
  wanted: boolean,
): Alternative[] {
  let left = first;
  const pairs = rest.map(({ operator, operand }) => {
    const pair = { left, operator, right: operand };
    left = operand;
    return pair;
  });
  const found = pairs.map((pair) => {
    const { left: a, right: b } = pair;
    const operator = wanted ? pair.operator : OPPOSITES[pair.operator];
    return solveRelation(solver, { left: a, right: b, operator, environment });
  });
  if (pairs.length === 1) return found.flat();
  solver.why('a chain of comparisons is not worked backwards');
  return [];
}

const OPPOSITES: Record<ComparisonOperator, ComparisonOperator> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  in: 'not in',
  'not in': 'in',
};

interface Relation {
  left: Expression;
  right: Expression;
  operator: ComparisonOperator;
  environment: Environment;
}

/** Ways to make `left operator right` true, which it is not. */
function solveRelation(solver: Solver, relation: Relation): Alternative[] {
  const { left, right, operator, environment } = relation;
  const [a, b] = [solver.current(left, environment), solver.current(right, environment)];
  switch (operator) {
    case '==':
      return [
        ...(usable(b) ? solver.guesses(left, environment, [{ value: b }]) : []),
        ...(usable(a) ? solver.guesses(right, environment, [{ value: a, cost: 0.5 }]) : []),
      ];
    case '!=': {
      if (typeof a === 'boolean') return solver.guesses(left, environment, [{ value: !a }]);
      if (left.kind === 'filter' && ['length', 'count'].includes(left.name) && a === 0) {
        solver.why(NO_VALUE);
        return [];
      }
      solver.why(WHICH_VALUE);
      return [];
    }
    case 'in':
      return solveMembership(solver, relation, { item: a, collection: b, wanted: true });
    case 'not in':
      return solveMembership(solver, relation, { item: a, collection: b, wanted: false });
    case '<':
    case '<=':
    case '>':
    case '>=':
      return solveThreshold(solver, relation, a, b);
  }
}

function usable(value: Datum | undefined): value is Datum {
  return value !== undefined && !(value instanceof Undefined);
}

function solveMembership(
  solver: Solver,
  { left, right, environment }: Relation,
  {
    item,
    collection,
    wanted,
  }: { item: Datum | undefined; collection: Datum | undefined; wanted: boolean },
): Alternative[] {
  if (!usable(item)) return [];
  const list = collection === undefined ? undefined : elements(collection);
  const found: Alternative[] = [];
  if (list) {
    const now = wanted ? [...list, item] : list.filter((other) => !same(other, item));
    found.push(...solver.guesses(right, environment, [{ value: now, cost: 0.2 }]));
    const [choice] = list;
    if (wanted && choice !== undefined && right.kind === 'list') {
      const doubt = list.length > 1 ? 'the condition holds for several values' : undefined;
      const guess = { value: choice, cost: list.length - 1, ...(doubt !== undefined && { doubt }) };
      found.push(...solver.guesses(left, environment, [guess]));
    }
  } else if (collection instanceof Map && typeof item === 'string' && !wanted) {
    const now = new Map(collection);
    now.delete(item);
    found.push(...solver.guesses(right, environment, [{ value: now, cost: 0.5 }]));
  }
  if (found.length === 0) solver.why(wanted ? NO_VALUE : WHICH_VALUE);
  return found;
}

/** The nearest number beyond a threshold. */
function solveThreshold(
  solver: Solver,
  { left, right, operator, environment }: Relation,
  a: Datum | undefined,
  b: Datum | undefined,
): Alternative[] {
  solver.why(THRESHOLD);
  if (left.kind === 'filter' && ['length', 'count'].includes(left.name)) {
    // Of all lengths, only none at all says which elements are left.
    const least = operator === '<' && b === 1;
    return least || (operator === '<=' && b === 0)
      ? solver.truth(left.input, environment, false)
      : [];
  }
  if (typeof a !== 'number' || typeof b !== 'number') return [];
  if (asNumber(a) === undefined) return [];
  const step = operator === '<' ? -1 : operator === '>' ? 1 : 0;
  return [
    ...solver.guesses(left, environment, [{ value: b + step, cost: 4, doubt: THRESHOLD }]),
    ...solver.guesses(right, environment, [{ value: a - step, cost: 5, doubt: THRESHOLD }]),
  ];
}

function solveTest(
  solver: Solver,
  expression: TestExpression,
  environment: Environment,
  wanted: boolean,
): Alternative[] {
  const { input, args } = expression;
  const name = expression.name.replace(/^ansible\.builtin\./, '');
  const value = solver.current(input, environment);
  const [argument] = args;
  const guess = (...guesses: Guess[]): Alternative[] => solver.guesses(input, environment, guesses);
  const relation = RELATIONS[name];
  if (relation && argument) {
    const operator = wanted ? relation : OPPOSITES[relation];
    const sides = name === 'contains' ? [argument, input] : [input, argument];
    const [left, right] = sides;
    return left && right ? solveRelation(solver, { left, right, operator, environment }) : [];
  }
  switch (name) {
    case 'defined':
    case 'undefined': {
      if ((name === 'defined') !== wanted) return undefine(solver, input, environment);
      solver.why(NO_VALUE);
      return guess({ value: true, cost: 6, doubt: NO_VALUE });
    }
    case 'none':
      if (wanted) return guess({ value: null });
      solver.why(NO_VALUE);
      return [];
    case 'true':
    case 'false':
      return guess({ value: (name === 'true') === wanted });
    case 'truthy':
    case 'falsy':
      return solver.truth(input, environment, (name === 'truthy') === wanted);
    case 'string': {
      const text = printed(value);
      return wanted && text !== undefined ? guess({ value: text, cost: 2 }) : [];
    }
    default:
      solver.why(`the test "${name}" does not say which value to take instead`);
      return [];
  }
}

const RELATIONS: Readonly<Record<string, ComparisonOperator>> = {
  '==': '==',
  eq: '==',
  equalto: '==',
  sameas: '==',
  '!=': '!=',
  ne: '!=',
  '<': '<',
  lt: '<',
  lessthan: '<',
  '<=': '<=',
  le: '<=',
  '>': '>',
  gt: '>',
  greaterthan: '>',
  '>=': '>=',
  ge: '>=',
  in: 'in',
  contains: 'in',
};

/** The key that an expression leads to goes. */
function undefine(solver: Solver, expression: Expression, environment: Environment): Alternative[] {
  const place = placeOf(solver, expression, environment);
  if (!place) {
    solver.why('it is not a parameter that could be left undefined');
    return [];
  }
  return costlier(
    remove(place, (reason) => solver.why(reason)),
    0,
  );
}
