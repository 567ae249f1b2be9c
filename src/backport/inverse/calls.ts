import type { Call, Expression } from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import { Arguments } from '../../render/template/filters/filter.ts';
import { callMethod } from '../../render/template/methods.ts';
import { type Datum, elements, Members } from '../../render/template/values.ts';
import { combined, costlier } from './alternatives.ts';
import { inverses } from './filters/inverses.ts';
import type { Inverse } from './filters/step.ts';
import { argumentsOf, solveFormat } from './formats.ts';
import { mapOfPairs, mapWithKeys } from './sequences.ts';
import { solveInverse } from './solve-inverse.ts';
import type { Alternative, Goal, Solver } from './types.ts';
import { attempt, guessesFor, plain } from './values.ts';

const valuesOf: Inverse = ({ input, wanted }) => {
  const values = elements(wanted);
  if (!(input instanceof Map) || !values || values.length !== input.size) return [];
  return [new Map([...input.keys()].map((key, i) => [key, values[i] ?? null]))];
};

const keysOf: Inverse = ({ input, wanted }) => {
  const keys = elements(wanted);
  return input instanceof Map && keys ? [mapWithKeys(input, keys)] : [];
};

const itemsOf: Inverse = ({ input, wanted }) => {
  const pairs = elements(wanted);
  return input instanceof Map && pairs ? [mapOfPairs(input, pairs)] : [];
};

const linesOf: Inverse = ({ input, wanted }) => {
  const lines = elements(wanted);
  if (!lines?.every((line) => typeof line === 'string')) return [];
  const end = typeof input === 'string' && input.endsWith('\n') ? '\n' : '';
  return [lines.join('\n') + end];
};

const unfilled: Inverse = ({ wanted }) =>
  typeof wanted === 'string' ? [wanted, wanted.replace(/^([-+]?)0+(?=\d)/, '$1')] : [];

/** Methods that are worked backwards as filters are. */
const methods: Readonly<Record<string, Inverse | undefined>> = {
  values: valuesOf,
  keys: keysOf,
  items: itemsOf,
  splitlines: linesOf,
  zfill: unfilled,
  upper: inverses.get('upper'),
  lower: inverses.get('lower'),
  capitalize: inverses.get('capitalize'),
  title: inverses.get('title'),
  strip: inverses.get('trim'),
  lstrip: inverses.get('trim'),
  rstrip: inverses.get('trim'),
  replace: inverses.get('replace'),
  split: inverses.get('split'),
};

/** A call: methods of text, lists and mappings; what a macro writes is worked backwards piece by piece elsewhere. */
export function solveCall(
  solver: Solver,
  expression: Call,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const { callee, args, keywords } = expression;
  const object =
    callee.kind === 'attribute' ? solver.current(callee.object, environment) : undefined;
  if (callee.kind === 'name' && callee.name === 'range') {
    return solveRange(solver, expression, environment, goal);
  }
  if (callee.kind !== 'attribute' || object instanceof Members) {
    const isLoop = callee.kind === 'attribute' && callee.object.kind === 'name';
    const name = environment.source.slice(callee.start, callee.end);
    solver.why(
      isLoop && name.startsWith('loop.')
        ? 'it is counted by the loop'
        : `what ${name}() gives is not worked backwards`,
    );
    return [];
  }
  const method = { solver, expression, environment, goal, object, receiver: callee.object };
  if (callee.name === 'get' && object instanceof Map) return solveGet(method, object);
  if (callee.name === 'join' && typeof object === 'string') return solveJoin(method, object);
  if (callee.name === 'format' && typeof object === 'string') {
    const named = new Map(keywords.map(({ name, value }) => [name, value]));
    return solveFormat(object, argumentsOf(solver, environment, args, named), goal);
  }
  const inverse = Object.hasOwn(methods, callee.name) ? methods[callee.name] : undefined;
  const values = args.map((arg) => solver.current(arg, environment));
  if (!inverse || !values.every((value) => value !== undefined)) {
    solver.why(`.${callee.name}() is not worked backwards`);
    return [];
  }
  return solveInverse(solver, {
    title: `.${callee.name}()`,
    inverse,
    input: callee.object,
    environment,
    goal,
    output: solver.current(expression, environment),
    args: new Arguments(values, [], new Map()),
    apply: (input) =>
      attempt(() =>
        plain(callMethod(input, callee.name, values, new Map(), environment.freshRun())),
      ),
  });
}

interface Method {
  solver: Solver;
  expression: Call;
  environment: Environment;
  goal: Goal;
  receiver: Expression;
}

/** `range(…)`: numbers that follow each other, of which the first and the last say how many. */
function solveRange(
  solver: Solver,
  { args }: Call,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const wanted = goal.kind === 'value' ? elements(goal.value) : undefined;
  const [first, second] = args;
  const start = wanted?.[0] ?? 0;
  const follow = wanted?.every((item, i) => typeof start === 'number' && item === start + i);
  if (!wanted || !first || typeof start !== 'number' || !follow || args.length > 2) {
    solver.why('range() gives numbers that follow each other');
    return [];
  }
  const end = start + wanted.length;
  if (!second) {
    return start === 0 ? solver.guesses(first, environment, [{ value: end, cost: 0.1 }]) : [];
  }
  return combined([
    solver.guesses(first, environment, [{ value: start, cost: 0.1 }]),
    solver.guesses(second, environment, [{ value: end, cost: 0.1 }]),
  ]);
}

/** `map.get(key, default)` */
function solveGet(
  { solver, expression, environment, goal, receiver }: Method,
  map: Map<string, Datum>,
): Alternative[] {
  const [key, fallback] = expression.args;
  const name = key && solver.current(key, environment);
  if (typeof name !== 'string') return [];
  const isThere = map.has(name);
  const old = solver.current(expression, environment);
  const set = guessesFor(goal, old).flatMap(({ value, cost = 0 }) => {
    const wanted = new Map(map).set(name, value);
    return costlier(solver.guesses(receiver, environment, [{ value: wanted }]), cost);
  });
  const other = !isThere && fallback ? solver.solve(fallback, environment, goal) : [];
  return [...set, ...costlier(other, 1)];
}

/** `', '.join(list)` */
function solveJoin(
  { solver, expression, environment, goal }: Method,
  separator: string,
): Alternative[] {
  const [list] = expression.args;
  const inverse = inverses.get('join');
  if (!list || !inverse) return [];
  return solveInverse(solver, {
    title: '.join()',
    inverse,
    input: list,
    environment,
    goal,
    output: solver.current(expression, environment),
    args: new Arguments([separator, undefined], [], new Map()),
    apply: (input) =>
      attempt(() => callMethod(separator, 'join', [input], new Map(), environment.freshRun())),
  });
}
