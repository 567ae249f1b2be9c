import { Fault } from '../errors.ts';
import { dumpJson } from '../python/json.ts';
import { show } from '../python/show.ts';
import type { Run } from '../run.ts';
import { type Datum, Markup, nameOfType, Undefined, usable } from '../values.ts';
import { type Arguments, defineFilter, type Filter } from './filter.ts';
import { indentation } from './serial.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
};

/** `markupsafe.escape`: what is escaped already stays. */
function escape(value: Datum, run: Run): string {
  const text = show(value, run.fuel);
  if (value instanceof Markup) return text;
  run.fuel.spend(text.length);
  return text.replace(/[&<>'"]/g, (character) => entities[character] ?? character);
}

/** A filter whose input may be escaped text, and whose result is. */
function markupFilter(name: string, change: (value: Datum, run: Run) => string): Filter {
  return defineFilter({
    name,
    signature: [],
    inverse: 'exact',
    takesUndefined: true,
    implementation: (value, _, run) => {
      if (!(value instanceof Markup)) usable(value);
      run.fuel.spend(1);
      return new Markup(change(value, run));
    },
  });
}

const units: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  "'": '\\u0027',
};

/** Jinja2's `tojson`: keys sorted, and what HTML reads as its own written as escapes. */
function toJson(value: Datum, args: Arguments, run: Run): Markup {
  const indent = indentation(args.get(0) ?? null);
  const options = {
    indent,
    sortKeys: true,
    ascii: true,
    itemSeparator: indent === undefined ? ', ' : ',',
    keySeparator: ': ',
  };
  const text = dumpJson(value, options, run.fuel);
  run.fuel.spend(text.length);
  return new Markup(text.replace(/[<>&']/g, (character) => units[character] ?? character));
}

/** Jinja2's `xmlattr`: attributes of a tag, those that are null left out. */
function xmlAttributes(value: Datum, args: Arguments, run: Run): string {
  if (!(value instanceof Map)) {
    throw new Fault(`xmlattr needs a mapping, not ${nameOfType(value)}`);
  }
  const parts: string[] = [];
  for (const [key, content] of value) {
    if (content === null || content instanceof Undefined) continue;
    if (/[\s/>=]/.test(key)) throw new Fault(`${JSON.stringify(key)} is no name of an attribute`);
    parts.push(`${escape(key, run)}="${escape(content, run)}"`);
  }
  const space = args.flag(0, true) && parts.length > 0 ? ' ' : '';
  return space + parts.join(' ');
}

export const markupFilters: Filter[] = [
  markupFilter('escape', escape),
  markupFilter('forceescape', (value, run) => escape(show(value, run.fuel), run)),
  markupFilter('safe', (value, run) => show(value, run.fuel)),
  defineFilter({
    name: 'tojson',
    signature: ['indent?'],
    inverse: 'exact',
    implementation: toJson,
  }),
  defineFilter({
    name: 'xmlattr',
    signature: ['autospace?'],
    inverse: 'none',
    implementation: xmlAttributes,
  }),
];
