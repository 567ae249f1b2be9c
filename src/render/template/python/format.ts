import { Float } from '../../../plan/yaml/node.ts';
import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { type Datum, type Keywords, nameOfType } from '../values.ts';
import { asInt } from './numbers.ts';
import { fixed } from './printf.ts';
import { represent, show } from './show.ts';
import { characters, countCharacters } from './text.ts';

const FIELD = /\{\{|\}\}|\{([^{}!:]*)(?:!([rs]))?(?::([^{}]*))?\}|[{}]/g;
const SPEC = /^(?:(.)?([<>^]))?(0)?(\d+)?(?:\.(\d+))?([sdxXof]?)$/su;
const MAX_WIDTH = 10_000;

/** `str.format`: fields by number or name, with the alignments and types that configuration files use. */
export function formatText(
  text: string,
  args: readonly Datum[],
  keywords: Keywords,
  fuel: Fuel,
): string {
  let next = 0;
  const result = text.replace(FIELD, (field, name: string | undefined, conversion, spec = '') => {
    if (field === '{{' || field === '}}') return field.charAt(0);
    if (name === undefined) throw new Fault('a single brace in a format', { hint: 'double it' });
    if (name !== '' && !/^(?:\d+|[A-Za-z_]\w*)$/.test(name)) {
      throw new Fault(`"{${name}}" in a format is not supported`, {
        hint: 'number or name fields',
      });
    }
    if (name === '' && next < 0) throw new Fault('a format has fields either numbered or not');
    if (/^\d/.test(name)) {
      if (next > 0) throw new Fault('a format has fields either numbered or not');
      next = -1;
    }
    const value =
      name === '' ? args[next++] : /^\d/.test(name) ? args[Number(name)] : keywords.get(name);
    if (value === undefined) throw new Fault(`no value for "{${name}}" of the format`);
    return formatValue(value, conversion, spec, fuel);
  });
  fuel.spend(result.length);
  return result;
}

function formatValue(
  value: Datum,
  conversion: string | undefined,
  spec: string,
  fuel: Fuel,
): string {
  const datum =
    conversion === 'r' ? represent(value, fuel) : conversion === 's' ? show(value, fuel) : value;
  if (spec === '') return show(datum, fuel);
  const [, fill, align, zero, width, precision, type = ''] = SPEC.exec(spec) ?? [];
  if (!SPEC.test(spec) || Number(width ?? 0) > MAX_WIDTH) {
    throw new Fault(`the format "${spec}" is not supported`);
  }
  const isNumber = typeof datum !== 'string';
  const text = isNumber
    ? formatNumber(datum, precision, type)
    : formatString(datum, precision, type);
  if (!isNumber && zero !== undefined) throw new Fault('text is not padded with 0');
  const gap = Math.max(0, Number(width ?? 0) - countCharacters(text));
  if (zero !== undefined && align === undefined) {
    const sign = text.startsWith('-') ? '-' : '';
    return sign + '0'.repeat(gap) + text.slice(sign.length);
  }
  const pad = fill ?? (zero === undefined ? ' ' : '0');
  const side = align ?? (isNumber ? '>' : '<');
  const left = side === '>' ? gap : side === '^' ? Math.floor(gap / 2) : 0;
  return pad.repeat(left) + text + pad.repeat(gap - left);
}

function formatString(text: string, precision: string | undefined, type: string): string {
  if (type !== '' && type !== 's') throw new Fault(`the format "${type}" needs a number`);
  return precision === undefined ? text : characters(text).slice(0, Number(precision)).join('');
}

function formatNumber(value: Datum, precision: string | undefined, type: string): string {
  if (type === 'f') {
    const number = value instanceof Float ? value.value : asInt(value);
    if (number === undefined) throw new Fault(`f needs a number, not ${nameOfType(value)}`);
    return fixed(Number(number), Number(precision ?? 6));
  }
  const integer = asInt(value);
  if (
    integer === undefined ||
    precision !== undefined ||
    (typeof value === 'boolean' && type === '')
  ) {
    throw new Fault(`the format does not work on ${nameOfType(value)}`, {
      hint: 'add | string or use f',
    });
  }
  if (type === 's') throw new Fault('the format "s" needs text', { hint: 'add | string' });
  const digits = integer.toString(type === 'o' ? 8 : type === 'x' || type === 'X' ? 16 : 10);
  return type === 'X' ? digits.toUpperCase() : digits;
}
