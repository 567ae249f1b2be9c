import { Tagged } from '../../plan/yaml/node.ts';
import type { Expression } from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import { truthy } from '../../render/template/python/compare.ts';
import type { Datum } from '../../render/template/values.ts';
import { cheapest, costlier, UNCHANGED } from './alternatives.ts';
import { solveCall } from './calls.ts';
import { solveDictDisplay, solveListDisplay } from './displays.ts';
import { Evaluator, Unknown } from './evaluator.ts';
import { solveFilter } from './filters/solve-filter.ts';
import { solveLiteral } from './literals.ts';
import { solveMember, solveSlice } from './members.ts';
import { solveCapturedBlock, solveName } from './names.ts';
import { solveBinary, solveConcat, solveConditional, solveLogic, solveSign } from './operators.ts';
import { mapWithKeys } from './sequences.ts';
import { solveCondition } from './truth.ts';
import type { Alternative, Goal, Guess, SolveOptions, Solver } from './types.ts';
import { attempt, guessesFor, satisfies } from './values.ts';

/** How many expressions one search looks at, and how deep. */
const MAX_STEPS = 3000;
const MAX_DEPTH = 60;

/** One search for what an expression is made of; bounded, and without errors for odd input. */
export class Search implements Solver {
  private readonly root: Environment;
  private readonly options: SolveOptions;
  private readonly present: Evaluator;
  private steps = 0;
  private depth = 0;

  constructor(root: Environment, options: SolveOptions) {
    this.root = root;
    this.options = options;
    this.present = this.evaluator([]);
  }

  why(reason: string): void {
    this.options.reasons.add(reason);
  }

  /** A name is local where it is the very variable that the caller named. */
  isLocal(name: string, environment: Environment): boolean {
    if (!this.options.locals?.has(name)) return false;
    return (
      environment === this.root ||
      environment.binding(name)?.origin === this.root.binding(name)?.origin
    );
  }

  current(expression: Expression, environment: Environment): Datum | undefined {
    return attempt(() => this.present.evaluate(expression, environment));
  }

  solve(expression: Expression, environment: Environment, goal: Goal): Alternative[] {
    return this.step(() => {
      const value = this.current(expression, environment);
      if (satisfies(value, goal)) return [UNCHANGED];
      if (value instanceof Tagged) {
        this.why('the value is a secret');
        return [];
      }
      return this.dispatch(expression, environment, goal);
    });
  }

  truth(expression: Expression, environment: Environment, wanted: boolean): Alternative[] {
    return this.step(() => solveCondition(this, expression, environment, wanted));
  }

  guesses(
    expression: Expression,
    environment: Environment,
    guesses: readonly Guess[],
  ): Alternative[] {
    return guesses.flatMap(({ value, cost = 0, doubt }) =>
      costlier(this.solve(expression, environment, { kind: 'value', value }), cost, doubt),
    );
  }

  elements(
    expression: Expression,
    environment: Environment,
    elements: readonly Datum[],
  ): Alternative[] {
    const value = this.current(expression, environment);
    const wanted = value instanceof Map ? mapWithKeys(value, elements) : [...elements];
    if (wanted === undefined) {
      this.why('a new key has no value');
      return [];
    }
    return this.solve(expression, environment, { kind: 'value', value: wanted });
  }

  /** Those that meet the goal when evaluated again, or of which that cannot be told here. */
  proven(
    alternatives: readonly Alternative[],
    expression: Expression,
    meets: (value: Datum) => boolean,
  ): Alternative[] {
    return cheapest(alternatives).filter((alternative) => {
      const { assignments, edits } = alternative;
      if (edits.length > 0) return true;
      try {
        return meets(this.evaluator(assignments).evaluate(expression, this.root));
      } catch (error) {
        return error instanceof Unknown;
      }
    });
  }

  private evaluator(assignments: Alternative['assignments']): Evaluator {
    return new Evaluator(assignments, (name, environment) => this.isLocal(name, environment));
  }

  private step(search: () => Alternative[]): Alternative[] {
    if (this.steps >= MAX_STEPS || this.depth >= MAX_DEPTH) {
      this.why('the expression is too involved to be worked backwards');
      return [];
    }
    this.steps += 1;
    this.depth += 1;
    try {
      return cheapest(search());
    } finally {
      this.depth -= 1;
    }
  }

  private dispatch(expression: Expression, environment: Environment, goal: Goal): Alternative[] {
    switch (expression.kind) {
      case 'literal':
        return solveLiteral(this, expression, environment, goal);
      case 'name':
        return solveName(this, expression, environment, goal);
      case 'captured':
        return solveCapturedBlock(this, expression, environment, goal);
      case 'list':
      case 'tuple':
        return solveListDisplay(this, expression, environment, goal);
      case 'dict':
        return solveDictDisplay(this, expression, environment, goal);
      case 'attribute':
      case 'item':
        return solveMember(this, expression, environment, goal);
      case 'slice':
        return solveSlice(this, expression, environment, goal);
      case 'call':
        return solveCall(this, expression, environment, goal);
      case 'filter':
        return solveFilter(this, expression, environment, goal);
      case 'unary':
        if (expression.operator === 'not') return this.boolean(expression, environment, goal);
        return solveSign(this, expression, environment, goal);
      case 'binary':
        return solveBinary(this, expression, environment, goal);
      case 'concat':
        return solveConcat(this, expression, environment, goal);
      case 'comparison':
      case 'test':
        return this.boolean(expression, environment, goal);
      case 'logic':
        return solveLogic(this, expression, environment, goal);
      case 'conditional':
        return solveConditional(this, expression, environment, goal);
    }
  }

  /** What is only ever true or false. */
  private boolean(expression: Expression, environment: Environment, goal: Goal): Alternative[] {
    const [wanted] = guessesFor(goal, true);
    if (typeof wanted?.value !== 'boolean') {
      this.why('the expression is only ever True or False');
      return [];
    }
    return this.truth(expression, environment, wanted.value);
  }
}

/** Whether a value counts as true, or as false. */
export function counts(value: Datum, wanted: boolean): boolean {
  return attempt(() => truthy(value)) === wanted;
}
