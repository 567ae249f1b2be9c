import { Composer, CST, Lexer, Parser, type YAMLParseError } from 'yaml';

import type { Problem } from '../../model/problem.ts';
import type { Locator } from './source-text.ts';

/** Deeper nesting is refused; no plan comes near it, and recursion stays bounded. */
export const MAX_DEPTH = 64;

/**
 * Reads a text into its syntax tree, or tells the first fault of its form; what follows such a fault is seldom
 * worth telling.
 */
export function readSyntax(
  text: string,
  locator: Locator,
):
  | { document: CST.Document | undefined; problem?: never }
  | { problem: Problem; document?: never } {
  const tab = strayTab(text);
  if (tab !== undefined) {
    return { problem: locator.problem(tab, 'a tab stands outside of quotes', 'use spaces') };
  }
  const { tokens, deep } = readTokens(text);
  if (deep !== undefined) {
    return { problem: locator.problem(deep, `nested more than ${MAX_DEPTH} levels deep`) };
  }
  for (const token of tokens) {
    if (token.type === 'document' && !token.value && token.start.length === 0) {
      const message = 'the file ends (...) before it starts';
      return { problem: locator.problem(token.offset, message, 'remove the line') };
    }
    if (token.type === 'directive') {
      const message = 'directives (%…) are not supported';
      return { problem: locator.problem(token.offset, message, 'remove the line') };
    }
  }
  const problem = composerProblem(tokens, text, locator);
  if (problem) return { problem };
  return { document: tokens.find((token) => token.type === 'document') };
}

/** The tree, or where nesting goes beyond the limit: the text may be hostile, so it is not read to its end. */
function readTokens(text: string): { tokens: CST.Token[]; deep?: number } {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    // A document, a collection or two for each level, and the token being read.
    if (parser.stack.length > 2 * MAX_DEPTH + 2) return { tokens, deep: parser.offset };
  }
  tokens.push(...parser.end());
  const deep = tokens.map(tooDeep).find((offset) => offset !== undefined);
  return deep === undefined ? { tokens } : { tokens, deep };
}

/** What the `yaml` package finds wrong with a tree when it makes documents of it. */
function composerProblem(
  tokens: readonly CST.Token[],
  text: string,
  locator: Locator,
): Problem | undefined {
  const composer = new Composer({ version: '1.1', schema: 'failsafe', uniqueKeys: false });
  const documents = [...composer.compose(tokens, true, text.length)];
  const errors = documents.flatMap((document) => document.errors);
  const first = errors.toSorted((a, b) => a.pos[0] - b.pos[0])[0];
  const second = documents[1];
  if (second && !(first && first.pos[0] < second.range[0])) {
    const start = /---/.exec(text.slice(second.range[0]))?.index ?? 0;
    const message = 'the file holds more than one document';
    return locator.problem(second.range[0] + start, message, 'keep one document in a file');
  }
  return first && locator.problem(first.pos[0], messageOfFault(first), HINTS[first.code]);
}

function messageOfFault(error: YAMLParseError): string {
  // Some messages quote the text at fault, whatever its length.
  const message = error.message.split('\n')[0]!.slice(0, 200);
  return message.charAt(0).toLowerCase() + message.slice(1);
}

const HINTS: Partial<Record<YAMLParseError['code'], string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'a value that contains ": " needs quotes',
  MULTILINE_IMPLICIT_KEY: 'check the indentation, and for a missing colon',
  BAD_INDENT: 'check the indentation',
  TAB_AS_INDENT: 'indent with spaces',
  MISSING_CHAR: 'something may be left open above, or not indented enough',
  BAD_SCALAR_START: 'put the value in quotes',
};

/** Where nesting goes beyond the limit; looks without recursion. */
function tooDeep(root: CST.Token): number | undefined {
  const open: { token: CST.Token | null | undefined; depth: number }[] = [
    { token: root, depth: 0 },
  ];
  for (let next = open.pop(); next; next = open.pop()) {
    const { token, depth } = next;
    if (!token) continue;
    if (token.type === 'document') open.push({ token: token.value, depth });
    if (!CST.isCollection(token)) continue;
    if (depth >= MAX_DEPTH) return token.offset;
    for (const { key, value } of token.items) {
      open.push({ token: key, depth: depth + 1 }, { token: value, depth: depth + 1 });
    }
  }
  return undefined;
}

/** Where a tab stands that is part of no quoted text, block scalar or comment: some readers take it, some don't. */
function strayTab(text: string): number | undefined {
  if (!text.includes('\t')) return undefined;
  let offset = 0;
  let content = false; // the next lexeme is the text of a plain or block scalar
  let block = false; // that text follows a block scalar's header
  for (const lexeme of new Lexer().lex(text)) {
    // The lexer's own marks stand for no text.
    if (lexeme === CST.DOCUMENT || lexeme === CST.FLOW_END || lexeme === CST.SCALAR) {
      content = lexeme === CST.SCALAR;
      continue;
    }
    const type = content ? 'scalar' : CST.tokenType(lexeme);
    const tab = lexeme.indexOf('\t');
    if (tab >= 0 && (type === 'space' || (type === 'scalar' && !block))) return offset + tab;
    if (type === 'block-scalar-header') block = true;
    if (content) block = false;
    content = false;
    offset += lexeme.length;
  }
  return undefined;
}
