import { CST } from 'yaml';

import { readBlockScalar } from './block-scalar.ts';
import { toEntry } from './key.ts';
import {
  Tagged,
  type MapEntry,
  type MapNode,
  type ScalarNode,
  type ScalarValue,
  type SequenceNode,
  type Source,
  type YamlNode,
} from './node.ts';
import { resolvePlain } from './scalar.ts';
import { MAX_DEPTH } from './syntax.ts';

/**
 * Reads everyday YAML in one pass, about ten times as fast as the full parser, with the very same nodes and
 * ranges (a property test holds the two together). Returns undefined for anything unusual or wrong: anchors,
 * values over several lines, odd tags, faults; the full parser is then asked. `text` must have passed
 * `textProblem`.
 */
export function parseFast(file: string, text: string): YamlNode | undefined {
  if (text.includes('\t')) return undefined;
  try {
    return new FastParser(file, text).document();
  } catch (error) {
    if (error === UNUSUAL) return undefined;
    throw error;
  }
}

const UNUSUAL = new Error('unusual YAML');

function unusual(): never {
  throw UNUSUAL;
}

const PLAIN_KEY = /[A-Za-z0-9_][\w./-]*(?: [\w./-]+)*(?=:(?:[ \n]|$))/y;
const QUOTED_KEY = /(?:'(?:[^'\n]|'')*'|"[^"\\\n]*")(?=:(?:[ \n]|$))/y;
const SINGLE = /'(?:[^'\n]|'')*'/y;
const DOUBLE = /"(?:[^"\\\n]|\\[^\nuU])*"/y;
const FLOW_PLAIN =
  /(?:[^\s,[\]{}#&*!|>'"%@`?:-]|-(?=[^\s,[\]{}?:#]))(?:[^,[\]{}:#?\n]|:(?![\s,[\]{}?]|$))*/y;
const BLOCK_HEADER = /[|>](?:[1-9][-+]?|[-+][1-9]?)?(?= *(?:\n|$)| +#)/y;
const TAG = /!(?:vault|unsafe|unset)(?=[ \n]|$)/y;
const REST_OF_LINE = / *(?:(?<= )#[^\n]*)?(?:\n|$)/y;
const DOCUMENT_START = /(?:(?: *#[^\n]*| *)\n)*---(?= *(?: #[^\n]*)?\n)/y;
const DOCUMENT_MARK = /(?:---|\.\.\.)(?:[ \n]|$)/y;

const NEWLINE = 10;
const SPACE = 32;
const DOUBLE_QUOTE = 34;
const HASH = 35;
const SINGLE_QUOTE = 39;
const DASH = 45;

class FastParser {
  readonly #file: string;
  readonly #text: string;
  /** The current line: its number, where it starts, and its first character that is no space. */
  #line = 1;
  #lineStart = 0;
  #at = 0;
  /** Column (from 0) of that character, -1 at the end of the text. */
  #column = 0;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
  }

  document(): YamlNode {
    const start = this.#match(DOCUMENT_START, 0);
    if (start >= 0) {
      this.#line += countLines(this.#text, 0, start);
      this.#endLine(start);
    } else this.#findContent();
    if (this.#column !== 0) unusual();
    const root = this.#collection(0, 1);
    if (this.#at < this.#text.length) unusual();
    return root;
  }

  /** Reads the block collection whose first line is the current one. */
  #collection(column: number, depth: number): YamlNode {
    return this.#isDash(this.#at)
      ? this.#sequence(this.#at, column, depth)
      : this.#map(this.#at, column, depth);
  }

  /** `start`: the first key, which may follow dashes on its line. Ends on the first line after the mapping. */
  #map(start: number, column: number, depth: number): MapNode {
    if (depth > MAX_DEPTH) unusual();
    const source = this.#source(start, start);
    const entries = new Map<string, MapEntry>();
    let at = start;
    do {
      const keyEnd = this.#keyEnd(at);
      if (keyEnd < 0) unusual();
      const entry = this.#entry(at, keyEnd);
      if (entries.has(entry.key)) unusual();
      entry.value = this.#value(keyEnd + 1, column, depth, true);
      source.end = Math.max(keyEnd + 1, entry.value.source!.end);
      entries.set(entry.key, entry);
      at = this.#at;
    } while (this.#column === column && !this.#isDash(at));
    if (this.#column > column) unusual();
    return { kind: 'map', source, entries, flow: false };
  }

  /** An entry whose value is still to be read. */
  #entry(at: number, keyEnd: number): MapEntry {
    const keyToken = this.#text.slice(at, keyEnd);
    const keySource = this.#source(at, keyEnd);
    const first = this.#text.charCodeAt(at);
    const quoted = first === SINGLE_QUOTE || first === DOUBLE_QUOTE;
    const value = quoted ? unquote(keyToken) : resolvePlain(keyToken);
    if (typeof value === 'string') {
      return { key: value, keyToken, keySource, value: NOTHING };
    }
    // Only whole numbers: Python takes other keys that look different for the same.
    if (typeof value !== 'number') unusual();
    const key = { kind: 'scalar', source: keySource, token: keyToken, style: 'plain' } as const;
    return toEntry({ ...key, tag: '', value }, NOTHING);
  }

  /** `start`: the first dash, which may follow others on its line. */
  #sequence(start: number, column: number, depth: number): SequenceNode {
    if (depth > MAX_DEPTH) unusual();
    const source = this.#source(start, start);
    const items: YamlNode[] = [];
    let at = start;
    do {
      const item = this.#value(at + 1, column, depth, false);
      source.end = Math.max(at + 1, item.source!.end);
      items.push(item);
      at = this.#at;
    } while (this.#column === column && this.#isDash(at));
    if (this.#column > column) unusual();
    return { kind: 'sequence', source, items, flow: false };
  }

  /**
   * Reads what follows a colon or a dash, and goes on to the next line with content. `parent`: column of the
   * collection that the value belongs to.
   */
  #value(after: number, parent: number, depth: number, ofMap: boolean): YamlNode {
    const at = this.#skipSpaces(after);
    const first = this.#text.charCodeAt(at);
    if (at === this.#text.length || first === NEWLINE || first === HASH) {
      const nothing = this.#scalar(after, after, 'plain', null);
      this.#endLine(after);
      if (this.#column > parent) return this.#collection(this.#column, depth + 1);
      const sequence = ofMap && this.#column === parent && this.#isDash(this.#at);
      return sequence ? this.#sequence(this.#at, parent, depth + 1) : nothing;
    }
    if (!ofMap) {
      const column = at - this.#lineStart;
      if (this.#isDash(at)) return this.#sequence(at, column, depth + 1);
      if (this.#keyEnd(at) >= 0) return this.#map(at, column, depth + 1);
    }
    const node = this.#lineValue(at, parent, depth);
    if (this.#column > parent) unusual();
    return node;
  }

  #lineValue(at: number, parent: number, depth: number): YamlNode {
    const first = this.#text.charAt(at);
    if (first === '!') return this.#tagged(at, parent);
    if (first === '|' || first === '>') return this.#blockScalar(at, at, parent);
    let node: YamlNode;
    if (first === '[' || first === '{') node = this.#flow(at, depth + 1);
    else if (first === "'" || first === '"') node = this.#quoted(at);
    else node = this.#plain(at);
    this.#endLine(node.source!.end);
    return node;
  }

  #plain(at: number): ScalarNode {
    let end = this.#text.indexOf('\n', at);
    if (end < 0) end = this.#text.length;
    // In the line alone: to its next comment a file may go on for long.
    const comment = this.#text.slice(at, end).indexOf(' #');
    if (comment >= 0) end = at + comment;
    while (this.#text.charCodeAt(end - 1) === SPACE) end -= 1;
    const token = this.#text.slice(at, end);
    if (/^(?:[&*!|>%@`"'{}[\],#]|[-?:](?: |$))|: |:$/.test(token)) unusual();
    const value = resolvePlain(token);
    if (value === undefined) unusual();
    return this.#scalar(at, end, 'plain', value);
  }

  #quoted(at: number): ScalarNode & { value: string } {
    const single = this.#text.charCodeAt(at) === SINGLE_QUOTE;
    const end = this.#match(single ? SINGLE : DOUBLE, at);
    if (end < 0) unusual();
    const value = unquote(this.#text.slice(at, end));
    return this.#scalar(at, end, single ? 'single' : 'double', value);
  }

  #tagged(at: number, parent: number): ScalarNode {
    const tagEnd = this.#match(TAG, at);
    if (tagEnd < 0) unusual();
    const tag = this.#text.slice(at, tagEnd);
    const valueAt = this.#skipSpaces(tagEnd);
    const first = this.#text[valueAt];
    if (tag === '!unset') {
      const node = this.#scalar(at, tagEnd, 'plain', new Tagged(tag, ''), tag);
      this.#endLine(tagEnd);
      return node;
    }
    if (first === '|' || first === '>') {
      const block = this.#blockScalar(valueAt, at, parent);
      return { ...block, tag, value: new Tagged(tag, block.value) };
    }
    if (first !== "'" && first !== '"') unusual();
    const { source, style, value } = this.#quoted(valueAt);
    const node = this.#scalar(at, source.end, style, new Tagged(tag, value), tag);
    this.#endLine(source.end);
    return node;
  }

  /** `at`: its header; `start`: where its token starts, with a tag. */
  #blockScalar(at: number, start: number, parent: number): ScalarNode & { value: string } {
    if (this.#match(BLOCK_HEADER, at) < 0) unusual();
    const { value, end, indent } = readBlockScalar(this.#text, at, parent);
    const node = this.#scalar(start, end, 'block', value);
    this.#line += countLines(this.#text, at, end);
    this.#endLine(end);
    return { ...node, indent };
  }

  /** A collection in brackets or braces, on one line. */
  #flow(at: number, depth: number): MapNode | SequenceNode {
    if (depth > MAX_DEPTH) unusual();
    const source = this.#source(at, at);
    const isMap = this.#text[at] === '{';
    const close = isMap ? '}' : ']';
    const entries = new Map<string, MapEntry>();
    const items: YamlNode[] = [];
    let position = this.#skipSpaces(at + 1);
    while (this.#text[position] !== close) {
      if (isMap) {
        const key = this.#flowScalar(position);
        const colon = this.#skipSpaces(key.source.end);
        if (!this.#text.startsWith(': ', colon)) unusual();
        if (key.value === '<<' || (typeof key.value !== 'string' && typeof key.value !== 'number'))
          unusual();
        const value = this.#flowNode(this.#skipSpaces(colon + 1), depth);
        const entry = toEntry(key, value);
        if (entries.has(entry.key)) unusual();
        entries.set(entry.key, entry);
        position = this.#skipSpaces(value.source!.end);
      } else {
        const item = this.#flowNode(position, depth);
        items.push(item);
        position = this.#skipSpaces(item.source!.end);
      }
      if (this.#text[position] === ',') position = this.#skipSpaces(position + 1);
      else if (this.#text[position] !== close) unusual();
    }
    source.end = position + 1;
    return isMap
      ? { kind: 'map', source, entries, flow: true }
      : { kind: 'sequence', source, items, flow: true };
  }

  #flowNode(at: number, depth: number): YamlNode {
    const first = this.#text[at];
    return first === '[' || first === '{' ? this.#flow(at, depth + 1) : this.#flowScalar(at);
  }

  #flowScalar(at: number): ScalarNode {
    const first = this.#text.charCodeAt(at);
    if (first === SINGLE_QUOTE || first === DOUBLE_QUOTE) return this.#quoted(at);
    let end = this.#match(FLOW_PLAIN, at);
    if (end < 0) unusual();
    while (this.#text.charCodeAt(end - 1) === SPACE) end -= 1;
    const value = resolvePlain(this.#text.slice(at, end));
    if (value === undefined) unusual();
    return this.#scalar(at, end, 'plain', value);
  }

  #scalar<Read extends ScalarValue>(
    start: number,
    end: number,
    style: ScalarNode['style'],
    value: Read,
    tag = '',
  ): ScalarNode & { value: Read } {
    const token = this.#text.slice(start, end);
    return { kind: 'scalar', source: this.#source(start, end), token, style, tag, value };
  }

  #source(start: number, end: number): Source {
    const column = start - this.#lineStart + 1;
    return { file: this.#file, start, end, line: this.#line, column };
  }

  /** Where the key that stands at an offset ends, or -1 where none does. */
  #keyEnd(at: number): number {
    const first = this.#text.charCodeAt(at);
    const quoted = first === SINGLE_QUOTE || first === DOUBLE_QUOTE;
    const end = this.#match(quoted ? QUOTED_KEY : PLAIN_KEY, at);
    return end - at > MAX_KEY_LENGTH ? unusual() : end;
  }

  #isDash(at: number): boolean {
    if (this.#text.charCodeAt(at) !== DASH) return false;
    const next = this.#text.charCodeAt(at + 1);
    return next === SPACE || next === NEWLINE || at + 1 === this.#text.length;
  }

  #skipSpaces(at: number): number {
    let position = at;
    while (this.#text.charCodeAt(position) === SPACE) position += 1;
    return position;
  }

  /** Where a sticky pattern's match at an offset ends, or -1. */
  #match(pattern: RegExp, at: number): number {
    pattern.lastIndex = at;
    return pattern.test(this.#text) ? pattern.lastIndex : -1;
  }

  /** Nothing but a comment may follow on the line; goes on to the next line with content. */
  #endLine(at: number): void {
    const end = this.#match(REST_OF_LINE, at);
    if (end < 0) unusual();
    this.#lineStart = end;
    if (this.#text.charCodeAt(end - 1) === NEWLINE) this.#line += 1;
    this.#findContent();
  }

  /** Skips blank lines and comments from the current line's start on. */
  #findContent(): void {
    for (;;) {
      this.#at = this.#skipSpaces(this.#lineStart);
      const first = this.#text.charCodeAt(this.#at);
      if (first !== NEWLINE && first !== HASH) break;
      const end = this.#text.indexOf('\n', this.#at);
      this.#lineStart = end < 0 ? this.#text.length : end + 1;
      this.#line += 1;
    }
    this.#column = this.#at === this.#text.length ? -1 : this.#at - this.#lineStart;
    if (this.#column === 0 && this.#match(DOCUMENT_MARK, this.#at) >= 0) unusual();
  }
}

/** Stands in for a value until it is read. */
const NOTHING: YamlNode = { kind: 'sequence', items: [], flow: true };

/** The full parser tells about longer keys. */
const MAX_KEY_LENGTH = 1000;

function unquote(token: string): string {
  if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
  if (!token.includes('\\')) return token.slice(1, -1);
  const scalar = { type: 'double-quoted-scalar', offset: 0, indent: 0, source: token } as const;
  return CST.resolveAsScalar(scalar, true, unusual).value;
}

function countLines(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) {
    count += 1;
  }
  return count;
}
