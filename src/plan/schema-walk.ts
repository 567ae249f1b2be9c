import type { Defaults } from './defaults.ts';
import { mergeMaps, REPLACE } from './merge.ts';
import { makeEntry, makeMap, makeScalar, makeSequence } from './yaml/make.ts';
import {
  Float,
  type MapEntry,
  type MapNode,
  type Source,
  type YamlNode,
  type YamlPath,
} from './yaml/node.ts';

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** Where in the schema's file something stands. */
export type Locate = (path: YamlPath) => Source;

/** References let a small file stand for a huge tree: more places than this are not looked at. */
const MAX_PLACES = 20_000;

/** The schema refers to itself so often that it cannot be followed. */
export class SchemaTooLarge extends Error {
  override name = 'SchemaTooLarge';
}

/** A schema, and where it stands. What holds at one place may be spread over several, by `$ref` and `allOf`. */
interface View {
  schema: JsonObject;
  path: YamlPath;
}

type Above = ReadonlySet<JsonObject>;

/** Collects the defaults that a JSON Schema gives. References are followed within the file, by pointer. */
export class DefaultsWalk {
  readonly #top: JsonObject;
  readonly #locate: Locate;
  readonly #optional = new Set<MapNode>();
  #places = 0;

  constructor(top: JsonObject, locate: Locate) {
    this.#top = top;
    this.#locate = locate;
  }

  /**
   * The defaults of properties, at any depth of maps; those of list elements are not counted.
   * @throws SchemaTooLarge
   */
  defaults(): Defaults {
    const root = this.#properties(this.#views(this.#top, [], new Set()), new Set());
    return { root, optional: this.#optional };
  }

  /** @param above schemas that this one is within: one that holds itself ends there */
  #views(schema: Json | undefined, path: YamlPath, above: Above): View[] {
    if (!isObject(schema) || above.has(schema)) return [];
    this.#count();
    const within = new Set([...above, schema]);
    const views: View[] = [{ schema, path }];
    const target = pointed(this.#top, schema['$ref']);
    if (target) views.push(...this.#views(target.schema, target.path, within));
    for (const [index, part] of elements(schema['allOf'])) {
      views.push(...this.#views(part, [...path, 'allOf', index], within));
    }
    return views;
  }

  #properties(views: readonly View[], above: Above): MapNode {
    const entries = new Map<string, MapEntry>();
    const within = new Set([...above, ...views.map(({ schema }) => schema)]);
    for (const { schema, path } of views) {
      for (const [key, property] of members(schema['properties'])) {
        if (entries.has(key)) continue;
        const place = [...path, 'properties', key];
        const value = this.#default(this.#views(property, place, within), within);
        if (value) entries.set(key, { ...makeEntry(key, value), keySource: this.#locate(place) });
      }
    }
    return { kind: 'map', entries, flow: false };
  }

  #default(views: readonly View[], above: Above): YamlNode | undefined {
    const nested = this.#properties(views, above);
    const holder = views.find(({ schema }) => Object.hasOwn(schema, 'default'));
    const own = holder && this.#node(holder.schema['default']!, [...holder.path, 'default']);
    if (own) return own.kind === 'map' ? mergeMaps(nested, own, REPLACE, []) : own;
    if (nested.entries.size === 0) return undefined;
    const required = views.flatMap(({ schema }) => elements(schema['required']));
    const stands = required.every(([, key]) => {
      const value = typeof key === 'string' ? nested.entries.get(key)?.value : undefined;
      return value && !(value.kind === 'map' && this.#optional.has(value));
    });
    if (!stands) this.#optional.add(nested);
    return nested;
  }

  /** A node for a JSON value, whose source is where it stands in the schema's file. */
  #node(value: Json, path: YamlPath): YamlNode {
    const source = this.#locate(path);
    if (Array.isArray(value)) {
      return { ...makeSequence(value.map((item, i) => this.#node(item, [...path, i]))), source };
    }
    if (isObject(value)) {
      const entries = members(value).map(
        ([key, item]) => [key, this.#node(item, [...path, key])] as const,
      );
      return { ...makeMap(entries), source };
    }
    // JSON does not tell integers from floats; like Python's reader of it, take what has a fraction for a float.
    const scalar =
      typeof value === 'number' && !Number.isSafeInteger(value) ? new Float(value) : value;
    return { ...makeScalar(scalar), source };
  }

  #count(): void {
    this.#places += 1;
    if (this.#places > MAX_PLACES) throw new SchemaTooLarge();
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function members(value: Json | undefined): [string, Json][] {
  return isObject(value) ? Object.entries(value) : [];
}

export function elements(value: Json | undefined): [number, Json][] {
  return Array.isArray(value) ? [...value.entries()] : [];
}

/** What the JSON pointer of a `$ref` names, if it stays within the file. */
export function pointed(
  top: JsonObject,
  ref: Json | undefined,
): { schema: Json; path: string[] } | undefined {
  if (typeof ref !== 'string' || (ref !== '#' && !ref.startsWith('#/'))) return undefined;
  const path = decoded(ref)
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  let at: Json | undefined = top;
  for (const step of path) {
    if (Array.isArray(at)) at = at[Number(step)];
    else at = isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined;
  }
  return at === undefined ? undefined : { schema: at, path };
}

function decoded(ref: string): string {
  try {
    return decodeURIComponent(ref);
  } catch {
    return ref;
  }
}
