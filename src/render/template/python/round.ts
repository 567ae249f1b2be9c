import { Float } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import { type Int, toInt } from './numbers.ts';

/** `round(value, digits)`: exact decimal value, ties to even. Integers stay integers. */
export function roundDigits(value: Int | Float, digits: number): Int | Float {
  if (Math.abs(digits) > 100) throw new Fault('round takes at most 100 digits');
  if (!(value instanceof Float)) {
    return digits >= 0 ? value : toInt(roundToMultiple(BigInt(value), 10n ** BigInt(-digits)));
  }
  if (!Number.isFinite(value.value) || value.value === 0) return value;
  return new Float(roundFloat(value.value, digits));
}

/** The nearest multiple of `unit`, ties to the even one. */
function roundToMultiple(value: bigint, unit: bigint): bigint {
  const size = value < 0n ? -value : value;
  const whole = size / unit;
  const twice = (size % unit) * 2n;
  const up = twice > unit || (twice === unit && whole % 2n === 1n);
  const rounded = (whole + (up ? 1n : 0n)) * unit;
  return value < 0n ? -rounded : rounded;
}

function roundFloat(value: number, digits: number): number {
  const result = Number(`${scaled(value, digits)}e${-digits}`);
  return result === 0 && value < 0 ? -0 : result;
}

/**
 * `value × 10^digits` as the nearest integer, ties to even. Every double is an integer over a power of two: computed
 * as such, nothing is lost.
 */
export function scaled(value: number, digits: number): bigint {
  const { mantissa, exponent } = decompose(value);
  let numerator = mantissa;
  let denominator = 1n;
  if (exponent >= 0) numerator <<= BigInt(exponent);
  else denominator <<= BigInt(-exponent);
  if (digits >= 0) numerator *= 10n ** BigInt(digits);
  else denominator *= 10n ** BigInt(-digits);
  return roundToMultiple(numerator, denominator) / denominator;
}

function decompose(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa: value < 0 ? -mantissa : mantissa, exponent: (biased || 1) - 1075 };
}
