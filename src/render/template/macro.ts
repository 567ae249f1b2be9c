import type * as ast from './ast.ts';
import type { Evaluate } from './compile-expression.ts';
import type { Step } from './compile.ts';
import { Fault, type Place } from './errors.ts';
import type { Frame, Run } from './run.ts';
import type { Symbols } from './scope.ts';
import { Callable, type Datum, type Keywords, Tuple, Undefined, given } from './values.ts';

/** A call makes a frame and a text of its own. */
const CALL_COST = 25;

export interface MacroDefinition {
  node: ast.MacroStatement | ast.CallBlock;
  name: string;
  symbols: Symbols;
  body: Step;
  parameters: {
    name: string;
    slot: number;
    default: Evaluate | undefined;
    expression: ast.Expression | undefined;
    place: Place;
  }[];
  /** Where the macro finds the body of a `call` block, and what its parameters do not take; if it asks for them. */
  caller: number | undefined;
  varargs: number | undefined;
  kwargs: number | undefined;
}

/** A macro as it is defined in a running template: it sees the variables of the frame that it stands in. */
export function bindMacro(definition: MacroDefinition, run: Run, frame: Frame): Callable {
  const { template, context } = run;
  return new Callable(definition.name, (args, keywords) =>
    run.within(template, context, () => {
      run.fuel.spend(CALL_COST);
      const scope = run.enter(definition.symbols, frame);
      bindParameters(definition, run, scope, args, keywords);
      const render = (): string => run.capture(() => definition.body(run, scope));
      if (!run.recorder) return render();
      return run.recorder.called(run, definition.node, render);
    }),
  );
}

function bindParameters(
  definition: MacroDefinition,
  run: Run,
  scope: Frame,
  args: readonly Datum[],
  keywords: Keywords,
): void {
  const { name, parameters, caller, varargs, kwargs } = definition;
  const named = new Map(keywords);
  const passed = parameters.map((parameter, i) => {
    const byName = named.get(parameter.name);
    named.delete(parameter.name);
    if (i < args.length && byName !== undefined) {
      throw new Fault(`${name}() is given "${parameter.name}" twice`);
    }
    return i < args.length ? args[i] : byName;
  });
  if (caller !== undefined && !parameters.some((parameter) => parameter.name === 'caller')) {
    scope.slots[caller] = given(named.get('caller'), new Undefined('the macro has no caller'));
    named.delete('caller');
  }
  if (kwargs !== undefined) {
    scope.slots[kwargs] = named;
  } else {
    const [unexpected] = named.keys();
    if (unexpected !== undefined) throw new Fault(`${name}() has no parameter "${unexpected}"`);
  }
  if (varargs !== undefined) {
    scope.slots[varargs] = new Tuple(args.slice(parameters.length));
  } else if (args.length > parameters.length) {
    throw new Fault(`${name}() takes at most ${parameters.length} arguments`);
  }
  const originOf = run.recorder?.parameterOrigins();
  for (const [i, parameter] of parameters.entries()) {
    let value = passed[i];
    const origin = originOf?.(i, parameter.name);
    if (scope.origins) scope.origins[parameter.slot] = origin;
    if (value === undefined && parameter.default) {
      value = parameter.default(run, scope);
      const { expression } = parameter;
      if (scope.origins && expression) {
        scope.origins[parameter.slot] = run.recorder?.defaultOrigin(run, scope, expression);
      }
    }
    const missing = new Undefined('the parameter was not given', { place: parameter.place });
    scope.slots[parameter.slot] = given(value, missing);
    run.recorder?.changed(scope);
  }
}
