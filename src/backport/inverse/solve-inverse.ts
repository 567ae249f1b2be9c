import type { Expression } from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import type { Arguments } from '../../render/template/filters/filter.ts';
import { type Datum, Undefined } from '../../render/template/values.ts';
import { costlier } from './alternatives.ts';
import type { Inverse } from './filters/step.ts';
import type { Alternative, Goal, Solver } from './types.ts';
import { guessesFor, printed, same } from './values.ts';

/** How many inputs are tried, and how many of those that hit are followed. */
const MAX_TRIED = 400;
const MAX_FOLLOWED = 3;

interface Application {
  /** What is applied, for a person. */
  title: string;
  inverse: Inverse;
  input: Expression;
  environment: Environment;
  goal: Goal;
  output: Datum | undefined;
  args: Arguments;
  apply: (input: Datum) => Datum | undefined;
  /** Parts of the output follow from others: only those that are to change must be met. */
  isDerived?: boolean;
}

/** The alternatives for the input of a filter or method; only inputs that are seen to give the output are followed. */
export function solveInverse(solver: Solver, application: Application): Alternative[] {
  const { title, inverse, input, environment, goal, output, args, apply } = application;
  const isDerived = application.isDerived ?? false;
  const value = solver.current(input, environment);
  const old = value instanceof Undefined ? undefined : value;
  const found = guessesFor(goal, output).flatMap(({ value: wanted, cost = 0 }) => {
    const guesses = tried(() => inverse({ input: old, output, wanted, args, apply }));
    const hits: Datum[] = [];
    for (const guess of guesses.slice(0, MAX_TRIED)) {
      if (guess === undefined || hits.length >= MAX_FOLLOWED) continue;
      const result = apply(guess);
      if (result === undefined) continue;
      const isMet =
        meets(result, wanted, goal) || (isDerived && meetsChanges(result, output, wanted));
      if (!isMet) continue;
      if (!hits.some((hit) => same(hit, guess, true))) hits.push(guess);
    }
    return hits.flatMap((hit, i) => {
      const alternatives = solver.solve(input, environment, { kind: 'value', value: hit });
      return costlier(alternatives, cost + 0.1 + i / 4);
    });
  });
  if (found.length === 0) solver.why(`no input of ${title} is known that gives what is wanted`);
  return found;
}

/** An inverse may be given anything: what it cannot take has no answer. */
function tried(guess: () => readonly (Datum | undefined)[]): readonly (Datum | undefined)[] {
  try {
    return guess();
  } catch {
    return [];
  }
}

function meets(result: Datum, wanted: Datum, goal: Goal): boolean {
  return goal.kind === 'text' ? printed(result) === goal.text : same(result, wanted);
}

function meetsChanges(result: Datum, output: Datum | undefined, wanted: Datum): boolean {
  if (!(result instanceof Map) || !(output instanceof Map) || !(wanted instanceof Map))
    return false;
  return [...wanted].every(([key, part]) => {
    const [before, after] = [output.get(key), result.get(key)];
    const isChanged = before === undefined || !same(before, part);
    return !isChanged || (after !== undefined && same(after, part));
  });
}
