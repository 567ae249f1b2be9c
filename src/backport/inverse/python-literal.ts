import { Float } from '../../plan/yaml/node.ts';
import { parseDecimal, parseFloatText } from '../../render/template/python/numbers.ts';
import { unescape } from '../../render/template/python/string-literal.ts';
import { type Datum, Tuple } from '../../render/template/values.ts';

const TOKEN =
  /\s*(?:([[\](){},:])|'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|(-?(?:\d[\d.]*(?:e[-+]?\d+)?|inf|nan))|(True|False|None)\b)/y;
const MAX_DEPTH = 50;

/** Reads what Python's `repr` writes of lists, tuples, mappings and what they hold. Throws where it is not that. */
export function parsePython(text: string): Datum {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  value(depth: number): Datum {
    if (depth > MAX_DEPTH) throw new RangeError('nested too deeply');
    const [, mark, single, double, number, word] = this.next();
    if (single !== undefined) return unescape(single, 0);
    if (double !== undefined) return unescape(double, 0);
    if (word !== undefined) return word === 'None' ? null : word === 'True';
    if (number !== undefined) return numberOf(number);
    if (mark === '[') return this.items(']', depth).items;
    if (mark === '(') return this.tuple(depth);
    if (mark === '{') return this.map(depth);
    throw new SyntaxError(`unexpected ${String(mark)}`);
  }

  end(): void {
    if (this.text.slice(this.at).trim() !== '') throw new SyntaxError('more text than a value');
  }

  private next(): RegExpExecArray {
    TOKEN.lastIndex = this.at;
    const found = TOKEN.exec(this.text);
    if (!found) throw new SyntaxError('no value');
    this.at = TOKEN.lastIndex;
    return found;
  }

  private accept(mark: string): boolean {
    TOKEN.lastIndex = this.at;
    if (TOKEN.exec(this.text)?.[1] !== mark) return false;
    this.at = TOKEN.lastIndex;
    return true;
  }

  private tuple(depth: number): Datum {
    const { items, trailing } = this.items(')', depth);
    return items.length === 1 && !trailing ? (items[0] ?? null) : new Tuple(items);
  }

  private items(close: string, depth: number): { items: Datum[]; trailing: boolean } {
    const items: Datum[] = [];
    while (!this.accept(close)) {
      items.push(this.value(depth + 1));
      if (this.accept(',')) {
        if (this.accept(close)) return { items, trailing: true };
        continue;
      }
      if (!this.accept(close)) throw new SyntaxError(`no ${close}`);
      break;
    }
    return { items, trailing: false };
  }

  private map(depth: number): Datum {
    const entries = new Map<string, Datum>();
    while (!this.accept('}')) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string' || !this.accept(':')) throw new SyntaxError('no key');
      entries.set(key, this.value(depth + 1));
      if (this.accept(',')) continue;
      if (!this.accept('}')) throw new SyntaxError('no }');
      break;
    }
    return entries;
  }
}

function numberOf(text: string): Datum {
  const whole = parseDecimal(text);
  if (whole !== undefined) return whole;
  const float = parseFloatText(text);
  if (float === undefined) throw new SyntaxError('no number');
  return new Float(float);
}
