import type { Expression } from './ast.ts';
import { Fuel } from './fuel.ts';
import { type Binding, type Context, Frame, lookup, outwards, Run } from './run.ts';
import type { Template } from './template.ts';
import type { Datum } from './values.ts';

/** The variables at one moment of a traced rendering. Expressions of that template can be evaluated in it again. */
export class Environment {
  private readonly run: Run;
  private readonly template: Template;
  private readonly context: Context;
  private readonly frame: Frame;
  /** The text that a `Captured` expression stands for. */
  readonly captured: string;

  constructor(run: Run, frame: Frame, original?: Environment, captured?: string) {
    this.run = run;
    this.template = original?.template ?? run.template;
    this.context = original?.context ?? run.context;
    this.captured = captured ?? original?.captured ?? run.captured;
    this.frame = frame;
  }

  /** The file of the template in which its expressions stand. */
  get file(): string {
    return this.template.file;
  }

  /** That template's text, which the offsets of its expressions count in. */
  get source(): string {
    return this.template.source;
  }

  /** The value of a name, and where it came from; undefined where it has none. */
  binding(name: string): Binding | undefined {
    return lookup(this.frame, name) ?? this.context.get(name);
  }

  /** Evaluates an expression that stands in this environment's template, or a part of one. Throws a Fault. */
  evaluate(expression: Expression): Datum {
    const evaluate = this.template.program.evaluators.get(expression);
    if (!evaluate) throw new Error('the expression is not of this template');
    return evaluate(this.freshRun(), this.frame);
  }

  /** What filters and operators need to be applied to other values in this environment. */
  freshRun(): Run {
    const run = new Run(this.template, this.context, { fuel: new Fuel(), load: this.run.load });
    run.captured = this.captured;
    return run;
  }

  /** The same moment, for the filters of a block that captured `text`. */
  withCaptured(text: string): Environment {
    return new Environment(this.run, this.frame, this, text);
  }

  /** The same moment with other values of some names; what was worked out from them before stays as it was. */
  with(values: ReadonlyMap<string, Datum>): Environment {
    const frame = copyOf(this.frame);
    for (const [name, value] of values) {
      const reference = frame.symbols.find(name);
      if (reference) outwards(frame, reference.hops).slots[reference.slot] = value;
    }
    return new Environment(this.run, frame, this);
  }
}

function copyOf(frame: Frame): Frame {
  const copy = new Frame(frame.symbols, frame.parent && copyOf(frame.parent), true);
  copy.slots.splice(0, copy.slots.length, ...frame.slots);
  copy.origins?.push(...(frame.origins ?? []));
  return copy;
}
