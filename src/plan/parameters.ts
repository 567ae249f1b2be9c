import type { ErrorObject } from 'ajv';

import { InvalidInput } from '../model/errors.ts';
import type { Position, Problem } from '../model/problem.ts';
import { layerChain, mergeParams, siteOf } from './layers.ts';
import type { Plan, SiteDefinition, StackDefinition } from './plan.ts';
import { positionOf, quoted } from './shape.ts';
import { keyPosition } from './sites.ts';
import { pointerPath } from './stack-schema.ts';
import {
  Float,
  type MapEntry,
  type MapNode,
  type Source,
  Tagged,
  type YamlNode,
} from './yaml/node.ts';
import { nodeAt } from './yaml/value.ts';

/** What is wrong with a site's merged parameters: what cannot be merged, and what its stacks' schemas refuse. */
export function parameterProblems(plan: Plan, site: string): Problem[] {
  const definition = siteOf(plan, site);
  let params: MapNode;
  try {
    params = mergeParams(plan, layerChain(plan, site));
  } catch (error) {
    if (error instanceof InvalidInput) return [...error.problems];
    throw error;
  }
  return definition.stacks.flatMap((name) => {
    const stack = plan.stacks.get(name);
    const validate = stack?.parameters?.validate;
    if (!stack || !validate || validate(plainValue(params))) return [];
    return (validate.errors ?? []).flatMap((error) => problemOf(error, params, stack, definition));
  });
}

const plain = new WeakMap<YamlNode, unknown>();

/** A node as JSON Schema sees it; objects have no prototype, for keys are anybody's. */
function plainValue(node: YamlNode): unknown {
  if (node.kind === 'scalar') {
    const { value } = node;
    if (value instanceof Float) return value.value;
    if (value instanceof Tagged) return value.text;
    return typeof value === 'bigint' ? Number(value) : value;
  }
  let value = plain.get(node);
  if (value === undefined) {
    value = node.kind === 'sequence' ? node.items.map(plainValue) : plainMap(node);
    plain.set(node, value);
  }
  return value;
}

function plainMap(node: MapNode): Record<string, unknown> {
  const map: Record<string, unknown> = Object.create(null);
  for (const [key, { value }] of node.entries) map[key] = plainValue(value);
  return map;
}

/** Keywords that only repeat what the errors below them say. */
const SUMMARIES = new Set(['if', 'allOf', '$ref']);

function problemOf(
  error: ErrorObject,
  params: MapNode,
  stack: StackDefinition,
  site: SiteDefinition,
): Problem[] {
  const { instancePath, keyword, params: detail } = error;
  // What is wrong with a key's name is told by the `propertyNames` above it.
  if (SUMMARIES.has(keyword) || error.propertyName !== undefined) return [];
  const path = pointerPath(instancePath);
  const node = nodeAt(params, path);
  // Nobody but Ansible can read a vaulted value, so nothing is said about it.
  if (node?.kind === 'scalar' && node.value instanceof Tagged && node.tag === '!vault') return [];

  const what = path.length === 0 ? 'the parameters' : `the parameter ${quoted(path.join('.'))}`;
  const where = placeOf(params, path, site);
  const by = `by the schema of stack ${quoted(stack.name)}`;
  if (keyword === 'required') {
    const missing = quoted([...path, String(detail['missingProperty'])].join('.'));
    return [
      { message: `the parameter ${missing} is missing: it is required ${by}`, position: where },
    ];
  }
  const extra = extraKey(keyword, detail);
  if (extra !== undefined) {
    const name = quoted([...path, extra].join('.'));
    return [
      {
        message: `the parameter ${name} is not allowed ${by}`,
        position: placeOf(params, [...path, extra], site, 'key'),
      },
    ];
  }
  return [
    {
      message: `${what} ${error.message ?? 'is wrong'}${choices(keyword, detail)} (${by})`,
      position: where,
    },
  ];
}

/** The key that an error is about because it may not be there. */
function extraKey(keyword: string, detail: Record<string, unknown>): string | undefined {
  const key =
    keyword === 'additionalProperties'
      ? detail['additionalProperty']
      : keyword === 'unevaluatedProperties'
        ? detail['unevaluatedProperty']
        : keyword === 'propertyNames'
          ? detail['propertyName']
          : undefined;
  return typeof key === 'string' ? key : undefined;
}

/** The values that would do; the value that is there is never shown, for it may be a secret. */
function choices(keyword: string, detail: Record<string, unknown>): string {
  const allowed = detail['allowedValues'];
  return keyword === 'enum' && Array.isArray(allowed)
    ? `: ${allowed.map((value) => JSON.stringify(value)).join(', ')}`
    : '';
}

/** Where a merged parameter comes from: its token, or its key where that is what is wrong or where it holds others. */
function placeOf(
  params: MapNode,
  path: readonly string[],
  site: SiteDefinition,
  what: 'value' | 'key' = 'value',
): Position {
  let node: YamlNode = params;
  let position = keyPosition(site.document.root, ['params']);
  for (const [index, step] of path.entries()) {
    const entry: MapEntry | undefined = node.kind === 'map' ? node.entries.get(step) : undefined;
    const next: YamlNode | undefined =
      entry?.value ?? (node.kind === 'sequence' ? node.items[Number(step)] : undefined);
    if (!next) break;
    const byKey = next.kind !== 'scalar' || (what === 'key' && index === path.length - 1);
    const places: (Source | undefined)[] = byKey ? [entry?.keySource, next.source] : [next.source];
    const place = places.find((source) => source !== undefined && source.file !== '');
    if (place) position = positionOf(place);
    node = next;
  }
  return position;
}
