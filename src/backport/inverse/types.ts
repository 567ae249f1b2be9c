import type { YamlPath } from '../../plan/yaml/node.ts';
import type { Expression } from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import type { Datum } from '../../render/template/values.ts';

/** Stands for the value of a key that is to go. */
export const REMOVED: unique symbol = Symbol('removed');

/** What the plan is to say at a path of the names that templates see. */
export interface Assignment {
  /** For a local it begins with the local's name. */
  path: YamlPath;
  /** The path starts at a name of `locals`, not in the context. */
  local: boolean;
  /** Plain data only: null, boolean, number, bigint, text, Float, and lists and mappings of these. */
  value: Datum | typeof REMOVED;
}

/** Text of a template that is to change, such as a literal in an expression; UTF-16 offsets in the template's file. */
export interface SourceEdit {
  file: string;
  start: number;
  end: number;
  text: string;
}

/** One way in which an expression would give what is wanted. */
export interface Alternative {
  assignments: Assignment[];
  edits: SourceEdit[];
  /** How far it is from the likeliest thing to have been meant, which costs nothing. */
  cost: number;
  /** Why this may not be what was meant. */
  doubt?: string;
}

export interface SolveOptions {
  /**
   * Names that are not followed to where they come from: loop variables of an element that is being made anew. With
   * `CAPTURED` among them, so is the text that a `filter` block or a `set` block with filters captured.
   */
  locals?: ReadonlySet<string>;
  /** Collects, in words for a person, why there is no (or no better) answer. */
  reasons: Set<string>;
}

/** The local that stands for captured text; no name of a template looks like it. */
export const CAPTURED = '(captured)';

/** What an expression is to give: a value, or any value that prints as a text. */
export type Goal = { kind: 'value'; value: Datum } | { kind: 'text'; text: string };

/** A value that may be the one looked for. */
export interface Guess {
  value: Datum;
  cost?: number;
  doubt?: string;
}

/** What the parts of the inverse ask of each other. */
export interface Solver {
  solve(expression: Expression, environment: Environment, goal: Goal): Alternative[];
  truth(expression: Expression, environment: Environment, wanted: boolean): Alternative[];
  /** Alternatives for guesses of an expression's value, each with its cost. */
  guesses(
    expression: Expression,
    environment: Environment,
    guesses: readonly Guess[],
  ): Alternative[];
  /** The elements that going through an expression is to give. */
  elements(
    expression: Expression,
    environment: Environment,
    elements: readonly Datum[],
  ): Alternative[];
  /** The present value; what is gone through once as a list; undefined where there is none but an error. */
  current(expression: Expression, environment: Environment): Datum | undefined;
  isLocal(name: string, environment: Environment): boolean;
  /** Notes why something has no (better) answer. */
  why(reason: string): void;
}
