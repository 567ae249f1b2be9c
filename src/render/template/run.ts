import type { Fuel } from './fuel.ts';
import { globals } from './globals.ts';
import type { Reference, Symbols } from './scope.ts';
import type { Template } from './template.ts';
import type { Origin, Recorder } from './trace.ts';
import type { Datum } from './values.ts';

/** The variables of one frame while it runs. A place without a value is `undefined`. */
export class Frame {
  readonly symbols: Symbols;
  readonly parent: Frame | undefined;
  readonly slots: (Datum | undefined)[];
  /** Where each value came from; only while tracing. */
  readonly origins: (Origin | undefined)[] | undefined;

  constructor(symbols: Symbols, parent: Frame | undefined, traced: boolean) {
    this.symbols = symbols;
    this.parent = parent;
    // Several times as fast as to make it from its length alone, and made for every turn of every loop.
    this.slots = [];
    for (let slot = 0; slot < symbols.size; slot += 1) this.slots.push(undefined);
    this.origins = traced ? [] : undefined;
  }
}

/** A name's value, and (while tracing) where it came from. */
export interface Binding {
  value: Datum;
  origin: Origin | undefined;
}

/** What names mean that a template does not assign itself. */
export interface Context {
  get(name: string): Binding | undefined;
}

/** Asks for a template by name; undefined where there is none. */
export type Load = (name: string) => Template | undefined;

/** One rendering: what has been written, what may still be spent, and where it is. */
export class Run {
  text = '';
  /** The offset, in `template`, of what is being evaluated: where an error is reported. */
  at = 0;
  captured = '';
  template: Template;
  context: Context;
  readonly fuel: Fuel;
  readonly load: Load | undefined;
  readonly recorder: Recorder | undefined;
  /** Lists and mappings that templates made themselves, and so may change. */
  readonly owned = new WeakSet<object>();

  constructor(
    template: Template,
    context: Context,
    options: { fuel: Fuel; load: Load | undefined; recorder?: Recorder },
  ) {
    this.template = template;
    this.context = context;
    this.fuel = options.fuel;
    this.load = options.load;
    this.recorder = options.recorder;
  }

  write(text: string): void {
    this.fuel.spend(text.length);
    this.text += text;
  }

  /** What `write` writes while `body` runs, instead of writing it. */
  capture(body: () => void): string {
    const before = this.text;
    this.text = '';
    body();
    const captured = this.text;
    this.text = before;
    return captured;
  }

  /** Runs `body` as a part of another template, with that template's context. */
  within<Result>(template: Template, context: Context, body: () => Result): Result {
    const { template: callerTemplate, context: callerContext, at } = this;
    this.template = template;
    this.context = context;
    const result = this.fuel.nested(body);
    this.template = callerTemplate;
    this.context = callerContext;
    this.at = at;
    return result;
  }

  /** A name that the template does not assign: a parameter, else one of the few global functions. */
  resolve(name: string): Binding | undefined {
    const found = this.context.get(name);
    if (found) return found;
    const global = globals.get(name);
    return global && { value: global(this), origin: undefined };
  }

  /** Runs `body` with what a `Captured` expression stands for. */
  withCaptured<Result>(text: string, body: () => Result): Result {
    const before = this.captured;
    this.captured = text;
    const result = body();
    this.captured = before;
    return result;
  }

  /** A frame for `symbols`, nothing in it yet. */
  open(symbols: Symbols, parent: Frame | undefined): Frame {
    return new Frame(symbols, parent, this.recorder !== undefined);
  }

  /** A frame for `symbols`, its names loaded as the scope says. */
  enter(symbols: Symbols, parent: Frame | undefined): Frame {
    const frame = this.open(symbols, parent);
    this.reset(frame);
    return frame;
  }

  /** Loads a frame's names again, as for the next turn of a loop. */
  reset(frame: Frame): void {
    for (const { name, slot, load, outer } of frame.symbols.entries) {
      if (load === 'parameter') continue;
      let binding: Binding | undefined;
      if (load === 'resolve') binding = this.resolve(name);
      else if (outer && frame.parent) binding = at(frame.parent, outer);
      frame.slots[slot] = binding?.value;
      if (frame.origins) frame.origins[slot] = binding?.origin;
    }
  }
}

/** The value that a name has in a frame or outside of it. */
export function lookup(frame: Frame, name: string): Binding | undefined {
  const reference = frame.symbols.find(name);
  return reference && at(frame, reference);
}

function at(frame: Frame, reference: Reference): Binding | undefined {
  const owner = outwards(frame, reference.hops);
  const value = owner.slots[reference.slot];
  return value === undefined ? undefined : { value, origin: owner.origins?.[reference.slot] };
}

/** The frame so many frames outwards. */
export function outwards(frame: Frame, hops: number): Frame {
  let result = frame;
  for (let i = 0; i < hops && result.parent; i += 1) result = result.parent;
  return result;
}
