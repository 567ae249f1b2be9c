import { closestMatch } from 'leven';

import { InvalidInput } from '../../model/errors.ts';
import type { Position, Problem } from '../../model/problem.ts';
import { nameHint } from './name-hints.ts';

/** An expression of a template: a range of its source. */
export interface Place {
  file: string;
  source: string;
  start: number;
  end: number;
}

interface FaultOptions {
  /** Where, in the template that is being compiled or rendered. */
  offset?: number;
  /** Where, if it can be another template. */
  place?: Place;
  hint?: string;
  /** The undefined name that it is about, for a guess at what was meant. */
  unknownName?: string;
}

/**
 * What goes wrong inside a template. Where it does not say where, the evaluator knows which expression it was at. It
 * never leaves the template language: users see an `InvalidInput` with file, line and column.
 */
export class Fault extends Error {
  override name = 'Fault';
  readonly offset: number | undefined;
  readonly place: Place | undefined;
  readonly hint: string | undefined;
  readonly unknownName: string | undefined;

  constructor(message: string, options: FaultOptions = {}) {
    super(message);
    this.offset = options.offset;
    this.place = options.place;
    this.hint = options.hint;
    this.unknownName = options.unknownName;
  }
}

/** Stands where no value can come to. */
export function unreachable(value: never): never {
  throw new TypeError(`unexpected ${JSON.stringify(value)}`);
}

/** Line and column (from 1, in UTF-16 code units) of an offset of a template's source. */
export function positionAt(file: string, source: string, offset: number): Position {
  let line = 1;
  let start = 0;
  for (let at = source.indexOf('\n'); at >= 0 && at < offset; at = source.indexOf('\n', at + 1)) {
    line += 1;
    start = at + 1;
  }
  return { file, line, column: offset - start + 1 };
}

/**
 * The error that users see for whatever was thrown at an offset of a template; `names` are those that an undefined
 * name could have been. Anything but a Fault is handed on, save for an exhausted stack: values nested too deeply.
 */
export function located(
  error: unknown,
  at: { file: string; source: string; offset: number },
  names: Iterable<string> = [],
): unknown {
  if (error instanceof RangeError && /call stack/.test(error.message)) {
    return located(new Fault('the value is nested too deeply'), at);
  }
  if (!(error instanceof Fault)) return error;
  const { place, offset, unknownName } = error;
  const position = place
    ? positionAt(place.file, place.source, place.start)
    : positionAt(at.file, at.source, offset ?? at.offset);
  const problem: Problem = { message: error.message, position };
  const hint =
    error.hint ?? (unknownName && (nameHint(unknownName) ?? nearest(unknownName, names)));
  if (hint) problem.hint = hint;
  return new InvalidInput([problem]);
}

function nearest(name: string, names: Iterable<string>): string | undefined {
  const found = closestMatch(name, [...names], { maxDistance: Math.ceil(name.length / 3) });
  return found === undefined ? undefined : `did you mean "${found}"?`;
}
