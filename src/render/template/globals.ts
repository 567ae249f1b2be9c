import { Fault } from './errors.ts';
import { iterate } from './python/access.ts';
import { asInt } from './python/numbers.ts';
import type { Run } from './run.ts';
import { Callable, type Datum, Members, nameOfType, Range, usable } from './values.ts';

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

const dictFunction: Global = (run) =>
  new Callable('dict', (args, keywords) => {
    const [first, ...rest] = args;
    if (rest.length > 0) throw new Fault('dict takes one mapping, or pairs');
    const entries = first === undefined ? [] : entriesOf(usable(first), run);
    return new Map([...entries, ...keywords]);
  });

/** The entries of a mapping, or of pairs of a key and a value. */
function entriesOf(value: Datum, run: Run): [string, Datum][] {
  if (value instanceof Map) return [...value];
  return iterate(value, run.fuel).map((pair) => {
    const [key, content, ...more] = iterate(pair, run.fuel);
    if (key === undefined || content === undefined || more.length > 0) {
      throw new Fault('dict needs pairs of a key and a value');
    }
    if (typeof key !== 'string') throw new Fault(`a key must be text, not ${nameOfType(key)}`);
    return [key, content];
  });
}

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

type Global = (run: Run) => Datum;

/** The functions that every template has; a parameter of the same name hides them. */
export const globals: ReadonlyMap<string, Global> = new Map<string, Global>([
  ['range', () => rangeFunction],
  ['dict', dictFunction],
  ['namespace', () => namespaceFunction],
  ['joiner', () => joinerFunction],
]);
