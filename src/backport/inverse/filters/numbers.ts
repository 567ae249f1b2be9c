import { Float } from '../../../plan/yaml/node.ts';
import { asNumber, floatOf } from '../../../render/template/python/numbers.ts';
import type { Datum } from '../../../render/template/values.ts';
import { printed, valueLike } from '../values.ts';
import type { Inverse } from './step.ts';

const PAIRS = [
  ['yes', 'no'],
  ['on', 'off'],
  ['true', 'false'],
  ['1', '0'],
] as const;

/** A word for true or false in the manner of the old one. */
function wordLike(old: string, wanted: boolean): string {
  const pair = PAIRS.find((words) => words.some((word) => word === old.toLowerCase()));
  const word = (pair ?? PAIRS[0])[wanted ? 0 : 1];
  if (old !== '' && old === old.toUpperCase()) return word.toUpperCase();
  const first = old.charAt(0);
  return first !== first.toLowerCase() ? word.charAt(0).toUpperCase() + word.slice(1) : word;
}

const bool: Inverse = ({ input, wanted }) => {
  if (typeof wanted !== 'boolean') return [];
  if (typeof input === 'string') return [wordLike(input, wanted), wanted];
  if (typeof input === 'number') return [wanted ? 1 : 0, wanted];
  return [wanted];
};

/** `int` and `float`: the number, or the text of one where text was. */
const toNumber: Inverse = ({ input, wanted, args }) => {
  const text = printed(wanted);
  if (text === undefined || asNumber(wanted) === undefined) return [];
  const base = typeof args.get(1) === 'number' ? Number(args.get(1)) : 10;
  const inBase = base === 10 || typeof wanted !== 'number' ? [] : [prefixed(wanted, base, input)];
  if (typeof input === 'string') {
    const float = /^-?\d+\.\d+$/.test(input.trim());
    const whole = wanted instanceof Float && !float ? text.replace(/\.0$/, '') : text;
    const unit = input.replace(/^\s*-?[\d.]+/, '');
    return [...inBase, whole, text, unit === input ? undefined : whole + unit];
  }
  const number = asNumber(wanted);
  const whole = number instanceof Float && Number.isSafeInteger(number.value);
  const like =
    input instanceof Float && number !== undefined ? new Float(floatOf(number)) : undefined;
  return [like, whole ? floatOf(number) : undefined, wanted, valueLike(input, text)];
};

function prefixed(value: number, base: number, input: Datum | undefined): string {
  const prefix = typeof input === 'string' ? (/^0[box]/i.exec(input)?.[0] ?? '') : '';
  return prefix + value.toString(base);
}

const abs: Inverse = ({ input, wanted }) => {
  const [old, now] = [asNumber(input), asNumber(wanted)];
  if (now === undefined) return [];
  const isNegative = old !== undefined && floatOf(old) < 0;
  if (!isNegative) return [now];
  return [now instanceof Float ? new Float(-now.value) : -now, now];
};

const rounded: Inverse = ({ input, wanted }) => {
  const now = asNumber(wanted);
  if (now === undefined) return [];
  const value = floatOf(now);
  const whole = Number.isSafeInteger(value) ? value : undefined;
  return input instanceof Float ? [new Float(value), whole] : [whole, new Float(value)];
};

const UNITS = 'BKMGTPEZY';

/** `human_readable`: as many bytes as the text says, to its two digits. */
const humanReadable: Inverse = ({ input, wanted }) => {
  if (typeof wanted !== 'string') return [];
  const [, digits, letter = 'B'] = /^(-?[\d.]+) ([KMGTPEZY])?/.exec(wanted) ?? [];
  const power = UNITS.indexOf(letter);
  const size = Number(digits) * 1024 ** power;
  if (!Number.isFinite(size) || power < 0) return [];
  return [
    Math.round(size),
    Math.ceil(size),
    Math.floor(size),
    input instanceof Float ? new Float(size) : undefined,
  ].filter((guess) => typeof guess !== 'number' || Number.isSafeInteger(guess));
};

/** `human_to_bytes`: in the unit of the old text where it comes out even. */
const humanToBytes: Inverse = ({ input, wanted, args }) => {
  if (typeof wanted !== 'number') return [];
  const text = printed(input) ?? '';
  const [, gap = '', unit = ''] = /^[\s\d.]*?(\s*)([A-Za-z]*)\s*$/.exec(text) ?? [];
  const fallback = args.get(0);
  const letter = (unit || (typeof fallback === 'string' ? fallback : 'B')).charAt(0).toUpperCase();
  const exact = wanted / 1024 ** Math.max(0, UNITS.indexOf(letter));
  const inUnit = `${exact}${gap}${unit}`;
  return [valueLike(input, inUnit), inUnit, `${wanted}B`, wanted];
};

/** `pow` and `root`: the number whose power is wanted, with the sign of the old one, whole where that fits. */
function powerOf(exponent: (argument: number) => number, fallback: number): Inverse {
  return ({ input, wanted, args }) => {
    const [now, argument] = [asNumber(wanted), asNumber(args.get(0) ?? fallback)];
    if (now === undefined || argument === undefined) return [];
    const size = Math.abs(floatOf(now)) ** exponent(floatOf(argument));
    if (!Number.isFinite(size)) return [];
    const old = asNumber(input ?? null);
    const value = old !== undefined && floatOf(old) < 0 ? -size : size;
    const guesses: Datum[] = [new Float(value), new Float(Math.round(value))];
    const whole = Number.isSafeInteger(Math.round(value)) ? [Math.round(value)] : [];
    return input instanceof Float ? [...guesses, ...whole] : [...whole, ...guesses];
  };
}

/** Inverses of the filters on numbers. */
export const numberInverses: Readonly<Record<string, Inverse>> = {
  int: toNumber,
  float: toNumber,
  bool,
  abs,
  pow: powerOf((power) => 1 / power, 2),
  root: powerOf((degree) => degree, 2),
  round: rounded,
  human_readable: humanReadable,
  human_to_bytes: humanToBytes,
};
