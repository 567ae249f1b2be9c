import type { Expression } from './ast.ts';
import { Fuel } from './fuel.ts';
import { type Binding, type Context, type Frame, lookup, Run } from './run.ts';
import type { Template } from './template.ts';
import type { Datum } from './values.ts';

/** The variables at one moment of a traced rendering. Expressions of that template can be evaluated in it again. */
export class Environment {
  private readonly run: Run;
  private readonly template: Template;
  private readonly context: Context;
  private readonly captured: string;
  private readonly frame: Frame;

  constructor(run: Run, frame: Frame) {
    this.run = run;
    this.template = run.template;
    this.context = run.context;
    this.captured = run.captured;
    this.frame = frame;
  }

  /** The value of a name, and where it came from; undefined where it has none. */
  binding(name: string): Binding | undefined {
    return lookup(this.frame, name) ?? this.context.get(name);
  }

  /** Evaluates an expression that stands in this environment's template, or a part of one. Throws a Fault. */
  evaluate(expression: Expression): Datum {
    const evaluate = this.template.program.evaluators.get(expression);
    if (!evaluate) throw new Error('the expression is not of this template');
    const run = new Run(this.template, this.context, { fuel: new Fuel(), load: this.run.load });
    run.captured = this.captured;
    return evaluate(run, this.frame);
  }
}
