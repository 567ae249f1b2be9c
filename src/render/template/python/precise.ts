import { Float } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import { floatOf, type Int } from './numbers.ts';

/**
 * Powers and logarithms as the mathematical libraries below Python give them. Those are right to a little more than
 * half of the last digit: so the value is worked out here to many more digits, and refused where it lies so near to
 * the middle of two floats that libraries may round it either way.
 */

/** Numbers are integers in units of 2^-SCALE while they are worked out. */
const SCALE = 256n;
const ONE = 1n << SCALE;
/** The share of a float's last digit (1/24 of its half on each side) within which libraries may differ. */
const DOUBT = 24n;

const LN2 = 2n * inverseTanh(ONE / 3n);

/** `math.pow(x, y)`; throws where Python does, and where the last digit is in doubt. */
export function power(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (!Number.isFinite(x) || !Number.isFinite(y)) throw new Fault('a power needs finite numbers');
  const isOdd = Number.isInteger(y) && y % 2 !== 0;
  if (x === 0) {
    if (y < 0) throw new Fault('0 has no negative power');
    return isOdd ? x : 0;
  }
  if (x < 0 && !Number.isInteger(y)) throw new Fault('a negative number has only whole powers');
  if (Math.abs(y * Math.log2(Math.abs(x))) > 1020) {
    throw new Fault('the power is too large or too small for a float');
  }
  const result = exponential((logarithmOf(Math.abs(x)) * fixedPoint(y)) >> SCALE);
  return x < 0 && isOdd ? -result : result;
}

/** `math.log(x)`; throws where Python does, and where the last digit is in doubt. */
export function logarithm(x: number): number {
  if (!(x > 0) || !Number.isFinite(x)) throw new Fault('a logarithm needs a positive number');
  return x === 1 ? 0 : rounded(logarithmOf(x), 0);
}

/** `math.sqrt(x)` */
export function squareRoot(x: number): number {
  if (!(x >= 0)) throw new Fault('a negative number has no root');
  return Math.sqrt(x);
}

/** `base ** exponent` where one is a float, or the exponent negative. */
export function floatPower(base: Int | Float, exponent: Int | Float): Float {
  return new Float(power(floatOf(base), floatOf(exponent)));
}

function fixedPoint(value: number): bigint {
  const { mantissa, exponent } = parts(value);
  const shift = SCALE + BigInt(exponent);
  return shift >= 0n ? mantissa << shift : mantissa >> -shift;
}

/** A float as mantissa × 2^exponent. */
function parts(value: number): { mantissa: bigint; exponent: number } {
  let exponent = 0;
  let rest = value;
  while (!Number.isInteger(rest)) {
    rest *= 2;
    exponent -= 1;
  }
  return { mantissa: BigInt(rest), exponent };
}

function inverseTanh(z: bigint): bigint {
  const square = (z * z) >> SCALE;
  let sum = 0n;
  let term = z;
  for (let divisor = 1n; term !== 0n; divisor += 2n) {
    sum += term / divisor;
    term = (term * square) / ONE;
  }
  return sum;
}

/** The natural logarithm of a positive float. */
function logarithmOf(value: number): bigint {
  const { mantissa, exponent } = parts(value);
  const bits = mantissa.toString(2).length;
  const [top, twos] =
    mantissa * 2n > 3n << BigInt(bits - 1)
      ? [bits, exponent + bits]
      : [bits - 1, exponent + bits - 1];
  const near = (mantissa << SCALE) >> BigInt(top);
  return 2n * inverseTanh(((near - ONE) << SCALE) / (near + ONE)) + BigInt(twos) * LN2;
}

/** The float nearest to e^value. */
function exponential(value: bigint): number {
  const twos = (value + LN2 / 2n) / LN2;
  const rest = value - twos * LN2;
  let sum = 0n;
  let term = ONE;
  for (let n = 1n; term !== 0n; n += 1n) {
    sum += term;
    term = (term * rest) / (ONE * n);
  }
  return rounded(sum, Number(twos));
}

/** The float nearest to value × 2^twos. */
function rounded(value: bigint, twos: number): number {
  const size = value < 0n ? -value : value;
  const dropped = size.toString(2).length - 53;
  const half = 1n << BigInt(dropped - 1);
  const low = size & (2n * half - 1n);
  const distance = low > half ? low - half : half - low;
  if (distance * DOUBT < half) {
    throw new Fault('the last digit of this number differs between machines', {
      hint: 'give it as a parameter',
    });
  }
  const kept = Number(size >> BigInt(dropped)) + (low > half ? 1 : 0);
  const result = kept * 2 ** (dropped - Number(SCALE) + twos);
  return value < 0n ? -result : result;
}
