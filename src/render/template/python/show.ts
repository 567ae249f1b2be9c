import { Float, Tagged } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import {
  type Datum,
  Markup,
  markupFault,
  nameOfType,
  secretFault,
  Tuple,
  Undefined,
} from '../values.ts';
import { showFloat } from './numbers.ts';

const MAX_DEPTH = 100;

/** `str(value)`. Throws for what is undefined, secret, or prints differently in Jinja2 and Ansible. */
export function show(value: Datum, fuel: Fuel): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (value instanceof Undefined && value.lenient) return '';
  if (value instanceof Markup) return value.text;
  const text = represent(value, fuel, 0);
  fuel.spend(text.length);
  return text;
}

/** `repr(value)`. */
export function represent(value: Datum, fuel: Fuel, depth = 0): string {
  if (typeof value === 'string') return quote(value, fuel);
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof Float) return showFloat(value.value);
  if (value instanceof Undefined) throw value.fault;
  if (value instanceof Tagged) throw secretFault();
  if (value instanceof Markup) throw markupFault();
  if (depth > MAX_DEPTH) throw new Fault('the value is nested too deeply');
  if (Array.isArray(value)) return `[${representAll(value, fuel, depth)}]`;
  if (value instanceof Tuple) {
    return `(${representAll(value.items, fuel, depth)}${value.items.length === 1 ? ',' : ''})`;
  }
  if (value instanceof Map) {
    fuel.spend(2 + 3 * value.size);
    const entries = [...value].map(
      ([key, item]) => `${quote(key, fuel)}: ${represent(item, fuel, depth + 1)}`,
    );
    return `{${entries.join(', ')}}`;
  }
  throw new Fault(`${nameOfType(value)} cannot be printed`, { hint: 'add | list' });
}

function representAll(items: readonly Datum[], fuel: Fuel, depth: number): string {
  fuel.spend(2 + 3 * items.length);
  return items.map((item) => represent(item, fuel, depth + 1)).join(', ');
}

const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };
// Everything that `str.isprintable` is false for, save the plain space.
const special = /[\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** `repr(str)`. */
export function quote(text: string, fuel: Fuel): string {
  fuel.spend(text.length + 2);
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(special, (character) => escapes[character] ?? escapeCode(character));
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
}

function escapeCode(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}
