import type { Statement } from '../../render/template/ast.ts';
import type { Hole, LoopPiece } from '../../render/template/trace.ts';
import { breaksLine, endsOf, type Stretch, unlikeness } from './readings.ts';
import { leavesOf } from './traced-text.ts';

type Iteration = LoopPiece['iterations'][number];
type Expression = Hole['expression'];

/** A value in the text of an iteration. */
export interface ShapeValue {
  expression: Expression;
  /** Absent where no iteration has been rendered. */
  hole?: Hole;
}

/** How the text of an iteration is made: fixed text and values. */
export interface Shape {
  stretches: Stretch[];
  /** The values, by the index of their stretch. */
  values: Map<number, ShapeValue>;
  /** An iteration that is made so; undefined where the loop has rendered none. */
  sample: Iteration | undefined;
}

/** A stretch of text read as an iteration. */
export interface Iterated {
  shape: Shape;
  text: string;
  /** The text of each stretch of the shape. */
  reading: string[];
}

/** More ways of reading a loop's text are not tried (steps); nor more ways for one iteration. */
const MAX_STEPS = 3000;
const MAX_WAYS = 6;
const MAX_WAY_STEPS = 400;

/** Reads a text as iterations of a loop; undefined where it is no such text. */
export function readIterations(was: string, loop: LoopPiece, text: string): Iterated[] | undefined {
  const known = loop.iterations.map((iteration) => shapeOf(was, iteration));
  const shapes = differing(known);
  if (shapes.length === 0) {
    const shape = shapeOfBody(loop.node.body);
    if (shape) shapes.push(shape);
  }
  const olds = known.map(({ stretches }) => stretches.map((one) => one.text).join(''));
  const dead = new Set<number>();
  const read: Iterated[] = [];
  let steps = 0;
  const from = (at: number): boolean => {
    if (at === text.length) return true;
    steps += 1;
    if (steps > MAX_STEPS || dead.has(at)) return false;
    const { length } = read;
    for (const one of waysFrom(at, length)) {
      read.push(one);
      if (from(at + one.text.length)) return true;
      read.length = length;
    }
    dead.add(at);
    return false;
  };
  const waysFrom = (at: number, index: number): Iterated[] => {
    const asBefore = [olds[index], ...olds]
      .filter((old) => old !== undefined && old !== '' && text.startsWith(old, at))
      .map((old): Iterated => {
        const shape = known[olds.indexOf(old!)]!;
        return { shape, text: old!, reading: shape.stretches.map((one) => one.text) };
      });
    const anew = shapes.flatMap((shape) => matches(shape, text, at));
    const strange = (one: Iterated): number =>
      one.reading.reduce((sum, value, i) => {
        const old = one.shape.stretches[i]!.text;
        return value === old ? sum : sum + unlikeness(old, value);
      }, 0);
    return [...asBefore, ...anew.toSorted((a, b) => strange(a) - strange(b))];
  };
  return from(0) ? read : undefined;
}

/** The ways in which a text goes on with an iteration of a shape. */
function matches(shape: Shape, text: string, start: number): Iterated[] {
  const { stretches } = shape;
  const found: Iterated[] = [];
  const reading: string[] = [];
  let steps = 0;
  const go = (index: number, at: number): void => {
    steps += 1;
    if (found.length >= MAX_WAYS || steps > MAX_WAY_STEPS) return;
    if (index === stretches.length) {
      if (at > start) found.push({ shape, text: text.slice(start, at), reading: [...reading] });
      return;
    }
    for (const end of endsOf(stretches, index, text, at, false)) {
      const value = text.slice(at, end);
      if (breaksLine(stretches[index]!.text, value)) continue;
      reading.push(value);
      go(index + 1, end);
      reading.pop();
    }
  };
  go(0, start);
  return found;
}

function shapeOf(was: string, sample: Iteration): Shape {
  const shape: Shape = { stretches: [], values: new Map(), sample };
  for (const { piece: leaf } of leavesOf(sample.pieces)) {
    const text = was.slice(leaf.output.start, leaf.output.end);
    if (leaf.kind === 'hole') {
      shape.values.set(shape.stretches.length, { expression: leaf.expression, hole: leaf });
      shape.stretches.push({ text, free: true });
    } else addFixed(shape, text);
  }
  return shape;
}

/** The shape of a body that is no more than text and values. */
function shapeOfBody(body: readonly Statement[]): Shape | undefined {
  const shape: Shape = { stretches: [], values: new Map(), sample: undefined };
  for (const statement of body) {
    if (statement.kind === 'text') addFixed(shape, statement.text);
    else if (statement.kind === 'output') {
      shape.values.set(shape.stretches.length, { expression: statement.expression });
      shape.stretches.push({ text: '', free: true });
    } else return undefined;
  }
  return shape;
}

function addFixed(shape: Shape, text: string): void {
  const last = shape.stretches.at(-1);
  if (last && !last.free) last.text += text;
  else shape.stretches.push({ text, free: false });
}

/** One of each kind of shapes. */
function differing(shapes: readonly Shape[]): Shape[] {
  const known = new Map<string, Shape>();
  for (const shape of shapes) {
    const key = JSON.stringify(
      shape.stretches.map((stretch, index) =>
        stretch.free ? shape.values.get(index)!.expression.start : stretch.text,
      ),
    );
    if (!known.has(key)) known.set(key, shape);
  }
  return [...known.values()];
}
