import { Float } from '../../plan/yaml/node.ts';
import type { Literal } from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import { showFloat } from '../../render/template/python/numbers.ts';
import type { Datum } from '../../render/template/values.ts';
import type { Alternative, Goal, Solver } from './types.ts';
import { guessesFor } from './values.ts';

/** Editing a template changes it for every site that uses it. */
const EDIT_COST = 20;

/** The edit of a literal in a template that gives what is wanted. */
export function solveLiteral(
  solver: Solver,
  literal: Literal,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const { start, end, value } = literal;
  const [guess] = guessesFor(goal, value);
  const written = environment.source.slice(start, end);
  const text = guess && literalText(guess.value, written);
  if (text === undefined) {
    solver.why('what is wanted cannot be written as a literal in the template');
    return [];
  }
  const kindChanges = typeof guess?.value !== typeof value;
  return [
    {
      assignments: [],
      edits: [{ file: environment.file, start, end, text }],
      cost: EDIT_COST + (kindChanges ? 5 : 0),
    },
  ];
}

/** How a scalar is written in a template; text with the quotes that the old literal has. */
function literalText(value: Datum, written: string): string | undefined {
  if (value === null) return written.startsWith('N') ? 'None' : 'none';
  if (typeof value === 'boolean') {
    const word = String(value);
    return /^[TF]/.test(written) ? word.charAt(0).toUpperCase() + word.slice(1) : word;
  }
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof Float)
    return Number.isFinite(value.value) ? showFloat(value.value) : undefined;
  if (typeof value !== 'string' || /[{%#][{%#}]|[%#-]\}|\p{C}/u.test(value.replaceAll('\n', ''))) {
    return undefined;
  }
  const mark = written.startsWith('"') ? '"' : "'";
  const other = mark === '"' ? "'" : '"';
  const quote = value.includes(mark) && !value.includes(other) ? other : mark;
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return quote + escaped.replaceAll(quote, `\\${quote}`) + quote;
}
