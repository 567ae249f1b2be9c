import { siteParams } from '../plan/layers.ts';
import type { Plan } from '../plan/plan.ts';
import { makeEntry, makeNode, makeScalar, makeSequence } from '../plan/yaml/make.ts';
import {
  Float,
  type MapNode,
  Tagged,
  type Value,
  type YamlNode,
  type YamlPath,
} from '../plan/yaml/node.ts';
import { nodeAt, sameValue, toValue } from '../plan/yaml/value.ts';
import type { Datum } from '../render/template/values.ts';
import type { SourceChange } from './changes.ts';
import { type Assignment, REMOVED } from './inverse/solve-expression.ts';
import { valueLike } from './like-value.ts';
import { dotted, yamlChanges } from './yaml-changes.ts';

/** Why what a template would have to see can be no change of the plan's data. */
export class NoChange extends Error {
  override name = 'NoChange';
}

/**
 * What a site's templates are to see, as changes of the plan's data: as few and as small as can be, written the way
 * that is written which they replace.
 * @throws NoChange where one of them cannot be made, or two of them contradict each other
 */
export function changesFor(
  plan: Plan,
  site: string,
  assignments: readonly Assignment[],
): SourceChange[] {
  const wanted = new Map<string, Wanted>();
  for (const assignment of assignments) {
    const place = placeOf(plan, site, assignment.path);
    const key = JSON.stringify([place.source, place.base, place.top]);
    const known = wanted.get(key) ?? { place, after: place.before };
    wanted.set(key, { place, after: assigned(known.after, assignment, place.rest) });
  }
  return [...wanted.values()].flatMap((one) => changesOf(one));
}

function changesOf({ place, after }: Wanted): SourceChange[] {
  const { source, base, top, before, like } = place;
  if (!after) return before ? [{ source, base, change: deletion(top, before) }] : [];
  if (!before) {
    const written = like ? nodeLike(like, toValue(after)) : after;
    return [{ source, base, change: { kind: 'set', path: [top], before, after: written } }];
  }
  const changes = yamlChanges(before, after, [top]);
  if (source === 'params') return changes.map((change) => ({ source, base, change }));
  // Of what a host has, the host is named before what changes.
  return changes.map((change) => {
    const [host, ...path] = change.path;
    return { source, base: [...base, host!], change: { ...change, path } };
  });
}

interface Place extends Pick<SourceChange, 'source' | 'base'> {
  /** Name of the parameter or variable, and the way to what is assigned within it. */
  top: string;
  rest: YamlPath;
  before: YamlNode | undefined;
  /** Something of its kind, where it is new: it is written like that. */
  like?: YamlNode;
}

interface Wanted {
  place: Place;
  /** Undefined where nothing is to be left. */
  after: YamlNode | undefined;
}

function deletion(top: string, before: YamlNode): SourceChange['change'] {
  return { kind: 'delete', path: [top], before };
}

/** The part of the plan's data that a name of a template stands for. */
function placeOf(plan: Plan, site: string, path: YamlPath): Place {
  const [name, section, host, ...rest] = path;
  if (name === 'imports') throw new NoChange(`${dotted(path)} comes from another site`);
  if (name !== 'site') {
    const top = String(name);
    const before = nodeAt(siteParams(plan, site), [top]);
    return { source: 'params', base: [], top, rest: path.slice(1), before };
  }
  if (section !== 'hosts' || host === undefined)
    throw new NoChange(`${dotted(path)} makes the site what it is`);
  const top = String(host);
  const { hosts } = plan.sites.get(site)!;
  const [like] = hosts.values();
  const place = { source: 'site', base: ['hosts'], top, rest, before: hosts.get(top) } as const;
  return like ? { ...place, like } : place;
}

/** A node with a value assigned to a path in it; what is equal to what was there is kept as it is. */
function assigned(
  node: YamlNode | undefined,
  { value, path }: Assignment,
  rest: YamlPath,
): YamlNode | undefined {
  const [step, ...further] = rest;
  if (step === undefined) return value === REMOVED ? undefined : nodeLike(node, plain(value, path));
  if (node?.kind === 'sequence') {
    const index = Number(step);
    const item = assigned(node.items[index], { value, path, local: false }, further);
    if (index > node.items.length) throw new NoChange(`${dotted(path)} leads nowhere`);
    const items = item ? [...node.items] : node.items.toSpliced(index, 1);
    if (item) items[index] = item;
    return { kind: 'sequence', items, flow: node.flow };
  }
  if (node && node.kind !== 'map') throw new NoChange(`${dotted(path)} leads nowhere`);
  const key = String(step);
  const entries = new Map(node?.entries);
  const entry = entries.get(key);
  const inner = assigned(entry?.value, { value, path, local: false }, further);
  if (!inner) entries.delete(key);
  else entries.set(key, entry ? { ...entry, value: inner } : makeEntry(key, inner));
  return { kind: 'map', entries, flow: node?.flow ?? false };
}

/** A value as the plan can hold it. */
function plain(value: Datum, path: YamlPath): Value {
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'string' && /\{[{%#]/.test(value))
      throw new NoChange(
        `${dotted(path)} would have braces in it, which Ansible would take for a template`,
      );
    return value;
  }
  if (value instanceof Float || value instanceof Tagged) return value;
  if (Array.isArray(value)) return value.map((item) => plain(item, path));
  if (value instanceof Map)
    return new Map([...value].map(([key, item]) => [key, plain(item, path)]));
  throw new NoChange(`${dotted(path)} would be no plain value`);
}

/**
 * A node for a value that takes the place of another: with all of the other's nodes whose values are the same, and
 * new ones written like those that they replace.
 */
export function nodeLike(before: YamlNode | undefined, value: Value): YamlNode {
  if (before && sameValue(toValue(before), value)) return before;
  if (Array.isArray(value)) return listLike(before, value);
  if (value instanceof Map) return mapLike(before, value);
  if (!before) return makeScalar(value);
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  const like = typeof text === 'string' ? valueLike(before, text) : undefined;
  if (like && sameValue(like.value, value)) return like;
  if (typeof value === 'boolean') {
    const truth = valueLike(before, value ? 'True' : 'False');
    if (truth && truth.value === value) return truth;
  }
  return makeScalar(value);
}

function listLike(before: YamlNode | undefined, value: readonly Value[]): YamlNode {
  if (before?.kind !== 'sequence') return makeSequence(value.map(makeNode));
  const left = [...before.items];
  const sameLength = before.items.length === value.length;
  const items = value.map((item, index) => {
    const at = left.findIndex((node) => sameValue(toValue(node), item));
    if (at >= 0) return left.splice(at, 1)[0]!;
    return nodeLike(sameLength ? before.items[index] : likest(before.items, item), item);
  });
  return { kind: 'sequence', items, flow: before.flow };
}

/** The item that has most in common with a value: a mapping that is edited keeps how its keys are written. */
function likest(items: readonly YamlNode[], value: Value): YamlNode | undefined {
  if (!(value instanceof Map)) return items.find(({ kind }) => kind === 'scalar');
  let best: MapNode | undefined;
  let most = 0;
  for (const item of items) {
    if (item.kind !== 'map') continue;
    const common = [...value].filter(([key, one]) => {
      const entry = item.entries.get(key);
      return entry && sameValue(toValue(entry.value), one);
    }).length;
    if (common >= most) [best, most] = [item, common];
  }
  return best;
}

/** Another entry of a mapping, of the kind of a value that is new in it: lists and mappings are written alike. */
function siblingOf({ entries }: MapNode, value: Value): YamlNode | undefined {
  const kind = Array.isArray(value) ? 'sequence' : value instanceof Map ? 'map' : undefined;
  for (const { value: node } of entries.values()) if (node.kind === kind) return node;
  return undefined;
}

function mapLike(before: YamlNode | undefined, value: ReadonlyMap<string, Value>): YamlNode {
  if (before?.kind !== 'map') return makeNode(new Map(value));
  const entries: MapNode['entries'] = new Map();
  for (const [key, entry] of before.entries) {
    const item = value.get(key);
    if (item !== undefined) entries.set(key, { ...entry, value: nodeLike(entry.value, item) });
  }
  for (const [key, item] of value) {
    if (!entries.has(key))
      entries.set(key, makeEntry(key, nodeLike(siblingOf(before, item), item)));
  }
  return { kind: 'map', entries, flow: before.flow };
}
