import type { Value, YamlPath } from '../../plan/yaml/node.ts';
import type { Expression, For } from '../../render/template/ast.ts';
import type { LoopPiece } from '../../render/template/trace.ts';
import { type Datum, Tuple } from '../../render/template/values.ts';
import {
  type Assignment,
  REMOVED,
  solveText,
  type SourceEdit,
} from '../inverse/solve-expression.ts';
import type { Iterated } from './iterations.ts';

type Iteration = LoopPiece['iterations'][number];

/** What has to change beside a loop's elements for them to render as they are to. */
export interface Change {
  assignments: Assignment[];
  edits: SourceEdit[];
  cost: number;
  notes: string[];
}

export interface Element {
  value: Datum;
  change: Change;
}

/** An element that a loop goes over, changed so that its iteration reads as it does now. */
export function elementOf(
  loop: LoopPiece,
  known: Iteration,
  iterated: Iterated,
  reasons: Set<string>,
): Element | undefined {
  if (iterated.shape.sample === known) return solved(loop, known.element, iterated, reasons);
  // It went another way through the body: what makes an element go that way is taken from one that does.
  const other = freshElement(loop, iterated, reasons);
  if (!other) return undefined;
  return { ...other, value: over(known.element, other.value) };
}

/** A new element, made after one whose iteration has the same shape. */
export function freshElement(
  loop: LoopPiece,
  iterated: Iterated,
  reasons: Set<string>,
): Element | undefined {
  const { sample } = iterated.shape;
  if (!sample) return elementFor(loop.node, iterated, reasons);
  const fields = fieldsRead(loop.node);
  const start = onlyRead(loop.node, sample.element, fields);
  const element = solved(loop, start, iterated, reasons);
  const left = leftOut(sample.element, start);
  if (element && left.length > 0)
    element.change.notes.push(
      `the new element has no ${left.join(', ')}: the template does not show it`,
    );
  return element;
}

function solved(
  { node }: LoopPiece,
  start: Datum,
  { shape, reading }: Iterated,
  reasons: Set<string>,
): Element | undefined {
  const names = targetsOf(node);
  const locals = new Set(names.keys());
  const change: Change = { assignments: [], edits: [], cost: 0, notes: [] };
  let value = start;
  for (const [index, { expression, hole }] of shape.values) {
    const text = reading[index]!;
    if (!hole || text === shape.stretches[index]!.text || counts(expression)) continue;
    const [way] = solveText(expression, hole.environment, text, { locals, reasons });
    if (!way) return undefined;
    change.cost += way.cost;
    change.edits.push(...way.edits);
    if (way.doubt) change.notes.push(way.doubt);
    for (const assignment of way.assignments) {
      if (!assignment.local) change.assignments.push(assignment);
      else {
        const path = [
          ...(names.get(String(assignment.path[0])) ?? []),
          ...assignment.path.slice(1),
        ];
        value = withValue(value, path, assignment.value);
      }
    }
  }
  return { value, change };
}

/** Whether an expression tells where in the loop it is: that follows from the elements. */
function counts(expression: Expression): boolean {
  return [...namesIn(expression)].includes('loop');
}

/** An element of a loop that has rendered none: values that the body prints as they are. */
function elementFor(
  node: For,
  { shape, reading }: Iterated,
  reasons: Set<string>,
): Element | undefined {
  const names = targetsOf(node);
  let value: Datum = node.target.kind === 'name' ? null : new Tuple([...names].map(() => null));
  for (const [index, { expression }] of shape.values) {
    const path = wayTo(expression, names);
    if (!path) {
      reasons.add('the loop has no element to make a new one after');
      return undefined;
    }
    value = withValue(value, path, plainValue(reading[index]!));
  }
  return { value, change: { assignments: [], edits: [], cost: 2, notes: [] } };
}

function plainValue(text: string): Value {
  return /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}

/** The way from the element to what an expression prints, if it is no more than that. */
function wayTo(expression: Expression, names: ReadonlyMap<string, YamlPath>): YamlPath | undefined {
  if (expression.kind === 'name') return names.get(expression.name);
  if (expression.kind === 'attribute') {
    const above = wayTo(expression.object, names);
    return above && [...above, expression.name];
  }
  if (expression.kind !== 'item' || expression.key.kind !== 'literal') return undefined;
  const above = wayTo(expression.object, names);
  const { value } = expression.key;
  return above && typeof value === 'string' ? [...above, value] : undefined;
}

/** The names that a loop gives its element, or the parts of it, and the way to each. */
function targetsOf({ target }: For): Map<string, YamlPath> {
  const names = new Map<string, YamlPath>();
  const add = (one: For['target'], path: YamlPath): void => {
    if (one.kind === 'name') names.set(one.name, path);
    else
      for (const [index, item] of one.items.entries())
        if (item.kind !== 'member') add(item, [...path, index]);
  };
  add(target, []);
  return names;
}

/** A value with another at a path in it; what is on the way is made where it is missing. */
function withValue(value: Datum, [step, ...rest]: YamlPath, after: Datum | typeof REMOVED): Datum {
  if (step === undefined) return after === REMOVED ? null : after;
  if (value instanceof Tuple) {
    const items = [...value.items];
    items[Number(step)] = withValue(items[Number(step)] ?? null, rest, after);
    return new Tuple(items);
  }
  if (Array.isArray(value) && typeof step === 'number') {
    const items = [...value];
    items[step] = withValue(items[step] ?? null, rest, after);
    return items;
  }
  const entries = new Map(value instanceof Map ? value : []);
  const key = String(step);
  if (rest.length === 0 && after === REMOVED) entries.delete(key);
  else entries.set(key, withValue(entries.get(key) ?? null, rest, after));
  return entries;
}

/** What one element says over what another does. */
function over(known: Datum, other: Datum): Datum {
  if (known instanceof Map && other instanceof Map) return new Map([...known, ...other]);
  if (known instanceof Tuple && other instanceof Tuple)
    return new Tuple(other.items.map((item, index) => over(known.items[index] ?? null, item)));
  return other;
}

/** Fields of each target that the body reads; undefined where it takes the whole. */
type Fields = Map<string, Set<string> | undefined>;

function fieldsRead(node: For): Fields {
  const fields: Fields = new Map([...targetsOf(node).keys()].map((name) => [name, new Set()]));
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    if (!isNode(value)) return;
    const field = fieldOf(value, fields);
    if (field) fields.get(field.name)?.add(field.key);
    else if (value.kind === 'name' && typeof value.name === 'string' && fields.has(value.name))
      fields.set(value.name, undefined);
    else for (const part of Object.values(value)) visit(part);
  };
  visit([node.body, node.filter]);
  return fields;
}

interface Node {
  kind: string;
  [part: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !(value instanceof Map);
}

function fieldOf(node: Node, fields: Fields): { name: string; key: string } | undefined {
  if (!isNode(node.object) || node.object.kind !== 'name') return undefined;
  const { name } = node.object;
  if (typeof name !== 'string' || !fields.has(name)) return undefined;
  if (node.kind === 'attribute') return { name, key: String(node.name) };
  if (!isNode(node.key) || node.key.kind !== 'literal') return undefined;
  return typeof node.key.value === 'string' ? { name, key: node.key.value } : undefined;
}

function* namesIn(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* namesIn(item);
  else if (isNode(value)) {
    if (value.kind === 'name' && typeof value.name === 'string') yield value.name;
    for (const part of Object.values(value)) yield* namesIn(part);
  }
}

/** An element without what the body does not read of it. */
function onlyRead(node: For, element: Datum, fields: Fields): Datum {
  let result = element;
  for (const [name, path] of targetsOf(node)) {
    const read = fields.get(name);
    const own = path.reduce<Datum>(partOf, element);
    if (!read || !(own instanceof Map)) continue;
    result = withValue(result, path, new Map([...own].filter(([key]) => read.has(key))));
  }
  return result;
}

function partOf(value: Datum, step: string | number): Datum {
  return value instanceof Tuple ? (value.items[Number(step)] ?? null) : null;
}

/** The keys that one element has and another has not. */
function leftOut(element: Datum, other: Datum): string[] {
  if (element instanceof Map && other instanceof Map)
    return [...element.keys()].filter((key) => !other.has(key));
  if (element instanceof Tuple && other instanceof Tuple)
    return element.items.flatMap((item, index) => leftOut(item, other.items[index] ?? null));
  return [];
}
