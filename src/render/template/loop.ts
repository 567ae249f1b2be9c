import type { Assign, OriginOf } from './assign.ts';
import type * as ast from './ast.ts';
import type { Evaluate } from './compile-expression.ts';
import type { Step } from './compile.ts';
import { Fault } from './errors.ts';
import { iterate } from './python/access.ts';
import { equal, truthy } from './python/compare.ts';
import type { Frame, Run } from './run.ts';
import type { Symbols } from './scope.ts';
import { elementAt, given } from './values.ts';
import { Callable, type Datum, Members, Tuple, Undefined } from './values.ts';

/** A loop makes frames and a state of its own, also where it has no turns. */
const LOOP_COST = 10;
const TURN_COST = 2;

export interface CompiledLoop {
  node: ast.For;
  iterable: Evaluate;
  body: { symbols: Symbols; assign: Assign; run: Step };
  otherwise: { symbols: Symbols; run: Step };
  /** Where `loop` is in the body's frame, if the body asks for it. */
  loopSlot: number | undefined;
  filter: { symbols: Symbols; assign: Assign; test: Evaluate } | undefined;
}

/** One element that the loop's body runs for; `index` counts all elements, also those that `if` left out. */
interface Turn {
  index: number;
  value: Datum;
}

/** Runs a loop over `value`; `depth` counts how often a recursive loop has called itself. */
export function runLoop(
  loop: CompiledLoop,
  run: Run,
  frame: Frame,
  value: Datum,
  depth: number,
): void {
  run.fuel.spend(LOOP_COST);
  const items = iterate(value, run.fuel);
  const { recorder } = run;
  // A recursive call goes over what it was given, which no expression of the loop says.
  const origins = depth === 0 ? recorder?.elementsOf(run, frame, loop.node.iterable) : undefined;
  const turns = new Turns(items, filterFor(loop, run, frame, origins));
  const scope = run.open(loop.body.symbols, frame);
  const state = new LoopState(turns, loop, run, frame, depth);
  const turn = (current: Turn): void => {
    run.fuel.spend(TURN_COST);
    run.at = loop.node.target.start;
    loop.body.assign(run, scope, current.value, origins?.(current.index));
    if (loop.loopSlot !== undefined) scope.slots[loop.loopSlot] = state.members;
    run.reset(scope);
    recorder?.changed(scope);
    loop.body.run(run, scope);
  };
  const all = (): void => {
    for (let current = state.next(); current; current = state.next()) {
      const { index, value: element } = current;
      if (recorder) recorder.iteration(run, index, element, () => turn({ index, value: element }));
      else turn(current);
    }
    if (state.started) return;
    const other = (): void => loop.otherwise.run(run, run.enter(loop.otherwise.symbols, frame));
    if (recorder) recorder.loopElse(run, other);
    else other();
  };
  if (recorder) recorder.loop(run, frame, loop.node, items, all);
  else all();
}

function filterFor(
  loop: CompiledLoop,
  run: Run,
  frame: Frame,
  origins: ((index: number) => OriginOf) | undefined,
): ((turn: Turn) => boolean) | undefined {
  const { filter } = loop;
  if (!filter) return undefined;
  const scope = run.enter(filter.symbols, frame);
  return ({ index, value }) => {
    run.fuel.spend(1);
    run.at = loop.node.target.start;
    filter.assign(run, scope, value, origins?.(index));
    const result = filter.test(run, scope);
    run.at = loop.node.filter?.start ?? 0;
    return truthy(result);
  };
}

/** The elements that pass the loop's `if`, asked one by one: the body may change what the next answer is. */
class Turns {
  private readonly items: readonly Datum[];
  private readonly passes: ((turn: Turn) => boolean) | undefined;
  private ahead: Turn[] = [];
  private at = 0;

  constructor(items: readonly Datum[], passes: ((turn: Turn) => boolean) | undefined) {
    this.items = items;
    this.passes = passes;
  }

  next(): Turn | undefined {
    return this.ahead.shift() ?? this.pull();
  }

  peek(): Turn | undefined {
    const [first] = this.ahead;
    if (first) return first;
    const turn = this.pull();
    if (turn) this.ahead.push(turn);
    return turn;
  }

  /** How many are still to come. */
  remaining(): number {
    for (let turn = this.pull(); turn; turn = this.pull()) this.ahead.push(turn);
    return this.ahead.length;
  }

  private pull(): Turn | undefined {
    while (this.at < this.items.length) {
      const turn = { index: this.at, value: elementAt(this.items, this.at) };
      this.at += 1;
      if (!this.passes || this.passes(turn)) return turn;
    }
    return undefined;
  }
}

/** What `loop` is in the body of a loop. */
class LoopState {
  readonly members: Members;
  private readonly turns: Turns;
  private index0 = -1;
  private total: number | undefined;
  private before: Datum | undefined;
  private current: Datum | undefined;
  private lastChanged: Datum | undefined;
  private readonly run: Run;
  private readonly depth0: number;

  constructor(turns: Turns, loop: CompiledLoop, run: Run, frame: Frame, depth: number) {
    this.turns = turns;
    this.run = run;
    this.depth0 = depth;
    const callable = new Callable('loop', ([value, ...rest]) => {
      if (!loop.node.recursive) throw new Fault('only a recursive loop can be called');
      if (value === undefined || rest.length > 0) throw new Fault('loop() takes one value');
      return run.fuel.nested(() => run.capture(() => runLoop(loop, run, frame, value, depth + 1)));
    });
    this.members = new Members('loop', (name) => this.member(name), { callable });
  }

  get started(): boolean {
    return this.index0 >= 0;
  }

  next(): Turn | undefined {
    const turn = this.turns.next();
    if (!turn) return undefined;
    this.index0 += 1;
    this.before = this.current;
    this.current = turn.value;
    return turn;
  }

  private get length(): number {
    this.total ??= this.index0 + 1 + this.turns.remaining();
    return this.total;
  }

  private member(name: string): Datum | undefined {
    switch (name) {
      case 'index':
        return this.index0 + 1;
      case 'index0':
        return this.index0;
      case 'revindex':
        return this.length - this.index0;
      case 'revindex0':
        return this.length - this.index0 - 1;
      case 'first':
        return this.index0 === 0;
      case 'last':
        return this.turns.peek() === undefined;
      case 'length':
        return this.length;
      case 'depth':
        return this.depth0 + 1;
      case 'depth0':
        return this.depth0;
      case 'previtem':
        return given(this.before, new Undefined('there is no previous element'));
      case 'nextitem':
        return given(this.turns.peek()?.value, new Undefined('there is no next element'));
      case 'cycle':
        return new Callable('loop.cycle', (args) => this.cycle(args));
      case 'changed':
        return new Callable('loop.changed', (args) => this.changed(args));
      default:
        return undefined;
    }
  }

  private cycle(args: readonly Datum[]): Datum {
    const chosen = args[this.index0 % args.length];
    if (chosen === undefined) throw new Fault('loop.cycle() needs something to cycle through');
    return chosen;
  }

  private changed(args: readonly Datum[]): boolean {
    const value = new Tuple(args);
    const isNew = this.lastChanged === undefined || !equal(this.lastChanged, value, this.run.fuel);
    this.lastChanged = value;
    return isNew;
  }
}
