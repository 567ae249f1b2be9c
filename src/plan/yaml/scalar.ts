import { UserError } from '../../model/errors.ts';
import { Float, Tagged, type ScalarValue } from './node.ts';

// PyYAML's own patterns (lib/yaml/resolver.py), which are not those of the YAML 1.1 specification.
const NULL = /^(?:~|null|Null|NULL|)$/;
const BOOL = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const INT =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const TIMESTAMP =
  /^([0-9]{4})-([0-9][0-9]?)-([0-9][0-9]?)(?:(?:[Tt]|[ \t]+)([0-9][0-9]?):([0-9]{2}):([0-9]{2})(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+]([0-9][0-9]?)(?::([0-9]{2}))?))?)?$/;

/** First characters of every token that could be something else than a string. */
const FIRST = /^[-+.0-9~nNtTfFyYoO=<]/;

/** Python reads no longer decimal numbers (`sys.get_int_max_str_digits`). */
const MAX_DIGITS = 4300;

/**
 * What PyYAML's safe loader makes of a plain scalar (its text after line folding), or undefined where it refuses
 * it: `=` and `<<` as values, dates that do not exist, a lone `-`. Dates stay text, see `isDate`.
 */
export function resolvePlain(token: string): ScalarValue | undefined {
  if (token === '') return null;
  if (!FIRST.test(token)) return token;
  if (NULL.test(token)) return null;
  if (BOOL.test(token)) return /^(?:y|t|on)/i.test(token);
  if (FLOAT.test(token)) return new Float(readFloat(token));
  if (INT.test(token)) return readInt(token);
  if (token === '=' || token === '<<' || token === '-') return undefined;
  if (isDate(token) && !isRealDate(token)) return undefined;
  return token;
}

/** Whether PyYAML makes a date or a time of a plain scalar. */
export function isDate(token: string): boolean {
  const first = token.charCodeAt(0);
  if (first < 0x30 || first > 0x39) return false;
  return DATE.test(token) || (token.includes(':') && TIMESTAMP.test(token));
}

function isRealDate(token: string): boolean {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zoneHour = 0, zone = 0] =
    TIMESTAMP.exec(token)!
      .slice(1)
      .map((part) => Number(part ?? 0));
  const monthDays =
    month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return (
    year > 0 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= monthDays &&
    hour < 24 &&
    minute < 60 &&
    second < 60 &&
    zoneHour * 60 + zone < 24 * 60
  );
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function readInt(token: string): number | bigint | undefined {
  const digits = token.replaceAll('_', '').replace(/^[-+]/, '');
  if (digits.length > MAX_DIGITS) return undefined;
  let value: bigint;
  if (digits === '0b' || digits === '0x') return undefined;
  if (digits.startsWith('0b') || digits.startsWith('0x')) value = BigInt(digits);
  else if (digits.startsWith('0')) value = BigInt(`0o${digits}`);
  else value = digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  if (token.startsWith('-')) value = -value;
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
    ? Number(value)
    : value;
}

function readFloat(token: string): number {
  const digits = token.replaceAll('_', '').toLowerCase().replace(/^[-+]/, '');
  const sign = token.startsWith('-') ? -1 : 1;
  if (digits === '.inf') return sign * Infinity;
  if (digits === '.nan') return NaN;
  // Base 60 is summed from the last part on, as PyYAML does it, so that the last bit agrees.
  let value = 0;
  let base = 1;
  for (const part of digits.split(':').toReversed()) {
    value += Number(part) * base;
    base *= 60;
  }
  return sign * value;
}

/** A float as Python's `repr` writes it: `1.0`, `0.1`, `1e+16`, `inf`. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const digits = String(Math.abs(exponent)).padStart(2, '0');
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

export interface WriteOptions {
  /** Written within `[…]` or `{…}`, where more characters need quotes. */
  flow?: boolean;
  /** Which quotes to take where both would do; double is the default. */
  quote?: 'single' | 'double';
}

// Forms that YAML 1.2's core schema, or another reader of YAML 1.1, takes for something else than a string.
const OTHER_READERS =
  /^(?:[yYnN]|[-+]?0o[0-7]+|[-+]?0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const INDICATOR_FIRST = /^[\s\-?:,[\]{}#&*!|>'"%@`=<]|^\.\.\./;
const NEEDS_ESCAPE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00a0\u2028\u2029\ufeff\ufffe\uffff]/;

/**
 * A one-line token for a value. A string stays plain only where PyYAML and YAML 1.2 both read the plain token as
 * that string. Throws `UserError` for text that is not valid Unicode.
 */
export function writeScalar(value: ScalarValue, options: WriteOptions = {}): string {
  if (value === null) return 'null';
  if (typeof value === 'string') {
    return isPlainText(value, options.flow ?? false) ? value : quoteText(value, options.quote);
  }
  if (value instanceof Tagged) {
    return value.text === '' && value.tag === '!unset'
      ? value.tag
      : `${value.tag} ${quoteText(value.text, options.quote)}`;
  }
  if (value instanceof Float) return writeFloat(value.value);
  return String(value);
}

/** Whether a string can be written without quotes so that every reader takes it for that string. */
export function isPlainText(text: string, flow: boolean): boolean {
  return (
    text !== '' &&
    text.isWellFormed() &&
    !INDICATOR_FIRST.test(text) &&
    !text.endsWith(' ') &&
    !text.endsWith(':') &&
    !text.includes(': ') &&
    !text.includes(' #') &&
    !NEEDS_ESCAPE.test(text) &&
    !(flow && /[,[\]{}]/.test(text)) &&
    resolvePlain(text) === text &&
    !isDate(text) &&
    !OTHER_READERS.test(text)
  );
}

/** A string in quotes: in those asked for, unless only the others can hold it readably. */
export function quoteText(text: string, quote: 'single' | 'double' = 'double'): string {
  if (!text.isWellFormed()) throw new UserError('text that is not valid Unicode cannot be written');
  const awkward = quote === 'single' ? text.includes("'") : /["\\]/.test(text);
  const other = quote === 'single' ? !/["\\]/.test(text) : !text.includes("'");
  const single = !NEEDS_ESCAPE.test(text) && (quote === 'single') !== (awkward && other);
  if (single) return `'${text.replaceAll("'", "''")}'`;
  const escape = new RegExp(NEEDS_ESCAPE, 'g');
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replace(escape, escapeCharacter)}"`;
}

const SHORT_ESCAPES: Record<string, string> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  return (
    SHORT_ESCAPES[character] ??
    (code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`)
  );
}

function writeFloat(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  const text = floatText(value);
  return text.includes('e') && !text.includes('.') ? text.replace('e', '.0e') : text;
}
