import type { YamlPath } from '../../plan/yaml/node.ts';
import type { OriginOf } from './assign.ts';
import type * as ast from './ast.ts';
import { Environment } from './environment.ts';
import { pathOf, readsOf } from './paths.ts';
import { Frame, type Run } from './run.ts';
import type { Template } from './template.ts';
import type { Datum } from './values.ts';

/** A range of the rendered text, in UTF-16 code units. */
export interface OutputRange {
  start: number;
  end: number;
}

/** A range of a template's source. */
export interface TemplateRange {
  file: string;
  start: number;
  end: number;
}

interface Piece {
  output: OutputRange;
  template: TemplateRange;
}

/** Text as it stands in the template. */
export interface LiteralPiece extends Piece {
  kind: 'literal';
}

/** What an expression printed. What it reads is worked out when asked for. */
export class Hole implements Piece {
  readonly kind = 'hole';
  readonly output: OutputRange;
  readonly template: TemplateRange;
  readonly expression: ast.Expression;
  readonly environment: Environment;
  readonly value: Datum;
  /** What the macro wrote, if the expression is a call of one. */
  readonly body: TracePiece[] | undefined;

  constructor(
    { output, template }: Piece,
    hole: Pick<Hole, 'expression' | 'environment' | 'value' | 'body'>,
  ) {
    this.output = output;
    this.template = template;
    this.expression = hole.expression;
    this.environment = hole.environment;
    this.value = hole.value;
    this.body = hole.body;
  }

  /** Where the value stands in the context, if the expression is no more than a way to it. */
  get path(): YamlPath | undefined {
    return pathOf(this.expression, this.environment);
  }

  /** Everything in the context that the expression reads. */
  get reads(): YamlPath[] {
    return readsOf(this.expression, this.environment);
  }
}

export interface Iteration {
  /** Of the elements that the loop goes over, also those that its `if` leaves out. */
  index: number;
  element: Datum;
  output: OutputRange;
  pieces: TracePiece[];
}

export interface LoopPiece extends Piece {
  kind: 'loop';
  node: ast.For;
  environment: Environment;
  /** What the loop went over. */
  elements: readonly Datum[];
  iterations: Iteration[];
  /** What the loop's `else` wrote, where there was no iteration. */
  otherwise: TracePiece[] | undefined;
}

export interface ConditionPiece extends Piece {
  kind: 'condition';
  node: ast.If;
  environment: Environment;
  /** Which of the node's arms was taken; -1 for `else` or none. */
  arm: number;
  pieces: TracePiece[];
}

/** What a `call` block's macro wrote. */
export interface CallPiece extends Piece {
  kind: 'call';
  node: ast.CallBlock;
  environment: Environment;
  pieces: TracePiece[];
}

export interface IncludePiece extends Piece {
  kind: 'include';
  /** The file of the included template. */
  file: string;
  pieces: TracePiece[];
}

/** What a `filter` block made of `captured`; the ranges of its pieces count from the start of that text. */
export interface FilteredPiece extends Piece {
  kind: 'filtered';
  node: ast.FilterBlock;
  environment: Environment;
  captured: { text: string; pieces: TracePiece[] };
}

export type TracePiece =
  | LiteralPiece
  | Hole
  | LoopPiece
  | ConditionPiece
  | CallPiece
  | IncludePiece
  | FilteredPiece;

/** How a text came about. Its pieces lie side by side and cover the whole text. */
export interface Trace {
  text: string;
  pieces: TracePiece[];
}

/** Where the value of a variable came from. `position` leads to it where several names were assigned at once. */
export type Origin =
  | { kind: 'context'; name: string }
  | {
      kind: 'expression';
      expression: ast.Expression;
      environment: Environment;
      position: readonly number[];
      /** Of a macro's parameter: what the call gave, or what the macro gives where the call does not. */
      passed?: 'argument' | 'default';
    }
  | {
      kind: 'element';
      /** What the loop goes over, and which element of it. */
      expression: ast.Expression;
      environment: Environment;
      index: number;
      position: readonly number[];
    }
  /** A `set` block and its text before any filter, from the start of which the pieces' ranges count. */
  | { kind: 'captured'; text: string; nodes: TracePiece[]; filtered: boolean };

interface Captured {
  text: string;
  nodes: TracePiece[];
}

/** Writes down what a run does. Its methods are called by the steps, beside what they do anyway. */
export class Recorder {
  pieces: TracePiece[] = [];
  private lastCall: Captured | undefined;
  private passed: { node: ast.Call; environment: Environment } | undefined;
  private iterations: Iteration[] = [];
  private otherwise: TracePiece[] | undefined;
  private readonly snapshots = new WeakMap<Frame, Frame>();

  literal(run: Run, node: ast.Text, start: number): void {
    this.add({ kind: 'literal', ...ranges(run, node, start) });
  }

  beginHole(): void {
    this.lastCall = undefined;
  }

  hole(run: Run, frame: Frame, node: ast.Output, value: Datum, start: number): void {
    const { expression } = node;
    const environment = this.environment(run, frame);
    const body = expression.kind === 'call' ? this.callBody(start) : undefined;
    this.add(new Hole(ranges(run, node, start), { expression, environment, value, body }));
  }

  condition(run: Run, frame: Frame, node: ast.If, arm: number, body: () => void): void {
    const environment = this.environment(run, frame);
    const start = run.text.length;
    const pieces = this.collect(body);
    this.add({ kind: 'condition', node, environment, arm, pieces, ...ranges(run, node, start) });
  }

  loop(run: Run, frame: Frame, node: ast.For, elements: readonly Datum[], body: () => void): void {
    const environment = this.environment(run, frame);
    const start = run.text.length;
    const { iterations, otherwise } = this;
    this.iterations = [];
    this.otherwise = undefined;
    this.collect(body);
    this.add({
      kind: 'loop',
      node,
      environment,
      elements,
      iterations: this.iterations,
      otherwise: this.otherwise,
      ...ranges(run, node, start),
    });
    this.iterations = iterations;
    this.otherwise = otherwise;
  }

  iteration(run: Run, index: number, element: Datum, body: () => void): void {
    const start = run.text.length;
    const pieces = this.collect(body);
    this.iterations.push({ index, element, output: { start, end: run.text.length }, pieces });
  }

  loopElse(_: Run, body: () => void): void {
    this.otherwise = this.collect(body);
  }

  /** @param template the included one, which runs now; `file` is of the one that the tag stands in. */
  included(
    run: Run,
    node: ast.Include,
    { template, file }: { template: Template; file: string },
    body: () => void,
  ): void {
    const start = run.text.length;
    const pieces = this.collect(body);
    const { output, template: place } = ranges(run, node, start);
    this.add({
      kind: 'include',
      file: template.file,
      pieces,
      output,
      template: { ...place, file },
    });
  }

  /** Runs `render`, whose text does not go where it is written. */
  captured(_: Run, render: () => string): Captured {
    let text = '';
    const nodes = this.collect(() => {
      text = render();
    });
    return { text, nodes };
  }

  filtered(run: Run, frame: Frame, node: ast.FilterBlock, captured: Captured, start: number): void {
    this.add({
      kind: 'filtered',
      node,
      environment: this.environment(run, frame),
      captured: { text: captured.text, pieces: captured.nodes },
      ...ranges(run, node, start),
    });
  }

  /** Runs a macro; what it wrote belongs to the hole that calls it. */
  called(run: Run, _: ast.MacroStatement | ast.CallBlock, render: () => string): string {
    const captured = this.captured(run, render);
    this.lastCall = captured;
    return captured.text;
  }

  /** A call is about to be made: its arguments are where the macro's parameters come from. */
  passes(run: Run, frame: Frame, node: ast.Call): void {
    this.passed = { node, environment: this.environment(run, frame) };
  }

  /** Where the parameters of the macro come from that is called now: `place` is their order, `name` their name. */
  parameterOrigins(): (place: number, name: string) => Origin | undefined {
    const { passed } = this;
    this.passed = undefined;
    return (place, name) => {
      const expression =
        passed?.node.args[place] ?? passed?.node.keywords.find((word) => word.name === name)?.value;
      const environment = passed?.environment;
      return (
        expression &&
        environment && {
          kind: 'expression',
          expression,
          environment,
          position: [],
          passed: 'argument',
        }
      );
    };
  }

  /** Where the value of a macro's parameter comes from that the call did not give. */
  defaultOrigin(run: Run, frame: Frame, expression: ast.Expression): Origin {
    const environment = this.environment(run, frame);
    return { kind: 'expression', expression, environment, position: [], passed: 'default' };
  }

  call(run: Run, frame: Frame, node: ast.CallBlock, start: number): void {
    const environment = this.environment(run, frame);
    const pieces = this.callBody(start) ?? [];
    this.add({ kind: 'call', node, environment, pieces, ...ranges(run, node, start) });
  }

  /** The variables at this moment, kept. */
  environment(run: Run, frame: Frame): Environment {
    return new Environment(run, this.snapshot(run, frame));
  }

  originOf(run: Run, frame: Frame, expression: ast.Expression): OriginOf {
    const environment = this.environment(run, frame);
    return (position) => ({ kind: 'expression', expression, environment, position });
  }

  elementsOf(run: Run, frame: Frame, expression: ast.Expression): (index: number) => OriginOf {
    const environment = this.environment(run, frame);
    return (index) => (position) => ({ kind: 'element', expression, environment, index, position });
  }

  /** A variable of the frame has another value now. */
  changed(frame: Frame): void {
    this.snapshots.delete(frame);
  }

  private snapshot(run: Run, frame: Frame): Frame {
    const parent = frame.parent && this.snapshot(run, frame.parent);
    const known = this.snapshots.get(frame);
    if (known && known.parent === parent) return known;
    const copy = new Frame(frame.symbols, parent, true);
    copy.slots.splice(0, copy.slots.length, ...frame.slots.map((value) => kept(run, value)));
    copy.origins?.push(...(frame.origins ?? []));
    this.snapshots.set(frame, copy);
    return copy;
  }

  private callBody(start: number): TracePiece[] | undefined {
    const { lastCall } = this;
    this.lastCall = undefined;
    for (const piece of lastCall?.nodes ?? []) shift(piece, start);
    return lastCall?.nodes;
  }

  private add(piece: TracePiece): void {
    this.pieces.push(piece);
  }

  /** The pieces that `body` adds. */
  private collect(body: () => void): TracePiece[] {
    const before = this.pieces;
    this.pieces = [];
    body();
    const collected = this.pieces;
    this.pieces = before;
    return collected;
  }
}

/** A list or mapping that the template may still change is kept as it is now. */
function kept(run: Run, value: Datum | undefined): Datum | undefined {
  if (typeof value !== 'object' || value === null || !run.owned.has(value)) return value;
  if (Array.isArray(value)) return [...value];
  return value instanceof Map ? new Map(value) : value;
}

function ranges(run: Run, node: ast.SourceRange, start: number): Piece {
  return {
    output: { start, end: run.text.length },
    template: { file: run.template.file, start: node.start, end: node.end },
  };
}

/** Moves a piece's output, with everything in it that counts from the same start. */
function shift(piece: TracePiece, by: number): void {
  move(piece.output, by);
  switch (piece.kind) {
    case 'hole':
      return piece.body?.forEach((inner) => shift(inner, by));
    case 'loop':
      for (const iteration of piece.iterations) {
        move(iteration.output, by);
        for (const inner of iteration.pieces) shift(inner, by);
      }
      return piece.otherwise?.forEach((inner) => shift(inner, by));
    case 'condition':
    case 'call':
    case 'include':
      return piece.pieces.forEach((inner) => shift(inner, by));
    case 'literal':
    case 'filtered':
  }
}

function move(range: OutputRange, by: number): void {
  range.start += by;
  range.end += by;
}
