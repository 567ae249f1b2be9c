import type { z } from 'zod';

import { isSecretReference, type Json } from '../model/outputs.ts';
import type { Problem } from '../model/problem.ts';
import type { ExportedValue, StackDefinition } from './plan.ts';
import type { JsonObject } from './schema-walk.ts';
import type { stackSchema } from './schemas.ts';
import { nearest, positionOf, quoted } from './shape.ts';
import { keyPosition } from './sites.ts';
import { compileSchema } from './stack-schema.ts';
import type { YamlDocument, YamlNode } from './yaml/node.ts';
import { nodeAt } from './yaml/value.ts';

type Exported = Pick<StackDefinition, 'exports' | 'exportedFiles' | 'exportedValues'>;

/** A schema for a value is small; a deeper one is not for people. */
const MAX_DEPTH = 50;

/**
 * Reads what a stack exports, in either form: a list of parameters, or `params`, `files` and `values`.
 * @param targets paths in a site tree of the stack's files
 */
export function readExports(
  name: string,
  { root }: YamlDocument,
  { exports }: z.output<typeof stackSchema>,
  targets: ReadonlySet<string>,
): { exported: Exported; problems: Problem[] } {
  if (Array.isArray(exports)) {
    const exported = { exports, exportedFiles: new Map(), exportedValues: new Map() };
    return { exported, problems: [] };
  }
  const problems: Problem[] = [];
  const files = new Map<string, string>();
  const own = [...targets].map((one) => one.slice(name.length + 1));
  for (const [key, path] of Object.entries(exports.files)) {
    const target = `${name}/${path}`;
    // What is wrong with it is told here, and not once more by those that import it.
    files.set(key, target);
    if (!targets.has(target)) {
      const position = positionOf(nodeAt(root, ['exports', 'files', key])!.source!);
      const message = `the stack ${quoted(name)} gives site trees no file ${quoted(path)} to export`;
      problems.push({ message, position, ...nearest(path, own) });
    }
  }
  const values = new Map<string, ExportedValue>();
  for (const key of Object.keys(exports.values)) {
    const read = readValue(nodeAt(root, ['exports', 'values', key])!);
    if ('rule' in read) values.set(key, read.rule);
    else {
      values.set(key, { secret: false, fault: () => read.fault });
      const position = keyPosition(root, ['exports', 'values', key]);
      const message = `${quoted(`exports.values.${key}`)} is no valid JSON Schema: ${read.fault}`;
      problems.push({ message, position });
    }
  }
  const taken = new Set(exports.params.map((path) => path.split('.')[0]!));
  for (const [section, names] of [
    ['files', files.keys()],
    ['values', values.keys()],
  ] as const) {
    for (const key of names) {
      if (taken.size !== taken.add(key).size) continue;
      const message = `the stack ${quoted(name)} exports two things as ${quoted(key)}`;
      const position = keyPosition(root, ['exports', section, key]);
      problems.push({ message, position, hint: 'give one of them another name' });
    }
  }
  return {
    exported: { exports: exports.params, exportedFiles: files, exportedValues: values },
    problems,
  };
}

function readValue(node: YamlNode): { rule: ExportedValue } | { fault: string } {
  const given = jsonOf(node, MAX_DEPTH);
  if (given === undefined) return { fault: `it is nested more than ${MAX_DEPTH} levels deep` };
  if (typeof given !== 'string' && !isObject(given)) return { fault: 'it must be a map' };
  const { secret = false, ...source }: JsonObject =
    typeof given === 'string' ? { type: given } : given;
  const compiled = compileSchema(source);
  if ('faults' in compiled) return { fault: compiled.faults[0]!.message };
  const { validate } = compiled;
  const fault = (value: Json): string | undefined => {
    if (secret === true && !isSecretReference(value))
      return 'it is marked secret, and came neither as vault text nor as a reference (vault:PATH#KEY)';
    if (validate(value)) return undefined;
    const [first] = validate.errors ?? [];
    return `it ${first?.instancePath ? `${first.instancePath} ` : ''}${first?.message ?? 'is not what it has to be'}`;
  };
  return { rule: { secret: secret === true, fault } };
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function jsonOf(node: YamlNode, levels: number): Json | undefined {
  if (levels === 0) return undefined;
  if (node.kind === 'scalar') {
    const { value } = node;
    if (typeof value === 'bigint') return Number(value);
    if (value === null || typeof value !== 'object') return value;
    return 'value' in value ? value.value : value.text;
  }
  if (node.kind === 'sequence') {
    const items = node.items.map((item) => jsonOf(item, levels - 1));
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  const entries = [...node.entries].map(([key, { value }]) => [key, jsonOf(value, levels - 1)]);
  if (entries.some(([, value]) => value === undefined)) return undefined;
  return Object.fromEntries(entries);
}
