import addFormats from 'ajv-formats';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';

import { messageOf } from '../model/errors.ts';
import type { Position, Problem } from '../model/problem.ts';
import type { Defaults } from './defaults.ts';
import { addEquality } from './schema-equality.ts';
import { type FindSecrets, secretFinder } from './schema-secrets.ts';
import { DefaultsWalk, type Json, type JsonObject, SchemaTooLarge } from './schema-walk.ts';
import { positionOf, quoted, topOf } from './shape.ts';
import { NO_SOURCE } from './yaml/make.ts';
import type { Source, YamlNode, YamlPath } from './yaml/node.ts';
import { decodeUtf8, parseYamlValue } from './yaml/parse.ts';
import { nodeAt } from './yaml/value.ts';

/** A stack's `schema.json`, ready for use. */
export interface ParameterSchema extends Defaults {
  file: string;
  source: JsonObject;
  /** Checks merged parameters given as plain objects. */
  validate: ValidateFunction;
  /** Finds the parameters marked `x-secret`, if there can be any. */
  findSecrets?: FindSecrets;
}

export interface SchemaFault {
  message: string;
  path: YamlPath;
}

/** Holds schemas to the rules for schemas; making ready for that takes far longer than doing it. */
let metaSchema: Ajv2020 | undefined;

/** More than these are not looked for. */
const MAX_FAULTS = 20;
/** A deeper schema is not for people, and would overrun the stack of those that walk it. */
const MAX_DEPTH = 100;

interface ReadSchema {
  schema: ParameterSchema | undefined;
  problems: Problem[];
}

/** By the content of files, which plans share from one revision to the next. */
const known = new WeakMap<Uint8Array, { file: string; read: ReadSchema }>();

/**
 * Reads a stack's `schema.json`: JSON Schema 2020-12 with formats, and `x-secret` as a keyword of ours. Keywords
 * that nobody knows are faults, so that a slip of the pen is no silent gap. The same file gives the very same schema.
 */
export function readStackSchema(file: string, content: Uint8Array): ReadSchema {
  const before = known.get(content);
  if (before?.file === file) return before.read;
  const read = readFresh(file, content);
  known.set(content, { file, read });
  return read;
}

function readFresh(file: string, content: Uint8Array): ReadSchema {
  const { text, problem } = decodeUtf8(file, content);
  if (problem) return failed(problem);
  let source: Json;
  try {
    source = JSON.parse(text);
  } catch (error) {
    return failed(notJson(file, text, error));
  }
  if (typeof source !== 'object' || source === null || Array.isArray(source)) {
    return failed({ message: 'a JSON Schema must be an object', position: topOf(file) });
  }
  if (deeperThan(source, MAX_DEPTH)) {
    const message = `the schema is nested more than ${MAX_DEPTH} levels deep`;
    return failed({ message, position: topOf(file) });
  }

  // JSON is YAML but for a few corners, so the parser that knows positions serves; without it, the file must do.
  const root = parseYamlValue(file, text).root;
  const compiled = compileSchema(source);
  if ('faults' in compiled) {
    return failed(
      ...compiled.faults.map(({ message, path }) => ({
        message: `not a valid JSON Schema: ${message}`,
        position: positionIn(file, root, path),
      })),
    );
  }
  try {
    const defaults = new DefaultsWalk(source, (path) => sourceIn(file, root, path)).defaults();
    const findSecrets = secretFinder(source);
    const schema: ParameterSchema = {
      file,
      source,
      validate: compiled.validate,
      ...(findSecrets ? { findSecrets } : {}),
      ...defaults,
    };
    return { schema, problems: [] };
  } catch (error) {
    if (!(error instanceof SchemaTooLarge)) throw error;
    const message = 'the schema refers to parts of itself so often that it cannot be followed';
    return failed({ message, position: topOf(file) });
  }
}

function failed(...problems: Problem[]): ReadSchema {
  return { schema: undefined, problems };
}

/** Makes a JSON Schema ready to be held against values, or tells what is wrong with it. */
export function compileSchema(
  source: JsonObject,
): { validate: ValidateFunction } | { faults: SchemaFault[] } {
  const declared = source['$schema'];
  if (
    declared !== undefined &&
    !/^"https:\/\/json-schema\.org\/draft\/2020-12\/schema#?"$/.test(JSON.stringify(declared))
  ) {
    const message = 'only "https://json-schema.org/draft/2020-12/schema" is understood';
    return { faults: [{ message: `$schema: ${message}`, path: ['$schema'] }] };
  }
  metaSchema ??= new Ajv2020({ allErrors: true, logger: false });
  if (metaSchema.validateSchema(source) !== true) {
    return { faults: mostTelling(metaSchema.errors ?? []) };
  }
  // An instance for each schema: no $id of another stack or revision is in the way.
  const ajv = new Ajv2020({
    allErrors: true,
    ownProperties: true,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    logger: false,
    validateSchema: false,
  });
  addFormats.default(ajv);
  addEquality(ajv);
  ajv.addKeyword({ keyword: 'x-secret', schemaType: 'boolean' });
  const faults: SchemaFault[] = [];
  for (let tries = 0; tries < MAX_FAULTS; tries += 1) {
    try {
      const validate = ajv.compile(source);
      return faults.length > 0 ? { faults } : { validate };
    } catch (error) {
      const message = messageOf(error);
      const [, keyword] = /^strict mode: unknown keyword: "(.*)"$/s.exec(message) ?? [];
      if (keyword === undefined) {
        faults.push({ message, path: placeOf(source, message) });
        break;
      }
      faults.push({
        message: `unknown keyword ${quoted(keyword)}`,
        path: pathTo(source, (key) => key === keyword),
      });
      // To find what else is wrong; ajv takes only keywords of this form.
      if (!/^[a-z_$][a-z0-9_$:-]*$/i.test(keyword)) break;
      ajv.addKeyword(keyword);
    }
  }
  return { faults };
}

/** ajv tells most faults of this kind without a place: look for what its message is about. */
function placeOf(source: JsonObject, message: string): YamlPath {
  const [, pointer] = /at path "#([^"]*)"/.exec(message) ?? [];
  if (pointer !== undefined) return pointerPath(pointer);
  return pathTo(source, (key, value) =>
    ['$ref', '$dynamicRef', 'pattern'].includes(key) && typeof value === 'string' && value !== ''
      ? message.includes(value)
      : false,
  );
}

/** The path of the first member of an object, at any depth, that is looked for; empty if there is none. */
function pathTo(value: Json, wanted: (key: string, value: Json) => boolean): YamlPath {
  if (typeof value !== 'object' || value === null) return [];
  for (const [key, member] of Object.entries(value)) {
    if (!Array.isArray(value) && wanted(key, member)) return [key];
    const below = pathTo(member, wanted);
    if (below.length > 0) return [key, ...below];
  }
  return [];
}

/** Of the errors at one place the first, and not those that merely follow from it. */
function mostTelling(errors: readonly ErrorObject[]): SchemaFault[] {
  const byPlace = new Map<string, ErrorObject>();
  for (const error of errors) {
    if (!byPlace.has(error.instancePath)) byPlace.set(error.instancePath, error);
  }
  return [...byPlace.values()].map(({ instancePath, message }) => ({
    message: `${instancePath || 'the schema'} ${message ?? 'is wrong'}`,
    path: pointerPath(instancePath),
  }));
}

/** The steps of a JSON pointer (RFC 6901). */
export function pointerPath(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function positionIn(file: string, root: YamlNode | undefined, path: YamlPath): Position {
  return positionOf(sourceIn(file, root, path));
}

function sourceIn(file: string, root: YamlNode | undefined, path: YamlPath): Source {
  const node = root && nodeAt(root, path);
  return node?.source ?? { ...NO_SOURCE, file, line: 1, column: 1 };
}

function notJson(file: string, text: string, error: unknown): Problem {
  const [, offset] = /position (\d+)/.exec(messageOf(error)) ?? [];
  const before = text.slice(0, offset === undefined ? 0 : Number(offset)).split('\n');
  // The engine's own words quote the file, which may hold anything.
  return {
    message: 'the file is not JSON',
    position: { file, line: before.length, column: before.at(-1)!.length + 1 },
    hint: 'JSON has neither comments nor trailing commas, and its strings are in double quotes',
  };
}

function deeperThan(value: Json, levels: number): boolean {
  let level: Json[] = [value];
  for (let depth = 0; depth <= levels; depth += 1) {
    level = level.flatMap((one) =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}
