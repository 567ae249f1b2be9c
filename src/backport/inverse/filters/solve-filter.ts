import { type Bound, bindArguments } from '../../../render/template/arguments.ts';
import type { Expression, FilterExpression } from '../../../render/template/ast.ts';
import type { Environment } from '../../../render/template/environment.ts';
import { Arguments } from '../../../render/template/filters/filter.ts';
import { filters } from '../../../render/template/filters/registry.ts';
import type { Datum } from '../../../render/template/values.ts';
import { solveInverse } from '../solve-inverse.ts';
import type { Alternative, Goal, Solver } from '../types.ts';
import { attempt, plain } from '../values.ts';
import { canonical, inverses } from './inverses.ts';
import { structural } from './structural.ts';

/** Why filters have no inverse, in words for a person. */
export const withoutInverse: Readonly<Record<string, string>> = {
  length: 'a length does not say which elements to add or remove',
  commonpath: 'what paths share does not say how they go on',
  filesizeformat: 'a size that is rounded to one digit does not say the bytes',
  log: 'a logarithm is not worked backwards',
  wordwrap: 'where lines were wrapped does not say where the text has breaks of its own',
  xmlattr: 'attributes of a tag are not worked backwards',
  wordcount: 'a number of words does not say which words',
  sum: 'a sum does not say which of its terms changed',
  hash: 'a hash does not say what it was made of',
  md5: 'a hash does not say what it was made of',
  sha1: 'a hash does not say what it was made of',
  checksum: 'a hash does not say what it was made of',
  to_uuid: 'a UUID does not say what it was made of',
  random: 'what was picked at random is not chosen by a parameter',
  symmetric_difference: 'it does not say in which of the lists an element is to be',
  permutations: 'the ways to order a list are not worked backwards',
  combinations: 'the ways to choose from a list are not worked backwards',
  product: 'the pairs of lists are not worked backwards',
  subelements: 'the pairs of elements and their parts are not worked backwards',
};

/** `input | name(args)` */
export function solveFilter(
  solver: Solver,
  expression: FilterExpression,
  environment: Environment,
  goal: Goal,
): Alternative[] {
  const name = canonical(expression.name);
  const filter = filters.get(name);
  const reason = Object.hasOwn(withoutInverse, name) ? withoutInverse[name] : undefined;
  if (!filter || reason !== undefined) {
    if (reason !== undefined) solver.why(reason);
    return [];
  }
  const { args, keywords } = expression;
  const bound = attempt(() =>
    bindArguments(
      filter,
      args,
      keywords.map(({ name: key, value }) => [key, value] as const),
    ),
  );
  if (!bound) return [];
  const special = Object.hasOwn(structural, name) ? structural[name] : undefined;
  if (special) {
    const keyword = (key: string): Datum | undefined => {
      const found = bound.keywords.get(key);
      return found && solver.current(found, environment);
    };
    const argument = (place: number): Expression | undefined => bound.values[place];
    return special({ solver, expression, environment, goal, argument, keyword });
  }
  const inverse = inverses.get(name);
  const evaluated = attempt(() => evaluatedArguments(solver, bound, environment));
  if (!inverse || !evaluated) return [];
  return solveInverse(solver, {
    title: `the filter "${name}"`,
    inverse,
    input: expression.input,
    environment,
    goal,
    output: solver.current(expression, environment),
    args: evaluated,
    isDerived: name === 'urlsplit',
    apply: (input) => attempt(() => plain(filter.run(input, evaluated, environment.freshRun()))),
  });
}

/** The values of a filter's arguments; throws where one has none. */
function evaluatedArguments(
  solver: Solver,
  { values, rest, keywords }: Bound<Expression>,
  environment: Environment,
): Arguments {
  const value = (part: Expression): Datum => {
    const found = solver.current(part, environment);
    if (found === undefined) throw new TypeError('an argument has no value');
    return found;
  };
  return new Arguments(
    values.map((part) => part && value(part)),
    rest.map(value),
    new Map([...keywords].map(([key, part]) => [key, value(part)])),
  );
}
