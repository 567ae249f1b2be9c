import type { YamlPath } from '../../plan/yaml/node.ts';
import type { Expression } from './ast.ts';
import { childrenOf } from './ast.ts';
import type { Environment } from './environment.ts';
import { unreachable } from './errors.ts';
import { filters } from './filters/registry.ts';
import type { Origin } from './trace.ts';
import { type Datum, elements } from './values.ts';

/**
 * Where in the context the value of an expression stands, if the expression is only a way to it: names (also of loops
 * and `set`), attributes, subscripts, and filters that pass elements on as they are.
 */
export function pathOf(expression: Expression, environment: Environment): YamlPath | undefined {
  if (expression.kind === 'name') {
    const binding = environment.binding(expression.name);
    return binding?.origin && pathOfOrigin(binding.origin);
  }
  if (expression.kind === 'attribute') {
    return child(pathOf(expression.object, environment), expression.name);
  }
  if (expression.kind !== 'item') return undefined;
  const key = attempt(() => environment.evaluate(expression.key));
  const above = pathOf(expression.object, environment);
  if (typeof key === 'string') return child(above, key);
  if (typeof key !== 'number') return undefined;
  const list = attempt(() => environment.evaluate(expression.object));
  return Array.isArray(list) ? child(above, key < 0 ? key + list.length : key) : undefined;
}

function child(path: YamlPath | undefined, key: string | number): YamlPath | undefined {
  return path && [...path, key];
}

function pathOfOrigin(origin: Origin): YamlPath | undefined {
  switch (origin.kind) {
    case 'context':
      return [origin.name];
    case 'expression':
      return origin.position.length === 0
        ? pathOf(origin.expression, origin.environment)
        : pathOfPart(origin.expression, origin.environment, origin.position);
    case 'element':
      return elementPath(origin.expression, origin.environment, origin.index, origin.position);
    case 'captured':
      return undefined;
  }
  return unreachable(origin);
}

/** The path of one of several things assigned at once: `set a, b = x, y`, or a list that is unpacked. */
function pathOfPart(
  expression: Expression,
  environment: Environment,
  [first, ...rest]: readonly number[],
): YamlPath | undefined {
  if (first === undefined) return pathOf(expression, environment);
  if (expression.kind === 'tuple' || expression.kind === 'list') {
    const part = expression.items[first];
    return part && pathOfPart(part, environment, rest);
  }
  const above = pathOf(expression, environment);
  return above && [...above, first, ...rest];
}

/** The path of the element of a loop's iterable; of a pair of key and value, that of the value. */
function elementPath(
  iterable: Expression,
  environment: Environment,
  index: number,
  position: readonly number[],
): YamlPath | undefined {
  const source = sourceOf(iterable, environment);
  if (!source) return undefined;
  const { collection, path, as } = source;
  if (as === 'elements') {
    const at = source.order ? source.order[index] : index;
    return Array.isArray(collection) && at !== undefined ? [...path, at, ...position] : undefined;
  }
  if (!(collection instanceof Map)) return undefined;
  const keys = source.keys ?? [...collection.keys()];
  const key = keys[index];
  if (key === undefined) return undefined;
  if (as === 'values') return [...path, key, ...position];
  const [part, ...rest] = position;
  return part === 1 ? [...path, key, ...rest] : undefined;
}

interface IterableSource {
  collection: Datum;
  path: YamlPath;
  as: 'elements' | 'values' | 'items';
  /** For each element that is gone through, where it stands in the collection. */
  order?: (number | undefined)[];
  keys?: string[];
}

/** What a loop goes over, as a list or mapping of the context and the way in which it goes. */
function sourceOf(iterable: Expression, environment: Environment): IterableSource | undefined {
  const path = pathOf(iterable, environment);
  if (path) {
    const collection = attempt(() => environment.evaluate(iterable));
    return collection === undefined ? undefined : { collection, path, as: 'elements' };
  }
  if (iterable.kind === 'name') {
    const origin = environment.binding(iterable.name)?.origin;
    return origin?.kind === 'expression' && origin.position.length === 0
      ? sourceOf(origin.expression, origin.environment)
      : undefined;
  }
  if (
    iterable.kind === 'call' &&
    iterable.callee.kind === 'attribute' &&
    iterable.args.length === 0
  ) {
    const { object, name } = iterable.callee;
    if (name !== 'items' && name !== 'values') return undefined;
    return mappingSource(object, environment, name);
  }
  return iterable.kind === 'filter' ? filteredSource(iterable, environment) : undefined;
}

function mappingSource(
  object: Expression,
  environment: Environment,
  as: 'items' | 'values',
): IterableSource | undefined {
  const path = pathOf(object, environment);
  const collection = path && attempt(() => environment.evaluate(object));
  return path && collection instanceof Map ? { collection, path, as } : undefined;
}

function filteredSource(
  filter: Expression & { kind: 'filter' },
  environment: Environment,
): IterableSource | undefined {
  if (filter.name === 'items') return mappingSource(filter.input, environment, 'items');
  if (filter.name === 'dictsort') {
    const source = mappingSource(filter.input, environment, 'items');
    const sorted = source && attempt(() => environment.evaluate(filter));
    const keys = Array.isArray(sorted) ? sorted.map(keyOf) : undefined;
    return source && keys && { ...source, keys };
  }
  if (!filters.get(filter.name)?.keepsElements) return undefined;
  const source = sourceOf(filter.input, environment);
  if (!source || source.as !== 'elements')
    return source?.as === 'items' ? keptPairs(filter, source, environment) : undefined;
  const before = attempt(() => listOf(environment.evaluate(filter.input)));
  const after = attempt(() => listOf(environment.evaluate(filter)));
  if (!before || !after) return undefined;
  const places = placesOf(before, after);
  const order = source.order
    ? places.map((at) => (at === undefined ? undefined : source.order?.[at]))
    : places;
  return { ...source, order };
}

/** `dict.items() | list` and the like: pairs, found again by their keys. */
function keptPairs(
  filter: Expression,
  source: IterableSource,
  environment: Environment,
): IterableSource | undefined {
  const after = attempt(() => listOf(environment.evaluate(filter)));
  const keys = after?.map(keyOf);
  return keys && { ...source, keys };
}

/** The key of a pair of key and value. */
function keyOf(pair: Datum): string {
  const key = elements(pair)?.[0];
  return typeof key === 'string' ? key : '';
}

/** For each element after a filter, its place before; undefined where that is not certain. */
function placesOf(before: readonly Datum[], after: readonly Datum[]): (number | undefined)[] {
  const places = new Map<Datum, number[]>();
  for (const [i, item] of before.entries()) places.set(item, [...(places.get(item) ?? []), i]);
  return after.map((item) => {
    const found = places.get(item);
    return found?.length === 1 ? found[0] : undefined;
  });
}

function listOf(value: Datum): readonly Datum[] | undefined {
  if (typeof value === 'object' && value !== null && 'take' in value) return value.take();
  return elements(value);
}

/** Every part of the context that an expression reads, each once. */
export function readsOf(expression: Expression, environment: Environment): YamlPath[] {
  const found = new Map<string, YamlPath>();
  collect(expression, environment, found);
  return [...found.values()];
}

function collect(
  expression: Expression,
  environment: Environment,
  found: Map<string, YamlPath>,
): void {
  const path = pathOf(expression, environment);
  if (path) {
    found.set(JSON.stringify(path), path);
    if (expression.kind === 'item') collect(expression.key, environment, found);
    return;
  }
  if (expression.kind === 'name') {
    const origin = environment.binding(expression.name)?.origin;
    if (origin && origin.kind !== 'context' && origin.kind !== 'captured') {
      collect(origin.expression, origin.environment, found);
    }
    return;
  }
  for (const part of childrenOf(expression)) collect(part, environment, found);
}

function attempt<Result>(evaluate: () => Result): Result | undefined {
  try {
    return evaluate();
  } catch {
    return undefined;
  }
}
