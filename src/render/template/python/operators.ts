import { Float } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { type Datum, nameOfType, Tuple, usable } from '../values.ts';
import { asInt, asNumber, floatOf, type Int, toInt } from './numbers.ts';
import { floatPower } from './precise.ts';
import { printf } from './printf.ts';

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';

/** `left operator right` as Python computes it; throws where Python refuses, or would differ between machines. */
export function binary(operator: BinaryOperator, left: Datum, right: Datum, fuel: Fuel): Datum {
  usable(left);
  if (operator === '%' && typeof left === 'string') return printf(left, right, fuel);
  usable(right);
  if (operator === '+') {
    const joined = concatenate(left, right, fuel);
    if (joined !== undefined) return joined;
  }
  if (operator === '*') {
    const repeated = repeat(left, right, fuel) ?? repeat(right, left, fuel);
    if (repeated !== undefined) return repeated;
  }
  const a = asNumber(left);
  const b = asNumber(right);
  if (a === undefined || b === undefined) {
    throw new Fault(`${operator} does not work on ${nameOfType(left)} and ${nameOfType(right)}`);
  }
  if (operator === '/') return divide(a, b);
  if (operator === '**' && (a instanceof Float || b instanceof Float || b < 0)) {
    return floatPower(a, b);
  }
  if (a instanceof Float || b instanceof Float) {
    return new Float(floatArithmetic(operator, floatOf(a), floatOf(b)));
  }
  return intArithmetic(operator, a, b);
}

function concatenate(left: Datum, right: Datum, fuel: Fuel): Datum | undefined {
  if (typeof left === 'string' && typeof right === 'string') {
    fuel.spend(right.length);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    fuel.spend(left.length + right.length);
    return left.concat(right);
  }
  if (left instanceof Tuple && right instanceof Tuple) {
    fuel.spend(left.items.length + right.items.length);
    return new Tuple([...left.items, ...right.items]);
  }
  return undefined;
}

function repeat(value: Datum, times: Datum, fuel: Fuel): Datum | undefined {
  const items = value instanceof Tuple ? value.items : value;
  if (typeof items !== 'string' && !Array.isArray(items)) return undefined;
  const count = asInt(times);
  if (count === undefined) return undefined;
  const copies = count > 0 ? Number(count) : 0;
  fuel.spend(items.length * copies);
  if (typeof items === 'string') return items === '' ? '' : items.repeat(copies);
  const result = items.length === 0 ? [] : Array.from({ length: copies }, () => items).flat();
  return value instanceof Tuple ? new Tuple(result) : result;
}

function divide(a: Int | Float, b: Int | Float): Float {
  const divisor = floatOf(b);
  if (divisor === 0) throw new Fault('division by zero');
  if (typeof a === 'bigint' || typeof b === 'bigint') {
    throw new Fault('the number is too large to divide', { hint: 'use //' });
  }
  return new Float(floatOf(a) / divisor);
}

function floatArithmetic(operator: BinaryOperator, a: number, b: number): number {
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  if (b === 0) throw new Fault('division by zero');
  // CPython's float_divmod.
  let remainder = a % b;
  let quotient = (a - remainder) / b;
  if (remainder === 0) {
    remainder = Object.is(b, -0) || b < 0 ? -0 : 0;
  } else if (b < 0 !== remainder < 0) {
    remainder += b;
    quotient -= 1;
  }
  if (operator === '%') return remainder;
  if (quotient === 0) return Object.is(a / b, -0) || a / b < 0 ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

function intArithmetic(operator: BinaryOperator, a: Int, b: Int): Int {
  if (operator === '**') return power(BigInt(a), BigInt(b));
  if ((operator === '//' || operator === '%') && Number(b) === 0)
    throw new Fault('division by zero');
  if (typeof a === 'number' && typeof b === 'number') {
    const result = smallArithmetic(operator, a, b);
    if (Number.isSafeInteger(result)) return result + 0;
  }
  return toInt(bigArithmetic(operator, BigInt(a), BigInt(b)));
}

function smallArithmetic(operator: BinaryOperator, a: number, b: number): number {
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  if (operator === '//') return (a - modulo(a, b)) / b;
  return modulo(a, b);
}

function modulo(a: number, b: number): number {
  const remainder = a % b;
  return remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder;
}

function bigArithmetic(operator: BinaryOperator, a: bigint, b: bigint): bigint {
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  const remainder = a % b;
  const adjusted = remainder !== 0n && remainder < 0n !== b < 0n ? remainder + b : remainder;
  return operator === '%' ? adjusted : (a - adjusted) / b;
}

function power(base: bigint, exponent: bigint): Int {
  const digits = base.toString(2).length;
  if (exponent > 4096n || BigInt(digits) * exponent > 4096n) {
    if (base === 0n || base === 1n) return exponent === 0n ? 1 : Number(base);
    throw new Fault('the number is too large');
  }
  return toInt(base ** exponent);
}

/** `-value` and `+value`. */
export function signed(operator: '-' | '+', value: Datum): Datum {
  usable(value);
  const number = asNumber(value);
  if (number === undefined) throw new Fault(`${operator} does not work on ${nameOfType(value)}`);
  if (operator === '+') return number;
  if (number instanceof Float) return new Float(-number.value);
  return typeof number === 'bigint' ? toInt(-number) : 0 - number;
}
