import type * as ast from './ast.ts';
import { childrenOf } from './ast.ts';
import { Fault } from './errors.ts';
import type { Token } from './lexer.ts';
import { constants, keywords, TargetParser } from './parse-target.ts';

/** How deep an expression's tree may be, chains of operators and filters included. */
const MAX_DEPTH = 80;

const comparisons = ['==', '!=', '<', '<=', '>', '>='] as const;

interface TupleOptions {
  /** Whether `a if b else c` may stand without parentheses. */
  conditional?: boolean;
  endNames?: string[];
  explicit?: boolean;
}

/** The part of the parser that reads expressions; one method for each level of precedence, as in Jinja2's parser. */
export class ExpressionParser extends TargetParser {
  /** An expression, or several with commas between them, which are a tuple. */
  protected tuple(
    endTypes: Token['type'][],
    { conditional = true, endNames = [], explicit = false }: TupleOptions = {},
  ): ast.Expression {
    const { start } = this.token;
    const items: ast.Expression[] = [];
    let commas = false;
    const ended = (): boolean =>
      endTypes.includes(this.token.type) ||
      this.isOperator(')') ||
      endNames.some((name) => this.isKeyword(name));
    while (!ended()) {
      items.push(this.checked(conditional ? this.conditional() : this.or()));
      if (!this.accept(',')) break;
      commas = true;
    }
    const [only] = items;
    if (!commas && only) return only;
    if (items.length === 0 && !explicit) throw this.unexpected('an expression');
    return { kind: 'tuple', items, start, end: this.previousEnd };
  }

  protected expression(): ast.Expression {
    return this.deeper(() => this.checked(this.conditional()));
  }

  /** Refuses an expression whose tree is too deep for Python. */
  protected checked<Node extends ast.Expression>(expression: Node): Node {
    if (depthOf(expression, 0) > MAX_DEPTH) {
      throw new Fault('the expression is too long a chain', {
        offset: expression.start,
        hint: 'split it with {% set %}',
      });
    }
    return expression;
  }

  private conditional(): ast.Expression {
    let result = this.or();
    for (let count = 0; this.acceptKeyword('if'); count += 1) {
      if (count > MAX_DEPTH) throw this.unexpected('a shorter chain');
      const test = this.or();
      const node: ast.Conditional = {
        kind: 'conditional',
        test,
        consequent: result,
        start: result.start,
        end: test.end,
      };
      if (this.acceptKeyword('else')) {
        node.alternate = this.deeper(() => this.conditional());
        node.end = node.alternate.end;
      }
      result = node;
    }
    return result;
  }

  private or(): ast.Expression {
    let left = this.and();
    while (this.acceptKeyword('or')) left = logic('or', left, this.and());
    return left;
  }

  private and(): ast.Expression {
    let left = this.not();
    while (this.acceptKeyword('and')) left = logic('and', left, this.not());
    return left;
  }

  private not(): ast.Expression {
    const { start } = this.token;
    if (!this.acceptKeyword('not')) return this.comparison();
    const operand = this.deeper(() => this.not());
    return { kind: 'unary', operator: 'not', operand, start, end: operand.end };
  }

  private comparison(): ast.Expression {
    const first = this.sum();
    const rest: ast.Comparison['rest'] = [];
    for (;;) {
      const operator = this.comparisonOperator();
      if (!operator) break;
      rest.push({ operator, operand: this.sum() });
    }
    const last = rest.at(-1);
    if (!last) return first;
    return { kind: 'comparison', first, rest, start: first.start, end: last.operand.end };
  }

  private comparisonOperator(): ast.ComparisonOperator | undefined {
    const symbol = comparisons.find((operator) => this.accept(operator));
    if (symbol) return symbol;
    if (this.acceptKeyword('in')) return 'in';
    if (!this.isKeyword('not') || !this.isKeyword('in', 1)) return undefined;
    this.advance();
    this.advance();
    return 'not in';
  }

  private sum(): ast.Expression {
    return this.binary(['+', '-'], () => this.concat());
  }

  private concat(): ast.Expression {
    const first = this.product();
    if (!this.isOperator('~')) return first;
    const parts = [first];
    while (this.accept('~')) parts.push(this.product());
    return { kind: 'concat', parts, start: first.start, end: this.previousEnd };
  }

  private product(): ast.Expression {
    return this.binary(['*', '/', '//', '%'], () => this.power());
  }

  private power(): ast.Expression {
    return this.binary(['**'], () => this.unary(true));
  }

  private binary(
    operators: ast.Binary['operator'][],
    operand: () => ast.Expression,
  ): ast.Expression {
    let left = operand();
    for (;;) {
      const operator = operators.find((candidate) => this.accept(candidate));
      if (!operator) return left;
      const right = operand();
      left = { kind: 'binary', operator, left, right, start: left.start, end: right.end };
    }
  }

  private unary(withFilters: boolean): ast.Expression {
    const { start } = this.token;
    const operator = (['-', '+'] as const).find((candidate) => this.accept(candidate));
    let node: ast.Expression;
    if (operator) {
      const operand = this.deeper(() => this.unary(false));
      node = { kind: 'unary', operator, operand, start, end: operand.end };
    } else {
      node = this.primary();
    }
    node = this.postfix(node);
    return withFilters ? this.filtersAndTests(node) : node;
  }

  private primary(): ast.Expression {
    const { token } = this;
    const { start } = token;
    if (token.type === 'string') return this.strings();
    if (token.type === 'integer' || token.type === 'float') {
      this.advance();
      return { kind: 'literal', value: token.value, start, end: token.end };
    }
    if (this.isOperator('(')) return this.parentheses();
    if (this.isOperator('[')) return this.list();
    if (this.isOperator('{')) return this.dict();
    if (token.type !== 'name' || keywords.has(token.value)) throw this.unexpected('an expression');
    this.advance();
    const value = constants.get(token.value);
    if (value !== undefined) return { kind: 'literal', value, start, end: token.end };
    return { kind: 'name', name: token.value, start, end: token.end };
  }

  /** Strings side by side are one. */
  private strings(): ast.Literal {
    const { start } = this.token;
    let value = '';
    for (let { token } = this; token.type === 'string'; { token } = this) {
      value += token.value;
      this.advance();
    }
    return { kind: 'literal', value, start, end: this.previousEnd };
  }

  private parentheses(): ast.Expression {
    const { start } = this.token;
    this.advance();
    const inner = this.deeper(() => this.tuple([], { explicit: true }));
    this.expect(')');
    return { ...inner, start, end: this.previousEnd };
  }

  private list(): ast.Expression {
    const { start } = this.token;
    const items: ast.Expression[] = [];
    this.enclosed('[', ']', () => items.push(this.expression()));
    return { kind: 'list', items, start, end: this.previousEnd };
  }

  private dict(): ast.Expression {
    const { start } = this.token;
    const entries: ast.DictExpression['entries'] = [];
    this.enclosed('{', '}', () => {
      const key = this.expression();
      this.expect(':');
      entries.push({ key, value: this.expression() });
    });
    return { kind: 'dict', entries, start, end: this.previousEnd };
  }

  /** What stands between brackets with commas between, a last one allowed. */
  private enclosed(open: string, close: string, read: () => void): void {
    this.expect(open);
    for (let first = true; !this.isOperator(close); first = false) {
      if (!first) this.expect(',');
      if (this.isOperator(close)) break;
      read();
    }
    this.expect(close);
  }

  private postfix(node: ast.Expression): ast.Expression {
    let result = node;
    for (;;) {
      if (this.isOperator('.')) result = this.attribute(result);
      else if (this.isOperator('[')) result = this.subscript(result);
      else if (this.isOperator('(')) result = this.call(result);
      else return result;
    }
  }

  private attribute(object: ast.Expression): ast.Expression {
    this.advance();
    const { token } = this;
    const { start } = object;
    if (token.type === 'name') {
      this.advance();
      return { kind: 'attribute', object, name: token.value, start, end: token.end };
    }
    if (token.type !== 'integer') throw this.unexpected('a name or a number');
    this.advance();
    const key: ast.Literal = {
      kind: 'literal',
      value: token.value,
      start: token.start,
      end: token.end,
    };
    return { kind: 'item', object, key, start, end: token.end };
  }

  private subscript(object: ast.Expression): ast.Expression {
    const { start } = object;
    this.advance();
    const parts: (ast.Expression | undefined)[] = [];
    let colons = 0;
    for (;;) {
      const isPart = !this.isOperator(':') && !this.isOperator(']');
      parts.push(isPart ? this.expression() : undefined);
      if (colons === 2 || !this.accept(':')) break;
      colons += 1;
    }
    const [key, to, step] = parts;
    if (colons === 0 && !key) throw this.unexpected('a subscript');
    this.expect(']');
    const end = this.previousEnd;
    if (colons === 0 && key) return { kind: 'item', object, key, start, end };
    return {
      kind: 'slice',
      object,
      ...(key && { from: key }),
      ...(to && { to }),
      ...(step && { step }),
      start,
      end,
    };
  }

  private call(callee: ast.Expression): ast.Expression {
    return { kind: 'call', callee, ...this.args(), start: callee.start, end: this.previousEnd };
  }

  private args(): { args: ast.Expression[]; keywords: ast.Keyword[] } {
    const args: ast.Expression[] = [];
    const named: ast.Keyword[] = [];
    this.enclosed('(', ')', () => {
      const { token } = this;
      const next = this.ahead(1);
      if (this.isOperator('*') || this.isOperator('**')) {
        throw new Fault('unpacking arguments is not supported', { offset: token.start });
      }
      if (token.type === 'name' && next.type === 'operator' && next.value === '=') {
        if (named.some(({ name }) => name === token.value)) {
          throw new Fault(`the argument "${token.value}" stands twice`, { offset: token.start });
        }
        this.advance();
        this.advance();
        named.push({ name: token.value, value: this.expression() });
      } else if (named.length > 0) {
        throw new Fault('an argument by position follows one by name', { offset: token.start });
      } else {
        args.push(this.expression());
      }
    });
    return { args, keywords: named };
  }

  private filtersAndTests(node: ast.Expression): ast.Expression {
    let result = node;
    for (;;) {
      if (this.isOperator('|')) result = this.filters(result);
      else if (this.isKeyword('is')) result = this.test(result);
      else if (this.isOperator('(')) result = this.call(result);
      else return result;
    }
  }

  /** `| name(args) | …` */
  protected filters(input: ast.Expression): ast.Expression {
    let result = input;
    while (this.accept('|')) result = this.filter(result);
    return result;
  }

  /** `name(args)` applied to `input`. */
  protected filter(input: ast.Expression): ast.FilterExpression {
    const { name, nameStart } = this.dottedName('the name of a filter');
    const args = this.isOperator('(') ? this.args() : { args: [], keywords: [] };
    return {
      kind: 'filter',
      input,
      name,
      nameStart,
      ...args,
      start: input.start,
      end: this.previousEnd,
    };
  }

  private dottedName(what: string): { name: string; nameStart: number } {
    const first = this.expectName(what);
    let name = first.value;
    while (this.accept('.')) name += `.${this.expectName(what).value}`;
    return { name, nameStart: first.start };
  }

  private test(input: ast.Expression): ast.Expression {
    const { start } = input;
    this.advance();
    const negated = this.acceptKeyword('not');
    const { name, nameStart } = this.dottedName('the name of a test');
    let args: ast.Expression[] = [];
    let named: ast.Keyword[] = [];
    if (this.isOperator('(')) {
      ({ args, keywords: named } = this.args());
    } else if (this.startsTestArgument()) {
      if (this.isKeyword('is')) throw this.unexpected('"and" or "or" between tests');
      args = [this.deeper(() => this.checked(this.postfix(this.primary())))];
    }
    const end = this.previousEnd;
    const node: ast.Expression = {
      kind: 'test',
      input,
      name,
      nameStart,
      args,
      keywords: named,
      start,
      end,
    };
    return negated ? { kind: 'unary', operator: 'not', operand: node, start, end } : node;
  }

  private startsTestArgument(): boolean {
    const { token } = this;
    if (token.type === 'name') return !['else', 'or', 'and'].includes(token.value);
    if (token.type === 'operator') return token.value === '[' || token.value === '{';
    return token.type === 'string' || token.type === 'integer' || token.type === 'float';
  }
}

function logic(operator: 'and' | 'or', left: ast.Expression, right: ast.Expression): ast.Logic {
  return { kind: 'logic', operator, left, right, start: left.start, end: right.end };
}

function depthOf(expression: ast.Expression, above: number): number {
  const own = above + 1;
  if (own > MAX_DEPTH) return own;
  let deepest = own;
  for (const child of childrenOf(expression)) deepest = Math.max(deepest, depthOf(child, own));
  return deepest;
}
