import type { Expression, Name } from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import type { Origin, TracePiece } from '../../render/template/trace.ts';
import { Callable, type Datum, elements, Members, Tuple } from '../../render/template/values.ts';
import { assign, type Place } from './assign.ts';
import { type Part, solveParts } from './parts.ts';
import { CAPTURED, type Alternative, type Goal, type Solver } from './types.ts';
import { guessesFor, listOf, printed, sequenceLike } from './values.ts';

/** Follows a name to where it comes from: the context, `set`, `with`, a macro's argument or a loop. */
export function solveName(
  solver: Solver,
  { name }: Name,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const binding = environment.binding(name);
  const place = (path: string, local: boolean): Alternative[] =>
    assigned(solver, { path: [path], local, value: binding?.value }, goal);
  if (solver.isLocal(name, environment)) return place(name, true);
  if (!binding) return place(name, false);
  const { origin, value } = binding;
  if (!origin) {
    solver.why(whyFixed(name, value));
    return [];
  }
  switch (origin.kind) {
    case 'context':
      return place(origin.name, false);
    case 'expression':
      return solvePosition(solver, origin, goal);
    case 'element':
      return solveElement(solver, origin, goal);
    case 'captured':
      return solveCaptured(solver, origin, value, goal);
  }
}

function assigned(solver: Solver, place: Place, goal: Goal): Alternative[] {
  return guessesFor(goal, place.value).flatMap(({ value, cost = 0 }) =>
    assign(place, value, (reason) => solver.why(reason)).map((alternative) => ({
      ...alternative,
      cost: alternative.cost + cost,
    })),
  );
}

function whyFixed(name: string, value: Datum): string {
  if (name === 'loop') return 'it is counted by the loop';
  if (value instanceof Members) return `"${name}" is put together while the template is rendered`;
  if (value instanceof Callable) return `"${name}" is a function`;
  return `it cannot be told where "${name}" comes from`;
}

/** What was assigned from an expression, or from a part of it: `set a, b = x, y`. */
function solvePosition(
  solver: Solver,
  origin: Origin & { kind: 'expression' },
  goal: Goal,
): Alternative[] {
  const { expression, environment, position } = origin;
  const [first, ...rest] = position;
  if (first === undefined) return solver.solve(expression, environment, goal);
  if (expression.kind === 'tuple' || expression.kind === 'list') {
    const part = expression.items[first];
    if (!part) return [];
    return solvePosition(solver, { ...origin, expression: part, position: rest }, goal);
  }
  const whole = solver.current(expression, environment);
  const updates = whole === undefined ? [] : replacements(whole, position, goal);
  return updates.flatMap((value) =>
    solver.solve(expression, environment, { kind: 'value', value }),
  );
}

/** An element of what a loop goes over: the whole of it is wanted with that element replaced. */
function solveElement(
  solver: Solver,
  origin: Origin & { kind: 'element' },
  goal: Goal,
): Alternative[] {
  const { expression, environment, index, position } = origin;
  const all = elementsOf(solver.current(expression, environment));
  const element = all?.[index];
  if (!all || element === undefined) return [];
  return replacements(element, position, goal).flatMap((value) =>
    solver.elements(
      expression,
      environment,
      all.map((item, i) => (i === index ? value : item)),
    ),
  );
}

/** What a loop goes over, of any value. */
export function elementsOf(value: Datum | undefined): readonly Datum[] | undefined {
  return value instanceof Map ? [...value.keys()] : listOf(value);
}

/** A value with the part at a position replaced by what meets the goal. */
function replacements(value: Datum, [first, ...rest]: readonly number[], goal: Goal): Datum[] {
  if (first === undefined) return guessesFor(goal, value).map((guess) => guess.value);
  const items = elements(value);
  const part = items?.[first];
  if (!items || part === undefined) return [];
  return replacements(part, rest, goal).map((now) =>
    sequenceLike(
      value,
      items.map((item, i) => (i === first ? now : item)),
    ),
  );
}

/** The text of a `set` block: its pieces, side by side. */
function solveCaptured(
  solver: Solver,
  origin: Origin & { kind: 'captured' },
  value: Datum,
  goal: Goal,
): Alternative[] {
  const text = goal.kind === 'text' ? goal.text : goal.value;
  if (typeof text !== 'string' || typeof value !== 'string') return [];
  if (origin.filtered) {
    solver.why('the text of a set block went through filters');
    return [];
  }
  const parts = partsOf(solver, origin.nodes, value);
  if (!parts || parts.map((part) => part.text).join('') !== value) {
    solver.why('the text of a set block is more than text and expressions');
    return [];
  }
  return solveParts(parts, text);
}

function partsOf(solver: Solver, pieces: readonly TracePiece[], text: string): Part[] | undefined {
  const parts: Part[] = [];
  for (const piece of pieces) {
    if (piece.kind === 'literal') {
      const own = text.slice(piece.output.start, piece.output.end);
      parts.push({ text: own, fixed: true, solve: () => [] });
    } else if (piece.kind === 'hole' && !piece.body) {
      const { expression, environment } = piece;
      parts.push({
        text: printed(solver.current(expression, environment)) ?? '',
        fixed: false,
        solve: (wanted) => solver.solve(expression, environment, { kind: 'text', text: wanted }),
      });
    } else if (piece.kind === 'condition' || piece.kind === 'include') {
      const inner = partsOf(solver, piece.pieces, text);
      if (!inner) return undefined;
      parts.push(...inner);
    } else return undefined;
  }
  return parts;
}

/** What a `filter` block captured, where the caller asks for it. */
export function solveCapturedBlock(
  solver: Solver,
  expression: Expression,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  if (solver.isLocal(CAPTURED, environment)) {
    const place: Place = { path: [CAPTURED], local: true, value: environment.captured };
    return assigned(solver, place, goal);
  }
  solver.why('the text of a block is worked backwards with the block');
  return expression.kind === 'captured' ? [] : solver.solve(expression, environment, goal);
}

/** A pair of a key and its value, as `.items()` gives it. */
export function pairOf(value: Datum): [string, Datum] | undefined {
  const items = value instanceof Tuple || Array.isArray(value) ? elements(value) : undefined;
  const [key, content] = items ?? [];
  return items?.length === 2 && typeof key === 'string' && content !== undefined
    ? [key, content]
    : undefined;
}
