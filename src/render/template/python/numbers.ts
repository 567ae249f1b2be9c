import { Float } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import type { Datum } from '../values.ts';

/** A Python int: a number where it is safe, else a bigint. Booleans are ints to Python. */
export type Int = number | bigint;

const MAX_DIGITS = 1000;

/** The shortest form of a Python int. Throws where it has more digits than any configuration needs. */
export function toInt(value: bigint): Int {
  if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return Number(value);
  if (value.toString(16).length > MAX_DIGITS) throw new Fault('the number is too large');
  return value;
}

/** The int that a value is to Python (booleans count), else undefined. */
export function asInt(value: Datum | undefined): Int | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  return typeof value === 'boolean' ? Number(value) : undefined;
}

/** The number that a value is to Python, else undefined. */
export function asNumber(value: Datum | undefined): Int | Float | undefined {
  return value instanceof Float ? value : asInt(value);
}

/** `float(int)`; throws where Python's would overflow. */
export function intToFloat(value: Int): number {
  const result = Number(value);
  if (!Number.isFinite(result)) throw new Fault('the number is too large for a float');
  return result;
}

export function floatOf(value: Int | Float): number {
  return value instanceof Float ? value.value : intToFloat(value);
}

/** `repr(float)`. */
export function showFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

const INTEGER = /^[+-]?\d+(?:_\d+)*$/;
const FLOAT =
  /^[+-]?(?:(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?)$/i;

/** `int(text, 10)` for text without surrounding space, else undefined. */
export function parseDecimal(text: string): Int | undefined {
  if (!INTEGER.test(text)) return undefined;
  const digits = text.replaceAll('_', '');
  if (digits.length > MAX_DIGITS) throw new Fault('the number is too large');
  return toInt(
    BigInt(digits.replace(/^\+/, '').replace(/^-/, '')) * (digits.startsWith('-') ? -1n : 1n),
  );
}

/** `float(text)` for text without surrounding space, else undefined. */
export function parseFloatText(text: string): number | undefined {
  if (FLOAT.test(text)) return Number(text.replaceAll('_', ''));
  const word = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (!word) return undefined;
  const size = word[2]?.toLowerCase() === 'nan' ? NaN : Infinity;
  return word[1] === '-' ? -size : size;
}
