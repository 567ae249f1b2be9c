import type * as ast from './ast.ts';
import { childrenOf } from './ast.ts';
import { unreachable } from './errors.ts';

/**
 * Which name means which variable, decided before a template runs and by Jinja2's own rules (its `idtracking`): a
 * loop, macro or block has a frame of variables; a frame takes a name that it assigns as its own, first with the value
 * that the name has outside; `if` has no frame.
 */
export type Load =
  /** Given from outside: a loop's or macro's variable. */
  | 'parameter'
  /** Looked up in the context when the frame is entered. */
  | 'resolve'
  /** Begins with the value of the same name in an outer frame. */
  | 'alias'
  /** Begins without a value. */
  | 'nothing';

/** Where a variable is at run time: so many frames outwards, and its place there. */
export interface Reference {
  hops: number;
  slot: number;
}

/** What one variable of a frame begins with; `outer` is where an alias has its value from, seen from the parent. */
export interface Entry {
  name: string;
  slot: number;
  load: Load;
  outer: Reference | undefined;
}

export class Symbols {
  readonly parent: Symbols | undefined;
  private plan: readonly Entry[] | undefined;
  private slots = new Map<string, number>();
  private readonly loads = new Map<string, Load>();
  private readonly stored = new Set<string>();

  constructor(parent?: Symbols) {
    this.parent = parent;
  }

  /** How many variables the frame has. */
  get size(): number {
    return this.slots.size;
  }

  /** What to do on entering the frame. Asked for when everything in the frame is known. */
  get entries(): readonly Entry[] {
    this.plan ??= [...this.slots].map(([name, slot]) => {
      const load = this.loads.get(name) ?? 'parameter';
      const outer = load === 'alias' ? this.parent?.find(name) : undefined;
      return { name, slot, load, outer };
    });
    return this.plan;
  }

  /** The names that the frame assigns, and their slots. */
  assigned(): { name: string; slot: number }[] {
    return [...this.stored].map((name) => ({ name, slot: this.slots.get(name) ?? 0 }));
  }

  find(name: string): Reference | undefined {
    const slot = this.slots.get(name);
    if (slot !== undefined) return { hops: 0, slot };
    const outer = this.parent?.find(name);
    return outer && { hops: outer.hops + 1, slot: outer.slot };
  }

  private define(name: string, load: Load): void {
    if (!this.slots.has(name)) this.slots.set(name, this.slots.size);
    this.loads.set(name, load);
  }

  store(name: string): void {
    this.stored.add(name);
    if (this.slots.has(name)) return;
    this.define(name, this.parent?.find(name) ? 'alias' : 'nothing');
  }

  declareParameter(name: string): void {
    this.stored.add(name);
    this.define(name, 'parameter');
  }

  load(name: string): void {
    if (!this.find(name)) this.define(name, 'resolve');
  }

  private copy(): Symbols {
    const copy = new Symbols(this.parent);
    copy.slots = new Map(this.slots);
    for (const [name, load] of this.loads) copy.loads.set(name, load);
    for (const name of this.stored) copy.stored.add(name);
    return copy;
  }

  /** Visits the arms of an `if`: what only some of them assign keeps the value from outside in the others. */
  branches(visits: ((symbols: Symbols) => void)[]): void {
    const copies = visits.map((visit) => {
      const copy = this.copy();
      visit(copy);
      return copy;
    });
    const stores = new Set(copies.flatMap((copy) => [...copy.stored]));
    for (const name of this.stored) stores.delete(name);
    for (const copy of copies) {
      for (const [name] of copy.slots) {
        if (!this.slots.has(name)) this.slots.set(name, this.slots.size);
      }
      for (const [name, load] of copy.loads) this.loads.set(name, load);
      for (const name of copy.stored) this.stored.add(name);
    }
    for (const name of stores) {
      this.loads.set(name, this.parent?.find(name) ? 'alias' : 'resolve');
    }
  }

  expression(expression: ast.Expression): void {
    if (expression.kind === 'name') this.load(expression.name);
    else for (const child of childrenOf(expression)) this.expression(child);
  }

  target(target: ast.Target, as: 'store' | 'parameter'): void {
    if (target.kind === 'targets') {
      for (const item of target.items) this.target(item, as);
    } else if (target.kind === 'member') {
      this.load(target.name);
    } else if (as === 'store') {
      this.store(target.name);
    } else {
      this.declareParameter(target.name);
    }
  }

  statements(body: readonly ast.Statement[]): void {
    for (const statement of body) this.statement(statement);
  }

  /** What a statement reads and assigns in the frame that it stands in; not what is inside frames of its own. */
  private statement(node: ast.Statement): void {
    switch (node.kind) {
      case 'text':
        return;
      case 'output':
        return this.expression(node.expression);
      case 'if':
        return this.ifStatement(node.arms, node.otherwise);
      case 'for':
        return this.expression(node.iterable);
      case 'set':
        this.expression(node.value);
        return this.target(node.target, 'store');
      case 'set-block':
        return this.target(node.target, 'store');
      case 'filter-block':
        return this.expression(node.filter);
      case 'macro':
        return this.store(node.name.name);
      case 'call-block':
        return this.expression(node.call);
      case 'include':
        return this.expression(node.template);
      case 'import':
        this.expression(node.template);
        return this.store(node.name.name);
      case 'from-import':
        this.expression(node.template);
        for (const { alias } of node.names) this.store(alias.name);
        return;
      case 'with':
        for (const { value } of node.bindings) this.expression(value);
    }
  }

  private ifStatement(arms: readonly ast.Arm[], otherwise: readonly ast.Statement[]): void {
    const [first, ...rest] = arms;
    if (!first) return;
    this.expression(first.test);
    this.branches([
      (symbols) => symbols.statements(first.body),
      // Each elif is an if of its own to Jinja2, without an else.
      (symbols) => rest.forEach((arm) => symbols.ifStatement([arm], [])),
      (symbols) => symbols.statements(otherwise),
    ]);
  }
}

/** Whether statements read a name anywhere, whatever assigns it. */
export function mentions(body: readonly ast.Statement[], name: string): boolean {
  return body.some((statement) => statementMentions(statement, name));
}

function statementMentions(node: ast.Statement, name: string): boolean {
  return (
    expressionsOf(node).some((expression) => expressionMentions(expression, name)) ||
    bodiesOf(node).some((body) => mentions(body, name))
  );
}

function expressionMentions(expression: ast.Expression, name: string): boolean {
  if (expression.kind === 'name') return expression.name === name;
  return childrenOf(expression).some((child) => expressionMentions(child, name));
}

function expressionsOf(node: ast.Statement): ast.Expression[] {
  switch (node.kind) {
    case 'text':
      return [];
    case 'output':
      return [node.expression];
    case 'if':
      return node.arms.map(({ test }) => test);
    case 'for':
      return node.filter ? [node.iterable, node.filter] : [node.iterable];
    case 'set':
      return [node.value];
    case 'set-block':
      return node.filter ? [node.filter] : [];
    case 'filter-block':
      return [node.filter];
    case 'macro':
      return defaultsOf(node.parameters);
    case 'call-block':
      return [node.call, ...defaultsOf(node.parameters)];
    case 'include':
    case 'import':
    case 'from-import':
      return [node.template];
    case 'with':
      return node.bindings.map(({ value }) => value);
  }
  return unreachable(node);
}

function defaultsOf(parameters: readonly ast.Parameter[]): ast.Expression[] {
  return parameters.flatMap((parameter) => (parameter.default ? [parameter.default] : []));
}

/** The bodies of a statement. */
export function bodiesOf(node: ast.Statement): ast.Statement[][] {
  switch (node.kind) {
    case 'if':
      return [...node.arms.map(({ body }) => body), node.otherwise];
    case 'for':
      return [node.body, node.otherwise];
    case 'set-block':
    case 'filter-block':
    case 'macro':
    case 'call-block':
    case 'with':
      return [node.body];
    case 'text':
    case 'output':
    case 'set':
    case 'include':
    case 'import':
    case 'from-import':
      return [];
  }
  return unreachable(node);
}
