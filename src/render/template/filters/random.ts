import { Fault } from '../errors.ts';
import { asInt } from '../python/numbers.ts';
import { PythonRandom } from '../python/random.ts';
import { type Datum, elementAt, given, nameOfType } from '../values.ts';
import { type Arguments, defineFilter, type Filter } from './filter.ts';

/** Chance without a seed would make every rendering another. */
function generator(seed: Datum, filter: string): PythonRandom {
  if (typeof seed === 'string' && seed !== '') return new PythonRandom(seed);
  const integer = typeof seed === 'boolean' ? undefined : asInt(seed);
  if (integer !== undefined && Number(integer) !== 0) return new PythonRandom(BigInt(integer));
  throw new Fault(`"${filter}" needs a seed, for the same result each time`, {
    hint: `${filter}(seed=site.name)`,
  });
}

function pick(value: Datum, args: Arguments): Datum {
  const random = generator(given(args.get(2), null), 'random');
  const [start, step] = [given(args.get(0), null), given(args.get(1), null)];
  if (Array.isArray(value)) {
    if (start !== null || step !== null) throw new Fault('start and step are for numbers');
    if (value.length === 0) throw new Fault('nothing can be picked from an empty list');
    return elementAt(value, random.below(value.length));
  }
  const end = asInt(value);
  if (end === undefined)
    throw new Fault(`"random" needs a number or a list, not ${nameOfType(value)}`);
  const first = start === null ? 0 : args.integer(0, 0);
  const stride = args.integer(1, 1) || 1;
  const count = Math.ceil((Number(end) - first) / stride);
  if (count < 1 || count >= 2 ** 32)
    throw new Fault('random has nothing to pick from, or too much');
  return first + stride * random.below(count);
}

function shuffle(value: Datum, args: Arguments): Datum {
  const random = generator(given(args.get(0), null), 'shuffle');
  if (!Array.isArray(value)) throw new Fault(`"shuffle" needs a list, not ${nameOfType(value)}`);
  const result = [...value];
  for (let i = result.length - 1; i > 0; i -= 1) {
    const j = random.below(i + 1);
    const [a, b] = [elementAt(result, i), elementAt(result, j)];
    result[i] = b;
    result[j] = a;
  }
  return result;
}

export const randomFilters: Filter[] = [
  defineFilter({
    name: 'random',
    signature: ['start?', 'step?', 'seed?'],
    inverse: 'none',
    implementation: (value, args) => pick(value, args),
  }),
  defineFilter({
    name: 'shuffle',
    signature: ['seed?'],
    inverse: 'several',
    keepsElements: true,
    implementation: (value, args, run) => {
      run.fuel.spend(Array.isArray(value) ? 2 * value.length : 1);
      return shuffle(value, args);
    },
  }),
];
