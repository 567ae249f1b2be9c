import { Float } from '../../plan/yaml/node.ts';
import type {
  Binary,
  Concat,
  Conditional,
  Expression,
  Logic,
  Unary,
} from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import { truthy } from '../../render/template/python/compare.ts';
import { asNumber } from '../../render/template/python/numbers.ts';
import { binary, type BinaryOperator, signed } from '../../render/template/python/operators.ts';
import { type Datum, elements, Undefined } from '../../render/template/values.ts';
import { combined, costlier } from './alternatives.ts';
import { rightArguments, solvePrintf } from './formats.ts';
import { type Part, solveParts } from './parts.ts';
import { align } from './sequences.ts';
import type { Alternative, Goal, Solver } from './types.ts';
import { attempt, guessesFor, printed, same, satisfies } from './values.ts';

/** `a ~ b ~ c` */
export function solveConcat(
  solver: Solver,
  expression: Concat,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const text = goal.kind === 'text' ? goal.text : goal.value;
  if (typeof text !== 'string') return [];
  return solveParts(textParts(solver, expression.parts, environment), text);
}

function textParts(
  solver: Solver,
  expressions: readonly Expression[],
  environment: Environment,
): Part[] {
  return expressions.flatMap((part) =>
    isTextSum(solver, part, environment)
      ? textParts(solver, [part.left, part.right], environment)
      : [
          {
            text: printed(solver.current(part, environment)) ?? '',
            fixed: part.kind === 'literal',
            solve: (wanted: string) =>
              solver.solve(part, environment, { kind: 'text', text: wanted }),
          },
        ],
  );
}

function isTextSum(
  solver: Solver,
  expression: Expression,
  environment: Environment,
): expression is Binary {
  return (
    expression.kind === 'binary' &&
    expression.operator === '+' &&
    typeof solver.current(expression, environment) === 'string'
  );
}

/** `left operator right`: either side changes. */
export function solveBinary(
  solver: Solver,
  expression: Binary,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const { operator, left, right } = expression;
  const [a, b] = [solver.current(left, environment), solver.current(right, environment)];
  if (a === undefined || b === undefined) return [];
  if (operator === '+' && typeof a === 'string' && typeof b === 'string') {
    const text = goal.kind === 'text' ? goal.text : goal.value;
    if (typeof text !== 'string') return [];
    return solveParts(textParts(solver, [left, right], environment), text);
  }
  if (operator === '%' && typeof a === 'string') {
    return solvePrintf(a, rightArguments(solver, right, environment), goal);
  }
  const old = solver.current(expression, environment);
  return guessesFor(goal, old).flatMap(({ value, cost = 0 }) => {
    const found =
      operator === '+' && elements(a) && elements(b)
        ? solveListSum(solver, expression, environment, value)
        : solveArithmetic(solver, expression, environment, { a, b, value });
    return costlier(found, cost);
  });
}

function solveArithmetic(
  solver: Solver,
  { operator, left, right }: Binary,
  environment: Environment,
  { a, b, value }: { a: Datum; b: Datum; value: Datum },
): Alternative[] {
  if (asNumber(value) === undefined) {
    solver.why(`the result of ${operator} can only be a number`);
    return [];
  }
  const calculate = (by: BinaryOperator, x: Datum, y: Datum): Datum | undefined =>
    attempt(() => binary(by, x, y, environment.freshRun().fuel));
  const candidates = operands(operator, { a, b, value }, calculate);
  const hits = (x: Datum, y: Datum): boolean => {
    const result = calculate(operator, x, y);
    return result !== undefined && same(result, value);
  };
  const lefts = distinct(candidates.left.flatMap((guess) => kinds(guess, a))).filter((guess) =>
    hits(guess, b),
  );
  const rights = distinct(candidates.right.flatMap((guess) => kinds(guess, b))).filter((guess) =>
    hits(a, guess),
  );
  if (lefts.length + rights.length === 0) {
    solver.why(`no number gives that result with ${operator}`);
  }
  const solve = (side: Expression, guesses: Datum[]): Alternative[] =>
    guesses
      .slice(0, 2)
      .flatMap((guess, i) =>
        costlier(solver.solve(side, environment, { kind: 'value', value: guess }), 0.1 + i * 0.5),
      );
  return [...solve(left, lefts), ...costlier(solve(right, rights), 0.2)];
}

function operands(
  operator: BinaryOperator,
  { a, b, value }: { a: Datum; b: Datum; value: Datum },
  calculate: (by: BinaryOperator, x: Datum, y: Datum) => Datum | undefined,
): { left: Datum[]; right: Datum[] } {
  const then = (
    by: BinaryOperator,
    x: Datum | undefined,
    y: Datum | undefined,
  ): Datum | undefined => (x === undefined || y === undefined ? undefined : calculate(by, x, y));
  switch (operator) {
    case '+':
      return { left: given(calculate('-', value, b)), right: given(calculate('-', value, a)) };
    case '-':
      return { left: given(calculate('+', value, b)), right: given(calculate('-', a, value)) };
    case '*':
      return {
        left: given(calculate('//', value, b), calculate('/', value, b)),
        right: given(calculate('//', value, a), calculate('/', value, a)),
      };
    case '/':
      return { left: given(calculate('*', value, b)), right: given(calculate('/', a, value)) };
    case '//': {
      const least = calculate('*', value, b);
      const remainder = calculate('%', a, b);
      return {
        left: given(then('+', least, remainder), least),
        right: given(calculate('//', a, value)),
      };
    }
    case '%': {
      const base = then('-', a, calculate('%', a, b));
      return { left: given(then('+', base, value)), right: given(calculate('-', a, value)) };
    }
    case '**': {
      const [power, base, result] = [b, a, value].map((side) => asFloat(side));
      const root = Math.round((result ?? NaN) ** (1 / (power ?? NaN)));
      const exponent = Math.round(Math.log(result ?? NaN) / Math.log(base ?? NaN));
      return { left: safeOnly(root), right: safeOnly(exponent) };
    }
  }
}

function given(...guesses: (Datum | undefined)[]): Datum[] {
  return guesses.filter((guess) => guess !== undefined);
}

function safeOnly(guess: number): Datum[] {
  return Number.isSafeInteger(guess) ? [guess] : [];
}

function asFloat(value: Datum): number {
  const number = asNumber(value);
  return number instanceof Float ? number.value : Number(number);
}

/** The number in the kind of the old one first: 3.0 for a whole number is 3. */
function kinds(value: Datum, old: Datum): Datum[] {
  if (value instanceof Float && !(old instanceof Float) && Number.isSafeInteger(value.value)) {
    return [value.value, value];
  }
  if (old instanceof Float && typeof value === 'number') return [new Float(value), value];
  return [value];
}

function distinct(values: readonly Datum[]): Datum[] {
  return values.filter((value, i) => values.findIndex((other) => same(other, value)) === i);
}

/** Two lists as one: each element that changed belongs to the list that it came from. */
function solveListSum(
  solver: Solver,
  { left, right }: Binary,
  environment: Environment,
  value: Datum,
): Alternative[] {
  const wanted = elements(value);
  const [a, b] = [left, right].map((side) => elements(solver.current(side, environment) ?? null));
  if (!wanted || !a || !b) return [];
  const now: [Datum[], Datum[]] = [[], []];
  let isRight = false;
  for (const { from, to } of align([...a, ...b], wanted)) {
    if (from !== undefined) isRight = from >= a.length;
    if (to !== undefined) now[isRight ? 1 : 0].push(wanted[to] ?? null);
  }
  return combined([
    solver.solve(left, environment, { kind: 'value', value: now[0] }),
    solver.solve(right, environment, { kind: 'value', value: now[1] }),
  ]);
}

/** `-x`, `+x` */
export function solveSign(
  solver: Solver,
  { operator, operand }: Unary,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const inner = solver.current(operand, environment);
  const old = inner && operator !== 'not' ? attempt(() => signed(operator, inner)) : undefined;
  return guessesFor(goal, old).flatMap(({ value }) => {
    const now = operator === 'not' ? undefined : attempt(() => signed(operator, value));
    return now === undefined
      ? []
      : solver.solve(operand, environment, { kind: 'value', value: now });
  });
}

/** `left and right`, `left or right`: the value of the side that decides, or of the other one. */
export function solveLogic(
  solver: Solver,
  { operator, left, right }: Logic,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const a = solver.current(left, environment);
  const truth = a === undefined || a instanceof Undefined ? undefined : attempt(() => truthy(a));
  if (truth === undefined) return [];
  const decides = operator === 'or';
  const turned = costlier(solver.truth(left, environment, !truth), 1);
  if (truth === decides) {
    const other = solver.solve(right, environment, goal);
    return [...solver.solve(left, environment, goal), ...combined([turned, other])];
  }
  return [
    ...solver.solve(right, environment, goal),
    ...costlier(solver.solve(left, environment, goal), 1),
  ];
}

/** `consequent if test else alternate`: the arm that is taken changes, or the other is taken. */
export function solveConditional(
  solver: Solver,
  { test, consequent, alternate }: Conditional,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const value = solver.current(test, environment);
  const truth = value === undefined ? undefined : attempt(() => truthy(value));
  if (truth === undefined) return [];
  const [taken, other] = truth ? [consequent, alternate] : [alternate, consequent];
  const stays = taken ? solver.solve(taken, environment, goal) : [];
  const isThere = other
    ? satisfies(solver.current(other, environment), goal)
    : goal.kind === 'text' && goal.text === '';
  const flipped = solver.truth(test, environment, !truth);
  if (isThere) return [...costlier(stays, 0.5), ...costlier(flipped, 0.3)];
  if (!other) return stays;
  return [...stays, ...costlier(combined([flipped, solver.solve(other, environment, goal)]), 4)];
}
