import { Float } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import type { Datum } from '../values.ts';
import { toInt } from './numbers.ts';

const token =
  // oxlint-disable-next-line no-control-regex -- they may not stand in JSON's strings
  /[ \t\n\r]*(?:([[\]{},:])|("(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")|(-?(?:0|[1-9]\d*))(\.\d+)?([eE][-+]?\d+)?|(true|false|null)\b)/y;

const MAX_DEPTH = 100;

/** `json.loads(text)`; integers and floats stay apart, and keys keep their order. */
export function parseJson(text: string, fuel: Fuel): Datum {
  fuel.spend(text.length);
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class JsonReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  end(): void {
    if (!/^[ \t\n\r]*$/.test(this.text.slice(this.at))) throw this.fault();
  }

  private fault(): Fault {
    return new Fault(`the text is not JSON at character ${this.at + 1}`);
  }

  private next(): RegExpExecArray {
    token.lastIndex = this.at;
    const found = token.exec(this.text);
    if (!found) throw this.fault();
    this.at = token.lastIndex;
    return found;
  }

  private accept(mark: string): boolean {
    const before = this.at;
    token.lastIndex = before;
    const found = token.exec(this.text)?.[1] === mark;
    if (found) this.at = token.lastIndex;
    return found;
  }

  value(depth: number): Datum {
    if (depth > MAX_DEPTH) throw new Fault('the JSON is nested too deeply');
    const [, mark, quoted, integer, fraction, exponent, word] = this.next();
    if (mark === '[') return this.list(depth);
    if (mark === '{') return this.map(depth);
    if (quoted !== undefined) return unquote(quoted);
    if (word !== undefined) return word === 'null' ? null : word === 'true';
    if (integer === undefined) throw this.fault();
    if (fraction === undefined && exponent === undefined) return toInt(BigInt(integer));
    return new Float(Number(`${integer}${fraction ?? ''}${exponent ?? ''}`));
  }

  private list(depth: number): Datum {
    const items: Datum[] = [];
    if (this.accept(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.accept(','));
    if (!this.accept(']')) throw this.fault();
    return items;
  }

  private map(depth: number): Datum {
    const entries = new Map<string, Datum>();
    if (this.accept('}')) return entries;
    do {
      const [, , quoted] = this.next();
      if (quoted === undefined || !this.accept(':')) throw this.fault();
      entries.set(unquote(quoted), this.value(depth + 1));
    } while (this.accept(','));
    if (!this.accept('}')) throw this.fault();
    return entries;
  }
}

function unquote(quoted: string): string {
  const text: unknown = JSON.parse(quoted);
  if (typeof text !== 'string' || !text.isWellFormed()) {
    throw new Fault('the JSON has half a character in it');
  }
  return text;
}
