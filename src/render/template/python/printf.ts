import { Float } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { type Datum, nameOfType, Tuple, usable } from '../values.ts';
import { asInt, asNumber, floatOf, type Int } from './numbers.ts';
import { scaled } from './round.ts';
import { represent, show } from './show.ts';
import { characters, countCharacters } from './text.ts';

const DIRECTIVE = /%(?:\(([^()]*)\))?([-+ #0]*)(\d*|\*)(?:\.(\d*|\*))?([hlL]?)([\s\S]?)/g;
const MAX_WIDTH = 10_000;

interface Directive {
  flags: string;
  width: number;
  precision: number | undefined;
}

/** Python's `format % values` (printf-style), for the conversions that configuration files use. */
export function printf(format: string, values: Datum, fuel: Fuel): string {
  const mapping = values instanceof Map ? values : undefined;
  const given = values instanceof Tuple ? values.items : [values];
  let next = 0;
  let named = false;
  const text = format.replace(
    DIRECTIVE,
    (_, key: string | undefined, flags: string, width: string, precision, __, conversion) => {
      if (conversion === '%') {
        if (key !== undefined || flags || width || precision !== undefined) throw unsupported('%%');
        return '%';
      }
      if (width === '*' || precision === '*') throw unsupported('*');
      if (key !== undefined) named = true;
      else if (named) throw new Fault('a format has values either by name or in order');
      const value = key === undefined ? given[next++] : mapping?.get(key);
      if (value === undefined) {
        throw new Fault(
          key === undefined
            ? 'not enough values for the format'
            : `no value "${key}" for the format`,
        );
      }
      const directive: Directive = {
        flags,
        width: bounded(width),
        precision: precision === undefined ? undefined : bounded(precision),
      };
      return convert(conversion, directive, usable(value), fuel);
    },
  );
  if (!mapping && next < given.length) {
    throw new Fault('the format does not use all its values');
  }
  fuel.spend(text.length);
  return text;
}

function bounded(digits: string): number {
  const value = Number(digits || '0');
  if (value > MAX_WIDTH) throw new Fault(`a width in a format is at most ${MAX_WIDTH}`);
  return value;
}

function convert(conversion: string, directive: Directive, value: Datum, fuel: Fuel): string {
  switch (conversion) {
    case 's':
      return padded(cut(show(value, fuel), directive), directive);
    case 'r':
      return padded(cut(represent(value, fuel), directive), directive);
    case 'd':
    case 'i':
    case 'u':
      return numeric(decimal(value), directive);
    case 'x':
      return numeric(whole(value, 'x').toString(16), directive, '0x');
    case 'X':
      return numeric(whole(value, 'X').toString(16).toUpperCase(), directive, '0X');
    case 'o':
      return numeric(whole(value, 'o').toString(8), directive, '0o');
    case 'f':
    case 'F':
      return numeric(fixed(real(value, 'f'), directive.precision ?? 6), {
        ...directive,
        precision: undefined,
      });
    case '':
      throw new Fault('the format ends inside a directive');
    default:
      throw unsupported(conversion);
  }
}

function unsupported(conversion: string): Fault {
  return new Fault(`"${conversion}" in a format is not supported`, {
    hint: '%s %r %d %i %x %X %o %f and %% are',
  });
}

/** `%d` takes floats too, and cuts them. */
function decimal(value: Datum): string {
  const number = asNumber(value);
  if (number === undefined) throw new Fault(`%d needs a number, not ${nameOfType(value)}`);
  if (!(number instanceof Float)) return String(number);
  if (!Number.isFinite(number.value)) throw new Fault('%d needs a finite number');
  return String(BigInt(Math.trunc(number.value)));
}

function whole(value: Datum, conversion: string): Int {
  const number = asInt(value);
  if (number === undefined)
    throw new Fault(`%${conversion} needs an integer, not ${nameOfType(value)}`);
  return number;
}

function real(value: Datum, conversion: string): number {
  const number = asNumber(value);
  if (number === undefined)
    throw new Fault(`%${conversion} needs a number, not ${nameOfType(value)}`);
  return floatOf(number);
}

/** C's `%.nf`, correctly rounded, ties to even. */
export function fixed(value: number, digits: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (digits > 100) throw new Fault('more than 100 digits are not supported');
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const all = String(scaled(Math.abs(value), digits)).padStart(digits + 1, '0');
  const whole = all.slice(0, all.length - digits);
  return sign + whole + (digits > 0 ? `.${all.slice(-digits)}` : '');
}

function cut(text: string, { precision }: Directive): string {
  return precision === undefined ? text : characters(text).slice(0, precision).join('');
}

function padded(text: string, { flags, width }: Directive): string {
  const gap = ' '.repeat(Math.max(0, width - countCharacters(text)));
  return flags.includes('-') ? text + gap : gap + text;
}

function numeric(text: string, directive: Directive, prefix = ''): string {
  const { flags, width, precision } = directive;
  const negative = text.startsWith('-');
  let digits = negative ? text.slice(1) : text;
  if (precision !== undefined) digits = digits.padStart(precision, '0');
  const sign = negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const head = sign + (flags.includes('#') ? prefix : '');
  const finite = /^[0-9a-f.]+$/i.test(digits) && !/^(inf|nan)$/.test(digits);
  if (flags.includes('0') && !flags.includes('-') && finite) {
    return head + digits.padStart(width - head.length, '0');
  }
  return padded(head + digits, directive);
}
