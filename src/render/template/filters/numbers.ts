import { Float } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { equal } from '../python/compare.ts';
import {
  asInt,
  asNumber,
  floatOf,
  type Int,
  parseDecimal,
  parseFloatText,
  toInt,
} from '../python/numbers.ts';
import { logarithm, power, squareRoot } from '../python/precise.ts';
import { roundDigits } from '../python/round.ts';
import { strip } from '../python/whitespace.ts';
import { type Datum, nameOfType } from '../values.ts';
import { defineFilter, type Filter } from './filter.ts';

/** Jinja2's `int`: what cannot be read gives the default. */
function toInteger(value: Datum, fallback: Datum, base: number): Datum {
  if (typeof value === 'string') {
    const text = strip(value);
    const whole = base === 10 ? parseDecimal(text) : parseBase(text, base);
    if (whole !== undefined) return whole;
    const float = parseFloatText(text);
    return float === undefined || !Number.isFinite(float) ? fallback : truncate(float);
  }
  if (value instanceof Float) {
    if (Number.isNaN(value.value)) return fallback;
    if (!Number.isFinite(value.value)) throw new Fault('infinity is no integer');
    return truncate(value.value);
  }
  return asInt(value) ?? fallback;
}

function truncate(value: number): Int {
  return toInt(BigInt(Math.trunc(value)));
}

const prefixes: Record<number, RegExp> = { 2: /^0b_?/i, 8: /^0o_?/i, 16: /^0x_?/i };

/** `int(text, base)`. */
function parseBase(text: string, base: number): Int | undefined {
  const prefix = prefixes[base];
  if (!prefix) throw new Fault('int reads the bases 2, 8, 10 and 16');
  const [, sign, digits = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  const plain = digits.replace(prefix, '');
  const allowed = base === 2 ? '01' : base === 8 ? '0-7' : '\\da-f';
  if (!new RegExp(`^[${allowed}]+(?:_[${allowed}]+)*$`, 'i').test(plain)) return undefined;
  const head = base === 2 ? '0b' : base === 8 ? '0o' : '0x';
  return toInt(BigInt(head + plain.replaceAll('_', '')) * (sign === '-' ? -1n : 1n));
}

function toFloat(value: Datum, fallback: Datum): Datum {
  if (typeof value === 'string') {
    const float = parseFloatText(strip(value));
    return float === undefined ? fallback : new Float(float);
  }
  const number = asNumber(value);
  return number === undefined ? fallback : new Float(floatOf(number));
}

const trueWords = new Set(['yes', 'on', 'true', '1']);

/** Ansible's `bool`: what is neither true nor false is false. Of null its versions make different things. */
function toBoolean(value: Datum, fuel: Fuel): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return trueWords.has(value.toLowerCase());
  if (value === null) {
    throw new Fault('what bool makes of null depends on the version', {
      hint: 'add | default(false, true)',
    });
  }
  return equal(value, 1, fuel);
}

function needNumber(value: Datum, filter: string): Int | Float {
  const number = asNumber(value);
  if (number === undefined) throw new Fault(`"${filter}" needs a number, not ${nameOfType(value)}`);
  return number;
}

function round(value: Datum, precision: number, method: string): Datum {
  if (!['common', 'ceil', 'floor'].includes(method)) {
    throw new Fault('the method of round is common, ceil or floor');
  }
  const number = needNumber(value, 'round');
  if (method === 'common') return roundDigits(number, precision);
  if (Math.abs(precision) > 20) throw new Fault('round takes at most 20 digits');
  if (precision < 0) throw new Fault('round takes no negative digits with ceil and floor');
  const scale = Number(`1e${precision}`);
  const scaled = floatOf(number) * scale;
  const whole = method === 'ceil' ? Math.ceil(scaled) : Math.floor(scaled);
  if (!Number.isSafeInteger(whole)) throw new Fault('the number is too large to round');
  return new Float((whole + 0) / scale);
}

/** Ansible's `log`: to another base, the quotient of two rounded logarithms, as Python has it. */
function logTo(value: Datum, base: Datum | undefined): Float {
  const x = floatOf(needNumber(value, 'log'));
  const to = base === undefined ? Math.E : floatOf(needNumber(base, 'log'));
  if (to === 10) return new Float(decimalPlaces(x));
  const divisor = logarithm(to);
  if (divisor === 0) throw new Fault('there is no logarithm to the base 1');
  return new Float(logarithm(x) / divisor);
}

/** `math.log10` where every library agrees. */
function decimalPlaces(value: number): number {
  const places = /^1(?:e\+(\d+))?$/.exec(value.toExponential());
  if (!places) {
    throw new Fault('the last digit of this logarithm differs between machines', {
      hint: 'log(10) is supported for 1, 10, 100 …; for a number of digits use string | length',
    });
  }
  return Number(places[1] ?? 0);
}

/** Ansible's `root`. */
function root(value: Datum, degree: Datum | undefined): Float {
  const x = floatOf(needNumber(value, 'root'));
  const base = degree === undefined ? 2 : floatOf(needNumber(degree, 'root'));
  if (base === 0) throw new Fault('there is no root of degree 0');
  return new Float(base === 2 ? squareRoot(x) : power(x, 1 / base));
}

export const numberFilters: Filter[] = [
  defineFilter({
    name: 'log',
    signature: ['base?'],
    inverse: 'none',
    implementation: (value, args) => logTo(value, args.get(0)),
  }),
  defineFilter({
    name: 'pow',
    signature: ['y'],
    inverse: 'several',
    implementation: (value, args) =>
      new Float(
        power(floatOf(needNumber(value, 'pow')), floatOf(needNumber(args.required(0), 'pow'))),
      ),
  }),
  defineFilter({
    name: 'root',
    signature: ['base?'],
    inverse: 'several',
    implementation: (value, args) => root(value, args.get(0)),
  }),
  defineFilter({
    name: 'int',
    signature: ['default?', 'base?'],
    inverse: 'several',
    implementation: (value, args) => toInteger(value, args.get(0) ?? 0, args.integer(1, 10)),
  }),
  defineFilter({
    name: 'float',
    signature: ['default?'],
    inverse: 'several',
    implementation: (value, args) => toFloat(value, args.get(0) ?? new Float(0)),
  }),
  defineFilter({
    name: 'bool',
    signature: [],
    inverse: 'several',
    implementation: (value, _, run) => toBoolean(value, run.fuel),
  }),
  defineFilter({
    name: 'abs',
    signature: [],
    inverse: 'several',
    implementation: (value) => {
      const number = needNumber(value, 'abs');
      if (number instanceof Float) return new Float(Math.abs(number.value));
      return typeof number === 'bigint' ? toInt(number < 0n ? -number : number) : Math.abs(number);
    },
  }),
  defineFilter({
    name: 'round',
    signature: ['precision?', 'method?'],
    inverse: 'several',
    implementation: (value, args) => round(value, args.integer(0, 0), args.text(1, 'common')),
  }),
];
