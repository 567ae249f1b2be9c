import type * as ast from './ast.ts';
import { Fault } from './errors.ts';
import { type Header, readHeader } from './header.ts';
import { tokenize } from './lexer.ts';
import { ExpressionParser } from './parse-expression.ts';

/** Loops that nest deeper do not compile in Python. */
const MAX_LOOPS = 16;

/** Parses a template into statements; throws a Fault at the first thing that Jinja2 refuses or we do not support. */
export function parse(source: string): ast.Statement[] {
  return new Parser(source, readHeader(source)).template();
}

class Parser extends ExpressionParser {
  private readonly source: string;
  private loops = 0;

  constructor(source: string, { options, start }: Header) {
    super(tokenize(source, options, start));
    this.source = source;
  }

  template(): ast.Statement[] {
    return this.statements([], 0);
  }

  /** Statements up to a tag that begins with one of `ends`; that name is then the current token. */
  private statements(ends: string[], openedAt: number): ast.Statement[] {
    const result: ast.Statement[] = [];
    for (;;) {
      const token = this.token;
      if (token.type === 'eof') {
        if (ends.length === 0) return result;
        const message = `the block is not closed`;
        throw new Fault(message, { offset: openedAt, hint: `add {% ${ends.at(-1)} %}` });
      }
      this.advance();
      if (token.type === 'data') {
        const text = this.source.slice(token.start, token.end);
        result.push({ kind: 'text', text, start: token.start, end: token.end });
      } else if (token.type === 'variable-begin') {
        const expression = this.tuple(['variable-end']);
        const { end } = this.expectType('variable-end', 'the end of the tag');
        result.push({ kind: 'output', expression, start: token.start, end });
      } else {
        const name = this.token;
        if (name.type === 'name' && ends.includes(name.value)) return result;
        result.push(this.deeper(() => this.statement(token.start)));
      }
    }
  }

  /** The body of a block: after its opening tag, up to one of `ends`. */
  private body(ends: string[], openedAt: number): ast.Statement[] {
    this.accept(':');
    this.expectType('block-end', 'the end of the tag');
    return this.statements(ends, openedAt);
  }

  /** A body that ends with `end`; gives where that tag ends. */
  private lastBody(end: string, start: number): { body: ast.Statement[]; end: number } {
    const body = this.body([end], start);
    this.advance();
    return { body, end: this.closeTag() };
  }

  private closeTag(): number {
    return this.expectType('block-end', 'the end of the tag').end;
  }

  private statement(start: number): ast.Statement {
    const tag = this.expectName('the name of a tag');
    switch (tag.value) {
      case 'if':
        return this.ifStatement(start);
      case 'for':
        return this.forStatement(start);
      case 'set':
        return this.setStatement(start);
      case 'filter':
        return this.filterBlock(start);
      case 'macro':
        return this.macro(start);
      case 'call':
        return this.callBlock(start);
      case 'include':
        return this.include(start);
      case 'import':
        return this.importStatement(start);
      case 'from':
        return this.fromImport(start);
      case 'with':
        return this.withStatement(start);
      default:
        throw unknownTag(tag.value, tag.start);
    }
  }

  private ifStatement(start: number): ast.If {
    const arm = (): ast.Arm => {
      const test = this.tuple(['block-end'], { conditional: false });
      return { test, body: this.body(['elif', 'else', 'endif'], start) };
    };
    const arms: ast.If['arms'] = [arm()];
    for (;;) {
      const { value } = this.expectName('elif, else or endif');
      if (value === 'elif') {
        arms.push(arm());
      } else if (value === 'else') {
        const { body, end } = this.lastBody('endif', start);
        return { kind: 'if', arms, otherwise: body, start, end };
      } else {
        return { kind: 'if', arms, otherwise: [], start, end: this.closeTag() };
      }
    }
  }

  private forStatement(start: number): ast.For {
    if (this.loops >= MAX_LOOPS) {
      throw new Fault(`loops nest more than ${MAX_LOOPS} deep`, { offset: start });
    }
    this.loops += 1;
    const target = this.targets(['in']);
    this.expectKeyword('in');
    const iterable = this.tuple(['block-end'], { conditional: false, endNames: ['recursive'] });
    const filter = this.acceptKeyword('if') ? this.expression() : undefined;
    const recursive = this.acceptKeyword('recursive');
    const body = this.body(['else', 'endfor'], start);
    const hasElse = this.expectName('endfor or else').value === 'else';
    const rest = hasElse ? this.lastBody('endfor', start) : { body: [], end: this.closeTag() };
    this.loops -= 1;
    const node: ast.For = {
      kind: 'for',
      target,
      iterable,
      recursive,
      body,
      otherwise: rest.body,
      start,
      end: rest.end,
    };
    if (filter) node.filter = filter;
    return node;
  }

  private setStatement(start: number): ast.SetStatement | ast.SetBlock {
    const target = this.setTarget();
    if (this.accept('=')) {
      const value = this.tuple(['block-end']);
      return { kind: 'set', target, value, start, end: this.closeTag() };
    }
    const filter = this.isOperator('|') ? this.checked(this.filters(this.captured())) : undefined;
    const { body, end } = this.lastBody('endset', start);
    return { kind: 'set-block', target, ...(filter && { filter }), body, start, end };
  }

  private filterBlock(start: number): ast.FilterBlock {
    const filter = this.checked(this.filters(this.filter(this.captured())));
    const { body, end } = this.lastBody('endfilter', start);
    return { kind: 'filter-block', filter, body, start, end };
  }

  private captured(): ast.Captured {
    const { start } = this.token;
    return { kind: 'captured', start, end: start };
  }

  private macro(start: number): ast.MacroStatement {
    const name = this.nameTarget();
    const parameters = this.signature();
    const { body, end } = this.lastBody('endmacro', start);
    return { kind: 'macro', name, parameters, body, start, end };
  }

  private callBlock(start: number): ast.CallBlock {
    const parameters = this.isOperator('(') ? this.signature() : [];
    const call = this.expression();
    if (call.kind !== 'call') throw new Fault('expected a call', { offset: call.start });
    const { body, end } = this.lastBody('endcall', start);
    return { kind: 'call-block', call, parameters, body, start, end };
  }

  private signature(): ast.Parameter[] {
    const parameters: ast.Parameter[] = [];
    this.expect('(');
    while (!this.accept(')')) {
      if (parameters.length > 0) this.expect(',');
      const name = this.nameTarget();
      if (parameters.some((other) => other.name.name === name.name)) {
        throw new Fault(`the parameter "${name.name}" stands twice`, { offset: name.start });
      }
      if (this.accept('=')) {
        parameters.push({ name, default: this.expression() });
      } else if (parameters.at(-1)?.default) {
        throw new Fault('a parameter without default follows one with', { offset: name.start });
      } else {
        parameters.push({ name });
      }
    }
    return parameters;
  }

  private include(start: number): ast.Include {
    const template = this.expression();
    let ignoreMissing = false;
    if (this.isKeyword('ignore') && this.isKeyword('missing', 1)) {
      this.advance();
      this.advance();
      ignoreMissing = true;
    }
    const withContext = this.contextClause() ?? true;
    return { kind: 'include', template, ignoreMissing, withContext, start, end: this.closeTag() };
  }

  private importStatement(start: number): ast.Import {
    const template = this.expression();
    this.expectKeyword('as');
    const name = this.nameTarget();
    const withContext = this.contextClause() ?? false;
    return { kind: 'import', template, name, withContext, start, end: this.closeTag() };
  }

  private fromImport(start: number): ast.FromImport {
    const template = this.expression();
    this.expectKeyword('import');
    const names: ast.FromImport['names'] = [];
    let withContext: boolean | undefined;
    do {
      if (names.length > 0) {
        withContext = this.contextClause();
        if (withContext !== undefined) break;
      }
      const name = this.nameTarget();
      if (name.name.startsWith('_')) {
        throw new Fault('names that begin with an underscore are not exported', {
          offset: name.start,
        });
      }
      names.push({ name: name.name, alias: this.acceptKeyword('as') ? this.nameTarget() : name });
      withContext = this.contextClause();
    } while (withContext === undefined && this.accept(','));
    withContext ??= false;
    return { kind: 'from-import', template, names, withContext, start, end: this.closeTag() };
  }

  /** `with context` or `without context`, if it stands here. */
  private contextClause(): boolean | undefined {
    const clause = ['with', 'without'].find((word) => this.isKeyword(word));
    if (clause === undefined || !this.isKeyword('context', 1)) return undefined;
    this.advance();
    this.advance();
    return clause === 'with';
  }

  private withStatement(start: number): ast.With {
    const bindings: ast.With['bindings'] = [];
    while (this.token.type !== 'block-end') {
      if (bindings.length > 0) this.expect(',');
      const target = this.targets([]);
      this.expect('=');
      bindings.push({ target, value: this.expression() });
    }
    const { body, end } = this.lastBody('endwith', start);
    return { kind: 'with', bindings, body, start, end };
  }
}

const notSupported: Record<string, string> = {
  block: 'use include or macro',
  extends: 'use include or macro',
  do: 'use set',
  break: 'use the condition of for … if',
  continue: 'use the condition of for … if',
  autoescape: 'use the filter e',
  print: 'use {{ … }}',
};

function unknownTag(name: string, offset: number): Fault {
  if (name.startsWith('end') || name === 'else' || name === 'elif') {
    return new Fault(`nothing is open that {% ${name} %} could close or continue`, { offset });
  }
  const hint = notSupported[name];
  return new Fault(`the tag "${name}" is not supported`, { offset, ...(hint && { hint }) });
}
