import { Float } from '../../plan/yaml/node.ts';
import { Fault } from './errors.ts';
import { type Int, toInt } from './python/numbers.ts';
import { unescape } from './python/string-literal.ts';
import { SPACE, stripEnd } from './python/whitespace.ts';

/**
 * Tokens of a template, by the rules of Jinja2's lexer. `data` is text as it stands, its range already without what
 * whitespace control takes away. `begin` and `end` tokens enclose tags.
 */
export type Token = { start: number; end: number } & (
  | { type: 'data' | 'variable-begin' | 'variable-end' | 'block-begin' | 'block-end' | 'eof' }
  | { type: 'name'; value: string }
  | { type: 'operator'; value: string }
  | { type: 'string'; value: string }
  | { type: 'integer'; value: Int }
  | { type: 'float'; value: Float }
);

export interface LexerOptions {
  /** Take away the newline after a tag or comment. */
  trimBlocks: boolean;
  /** Take away the blanks before a tag or comment that begins a line. */
  lstripBlocks: boolean;
}

/** How many names, operators and texts a template may have. */
const MAX_TOKENS = 100_000;

/** How many brackets may be open at once; the parser allows fewer. */
const MAX_OPEN = 100;

const opening = /\{[{%#]/g;
const rawBegin = new RegExp(
  String.raw`\{%([-+]?)[${SPACE}]*raw[${SPACE}]*(?:-%\}[${SPACE}]*|%\})`,
  'y',
);
const spaces = new RegExp(`[${SPACE}]+`, 'y');
const floats = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const integers = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const names = /[A-Za-z_][A-Za-z0-9_]*/y;
const strings = /'[^'\\]*(?:\\[^][^'\\]*)*'|"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const operators = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}<>=.:|,;]/y;
const closers: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

/** Splits a template, from `start` on, into tokens; throws a Fault at what Jinja2 would refuse. */
export function tokenize(source: string, options: LexerOptions, start = 0): Token[] {
  const carriageReturn = source.indexOf('\r');
  if (carriageReturn >= 0) {
    throw new Fault('a carriage return in a template', {
      offset: carriageReturn,
      hint: 'Jinja2 would turn it into a newline; save the file with LF line ends',
    });
  }
  return new Lexer(source, options, start).run();
}

class Lexer {
  private readonly source: string;
  private readonly options: LexerOptions;
  private readonly tokens: Token[] = [];
  private at: number;

  constructor(source: string, options: LexerOptions, start: number) {
    this.source = source;
    this.options = options;
    this.at = start;
  }

  run(): Token[] {
    const { source } = this;
    for (;;) {
      opening.lastIndex = this.at;
      const found = opening.exec(source);
      if (!found) break;
      this.tag(found.index);
    }
    this.data(this.at, source.length);
    this.tokens.push({ type: 'eof', start: source.length, end: source.length });
    return this.tokens;
  }

  private tag(start: number): void {
    const { source } = this;
    const raw = match(rawBegin, source, start);
    if (raw) {
      this.textBefore(start, source[start + 2], true);
      this.rawBlock(start, start + raw.length);
      return;
    }
    const kind = source[start + 1];
    const sign = source[start + 2];
    this.textBefore(start, sign, kind !== '{');
    const inside = start + (sign === '-' || sign === '+' ? 3 : 2);
    if (kind === '#') this.comment(start, inside);
    else this.expression(start, inside, kind === '{');
  }

  /** The text up to a tag: `-` strips all space before it, `lstripBlocks` the blanks of its line. */
  private textBefore(start: number, sign: string | undefined, isBlock: boolean): void {
    let end = start;
    const text = this.source.slice(this.at, start);
    if (sign === '-') {
      end = this.at + stripEnd(text).length;
    } else if (sign !== '+' && isBlock && this.options.lstripBlocks) {
      const line = text.lastIndexOf('\n') + 1;
      const beginsLine = line > 0 || this.at === 0 || this.source[this.at - 1] === '\n';
      if (beginsLine && line < text.length && stripEnd(text.slice(line)) === '')
        end = this.at + line;
    }
    this.data(this.at, end);
  }

  private data(start: number, end: number): void {
    if (end > start) this.tokens.push({ type: 'data', start, end });
  }

  private comment(start: number, inside: number): void {
    const close = this.source.indexOf('#}', inside);
    if (close < 0) throw new Fault('the comment is not closed', { offset: start, hint: 'add #}' });
    this.at = this.afterTag(close + 2, close > inside ? this.source[close - 1] : undefined, true);
  }

  private rawBlock(start: number, inside: number): void {
    const end = new RegExp(String.raw`\{%([-+]?)[${SPACE}]*endraw[${SPACE}]*([-+]?)%\}`, 'g');
    end.lastIndex = inside;
    const found = end.exec(this.source);
    if (!found) {
      throw new Fault('the raw block is not closed', { offset: start, hint: 'add {% endraw %}' });
    }
    this.at = inside;
    this.textBefore(found.index, found[1], true);
    this.at = this.afterTag(end.lastIndex, found[2], true);
  }

  /** Where the text after a tag begins, given the sign before its end. */
  private afterTag(end: number, sign: string | undefined, trims: boolean): number {
    if (sign === '-') return end + match(spaces, this.source, end).length;
    const trimmed = trims && sign !== '+' && this.options.trimBlocks && this.source[end] === '\n';
    return trimmed ? end + 1 : end;
  }

  private expression(start: number, inside: number, isVariable: boolean): void {
    const { source, tokens } = this;
    const open: string[] = [];
    const kind = isVariable ? 'variable' : 'block';
    const close = isVariable ? '}}' : '%}';
    tokens.push({ type: `${kind}-begin`, start, end: inside });
    let at = inside;
    for (;;) {
      at += match(spaces, source, at).length;
      if (open.length === 0) {
        const sign = source[at];
        const signed = sign === '-' || (sign === '+' && !isVariable);
        if (source.startsWith(close, signed ? at + 1 : at)) {
          const end = (signed ? at + 1 : at) + 2;
          tokens.push({ type: `${kind}-end`, start: at, end });
          this.at = this.afterTag(end, signed ? sign : undefined, !isVariable);
          return;
        }
      }
      if (at >= source.length) {
        const hint = `add ${close}`;
        throw new Fault('the tag is not closed', { offset: start, hint });
      }
      at = this.token(at, open);
    }
  }

  private token(start: number, open: string[]): number {
    if (this.tokens.length >= MAX_TOKENS) {
      throw new Fault('the template is too long', { offset: start, hint: 'split it with include' });
    }
    const { source, tokens } = this;
    let text = match(floats, source, start);
    const end = (): number => start + text.length;
    if (text) {
      const value = new Float(Number(text.replaceAll('_', '')));
      tokens.push({ type: 'float', value, start, end: end() });
      return end();
    }
    if ((text = match(integers, source, start))) {
      const value = toInt(BigInt(text.replaceAll('_', '')));
      tokens.push({ type: 'integer', value, start, end: end() });
      return end();
    }
    if ((text = match(names, source, start))) {
      tokens.push({ type: 'name', value: text, start, end: end() });
      return end();
    }
    if ((text = match(strings, source, start))) {
      tokens.push({
        type: 'string',
        value: unescape(text.slice(1, -1), start + 1),
        start,
        end: end(),
      });
      return end();
    }
    if ((text = match(operators, source, start))) {
      balance(text, open, start);
      tokens.push({ type: 'operator', value: text, start, end: end() });
      return end();
    }
    const character = String.fromCodePoint(source.codePointAt(start) ?? 0);
    const isQuote = character === "'" || character === '"';
    throw new Fault(
      isQuote ? 'the string is not closed' : `unexpected ${JSON.stringify(character)}`,
      {
        offset: start,
      },
    );
  }
}

function match(pattern: RegExp, source: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? '';
}

function balance(operator: string, open: string[], offset: number): void {
  const closer = closers[operator];
  if (closer !== undefined) {
    if (open.length >= MAX_OPEN) {
      throw new Fault(`brackets nest more than ${MAX_OPEN} deep`, { offset });
    }
    open.push(closer);
  } else if (operator === ')' || operator === ']' || operator === '}') {
    const expected = open.pop();
    if (expected !== operator) {
      const hint = expected === undefined ? undefined : `expected "${expected}"`;
      throw new Fault(`unexpected "${operator}"`, { offset, ...(hint && { hint }) });
    }
  }
}
