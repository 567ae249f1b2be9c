import { elements, isObject, type Json, type JsonObject, members, pointed } from './schema-walk.ts';
import type { YamlNode, YamlPath } from './yaml/node.ts';

/** Finds the paths in some parameters that a schema calls secret. */
export type FindSecrets = (params: YamlNode) => YamlPath[];

/**
 * What finds the values that a JSON Schema marks `"x-secret": true`; undefined if it marks none. Where a schema
 * offers alternatives, all of them count: a secret under one of them is a secret.
 */
export function secretFinder(top: JsonObject): FindSecrets | undefined {
  if (!marksSecrets(top)) return undefined;
  return (params) => {
    const found: YamlPath[] = [];
    collect(top, [top], params, [], found);
    return found;
  };
}

function marksSecrets(value: Json): boolean {
  if (Array.isArray(value)) return value.some(marksSecrets);
  return isObject(value) && (value['x-secret'] === true || Object.values(value).some(marksSecrets));
}

/** Goes down the parameters, not the schema: one that holds itself ends where the parameters do. */
function collect(
  top: JsonObject,
  schemas: readonly JsonObject[],
  node: YamlNode,
  path: YamlPath,
  found: YamlPath[],
): void {
  const all = applying(top, schemas);
  if (all.some((schema) => schema['x-secret'] === true)) {
    found.push(path);
    return;
  }
  if (node.kind === 'scalar') return;
  const parts =
    node.kind === 'map'
      ? [...node.entries].map(([key, { value }]) => [key, value] as const)
      : node.items.entries();
  for (const [step, value] of parts) {
    const below = all
      .flatMap((schema) =>
        typeof step === 'string' ? ofProperty(schema, step) : ofElement(schema, step),
      )
      .filter(isObject);
    if (below.length > 0) collect(top, below, value, [...path, step], found);
  }
}

/** The schemas, and all that they refer to, join or offer at the same place. */
function applying(top: JsonObject, schemas: readonly JsonObject[]): JsonObject[] {
  const all = new Set<JsonObject>();
  const pending: (Json | undefined)[] = [...schemas];
  for (let next = pending.pop(); pending.length > 0 || next !== undefined; next = pending.pop()) {
    if (!isObject(next) || all.has(next)) continue;
    all.add(next);
    pending.push(pointed(top, next['$ref'])?.schema);
    for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
      pending.push(...elements(next[keyword]).map(([, part]) => part));
    }
    pending.push(next['if'], next['then'], next['else']);
    pending.push(...members(next['dependentSchemas']).map(([, part]) => part));
  }
  return [...all];
}

function ofProperty(schema: JsonObject, key: string): (Json | undefined)[] {
  const { properties } = schema;
  const named = isObject(properties) && Object.hasOwn(properties, key) ? [properties[key]] : [];
  const matching = members(schema['patternProperties']).filter(([pattern]) =>
    new RegExp(pattern, 'u').test(key),
  );
  const stated = [...named, ...matching.map(([, part]) => part)];
  return stated.length > 0
    ? stated
    : [schema['additionalProperties'], schema['unevaluatedProperties']];
}

function ofElement(schema: JsonObject, index: number): (Json | undefined)[] {
  const { prefixItems } = schema;
  const own = Array.isArray(prefixItems) ? prefixItems[index] : undefined;
  return [own ?? schema['items'], schema['unevaluatedItems'], schema['contains']];
}
