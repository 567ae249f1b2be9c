import { type Bound, bindArguments } from './arguments.ts';
import type * as ast from './ast.ts';
import { childrenOf } from './ast.ts';
import { Fault, type Place, unreachable } from './errors.ts';
import { Arguments, type Filter } from './filters/filter.ts';
import { filters } from './filters/registry.ts';
import { callMethod } from './methods.ts';
import { attribute, item, slice } from './python/access.ts';
import { contains, equal, hashable, ordered, truthy } from './python/compare.ts';
import { binary, signed } from './python/operators.ts';
import { show } from './python/show.ts';
import { unsupported } from './refused.ts';
import { type Frame, outwards, type Run } from './run.ts';
import type { Symbols } from './scope.ts';
import { type Test, tests } from './tests.ts';
import {
  Callable,
  type Datum,
  Markup,
  markupFault,
  Members,
  nameOfType,
  Tuple,
  Undefined,
  usable,
  given,
} from './values.ts';

/** An expression made ready to run. */
export type Evaluate = (run: Run, frame: Frame) => Datum;

/** Filters whose result is always a new list or mapping. */
const FRESH = new Set(['list', 'sort', 'unique', 'dict2items', 'items2dict', 'split']);

/** Makes the expressions of one template ready to run. */
export class ExpressionCompiler {
  /** What every expression of the template has become. */
  readonly evaluators = new Map<ast.Expression, Evaluate>();
  protected readonly file: string;
  protected readonly source: string;
  /** Whether the template may change lists or mappings: only then it matters which are its own. */
  private readonly changes: boolean;

  constructor(file: string, source: string) {
    this.file = file;
    this.source = source;
    this.changes = /\.\s*(?:append|extend|update)\s*\(/.test(source);
  }

  /** `symbols` are those of the frame that the expression will run in. */
  protected expression(node: ast.Expression, symbols: Symbols): Evaluate {
    const evaluate = this.compile(node, symbols);
    this.evaluators.set(node, evaluate);
    return evaluate;
  }

  private compile(node: ast.Expression, symbols: Symbols): Evaluate {
    switch (node.kind) {
      case 'literal':
        return constant(node.value);
      case 'name':
        return this.name(node, symbols);
      case 'captured':
        return (run) => run.captured;
      case 'list':
      case 'tuple':
        return this.list(node, symbols);
      case 'dict':
        return this.dict(node, symbols);
      case 'attribute':
        return this.attribute(node, symbols);
      case 'item':
        return this.item(node, symbols);
      case 'slice':
        return this.slice(node, symbols);
      case 'call':
        return this.call(node, symbols);
      case 'filter':
        return this.filter(node, symbols);
      case 'test':
        return this.test(node, symbols);
      case 'unary':
        return this.unary(node, symbols);
      case 'binary':
        return this.binary(node, symbols);
      case 'concat':
        return this.concat(node, symbols);
      case 'comparison':
        return this.comparison(node, symbols);
      case 'logic':
        return this.logic(node, symbols);
      case 'conditional':
        return this.conditional(node, symbols);
    }
    return unreachable(node);
  }

  protected place({ start, end }: ast.SourceRange): Place {
    return { file: this.file, source: this.source, start, end };
  }

  private name(node: ast.Name, symbols: Symbols): Evaluate {
    const reference = symbols.find(node.name);
    if (!reference) {
      throw new Fault(`"${node.name}" is not known here`, { offset: node.start });
    }
    const { hops, slot } = reference;
    const missing = new Undefined('it has no value', { name: node.name, place: this.place(node) });
    if (hops === 0) return (_, frame) => given(frame.slots[slot], missing);
    if (hops === 1) return (_, frame) => given(frame.parent?.slots[slot], missing);
    return (_, frame) => given(outwards(frame, hops).slots[slot], missing);
  }

  /** Notes that what an expression gives is new, where that can matter. */
  private own(evaluate: Evaluate): Evaluate {
    if (!this.changes) return evaluate;
    return (run, frame) => {
      const value = evaluate(run, frame);
      if (typeof value === 'object' && value !== null) run.owned.add(value);
      return value;
    };
  }

  private list(node: ast.ListExpression, symbols: Symbols): Evaluate {
    const items = node.items.map((part) => this.expression(part, symbols));
    const isTuple = node.kind === 'tuple';
    return this.own((run, frame) => {
      const values = items.map((evaluate) => defined(evaluate(run, frame)));
      run.fuel.spend(4 + values.length);
      return isTuple ? new Tuple(values) : values;
    });
  }

  private dict(node: ast.DictExpression, symbols: Symbols): Evaluate {
    const entries = node.entries.map(({ key, value }) => ({
      start: key.start,
      key: this.expression(key, symbols),
      value: this.expression(value, symbols),
    }));
    return this.own((run, frame) => {
      const result = new Map<string, Datum>();
      for (const { start, key, value } of entries) {
        const name = usable(key(run, frame));
        if (typeof name !== 'string') {
          hashable(name);
          throw new Fault(`a key must be text, not ${nameOfType(name)}`, { offset: start });
        }
        result.set(name, defined(value(run, frame)));
      }
      run.fuel.spend(4 + 2 * result.size);
      return result;
    });
  }

  private attribute(node: ast.Attribute, symbols: Symbols): Evaluate {
    const object = this.expression(node.object, symbols);
    const { start, name } = node;
    const place = this.place(node);
    return (run, frame) => {
      const value = object(run, frame);
      run.at = start;
      const result = attribute(value, name);
      return result instanceof Undefined ? result.at(place) : result;
    };
  }

  private item(node: ast.Item, symbols: Symbols): Evaluate {
    const object = this.expression(node.object, symbols);
    const key = this.expression(node.key, symbols);
    const place = this.place(node);
    return (run, frame) => {
      const value = object(run, frame);
      const at = key(run, frame);
      run.at = node.start;
      const result = item(value, at, run.fuel);
      return result instanceof Undefined ? result.at(place) : result;
    };
  }

  private slice(node: ast.Slice, symbols: Symbols): Evaluate {
    const object = this.expression(node.object, symbols);
    const [from, to, step] = [node.from, node.to, node.step].map(
      (part) => part && this.expression(part, symbols),
    );
    return (run, frame) => {
      const value = object(run, frame);
      const bounds = [from, to, step].map((bound) => bound?.(run, frame));
      run.at = node.start;
      return slice(value, bounds[0], bounds[1], bounds[2], run.fuel);
    };
  }

  private unary(node: ast.Unary, symbols: Symbols): Evaluate {
    const operand = this.expression(node.operand, symbols);
    const { operator, start } = node;
    if (operator === 'not') {
      return (run, frame) => {
        const value = operand(run, frame);
        run.at = start;
        return !truthy(value);
      };
    }
    return (run, frame) => {
      const value = operand(run, frame);
      run.at = start;
      return signed(operator, value);
    };
  }

  private binary(node: ast.Binary, symbols: Symbols): Evaluate {
    const left = this.expression(node.left, symbols);
    const right = this.expression(node.right, symbols);
    const { operator, start } = node;
    const evaluate: Evaluate = (run, frame) => {
      const a = left(run, frame);
      const b = right(run, frame);
      run.at = start;
      return binary(operator, a, b, run.fuel);
    };
    return operator === '+' ? this.own(evaluate) : evaluate;
  }

  private concat(node: ast.Concat, symbols: Symbols): Evaluate {
    const parts = node.parts.map((part) => this.expression(part, symbols));
    return (run, frame) => {
      const values = parts.map((evaluate) => evaluate(run, frame));
      run.at = node.start;
      if (values.some((value) => value instanceof Markup)) throw markupFault();
      const text = values.map((value) => show(value, run.fuel)).join('');
      run.fuel.spend(text.length);
      return text;
    };
  }

  private comparison(node: ast.Comparison, symbols: Symbols): Evaluate {
    const first = this.expression(node.first, symbols);
    const rest = node.rest.map(({ operator, operand }) => ({
      operator,
      operand: this.expression(operand, symbols),
    }));
    return (run, frame) => {
      let left = first(run, frame);
      for (const { operator, operand } of rest) {
        const right = operand(run, frame);
        run.at = node.start;
        if (!compare(operator, left, right, run)) return false;
        left = right;
      }
      return true;
    };
  }

  private logic(node: ast.Logic, symbols: Symbols): Evaluate {
    const left = this.expression(node.left, symbols);
    const right = this.expression(node.right, symbols);
    const stopsAt = node.operator === 'or';
    return (run, frame) => {
      const value = left(run, frame);
      run.at = node.left.start;
      return truthy(value) === stopsAt ? value : right(run, frame);
    };
  }

  private conditional(node: ast.Conditional, symbols: Symbols): Evaluate {
    const test = this.expression(node.test, symbols);
    const consequent = this.expression(node.consequent, symbols);
    const alternate = node.alternate
      ? this.expression(node.alternate, symbols)
      : constant(
          new Undefined('the inline if has no else', { lenient: true, place: this.place(node) }),
        );
    return (run, frame) => {
      const value = test(run, frame);
      run.at = node.test.start;
      return truthy(value) ? consequent(run, frame) : alternate(run, frame);
    };
  }

  private call(node: ast.Call, symbols: Symbols): Evaluate {
    const args = node.args.map((part) => this.expression(part, symbols));
    const keywords = node.keywords.map(({ name, value }) => ({
      name,
      value: this.expression(value, symbols),
    }));
    const evaluated = (run: Run, frame: Frame): [Datum[], Map<string, Datum>] => [
      args.map((evaluate) => evaluate(run, frame)),
      new Map(keywords.map(({ name, value }) => [name, value(run, frame)])),
    ];
    const { callee } = node;
    if (callee.kind === 'attribute') {
      const object = this.expression(callee.object, symbols);
      const place = this.place(callee);
      return (run, frame) => {
        const value = object(run, frame);
        run.at = callee.object.start;
        usable(value);
        const [positional, named] = evaluated(run, frame);
        run.at = node.start;
        if (!(value instanceof Members))
          return callMethod(value, callee.name, positional, named, run);
        const member = attribute(value, callee.name);
        if (member instanceof Undefined) member.at(place);
        run.recorder?.passes(run, frame, node);
        return invoke(member, positional, named, run);
      };
    }
    const target = this.expression(callee, symbols);
    return (run, frame) => {
      const value = target(run, frame);
      const [positional, named] = evaluated(run, frame);
      run.at = node.start;
      run.recorder?.passes(run, frame, node);
      return invoke(value, positional, named, run);
    };
  }

  private filter(node: ast.FilterExpression, symbols: Symbols): Evaluate {
    const definition = filters.get(node.name);
    if (!definition) throw unknown('filter', node);
    const input = this.expression(node.input, symbols);
    const bound = this.bound(node, definition, symbols);
    const evaluate: Evaluate = (run, frame) => {
      const value = input(run, frame);
      const args = bound(run, frame);
      run.at = node.start;
      return definition.run(value, args, run);
    };
    return FRESH.has(node.name) ? this.own(evaluate) : evaluate;
  }

  private test(node: ast.TestExpression, symbols: Symbols): Evaluate {
    const definition = tests.get(node.name);
    if (!definition) throw unknown('test', node);
    const input = this.expression(node.input, symbols);
    const bound = this.bound(node, definition, symbols);
    return (run, frame) => {
      const value = input(run, frame);
      const args = bound(run, frame);
      run.at = node.start;
      return definition.run(value, args, run);
    };
  }

  /** The arguments of a filter or test, put in the places that it declares. */
  private bound(
    node: ast.FilterExpression | ast.TestExpression,
    definition: Filter | Test,
    symbols: Symbols,
  ): (run: Run, frame: Frame) => Arguments {
    if (node.args.length === 0 && node.keywords.length === 0) {
      bindArguments(definition, [], [], node.nameStart);
      return () => Arguments.none;
    }
    const places: Bound<Evaluate> = bindArguments(
      definition,
      node.args.map((part) => this.expression(part, symbols)),
      node.keywords.map(({ name, value }) => [name, this.expression(value, symbols)] as const),
      node.nameStart,
    );
    return (run, frame) =>
      new Arguments(
        places.values.map((evaluate) => evaluate?.(run, frame)),
        places.rest.map((evaluate) => evaluate(run, frame)),
        new Map([...places.keywords].map(([name, evaluate]) => [name, evaluate(run, frame)])),
      );
  }
}

/** How many parts an expression has: what one evaluation of it costs, its filters' own work apart. */
export function sizeOf(expression: ast.Expression): number {
  return childrenOf(expression).reduce((sum, child) => sum + sizeOf(child), 1);
}

function constant(value: Datum): Evaluate {
  return () => value;
}

/** What may be put into a list, tuple or mapping: secrets may, undefined values not. */
function defined(value: Datum): Datum {
  if (value instanceof Undefined) throw value.fault;
  return value;
}

function compare(operator: ast.ComparisonOperator, left: Datum, right: Datum, run: Run): boolean {
  switch (operator) {
    case '==':
      return equal(left, right, run.fuel);
    case '!=':
      return !equal(left, right, run.fuel);
    case 'in':
      return contains(right, left, run.fuel);
    case 'not in':
      return !contains(right, left, run.fuel);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return ordered(left, right, run.fuel, operator);
  }
  return unreachable(operator);
}

function invoke(value: Datum, args: Datum[], keywords: Map<string, Datum>, run: Run): Datum {
  usable(value);
  const callable = value instanceof Members ? value.callable : value;
  if (!(callable instanceof Callable)) throw new Fault(`${nameOfType(value)} cannot be called`);
  run.fuel.spend(1 + args.length);
  return callable.call(args, keywords);
}

function unknown(what: 'filter' | 'test', node: ast.FilterExpression | ast.TestExpression): Fault {
  return unsupported(what, node.name, node.nameStart);
}
