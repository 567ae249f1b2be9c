import { Fault } from './errors.ts';
import type { Token } from './lexer.ts';
import { elementAt } from './values.ts';

/** How deep blocks, brackets and calls may nest. Python's stack takes a little more before it gives up. */
const MAX_NESTING = 40;

/** Goes through the tokens of a template. */
export class TokenReader {
  private readonly tokens: Token[];
  private index = 0;
  private nesting = 0;

  constructor(tokens: Token[]) {
    this.tokens = tokens;
  }

  protected get token(): Token {
    return this.ahead(0);
  }

  protected ahead(count: number): Token {
    return elementAt(this.tokens, Math.min(this.index + count, this.tokens.length - 1));
  }

  /** Where the token before the current one ends. */
  protected get previousEnd(): number {
    return this.tokens[this.index - 1]?.end ?? 0;
  }

  protected advance(): void {
    this.index += 1;
  }

  protected isOperator(value: string): boolean {
    const { token } = this;
    return token.type === 'operator' && token.value === value;
  }

  protected accept(operator: string): boolean {
    const found = this.isOperator(operator);
    if (found) this.advance();
    return found;
  }

  protected expect(operator: string): void {
    if (!this.accept(operator)) throw this.unexpected(`"${operator}"`);
  }

  protected isKeyword(word: string, count = 0): boolean {
    const token = this.ahead(count);
    return token.type === 'name' && token.value === word;
  }

  protected acceptKeyword(word: string): boolean {
    const found = this.isKeyword(word);
    if (found) this.advance();
    return found;
  }

  protected expectKeyword(word: string): void {
    if (!this.acceptKeyword(word)) throw this.unexpected(`"${word}"`);
  }

  protected expectType(type: Token['type'], what: string): Token {
    const { token } = this;
    if (token.type !== type) throw this.unexpected(what);
    this.advance();
    return token;
  }

  protected expectName(what: string): Token & { type: 'name' } {
    const { token } = this;
    if (token.type !== 'name') throw this.unexpected(what);
    this.advance();
    return token;
  }

  protected unexpected(expected: string): Fault {
    const { token } = this;
    const found =
      token.type === 'eof' || token.type === 'variable-end' || token.type === 'block-end'
        ? 'the end of the tag'
        : 'value' in token && typeof token.value === 'string'
          ? JSON.stringify(token.value)
          : 'a number';
    return new Fault(`unexpected ${found}`, { offset: token.start, hint: `expected ${expected}` });
  }

  /** Runs one nested level of the grammar. */
  protected deeper<Result>(read: () => Result): Result {
    if (this.nesting >= MAX_NESTING) {
      const message = `the template nests more than ${MAX_NESTING} deep`;
      throw new Fault(message, { offset: this.token.start });
    }
    this.nesting += 1;
    const result = read();
    this.nesting -= 1;
    return result;
  }
}
