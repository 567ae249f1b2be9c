import { type Signature, bindArguments } from './arguments.ts';
import { Fault } from './errors.ts';
import { Arguments } from './filters/filter.ts';
import { splitText } from './filters/text.ts';
import { iterate } from './python/access.ts';
import { equal } from './python/compare.ts';
import { formatText } from './python/format.ts';
import { replace } from './python/replace.ts';
import {
  capitalize,
  lower,
  stripCharacters,
  titleWords,
  upper,
  characters,
  countCharacters,
} from './python/text.ts';
import { splitLines } from './python/whitespace.ts';
import type { Run } from './run.ts';
import { type Datum, elements, nameOfType, Tuple, View, elementAt, given } from './values.ts';

interface Method<Receiver> {
  signature: Signature;
  run(receiver: Receiver, args: Arguments, run: Run): Datum;
}

/** Python's methods cannot be given by name: their arguments stand in order. */
const mappingMethods: Record<string, Method<Map<string, Datum>>> = {
  items: { signature: [], run: (map) => new View('items', map) },
  keys: { signature: [], run: (map) => new View('keys', map) },
  values: { signature: [], run: (map) => new View('values', map) },
  get: {
    signature: ['key', 'default?'],
    run: (map, args) => {
      const key = args.get(0);
      const found = typeof key === 'string' ? map.get(key) : undefined;
      return given(found, given(args.get(1), null));
    },
  },
};

const mappingChanges: Record<string, Method<Map<string, Datum>>> = {
  update: {
    signature: ['values?', '**'],
    run: (map, args, run) => {
      changeable(map, run);
      const values = given(args.get(0), new Map());
      if (!(values instanceof Map)) throw new Fault('.update() takes a mapping');
      run.fuel.spend(values.size);
      for (const [key, value] of [...values, ...args.keywords]) map.set(key, value);
      return null;
    },
  },
};

const textMethods: Record<string, Method<string>> = {
  upper: { signature: [], run: (text) => upper(text) },
  lower: { signature: [], run: (text) => lower(text) },
  capitalize: { signature: [], run: (text) => capitalize(text) },
  title: { signature: [], run: (text) => titleWords(text) },
  strip: { signature: ['chars?'], run: (text, args) => strip(text, args, 'both') },
  lstrip: { signature: ['chars?'], run: (text, args) => strip(text, args, 'start') },
  rstrip: { signature: ['chars?'], run: (text, args) => strip(text, args, 'end') },
  split: {
    signature: ['sep?', 'maxsplit?'],
    run: (text, args) => splitText(text, args.get(0) ?? null, args.integer(1, -1)),
  },
  splitlines: { signature: [], run: (text) => splitLines(text) },
  join: { signature: ['iterable'], run: joinTexts },
  replace: {
    signature: ['old', 'new', 'count?'],
    run: (text, args, run) =>
      replace(text, args.text(0, ''), args.text(1, ''), args.integer(2, -1), run.fuel),
  },
  startswith: { signature: ['prefix'], run: (text, args) => affix(text, args, 'startsWith') },
  endswith: { signature: ['suffix'], run: (text, args) => affix(text, args, 'endsWith') },
  find: { signature: ['sub'], run: (text, args) => position(text, args.text(0, '')) },
  count: {
    signature: ['sub'],
    run: (text, args) => {
      const part = args.text(0, '');
      return part === '' ? countCharacters(text) + 1 : text.split(part).length - 1;
    },
  },
  zfill: {
    signature: ['width'],
    run: (text, args, run) => {
      const width = args.integer(0, 0);
      run.fuel.spend(Math.max(0, width));
      const sign = /^[+-]/.exec(text)?.[0] ?? '';
      const gap = Math.max(0, width - countCharacters(text));
      return sign + '0'.repeat(gap) + text.slice(sign.length);
    },
  },
  isdigit: { signature: [], run: (text) => asciiOnly(text) && /^\d+$/.test(text) },
  isalpha: { signature: [], run: (text) => /^\p{L}+$/u.test(text) },
  format: {
    signature: ['*', '**'],
    run: (text, args, run) => formatText(text, args.rest, args.keywords, run.fuel),
  },
};

/** Changing is for what a template made itself; the plan's values are everybody's. */
function changeable(value: Datum[] | Map<string, Datum>, run: Run): void {
  if (run.owned.has(value)) return;
  throw new Fault(`${nameOfType(value)} of the plan cannot be changed`, {
    hint: Array.isArray(value) ? 'copy it first: | list' : 'use combine',
  });
}

const listMethods: Record<string, Method<Datum[]>> = {
  append: {
    signature: ['value'],
    run: (list, args, run) => {
      changeable(list, run);
      run.fuel.spend(1);
      list.push(args.required(0));
      return null;
    },
  },
  extend: {
    signature: ['values'],
    run: (list, args, run) => {
      changeable(list, run);
      const values = iterate(args.required(0), run.fuel);
      // Counted first: a list can be extended by itself.
      for (let i = 0, { length } = values; i < length; i += 1) list.push(elementAt(values, i));
      return null;
    },
  },
};

const sequenceMethods: Record<string, Method<Datum[] | Tuple>> = {
  count: {
    signature: ['value'],
    run: (list, args, run) =>
      iterate(list, run.fuel).filter((item) => equal(item, args.required(0), run.fuel)).length,
  },
  index: {
    signature: ['value'],
    run: (list, args, run) => {
      const wanted = args.required(0);
      const at = iterate(list, run.fuel).findIndex((item) => equal(item, wanted, run.fuel));
      if (at < 0) throw new Fault('the list has no such element');
      return at;
    },
  },
};

const allMappingMethods = { ...mappingMethods, ...mappingChanges };
const allListMethods: Record<string, Method<Datum[]>> = { ...sequenceMethods, ...listMethods };

/** `receiver.name(args)`: one of the methods that templates may call. */
export function callMethod(
  receiver: Datum,
  name: string,
  args: readonly Datum[],
  keywords: ReadonlyMap<string, Datum>,
  run: Run,
): Datum {
  if (receiver instanceof Map) {
    return call(allMappingMethods, receiver, name, args, keywords, run);
  }
  if (typeof receiver === 'string') {
    run.fuel.spend(receiver.length);
    return call(textMethods, receiver, name, args, keywords, run);
  }
  if (Array.isArray(receiver)) {
    return call(allListMethods, receiver, name, args, keywords, run);
  }
  if (receiver instanceof Tuple) {
    return call(sequenceMethods, receiver, name, args, keywords, run);
  }
  throw noMethod(receiver, name, []);
}

function call<Receiver extends Datum>(
  methods: Record<string, Method<Receiver>>,
  receiver: Receiver,
  name: string,
  args: readonly Datum[],
  keywords: ReadonlyMap<string, Datum>,
  run: Run,
): Datum {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!method) throw noMethod(receiver, name, Object.keys(methods));
  if (keywords.size > 0 && !method.signature.includes('**')) {
    throw new Fault(`.${name}() takes no arguments by name here`);
  }
  const bound = bindArguments({ name: `.${name}`, signature: method.signature }, args, [
    ...keywords,
  ]);
  const places = new Arguments(bound.values, bound.rest, bound.keywords);
  places.check();
  return method.run(receiver, places, run);
}

function noMethod(receiver: Datum, name: string, known: string[]): Fault {
  const hint = known.length > 0 ? `these may be called: ${known.join(', ')}` : undefined;
  return new Fault(`.${name}() of ${nameOfType(receiver)} is not available`, hint ? { hint } : {});
}

function strip(text: string, args: Arguments, side: 'both' | 'start' | 'end'): string {
  const chars = args.get(0) ?? null;
  return stripCharacters(text, chars === null ? null : args.text(0, ''), side);
}

function joinTexts(separator: string, args: Arguments, run: Run): Datum {
  const parts = iterate(args.required(0), run.fuel).map((part) => {
    if (typeof part !== 'string') throw new Fault(`.join() needs text, not ${nameOfType(part)}`);
    run.fuel.spend(part.length + separator.length);
    return part;
  });
  return parts.join(separator);
}

function affix(text: string, args: Arguments, method: 'startsWith' | 'endsWith'): boolean {
  const wanted = args.required(0);
  const choices = wanted instanceof Tuple ? elements(wanted) : [wanted];
  return (choices ?? []).some((choice) => {
    if (typeof choice !== 'string') throw new Fault('it is compared with text');
    return text[method](choice);
  });
}

function position(text: string, part: string): number {
  const at = text.indexOf(part);
  return at < 0 ? -1 : characters(text.slice(0, at)).length;
}

function asciiOnly(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- all of ASCII is meant
  if (/[^\x00-\x7f]/.test(text)) throw new Fault('it is supported for ASCII text');
  return true;
}
