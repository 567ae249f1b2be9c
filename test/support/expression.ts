import type { Alternative, Assignment } from '../../src/backport/inverse/solve-expression.ts';
import { REMOVED } from '../../src/backport/inverse/solve-expression.ts';
import { Float, type Value } from '../../src/plan/yaml/node.ts';
import { compileTemplate } from '../../src/render/template/template.ts';
import type { Hole, TracePiece } from '../../src/render/template/trace.ts';

/** What tests write for a value: numbers with a fraction are floats, objects are mappings. */
export type Plain = Value | Plain[] | { [key: string]: Plain };

/** The value of the plan that a test means. */
export function value(plain: Plain): Value {
  if (typeof plain === 'number') return Number.isInteger(plain) ? plain : new Float(plain);
  if (Array.isArray(plain)) return plain.map((item) => value(item));
  if (typeof plain !== 'object' || plain === null || plain.constructor !== Object) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all other kinds were looked at
    return plain as Value;
  }
  return new Map(Object.entries(plain).map(([key, item]) => [key, value(item)]));
}

/** The names that a template sees. */
export function context(plain: Record<string, Plain>): Map<string, Value> {
  return new Map(Object.entries(plain).map(([key, item]) => [key, value(item)]));
}

/** What the `which`-th (from 0) expression of a template printed. */
export function holeOf(source: string, values: ReadonlyMap<string, Value>, which = 0): Hole {
  const trace = compileTemplate('t.j2', source).trace(values);
  const hole = holes(trace.pieces)[which];
  if (!hole) throw new Error('the template has no such expression');
  return hole;
}

function holes(pieces: readonly TracePiece[]): Hole[] {
  return pieces.flatMap((piece): Hole[] => {
    if (piece.kind === 'hole') return [piece, ...holes(piece.body ?? [])];
    if (piece.kind === 'loop') return piece.iterations.flatMap((turn) => holes(turn.pieces));
    if (piece.kind === 'literal') return [];
    return holes(piece.kind === 'filtered' ? piece.captured.pieces : piece.pieces);
  });
}

/** The template and its values as an alternative wants them. */
export function applied(
  source: string,
  values: ReadonlyMap<string, Value>,
  { assignments, edits }: Alternative,
): { source: string; values: Map<string, Value> } {
  let text = source;
  for (const { start, end, text: now } of edits.toSorted((a, b) => b.start - a.start)) {
    text = text.slice(0, start) + now + text.slice(end);
  }
  let result = new Map(values);
  for (const assignment of assignments) {
    const changed = assigned(result, assignment.path, assignment.value);
    if (changed instanceof Map) result = changed;
  }
  return { source: text, values: result };
}

function assigned(
  old: Value | undefined,
  [key, ...rest]: Assignment['path'],
  wanted: Assignment['value'],
): Value | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- alternatives hold plain data
  if (key === undefined) return wanted === REMOVED ? undefined : (wanted as Value);
  if (typeof key === 'number') {
    const list = Array.isArray(old) ? [...old] : [];
    const item = assigned(list[key], rest, wanted);
    if (item === undefined) list.splice(key, 1);
    else list[key] = item;
    return list;
  }
  const map: Map<string, Value> = old instanceof Map ? new Map(old) : new Map();
  const item = assigned(map.get(key), rest, wanted);
  if (item === undefined) map.delete(key);
  else map.set(key, item);
  return map;
}
