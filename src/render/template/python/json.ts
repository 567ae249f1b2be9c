import { Float } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { type Datum, elements, nameOfType, usable } from '../values.ts';
import { compareText } from './compare.ts';
import { showFloat } from './numbers.ts';

export interface JsonOptions {
  /** What a level is indented by; undefined puts all on one line. */
  indent: string | undefined;
  sortKeys: boolean;
  ascii: boolean;
  itemSeparator: string;
  keySeparator: string;
}

const MAX_DEPTH = 100;

/** `json.dumps(value, …)`. */
export function dumpJson(value: Datum, options: JsonOptions, fuel: Fuel): string {
  return new JsonWriter(options, fuel).write(value, 0);
}

class JsonWriter {
  private readonly options: JsonOptions;
  private readonly fuel: Fuel;

  constructor(options: JsonOptions, fuel: Fuel) {
    this.options = options;
    this.fuel = fuel;
  }

  write(value: Datum, depth: number): string {
    usable(value);
    if (typeof value === 'string') return this.text(value);
    if (value === null || typeof value === 'boolean') return String(value);
    if (typeof value === 'number' || typeof value === 'bigint') return String(value);
    if (value instanceof Float) {
      if (Number.isFinite(value.value)) return showFloat(value.value);
      if (Number.isNaN(value.value)) return 'NaN';
      return value.value > 0 ? 'Infinity' : '-Infinity';
    }
    if (depth > MAX_DEPTH) throw new Fault('the value is nested too deeply');
    const items = elements(value);
    if (items)
      return this.enclose(
        '[',
        ']',
        items.map((item) => this.write(item, depth + 1)),
        depth,
      );
    if (value instanceof Map) return this.mapping(value, depth);
    throw new Fault(`${nameOfType(value)} cannot become JSON`, { hint: 'add | list' });
  }

  private mapping(map: Map<string, Datum>, depth: number): string {
    const entries = [...map];
    if (this.options.sortKeys) entries.sort(([a], [b]) => compareText(a, b));
    const parts = entries.map(
      ([key, item]) => this.text(key) + this.options.keySeparator + this.write(item, depth + 1),
    );
    return this.enclose('{', '}', parts, depth);
  }

  private enclose(open: string, close: string, parts: string[], depth: number): string {
    const { indent, itemSeparator } = this.options;
    this.fuel.spend(4 + parts.length * (2 + depth * (indent?.length ?? 0)));
    if (parts.length === 0) return open + close;
    if (indent === undefined) return open + parts.join(itemSeparator) + close;
    const line = `\n${indent.repeat(depth + 1)}`;
    return open + line + parts.join(itemSeparator + line) + `\n${indent.repeat(depth)}${close}`;
  }

  private text(text: string): string {
    this.fuel.spend(text.length + 2);
    return `"${text.replace(this.options.ascii ? nonAscii : special, escapeUnit)}"`;
  }
}

const nonAscii = /["\\]|[^ -~]/g;
// oxlint-disable-next-line no-control-regex -- JSON escapes them
const special = /["\\\x00-\x1f]/g;

const short: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
};

function escapeUnit(unit: string): string {
  return short[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
