import { Float, Tagged } from '../../plan/yaml/node.ts';
import type { Signature } from './arguments.ts';
import { Fault } from './errors.ts';
import type { Arguments } from './filters/filter.ts';
import { isMatch } from './filters/regex.ts';
import { iterate } from './python/access.ts';
import { contains, equal, hashable, ordered, truthy } from './python/compare.ts';
import { asInt, asNumber } from './python/numbers.ts';
import { binary } from './python/operators.ts';
import { show } from './python/show.ts';
import { isLower, isUpper } from './python/text.ts';
import { compareVersions } from './python/version.ts';
import type { Run } from './run.ts';
import {
  Callable,
  type Datum,
  elements,
  Lazy,
  nameOfType,
  Range,
  Undefined,
  usable,
  View,
  given,
} from './values.ts';

export interface Test {
  name: string;
  signature: Signature;
  run(value: Datum, args: Arguments, run: Run): boolean;
}

type Check = (value: Datum, args: Arguments, run: Run) => boolean;

/** A test that refuses undefined and secret values. */
function plain(names: string, signature: Signature, check: Check): Test[] {
  return names.split(' ').map((name) => ({
    name,
    signature,
    run(value, args, run) {
      usable(value);
      args.check();
      run.fuel.spend(1);
      return check(value, args, run);
    },
  }));
}

function comparison(names: string, compare: (a: Datum, b: Datum, run: Run) => boolean): Test[] {
  return plain(names, ['other'], (value, args, run) => compare(value, args.required(0), run));
}

function isMultiple(value: Datum, divisor: Datum, run: Run): boolean {
  const remainder = binary('%', value, divisor, run.fuel);
  return equal(remainder, 0, run.fuel);
}

function isNumber(value: Datum): boolean {
  return asNumber(value) !== undefined;
}

function needNumber(value: Datum): Datum {
  if (!isNumber(value)) throw new Fault(`the test needs a number, not ${nameOfType(value)}`);
  return value;
}

function isSingle(value: Datum): boolean {
  return value === null || typeof value === 'boolean';
}

/** Whether a value is the very same as another, where Python and we agree on what that is. */
function isSame(value: Datum, other: Datum): boolean {
  if (!isSingle(value) && !isSingle(other)) {
    throw new Fault('sameas is supported for true, false and none');
  }
  return value === other;
}

const PATTERN = ['pattern?', 'ignorecase?', 'multiline?'];

function matches(value: Datum, args: Arguments, run: Run, where: string): boolean {
  const pattern = { source: args.text(0, ''), ignoreCase: args.flag(1), multiline: args.flag(2) };
  return isMatch(value, pattern, where, run);
}

const VERSION = ['version', 'operator?', 'strict?', 'version_type?'];

const versionOperators: Record<string, (order: number) => boolean> = {
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};
const operatorNames: Record<string, string> = {
  '=': '==',
  eq: '==',
  '<>': '!=',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};

function isVersion(value: Datum, args: Arguments, run: Run): boolean {
  const other = args.required(0);
  if (!truthy(value) || !truthy(other)) throw new Fault('a version may not be empty');
  const name = args.text(1, 'eq');
  const decide = versionOperators[operatorNames[name] ?? name];
  if (!decide) throw new Fault(`version does not know the operator "${name}"`);
  const strict = given(args.get(2), null);
  const type = given(args.get(3), null);
  if (strict !== null && type !== null)
    throw new Fault('version takes either strict or version_type');
  const kind = truthy(strict) ? 'strict' : truthy(type) ? args.text(3, 'loose') : 'loose';
  const [left, right] = [show(value, run.fuel), show(other, run.fuel)];
  return decide(compareVersions(left, right, kind));
}

function isSubset(part: Datum, whole: Datum, run: Run): boolean {
  const all = iterate(whole, run.fuel);
  all.forEach(hashable);
  return iterate(part, run.fuel).every((item) => contains([...all], hashable(item), run.fuel));
}

const definedTests: Test[] = [
  {
    name: 'defined',
    signature: [],
    run: (value) => !(value instanceof Undefined),
  },
  {
    name: 'undefined',
    signature: [],
    run: (value) => value instanceof Undefined,
  },
  {
    name: 'vault_encrypted',
    signature: [],
    run: (value) => {
      if (value instanceof Undefined) throw value.fault;
      return value instanceof Tagged;
    },
  },
];

const all: Test[] = [
  ...definedTests,
  ...plain('none', [], (value) => value === null),
  ...plain('boolean', [], (value) => typeof value === 'boolean'),
  ...plain('true', [], (value) => value === true),
  ...plain('false', [], (value) => value === false),
  ...plain('integer', [], (value) => typeof value === 'number' || typeof value === 'bigint'),
  ...plain('float', [], (value) => value instanceof Float),
  ...plain('number', [], (value) => isNumber(value)),
  ...plain('string', [], (value) => typeof value === 'string'),
  ...plain('mapping', [], (value) => value instanceof Map),
  ...plain('sequence', [], (value) => {
    refuseView(value);
    return typeof value === 'string' || value instanceof Map || elements(value) !== undefined;
  }),
  ...plain('iterable', [], (value) => {
    refuseView(value);
    return typeof value === 'string' || value instanceof Map || elements(value) !== undefined;
  }),
  ...plain('callable', [], (value) => value instanceof Callable),
  ...plain('lower', [], (value, _, run) => isLower(show(value, run.fuel))),
  ...plain('upper', [], (value, _, run) => isUpper(show(value, run.fuel))),
  ...plain('odd', [], (value, _, run) =>
    equal(binary('%', needNumber(value), 2, run.fuel), 1, run.fuel),
  ),
  ...plain('even', [], (value, _, run) => isMultiple(needNumber(value), 2, run)),
  ...plain('divisibleby', ['num'], (value, args, run) =>
    isMultiple(needNumber(value), needNumber(args.required(0)), run),
  ),
  ...plain('sameas', ['other'], (value, args) => isSame(value, args.required(0))),
  ...plain('in', ['seq'], (value, args, run) => contains(args.required(0), value, run.fuel)),
  ...plain('contains', ['value'], (value, args, run) =>
    contains(value, args.required(0), run.fuel),
  ),
  ...comparison('== eq equalto', (a, b, run) => equal(a, b, run.fuel)),
  ...comparison('!= ne', (a, b, run) => !equal(a, b, run.fuel)),
  ...comparison('> gt greaterthan', (a, b, run) => ordered(a, b, run.fuel, '>')),
  ...comparison('>= ge', (a, b, run) => ordered(a, b, run.fuel, '>=')),
  ...comparison('< lt lessthan', (a, b, run) => ordered(a, b, run.fuel, '<')),
  ...comparison('<= le', (a, b, run) => ordered(a, b, run.fuel, '<=')),
  ...plain('match', PATTERN, (value, args, run) => matches(value, args, run, 'match')),
  ...plain('search', PATTERN, (value, args, run) => matches(value, args, run, 'search')),
  ...plain('regex', [...PATTERN, 'match_type?'], (value, args, run) =>
    matches(value, args, run, args.text(3, 'search')),
  ),
  ...plain('version version_compare', VERSION, isVersion),
  ...plain('subset issubset', ['b'], (value, args, run) => isSubset(value, args.required(0), run)),
  ...plain('superset issuperset', ['b'], (value, args, run) =>
    isSubset(args.required(0), value, run),
  ),
  ...plain('all', [], (value, _, run) => iterate(value, run.fuel).every((item) => truthy(item))),
  ...plain('any', [], (value, _, run) => iterate(value, run.fuel).some((item) => truthy(item))),
  ...plain('abs', [], (value) => typeof value === 'string' && value.startsWith('/')),
  ...plain('truthy', ['convert_bool?'], (value, args) => asTruth(value, args)),
  ...plain('falsy', ['convert_bool?'], (value, args) => !asTruth(value, args)),
];

/** What is a list in Ansible and none in Jinja2. */
function refuseView(value: Datum): void {
  if (value instanceof Lazy || value instanceof View || value instanceof Range) {
    throw new Fault(`whether ${nameOfType(value)} is one depends on the version`, {
      hint: 'add | list',
    });
  }
}

const words = new Map([
  ...['y', 'yes', 'on', '1', 'true', 't'].map((word) => [word, true] as const),
  ...['n', 'no', 'off', '0', 'false', 'f'].map((word) => [word, false] as const),
]);

function asTruth(value: Datum, args: Arguments): boolean {
  if (!args.flag(0)) return truthy(value);
  if (typeof value === 'string') return words.get(value.toLowerCase().trim()) ?? truthy(value);
  return asInt(value) === undefined || truthy(value);
}

/** Every test, also under its full name (`ansible.builtin.version`). */
export const tests: ReadonlyMap<string, Test> = new Map(
  all.flatMap((test) => [
    [test.name, test],
    [`ansible.builtin.${test.name}`, test],
  ]),
);
