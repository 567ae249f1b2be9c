import type { Expression } from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import { Fuel } from '../../render/template/fuel.ts';
import { formatText } from '../../render/template/python/format.ts';
import { parseDecimal, toInt } from '../../render/template/python/numbers.ts';
import { printf } from '../../render/template/python/printf.ts';
import { type Datum, Tuple } from '../../render/template/values.ts';
import { type Part, solveParts } from './parts.ts';
import type { Alternative, Goal, Solver } from './types.ts';
import { attempt, printed, readings } from './values.ts';

/** Where a format's fields have their values from, by place or by name. */
export type FormatArguments = (field: number | string) => FormatArgument | undefined;

export interface FormatArgument {
  value: Datum | undefined;
  solve: (value: Datum) => Alternative[];
}

interface Field {
  start: number;
  end: number;
  /** What the field prints of a value. */
  print: (value: Datum) => string | undefined;
  base: 8 | 10 | 16;
  argument: number | string;
}

/** `'%s:%d' % (a, b)`: each field by itself, the text between them as it is. */
export function solvePrintf(format: string, args: FormatArguments, goal: Goal): Alternative[] {
  const fields: Field[] = [];
  let next = 0;
  for (const match of format.matchAll(/%(?:\(([^()]*)\))?([-+ #0]*\d*(?:\.\d*)?[hlL]?)([\s\S])/g)) {
    const [whole, name, options = '', conversion = ''] = match;
    if (conversion === '%') continue;
    const end = match.index + whole.length;
    fields.push({
      start: match.index,
      end,
      base: /x/i.test(conversion) ? 16 : conversion === 'o' ? 8 : 10,
      argument: name ?? next++,
      print: (value) =>
        attempt(() => printf(`%${options}${conversion}`, new Tuple([value]), new Fuel())),
    });
  }
  return solveFields(format, fields, args, goal, (text) => text.replaceAll('%%', '%'));
}

/** `'{}:{name}'.format(a, name=b)`, likewise. */
export function solveFormat(format: string, args: FormatArguments, goal: Goal): Alternative[] {
  const fields: Field[] = [];
  let next = 0;
  const masked = format.replaceAll('{{', '\0\0').replaceAll('}}', '\x01\x01');
  for (const match of masked.matchAll(/\{([^{}!:]*)((?:![rs])?(?::([^{}]*))?)\}/g)) {
    const [whole, name = '', options = '', spec = ''] = match;
    fields.push({
      start: match.index,
      end: match.index + whole.length,
      base: /x$/i.test(spec) ? 16 : spec.endsWith('o') ? 8 : 10,
      argument: name === '' ? next++ : /^\d+$/.test(name) ? Number(name) : name,
      print: (value) => attempt(() => formatText(`{${options}}`, [value], new Map(), new Fuel())),
    });
  }
  return solveFields(masked, fields, args, goal, (text) =>
    text.replaceAll('\0\0', '{').replaceAll('\x01\x01', '}'),
  );
}

function solveFields(
  format: string,
  fields: readonly Field[],
  args: FormatArguments,
  goal: Goal,
  unmask: (text: string) => string,
): Alternative[] {
  const wanted = goal.kind === 'text' ? goal.text : goal.value;
  if (typeof wanted !== 'string') return [];
  const parts: Part[] = [];
  let at = 0;
  for (const field of fields) {
    parts.push(fixed(unmask(format.slice(at, field.start))));
    const argument = args(field.argument);
    if (!argument) return [];
    parts.push({
      text: (argument.value === undefined ? undefined : field.print(argument.value)) ?? '',
      fixed: false,
      solve: (text) => solveField(field, argument, text),
    });
    at = field.end;
  }
  parts.push(fixed(unmask(format.slice(at))));
  return solveParts(parts, wanted);
}

function fixed(text: string): Part {
  return { text, fixed: true, solve: () => [] };
}

function solveField(field: Field, argument: FormatArgument, text: string): Alternative[] {
  const trimmed = text.trim();
  const number = attempt(() => numberIn(trimmed, field.base));
  const guesses = [
    number,
    ...readings(argument.value, text).map(({ value }) => value),
    ...readings(argument.value, trimmed).map(({ value }) => value),
    ...readings(argument.value, trimmed.replace(/^([-+]?)0+(?=\d)/, '$1')).map(
      ({ value }) => value,
    ),
    ...readings(1.5, trimmed).map(({ value }) => value),
  ].filter((guess) => guess !== undefined && field.print(guess) === text);
  const like = guesses.filter((guess) => typeof guess === typeof argument.value);
  // What only fills the field up is not the value's own.
  const isPadded =
    argument.value !== undefined && field.print(argument.value) !== printed(argument.value);
  const bare = isPadded ? like.filter((guess) => guess === trimmed) : [];
  const [best] = [...bare, ...like, ...guesses];
  return best === undefined ? [] : argument.solve(best);
}

function numberIn(text: string, base: 8 | 10 | 16): Datum | undefined {
  const [, sign, digits = ''] = /^([-+]?)(?:0[xo])?([0-9a-f]+)$/i.exec(text) ?? [];
  if (base === 10) return parseDecimal(text);
  const size = toInt(BigInt((base === 16 ? '0x' : '0o') + digits));
  return sign === '-' && typeof size === 'number' ? -size : size;
}

/** The arguments of a format that stand as expressions, by place and by name. */
export function argumentsOf(
  solver: Solver,
  environment: Environment,
  positional: readonly Expression[],
  named: ReadonlyMap<string, Expression>,
): FormatArguments {
  return (field) => {
    const expression = typeof field === 'number' ? positional[field] : named.get(field);
    return (
      expression && {
        value: solver.current(expression, environment),
        solve: (value) => solver.solve(expression, environment, { kind: 'value', value }),
      }
    );
  };
}

/** The arguments of `format % right`: a tuple's elements, a mapping's values, or the one value. */
export function rightArguments(
  solver: Solver,
  right: Expression,
  environment: Environment,
): FormatArguments {
  if (right.kind === 'tuple') return argumentsOf(solver, environment, right.items, new Map());
  const value = solver.current(right, environment);
  const solve = (now: Datum): Alternative[] =>
    solver.solve(right, environment, { kind: 'value', value: now });
  return (field) => {
    if (value instanceof Map) {
      if (typeof field !== 'string') return undefined;
      return { value: value.get(field), solve: (part) => solve(new Map(value).set(field, part)) };
    }
    if (value instanceof Tuple && typeof field === 'number') {
      const change = (part: Datum): Datum =>
        new Tuple(value.items.map((item, i) => (i === field ? part : item)));
      return { value: value.items[field], solve: (part) => solve(change(part)) };
    }
    return field === 0 ? { value, solve } : undefined;
  };
}
