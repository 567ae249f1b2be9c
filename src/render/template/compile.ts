import { assignTo } from './assign.ts';
import type * as ast from './ast.ts';
import { ExpressionCompiler, type Evaluate, sizeOf } from './compile-expression.ts';
import { Fault, unreachable } from './errors.ts';
import { importTemplate, includeTemplate } from './include.ts';
import { runLoop, type CompiledLoop } from './loop.ts';
import { bindMacro, type MacroDefinition } from './macro.ts';
import { truthy } from './python/compare.ts';
import { show } from './python/show.ts';
import type { Frame, Run } from './run.ts';
import { mentions, Symbols } from './scope.ts';
import { Callable, type Datum, nameOfType, usable } from './values.ts';

/** A statement made ready to run. */
export type Step = (run: Run, frame: Frame) => void;

/** A template made ready to run. */
export interface Program {
  symbols: Symbols;
  body: Step;
  evaluators: ReadonlyMap<ast.Expression, Evaluate>;
  /** Names that the template looks up outside of itself. */
  reads: ReadonlySet<string>;
  /** Names that another template gets by importing this one. */
  exports: ReadonlySet<string>;
  /** The names of other templates, where they are fixed; undefined when any name is computed. */
  includes: ReadonlySet<string> | undefined;
}

/** Makes statements ready to run; throws a Fault for names of filters, tests and variables that do not exist. */
export function compile(
  file: string,
  source: string,
  statements: readonly ast.Statement[],
): Program {
  return new Compiler(file, source).program(statements);
}

class Compiler extends ExpressionCompiler {
  private readonly frames: Symbols[] = [];
  private readonly exported = new Set<string>();
  private readonly included = new Set<string>();
  private computedInclude = false;
  /** How many bodies around the current statement are written to a text of their own. */
  private captures = 0;

  program(statements: readonly ast.Statement[]): Program {
    const symbols = this.frame(undefined, (frame) => frame.statements(statements));
    const body = this.body(statements, symbols);
    const reads = this.frames.flatMap((frame) =>
      frame.entries.filter(({ load }) => load === 'resolve').map(({ name }) => name),
    );
    return {
      symbols,
      body,
      evaluators: this.evaluators,
      reads: new Set(reads),
      exports: this.exported,
      includes: this.computedInclude ? undefined : this.included,
    };
  }

  /** A body whose text does not go where it is written. */
  private capturedBody(statements: readonly ast.Statement[], symbols: Symbols): Step {
    this.captures += 1;
    const body = this.body(statements, symbols);
    this.captures -= 1;
    return body;
  }

  private frame(parent: Symbols | undefined, analyse: (symbols: Symbols) => void): Symbols {
    const symbols = new Symbols(parent);
    analyse(symbols);
    this.frames.push(symbols);
    return symbols;
  }

  private body(statements: readonly ast.Statement[], symbols: Symbols): Step {
    const steps = statements.map((statement) => this.statement(statement, symbols));
    const [first, second] = steps;
    if (!first) return () => undefined;
    if (!second) return first;
    return (run, frame) => {
      for (const step of steps) step(run, frame);
    };
  }

  private statement(node: ast.Statement, symbols: Symbols): Step {
    switch (node.kind) {
      case 'text':
        return text(node);
      case 'output':
        return this.output(node, symbols);
      case 'if':
        return this.ifStatement(node, symbols);
      case 'for':
        return this.forStatement(node, symbols);
      case 'set':
        return this.set(node, symbols);
      case 'set-block':
        return this.setBlock(node, symbols);
      case 'filter-block':
        return this.filterBlock(node, symbols);
      case 'macro':
        return this.macro(node, symbols);
      case 'call-block':
        return this.callBlock(node, symbols);
      case 'include':
        return this.include(node, symbols);
      case 'import':
      case 'from-import':
        return this.import(node, symbols);
      case 'with':
        return this.with(node, symbols);
    }
    return unreachable(node);
  }

  private output(node: ast.Output, symbols: Symbols): Step {
    const { expression } = node;
    const evaluate = this.expression(expression, symbols);
    const cost = sizeOf(expression);
    return (run, frame) => {
      run.fuel.spend(cost);
      run.recorder?.beginHole();
      const value = evaluate(run, frame);
      run.at = expression.start;
      const shown = show(value, run.fuel);
      const start = run.text.length;
      run.write(shown);
      run.recorder?.hole(run, frame, node, value, start);
    };
  }

  private ifStatement(node: ast.If, symbols: Symbols): Step {
    const arms = node.arms.map(({ test, body }) => ({
      start: test.start,
      cost: sizeOf(test),
      test: this.expression(test, symbols),
      body: this.body(body, symbols),
    }));
    const otherwise = this.body(node.otherwise, symbols);
    return (run, frame) => {
      let chosen = otherwise;
      let index = -1;
      for (const [i, { start, cost, test, body }] of arms.entries()) {
        run.fuel.spend(cost);
        const value = test(run, frame);
        run.at = start;
        if (truthy(value)) {
          chosen = body;
          index = i;
          break;
        }
      }
      if (run.recorder) run.recorder.condition(run, frame, node, index, () => chosen(run, frame));
      else chosen(run, frame);
    };
  }

  private forStatement(node: ast.For, symbols: Symbols): Step {
    const extended = node.recursive || mentions(node.body, 'loop');
    const body = this.frame(symbols, (frame) => {
      if (extended) frame.declareParameter('loop');
      frame.target(node.target, 'parameter');
      frame.statements(node.body);
    });
    const otherwise = this.frame(symbols, (frame) => frame.statements(node.otherwise));
    const { filter } = node;
    const test =
      filter &&
      this.frame(symbols, (frame) => {
        frame.target(node.target, 'parameter');
        frame.expression(filter);
      });
    const loop: CompiledLoop = {
      node,
      iterable: this.expression(node.iterable, symbols),
      body: {
        symbols: body,
        assign: assignTo(node.target, body),
        run: node.recursive ? this.capturedBody(node.body, body) : this.body(node.body, body),
      },
      otherwise: { symbols: otherwise, run: this.body(node.otherwise, otherwise) },
      loopSlot: extended ? body.find('loop')?.slot : undefined,
      filter: test &&
        filter && {
          symbols: test,
          assign: assignTo(node.target, test),
          test: this.expression(filter, test),
        },
    };
    return (run, frame) => {
      const value = loop.iterable(run, frame);
      run.at = node.iterable.start;
      runLoop(loop, run, frame, value, 0);
    };
  }

  private set(node: ast.SetStatement, symbols: Symbols): Step {
    const value = this.expression(node.value, symbols);
    const assign = assignTo(node.target, symbols);
    const cost = sizeOf(node.value);
    this.export(node.target, symbols);
    return (run, frame) => {
      run.fuel.spend(cost);
      const result = value(run, frame);
      run.at = node.start;
      assign(run, frame, result, run.recorder?.originOf(run, frame, node.value));
      run.recorder?.changed(frame);
    };
  }

  private export(target: ast.Target, symbols: Symbols): void {
    if (symbols.parent || target.kind === 'member') return;
    if (target.kind === 'targets') for (const item of target.items) this.export(item, symbols);
    else if (!target.name.startsWith('_')) this.exported.add(target.name);
  }

  private setBlock(node: ast.SetBlock, symbols: Symbols): Step {
    const inner = this.frame(symbols, (frame) => frame.statements(node.body));
    const body = this.capturedBody(node.body, inner);
    const filter = node.filter && this.expression(node.filter, inner);
    const assign = assignTo(node.target, symbols);
    this.export(node.target, symbols);
    return (run, frame) => {
      const scope = run.enter(inner, frame);
      const render = (): string => run.capture(() => body(run, scope));
      const captured = run.recorder
        ? run.recorder.captured(run, render)
        : { text: render(), nodes: [] };
      let value: Datum = captured.text;
      if (filter) value = run.withCaptured(captured.text, () => filter(run, scope));
      run.at = node.start;
      const origin =
        run.recorder &&
        (() => ({ kind: 'captured', ...captured, filtered: Boolean(filter) }) as const);
      assign(run, frame, value, origin);
      run.recorder?.changed(frame);
    };
  }

  private filterBlock(node: ast.FilterBlock, symbols: Symbols): Step {
    const inner = this.frame(symbols, (frame) => {
      frame.statements(node.body);
      frame.expression(node.filter);
    });
    const body = this.capturedBody(node.body, inner);
    const filter = this.expression(node.filter, inner);
    return (run, frame) => {
      const scope = run.enter(inner, frame);
      const render = (): string => run.capture(() => body(run, scope));
      const captured = run.recorder
        ? run.recorder.captured(run, render)
        : { text: render(), nodes: [] };
      const value = run.withCaptured(captured.text, () => filter(run, scope));
      run.at = node.start;
      if (typeof value !== 'string') {
        throw new Fault(`a filter block must make text, not ${nameOfType(value)}`, {
          hint: 'add | string',
        });
      }
      const start = run.text.length;
      run.write(value);
      run.recorder?.filtered(run, scope, node, captured, start);
    };
  }

  private macroBody(
    node: ast.MacroStatement | ast.CallBlock,
    name: string,
    symbols: Symbols,
  ): MacroDefinition {
    const { parameters } = node;
    const special = ['caller', 'kwargs', 'varargs'] as const;
    const isParameter = (word: string): boolean => parameters.some((p) => p.name.name === word);
    const used = special.filter((word) => !isParameter(word) && mentions(node.body, word));
    const inner = this.frame(symbols, (frame) => {
      for (const parameter of parameters) frame.target(parameter.name, 'parameter');
      for (const parameter of parameters)
        if (parameter.default) frame.expression(parameter.default);
      for (const word of used) frame.declareParameter(word);
      frame.statements(node.body);
    });
    const slotOf = (word: string): number | undefined => inner.find(word)?.slot;
    return {
      node,
      name,
      symbols: inner,
      body: this.capturedBody(node.body, inner),
      parameters: parameters.map((parameter) => ({
        name: parameter.name.name,
        slot: slotOf(parameter.name.name) ?? 0,
        default: parameter.default && this.expression(parameter.default, inner),
        place: this.place(parameter.name),
        expression: parameter.default,
      })),
      caller: used.includes('caller') || isParameter('caller') ? slotOf('caller') : undefined,
      varargs: used.includes('varargs') ? slotOf('varargs') : undefined,
      kwargs: used.includes('kwargs') ? slotOf('kwargs') : undefined,
    };
  }

  private macro(node: ast.MacroStatement, symbols: Symbols): Step {
    const definition = this.macroBody(node, node.name.name, symbols);
    const assign = assignTo(node.name, symbols);
    this.export(node.name, symbols);
    return (run, frame) => {
      assign(run, frame, bindMacro(definition, run, frame), undefined);
      run.recorder?.changed(frame);
    };
  }

  private callBlock(node: ast.CallBlock, symbols: Symbols): Step {
    const definition = this.macroBody(node, 'caller', symbols);
    const { callee, args, keywords } = node.call;
    const target = this.expression(callee, symbols);
    const positional = args.map((part) => this.expression(part, symbols));
    const named = keywords.map(
      ({ name, value }) => [name, this.expression(value, symbols)] as const,
    );
    this.evaluators.set(node.call, () => {
      throw new Fault('a call with a body has no value of its own');
    });
    return (run, frame) => {
      run.recorder?.beginHole();
      const caller = bindMacro(definition, run, frame);
      run.at = callee.start;
      const macro = usable(target(run, frame));
      const given = positional.map((evaluate) => evaluate(run, frame));
      const byName = new Map(
        named.map(([name, evaluate]) => [name, evaluate(run, frame)] as const),
      );
      run.at = callee.start;
      if (!(macro instanceof Callable)) throw new Fault(`${nameOfType(macro)} cannot be called`);
      run.recorder?.passes(run, frame, node.call);
      const value = macro.call(given, new Map([...byName, ['caller', caller]]));
      run.at = callee.start;
      const start = run.text.length;
      run.write(show(value, run.fuel));
      run.recorder?.call(run, frame, node, start);
    };
  }

  private include(node: ast.Include, symbols: Symbols): Step {
    this.notice(node.template);
    if (!node.withContext && this.captures > 0) {
      throw new Fault('an include without context does not work here in Jinja2', {
        offset: node.start,
        hint: 'it would write past the block or macro that it stands in',
      });
    }
    const name = this.expression(node.template, symbols);
    return (run, frame) => {
      run.at = node.template.start;
      const value = name(run, frame);
      run.at = node.template.start;
      includeTemplate(node, run, frame, value);
    };
  }

  /** Remembers which templates are included. */
  private notice(template: ast.Expression): void {
    const names =
      template.kind === 'list' || template.kind === 'tuple' ? template.items : [template];
    for (const name of names) {
      if (name.kind === 'literal' && typeof name.value === 'string') this.included.add(name.value);
      else this.computedInclude = true;
    }
  }

  private import(node: ast.Import | ast.FromImport, symbols: Symbols): Step {
    this.notice(node.template);
    const name = this.expression(node.template, symbols);
    const assigns =
      node.kind === 'import'
        ? [{ name: undefined, assign: assignTo(node.name, symbols) }]
        : node.names.map((item) => ({ name: item.name, assign: assignTo(item.alias, symbols) }));
    return (run, frame) => {
      run.at = node.template.start;
      const value = name(run, frame);
      run.at = node.template.start;
      const module = importTemplate(node, run, frame, value);
      for (const { name: member, assign } of assigns) {
        const found = member === undefined ? module : module.get(member);
        if (found === undefined) {
          throw new Fault(`the template does not export "${member}"`, { offset: node.start });
        }
        assign(run, frame, found, undefined);
      }
      run.recorder?.changed(frame);
    };
  }

  private with(node: ast.With, symbols: Symbols): Step {
    const inner = this.frame(symbols, (frame) => {
      for (const { target } of node.bindings) frame.target(target, 'parameter');
      frame.statements(node.body);
    });
    const bindings = node.bindings.map(({ target, value }) => ({
      expression: value,
      value: this.expression(value, symbols),
      assign: assignTo(target, inner),
    }));
    const body = this.body(node.body, inner);
    return (run, frame) => {
      const scope = run.enter(inner, frame);
      for (const { expression, value, assign } of bindings) {
        const result = value(run, frame);
        run.at = node.start;
        assign(run, scope, result, run.recorder?.originOf(run, frame, expression));
      }
      body(run, scope);
    };
  }
}

function text(node: ast.Text): Step {
  return (run) => {
    const start = run.text.length;
    run.write(node.text);
    run.recorder?.literal(run, node, start);
  };
}
