import { Float, type Tagged } from '../../../plan/yaml/node.ts';
import { isDate, resolvePlain } from '../../../plan/yaml/scalar.ts';
import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { type Datum, elements, nameOfType, usable } from '../values.ts';
import { compareText } from './compare.ts';
import { showFloat } from './numbers.ts';
import { characters } from './text.ts';
import { analyzeScalar, isBreak, isPrintable, type ScalarAnalysis } from './yaml-scalar.ts';

export interface YamlOptions {
  indent: number;
  width: number;
  sortKeys: boolean;
  /** Which collections are written between brackets: all, those without collections in them, or none. */
  flow: 'always' | 'leaves' | 'never';
  explicitStart: boolean;
}

const MAX_DEPTH = 100;

/** `yaml.dump(value, Dumper=AnsibleDumper, allow_unicode=True, …)`, as libyaml writes it. */
export function dumpYaml(value: Datum, options: YamlOptions, fuel: Fuel): string {
  const node = new Representer(options, fuel).node(value, 0);
  return new YamlWriter(options, fuel).document(node);
}

type Node =
  | { kind: 'scalar'; text: string; analysis: ScalarAnalysis | undefined; plain: boolean }
  | { kind: 'sequence'; items: Node[]; flow: boolean }
  | { kind: 'mapping'; entries: [Node, Node][]; flow: boolean };

/** Turns values into what is written. */
class Representer {
  private readonly options: YamlOptions;
  private readonly fuel: Fuel;
  private readonly seen = new Set<object>();

  constructor(options: YamlOptions, fuel: Fuel) {
    this.options = options;
    this.fuel = fuel;
  }

  node(value: Datum, depth: number): Node {
    const datum = usable(value);
    if (typeof datum === 'string') return this.text(datum);
    const scalar = scalarText(datum);
    if (scalar !== undefined) return { ...this.text(scalar), plain: true };
    if (depth > MAX_DEPTH) throw new Fault('the value is nested too deeply');
    this.once(datum);
    const items = elements(datum);
    if (items) {
      const nodes = items.map((item) => this.node(item, depth + 1));
      return { kind: 'sequence', items: nodes, flow: this.isFlow(nodes) };
    }
    if (datum instanceof Map) {
      const entries = [...datum];
      if (this.options.sortKeys) entries.sort(([a], [b]) => compareText(a, b));
      const nodes = entries.map(([key, item]): [Node, Node] => [
        this.text(key),
        this.node(item, depth + 1),
      ]);
      return { kind: 'mapping', entries: nodes, flow: this.isFlow(nodes.flat()) };
    }
    throw new Fault(`${nameOfType(value)} cannot become YAML`, { hint: 'add | list' });
  }

  private text(text: string): Node & { kind: 'scalar' } {
    this.fuel.spend(text.length + 2);
    return {
      kind: 'scalar',
      text,
      analysis: text === '' ? undefined : analyzeScalar(characters(text)),
      plain: text !== '' && resolvePlain(text) === text && !isDate(text),
    };
  }

  /** The same list or mapping in two places becomes an anchor and an alias, by chance of how it was made. */
  private once(value: Datum): void {
    if (typeof value !== 'object' || value === null) return;
    if (this.seen.has(value)) {
      throw new Fault(
        'a list or mapping stands in the value twice, which YAML would write as an alias',
      );
    }
    this.seen.add(value);
    this.fuel.spend(2);
  }

  private isFlow(children: Node[]): boolean {
    const { flow } = this.options;
    return (
      flow === 'always' || (flow === 'leaves' && children.every(({ kind }) => kind === 'scalar'))
    );
  }
}

/** What is not text, as PyYAML represents it. */
function scalarText(value: Exclude<Datum, Tagged>): string | undefined {
  if (value === null) return 'null';
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint') {
    return String(value);
  }
  if (!(value instanceof Float)) return undefined;
  if (Number.isNaN(value.value)) return '.nan';
  if (!Number.isFinite(value.value)) return value.value > 0 ? '.inf' : '-.inf';
  const text = showFloat(value.value);
  return text.includes('.') ? text : text.replace('e', '.0e');
}

interface Place {
  inMapping?: boolean;
  isKey?: boolean;
}

/** libyaml's emitter, for documents without tags, anchors and comments. */
class YamlWriter {
  private readonly best: number;
  private readonly width: number;
  private readonly explicitStart: boolean;
  private readonly fuel: Fuel;
  private out = '';
  private column = 0;
  private indent = -1;
  private flowLevel = 0;
  /** Whether the last thing written was white space, and whether only indention stands on the line. */
  private whitespace = true;
  private indention = true;

  constructor(options: YamlOptions, fuel: Fuel) {
    this.best = options.indent > 1 && options.indent < 10 ? options.indent : 2;
    this.width = options.width > this.best * 2 ? options.width : 80;
    this.explicitStart = options.explicitStart;
    this.fuel = fuel;
  }

  document(root: Node): string {
    if (this.explicitStart) this.indicator('---', true);
    this.node(root, {});
    this.newLine();
    return this.out;
  }

  private put(text: string): void {
    this.fuel.spend(text.length);
    this.out += text;
    this.column += characters(text).length;
  }

  private lineBreak(character = '\n'): void {
    this.out += character;
    this.column = 0;
    this.whitespace = true;
    this.indention = true;
  }

  private indicator(
    text: string,
    spaceBefore: boolean,
    after: { blank?: boolean; indention?: boolean } = {},
  ): void {
    this.put(this.whitespace || !spaceBefore ? text : ` ${text}`);
    this.whitespace = after.blank ?? false;
    this.indention = this.indention && (after.indention ?? false);
  }

  /** A new line, unless nothing but indention stands on this one; then as far as the indention goes. */
  private newLine(): void {
    const indent = Math.max(this.indent, 0);
    if (!this.indention || this.column > indent || (this.column === indent && !this.whitespace)) {
      this.lineBreak();
    }
    if (this.column < indent) this.put(' '.repeat(indent - this.column));
    this.whitespace = true;
    this.indention = true;
  }

  private indented(options: { flow?: boolean; indentless?: boolean }, body: () => void): void {
    const before = this.indent;
    if (before < 0) this.indent = options.flow ? this.best : 0;
    else if (!options.indentless) this.indent = before + this.best;
    body();
    this.indent = before;
  }

  private node(node: Node, place: Place): void {
    if (node.kind === 'scalar') this.indented({ flow: true }, () => this.scalar(node, place));
    else if (node.kind === 'sequence') this.sequence(node, place);
    else this.mapping(node);
  }

  private sequence({ items, flow }: Node & { kind: 'sequence' }, place: Place): void {
    if (this.flowLevel > 0 || flow || items.length === 0) {
      this.flowCollection('[', ']', items, (item) => this.node(item, {}));
      return;
    }
    const indentless = (place.inMapping ?? false) && !this.indention;
    this.indented({ indentless }, () => {
      for (const item of items) {
        this.newLine();
        this.indicator('-', true, { indention: true });
        this.node(item, {});
      }
    });
  }

  private mapping({ entries, flow }: Node & { kind: 'mapping' }): void {
    const isFlow = this.flowLevel > 0 || flow || entries.length === 0;
    if (isFlow) {
      this.flowCollection('{', '}', entries, (entry) => this.entry(entry, true));
      return;
    }
    this.indented({}, () => {
      for (const entry of entries) {
        this.newLine();
        this.entry(entry, false);
      }
    });
  }

  private flowCollection<Item>(
    open: string,
    close: string,
    items: Item[],
    write: (item: Item) => void,
  ): void {
    this.indicator(open, true, { blank: true });
    this.flowLevel += 1;
    this.indented({ flow: true }, () => {
      for (const [i, item] of items.entries()) {
        if (i > 0) this.indicator(',', false);
        if (this.column > this.width) this.newLine();
        write(item);
      }
    });
    this.flowLevel -= 1;
    this.indicator(close, false);
  }

  private entry([key, value]: [Node, Node], isFlow: boolean): void {
    if (isSimpleKey(key)) {
      this.node(key, { inMapping: true, isKey: true });
      this.indicator(':', false);
    } else {
      this.indicator('?', true, { indention: !isFlow });
      this.node(key, { inMapping: true });
      if (!isFlow || this.column > this.width) this.newLine();
      this.indicator(':', true, { indention: !isFlow });
    }
    this.node(value, { inMapping: true });
  }

  private scalar({ text, analysis, plain }: Node & { kind: 'scalar' }, place: Place): void {
    const isKey = place.isKey ?? false;
    if (!analysis) return this.singleQuoted('', false);
    if (plain && (this.flowLevel > 0 ? analysis.flowPlain : analysis.blockPlain)) {
      return this.plain(text, !isKey);
    }
    if (analysis.singleQuoted && !(isKey && analysis.multiline))
      return this.singleQuoted(text, !isKey);
    return this.doubleQuoted(text, !isKey);
  }

  /** Writes text that has no line breaks, folded at single spaces where the line is full. */
  private plain(text: string, mayFold: boolean): void {
    if (!this.whitespace) this.put(' ');
    this.whitespace = false;
    this.indention = false;
    const all = characters(text);
    for (const [i, character] of all.entries()) {
      if (mayFold && this.foldsAt(all, i)) this.newLine();
      else this.put(character);
    }
    this.whitespace = false;
    this.indention = false;
  }

  private foldsAt(all: readonly string[], i: number): boolean {
    const alone = all[i] === ' ' && all[i - 1] !== ' ' && all[i + 1] !== ' ';
    return alone && i > 0 && i < all.length - 1 && this.column > this.width;
  }

  private singleQuoted(text: string, mayFold: boolean): void {
    this.indicator("'", true);
    const all = characters(text);
    let inBreaks = false;
    for (const [i, character] of all.entries()) {
      if (isBreak(character)) {
        if (!inBreaks && character === '\n') this.lineBreak();
        this.lineBreak(character);
        inBreaks = true;
        continue;
      }
      if (inBreaks) this.newLine();
      inBreaks = false;
      if (mayFold && this.foldsAt(all, i)) this.newLine();
      else this.put(character === "'" ? "''" : character);
      this.indention = false;
    }
    if (inBreaks) this.newLine();
    this.indicator("'", false);
  }

  private doubleQuoted(text: string, mayFold: boolean): void {
    this.indicator('"', true);
    const all = characters(text);
    let inSpaces = false;
    for (const [i, character] of all.entries()) {
      const escapes = !isPrintable(character) || isBreak(character) || '"\\'.includes(character);
      if (escapes) {
        this.put(escapeCharacter(character));
        inSpaces = false;
      } else if (character === ' ') {
        const folds =
          mayFold && !inSpaces && this.column > this.width && i > 0 && i < all.length - 1;
        if (folds) {
          this.newLine();
          if (all[i + 1] === ' ') this.put('\\');
        } else {
          this.put(character);
        }
        inSpaces = true;
      } else {
        this.put(character);
        inSpaces = false;
      }
    }
    this.indicator('"', false);
  }
}

function isSimpleKey(key: Node): boolean {
  return key.kind === 'scalar' && !key.analysis?.multiline && Buffer.byteLength(key.text) <= 128;
}

const escapes: Record<string, string> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\x85': 'N',
  '\xa0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
};

function escapeCharacter(character: string): string {
  const known = escapes[character];
  if (known !== undefined) return `\\${known}`;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
