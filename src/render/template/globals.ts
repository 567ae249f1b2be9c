import { Fault } from './errors.ts';
import { asInt } from './python/numbers.ts';
import type { Run } from './run.ts';
import { Callable, type Datum, Members, nameOfType, Range, usable } from './values.ts';

/** The functions that every template has; a parameter of the same name hides them. */
export const globals: ReadonlyMap<string, (run: Run) => Datum> = new Map([
  ['range', () => rangeFunction],
  ['dict', () => dictFunction],
  ['namespace', () => namespaceFunction],
  ['joiner', () => joinerFunction],
]);

const rangeFunction = new Callable('range', (args, keywords) => {
  if (keywords.size > 0 || args.length < 1 || args.length > 3) {
    throw new Fault('range takes one to three integers');
  }
  const numbers = args.map((value) => {
    const integer = asInt(usable(value));
    if (integer === undefined) throw new Fault(`range needs integers, not ${nameOfType(value)}`);
    return Number(integer);
  });
  const [first = 0, second, step = 1] = numbers;
  if (step === 0) throw new Fault('the step of range may not be 0');
  return second === undefined ? new Range(0, first, 1) : new Range(first, second, step);
});

const dictFunction = new Callable('dict', (args, keywords) => {
  const [first, ...rest] = args;
  if (rest.length > 0) throw new Fault('dict takes one mapping');
  if (first !== undefined && !(usable(first) instanceof Map)) {
    throw new Fault(`dict takes a mapping, not ${nameOfType(first)}`);
  }
  return new Map([...(first instanceof Map ? first : []), ...keywords]);
});

/** What is to be changed inside of a loop and read after it. */
const namespaceFunction = new Callable('namespace', (args, keywords) => {
  const [first, ...rest] = args;
  if (rest.length > 0 || (first !== undefined && !(usable(first) instanceof Map))) {
    throw new Fault('namespace takes one mapping');
  }
  const members = new Map<string, Datum>([...(first instanceof Map ? first : []), ...keywords]);
  return new Members('a namespace', (name) => members.get(name), {
    set: (name, value) => void members.set(name, value),
  });
});

/** Gives nothing when first called, its separator from then on. */
const joinerFunction = new Callable('joiner', (args, keywords) => {
  const separator = args[0] ?? keywords.get('sep') ?? ', ';
  let used = false;
  return new Callable('joiner', () => {
    const result = used ? separator : '';
    used = true;
    return result;
  });
});
