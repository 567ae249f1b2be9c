import type { YamlPath } from '../../plan/yaml/node.ts';
import { childrenOf, type Expression } from '../../render/template/ast.ts';
import type { Environment } from '../../render/template/environment.ts';
import { Fuel } from '../../render/template/fuel.ts';
import { iterate } from '../../render/template/python/access.ts';
import type { Origin } from '../../render/template/trace.ts';
import { Callable, type Datum, elements, Lazy, Undefined } from '../../render/template/values.ts';
import { CAPTURED, REMOVED, type Assignment } from './types.ts';
import { attempt, plain } from './values.ts';

const MAX_DEPTH = 60;

/** Thrown where it cannot be told what a value would be. */
export class Unknown extends Error {
  override name = 'Unknown';
}

/** Evaluates expressions as they would be with other values in the plan; with none, as they are. */
export class Evaluator {
  private readonly assignments: readonly Assignment[];
  private readonly isLocal: (name: string, environment: Environment) => boolean;
  private depth = 0;

  constructor(
    assignments: readonly Assignment[],
    isLocal: (name: string, environment: Environment) => boolean,
  ) {
    this.assignments = assignments;
    this.isLocal = isLocal;
  }

  /** The value; what is gone through once as a list. Throws Unknown, or a Fault of the template. */
  evaluate(expression: Expression, environment: Environment): Datum {
    if (this.depth > MAX_DEPTH) throw new Unknown();
    this.depth += 1;
    try {
      return plain(this.prepared(expression, environment).evaluate(expression));
    } finally {
      this.depth -= 1;
    }
  }

  /** The environment in which the names of an expression have the values that they would have. */
  private prepared(expression: Expression, environment: Environment): Environment {
    const values = new Map<string, Datum>();
    for (const name of namesOf(expression)) {
      const binding = environment.binding(name);
      const before = binding?.value;
      const after = this.valueOf(name, before, binding?.origin, environment);
      if (after !== undefined && after !== before) values.set(name, after);
      if (after === undefined && before !== undefined)
        values.set(name, new Undefined('it is gone'));
      if (before instanceof Callable && before.name !== 'range') this.refuseChanges();
    }
    const changed = values.size === 0 ? environment : environment.with(values);
    const captured = this.assignments.find(({ path, local }) => local && path[0] === CAPTURED);
    return typeof captured?.value === 'string' ? changed.withCaptured(captured.value) : changed;
  }

  /** What a macro would write is seen by rendering only. */
  private refuseChanges(): void {
    if (this.assignments.length > 0) throw new Unknown();
  }

  private valueOf(
    name: string,
    value: Datum | undefined,
    origin: Origin | undefined,
    environment: Environment,
  ): Datum | undefined {
    if (this.isLocal(name, environment)) return this.assigned([name], true, value);
    if (!origin) {
      return value === undefined ? this.assigned([name], false, value) : value;
    }
    const isPlain = this.assignments.length === 0 && !(value instanceof Lazy);
    switch (origin.kind) {
      case 'context':
        return this.assigned([origin.name], false, value);
      case 'expression': {
        if (isPlain) return value;
        const whole = this.evaluate(origin.expression, origin.environment);
        return pick(whole, origin.position);
      }
      case 'element': {
        if (isPlain) return value;
        const list = iterate(this.evaluate(origin.expression, origin.environment), new Fuel());
        const element = list[origin.index];
        if (element === undefined) throw new Unknown();
        return pick(element, origin.position);
      }
      case 'captured':
        if (!isPlain) {
          if (readsAny(origin, this.assignments)) throw new Unknown();
        }
        return value;
    }
  }

  /** The value at the top of a name with what is assigned below it. */
  private assigned([name]: YamlPath, local: boolean, value: Datum | undefined): Datum | undefined {
    let result = value;
    for (const assignment of this.assignments) {
      if (assignment.local !== local || assignment.path[0] !== name) continue;
      result = replaced(result, assignment.path.slice(1), assignment.value);
    }
    return result;
  }
}

/** Captured text may come from anything that is assigned: only the text of the template itself stays. */
function readsAny(
  origin: Origin & { kind: 'captured' },
  assignments: readonly Assignment[],
): boolean {
  return assignments.length > 0 && origin.nodes.some(({ kind }) => kind !== 'literal');
}

function pick(value: Datum, position: readonly number[]): Datum {
  let result = value;
  for (const index of position) {
    const part = (elements(result) ?? attempt(() => iterate(result, new Fuel())))?.[index];
    if (part === undefined) throw new Unknown();
    result = part;
  }
  return result;
}

function replaced(
  value: Datum | undefined,
  [key, ...rest]: YamlPath,
  wanted: Assignment['value'],
): Datum | undefined {
  if (key === undefined) return wanted === REMOVED ? undefined : wanted;
  if (typeof key === 'number') {
    const list = value === undefined ? undefined : elements(value);
    if (!list) throw new Unknown();
    const item = replaced(list[key], rest, wanted);
    if (item === undefined) throw new Unknown();
    return list.length === key ? [...list, item] : list.map((old, i) => (i === key ? item : old));
  }
  const map = value instanceof Map ? new Map(value) : new Map<string, Datum>();
  const item = replaced(map.get(key), rest, wanted);
  if (item === undefined) map.delete(key);
  else map.set(key, item);
  return map;
}

/** The names that stand in an expression. */
function namesOf(expression: Expression): Set<string> {
  const names = new Set<string>();
  const visit = (part: Expression): void => {
    if (part.kind === 'name') names.add(part.name);
    for (const child of childrenOf(part)) visit(child);
  };
  visit(expression);
  return names;
}
