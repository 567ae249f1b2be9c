import { z } from 'zod';

import { nearest as nearestWord } from '../model/nearest.ts';
import type { Position, Problem } from '../model/problem.ts';
import {
  Float,
  type MapEntry,
  type MapNode,
  type Source,
  Tagged,
  type YamlDocument,
  type YamlNode,
  type YamlPath,
} from './yaml/node.ts';

/** What could lead a terminal or a reader astray: control characters, line separators, changes of direction. */
const UNSHOWABLE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;

/** Where a source range begins. */
export function positionOf({ file, line, column }: Source): Position {
  return { file, line, column };
}

/** The start of a file, for faults that have no better place. */
export function topOf(file: string): Position {
  return {
    file: UNSHOWABLE.test(file) || !file.isWellFormed() ? quoted(file) : file,
    line: 1,
    column: 1,
  };
}

/** Names as they are shown to people: quoted, escaped and cut, since they come from untrusted files. */
export function quoted(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(cut).replaceAll(new RegExp(UNSHOWABLE, 'g'), (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Words that one of them may have been meant by. */
export type Words = ReadonlyMap<string, unknown> | ReadonlySet<string> | readonly string[];

/** No slip of the pen is looked for in a longer word. */
const MAX_WORD = 200;
/** Pairs of letters that are looked at for hints among the same words: some milliseconds. */
const MAX_PAIRS = 2_000_000;
const pairsSeen = new WeakMap<Words, number>();

/**
 * `did you mean "layers"?`, if one of the known words is near enough; an object to spread into a problem. Where very
 * many are wrong and very many known, only the first get a hint: each is compared with each.
 * @param known the same object for all that is looked up in it
 */
export function nearest(word: string, known: Words): { hint?: string } {
  const seen = pairsSeen.get(known) ?? 0;
  if (seen > MAX_PAIRS || word.length > MAX_WORD) return {};
  const words: string[] = 'keys' in known && 'has' in known ? [...known.keys()] : [...known];
  const letters = words.reduce((sum, one) => sum + one.length, 0);
  pairsSeen.set(known, seen + word.length * letters);
  const best = nearestWord(word, words);
  if (best === undefined) return {};
  return { hint: `did you mean ${quoted(best)}?` };
}

/**
 * Holds a document to a schema.
 * @param opaque top-level keys whose maps hold free-form parameters: what is in them is not looked at
 * @returns the value with the schema's defaults, or undefined and what is wrong, with positions
 */
export function checkShape<T>(
  document: YamlDocument,
  schema: z.ZodType<T>,
  opaque: ReadonlyMap<string, number>,
): { value: T | undefined; problems: Problem[] } {
  const problems: Problem[] = [];
  const input = new Plain();
  for (const [key, { value }] of document.root.entries) {
    // `params:` with nothing behind it is an empty section, not a fault.
    if (isNull(value)) continue;
    input[key] = plainShape(value, opaque.get(key) ?? Infinity, problems);
  }
  const result = schema.safeParse(input);
  if (!result.success) {
    problems.push(...result.error.issues.flatMap((issue) => problemsOf(document, schema, issue)));
  }
  return { value: problems.length === 0 ? result.data : undefined, problems };
}

/**
 * An object without any inherited member, for its keys are anybody's. Instances of a class are several times as fast
 * as those of `Object.create(null)`, which the engine keeps as hash tables.
 */
class Plain {
  [key: string]: unknown;
}
Object.setPrototypeOf(Plain.prototype, null);
Reflect.deleteProperty(Plain.prototype, 'constructor');

/** A node as zod wants it. Maps deeper than `depth` become empty ones: they are anybody's parameters. */
function plainShape(node: YamlNode, depth: number, problems: Problem[]): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'sequence') {
    return depth <= 0 ? [] : node.items.map((item) => plainShape(item, depth - 1, problems));
  }
  const map = new Plain();
  if (depth <= 0) return map;
  for (const [key, { keySource, value }] of node.entries) {
    // zod passes this one over, whatever the schema says.
    if (key === '__proto__') {
      problems.push({
        message: `${quoted(key)} cannot be a key here`,
        position: positionOf(keySource),
      });
    }
    map[key] = plainShape(value, depth - 1, problems);
  }
  return map;
}

function isNull(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null && node.tag === '';
}

type Issue = z.core.$ZodIssue;

function problemsOf(document: YamlDocument, schema: z.ZodType, issue: Issue): Problem[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  const found = find(document.root, path);
  const what = path.length === 0 ? 'the file' : quoted(path.join('.'));
  if (issue.code === 'unrecognized_keys') {
    const given = found.node?.kind === 'map' ? found.node.entries : new Map<string, MapEntry>();
    const known = knownKeys(schema, path).difference(given);
    return issue.keys.map((key) => ({
      message: `unknown key ${quoted(key)}${path.length === 0 ? '' : ` in ${what}`}`,
      position: positionOf(given.get(key)!.keySource),
      ...nearest(key, known),
    }));
  }
  if (issue.code === 'invalid_union') {
    const meant = meantAlternative(issue.errors, found.node);
    if (meant)
      return meant.flatMap((one) =>
        problemsOf(document, schema, { ...one, path: [...issue.path, ...one.path] }),
      );
  }
  const position = found.position ?? topOf(document.file);
  if (found.missing || (path.length === 1 && found.node && isNull(found.node))) {
    return [{ message: `${what} is missing${expectation(issue)}`, position }];
  }
  if (issue.code === 'invalid_key') {
    const key = String(path.at(-1));
    return [
      { message: `${quoted(key)} ${issue.issues[0]?.message ?? 'cannot be a key here'}`, position },
    ];
  }
  return [{ message: `${what} ${fault(issue, found.node)}`, position }];
}

function expectation(issue: Issue): string {
  return issue.code === 'invalid_value' ? `: it must be ${alternatives(issue.values)}` : '';
}

/** What is wrong by the alternative that somebody meant: the one that takes such a map, or such a list. */
function meantAlternative(
  alternatives: readonly (readonly Issue[])[],
  node: YamlNode | undefined,
): readonly Issue[] | undefined {
  if (!node || node.kind === 'scalar') return undefined;
  const fitting = alternatives.filter((issues) =>
    issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

function fault(issue: Issue, node: YamlNode | undefined): string {
  if (issue.code === 'invalid_type') {
    const wanted = TYPES[issue.expected] ?? issue.expected;
    return `must be ${wanted}, not ${described(node)}${quoteHint(issue.expected, node)}`;
  }
  if (issue.code === 'invalid_value') return `must be ${alternatives(issue.values)}`;
  if (issue.code === 'too_big') return `must be ${issue.maximum} or less`;
  if (issue.code === 'too_small') {
    return issue.origin === 'array' ? 'must not be empty' : `must be ${issue.minimum} or more`;
  }
  return issue.message;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function described(node: YamlNode | undefined): string {
  if (!node) return 'nothing';
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'sequence') return 'a list';
  const { value } = node;
  if (value === null) return 'nothing';
  if (typeof value === 'boolean') return 'true or false';
  if (value instanceof Tagged) return `a value tagged ${quoted(value.tag)}`;
  if (typeof value === 'string') return 'text';
  return value instanceof Float ? 'a number with a fraction' : 'a number';
}

/** YAML takes `1.10`, `012` and `on` for something else than text. */
function quoteHint(expected: string, node: YamlNode | undefined): string {
  const plain =
    node?.kind === 'scalar' && node.style === 'plain' && node.tag === '' && node.value !== null;
  return expected === 'string' && plain ? ': put it in quotes' : '';
}

function alternatives(values: readonly unknown[]): string {
  return values.map((value) => quoted(String(value))).join(' or ');
}

/** The node at a path; where there is none, the place at which it would have to stand. */
function find(
  root: MapNode,
  path: YamlPath,
): { node?: YamlNode; position?: Position; missing: boolean } {
  let node: YamlNode = root;
  let position = root.source && positionOf(root.source);
  for (const step of path) {
    const entry: YamlNode | undefined =
      node.kind === 'map'
        ? node.entries.get(String(step))?.value
        : node.kind === 'sequence'
          ? node.items[Number(step)]
          : undefined;
    if (!entry) return { ...(position ? { position } : {}), missing: true };
    const key = node.kind === 'map' ? node.entries.get(String(step))!.keySource : undefined;
    // A block map begins on the line below its key, so the key is the better place to point at.
    const place: Source | undefined =
      entry.kind === 'scalar' ? (entry.source ?? key) : (key ?? entry.source);
    if (place) position = positionOf(place);
    node = entry;
  }
  return { node, ...(position ? { position } : {}), missing: false };
}

type Part = z.core.JSONSchema._JSONSchema | z.core.JSONSchema._JSONSchema[] | undefined;

/** The keys that a strict object of the schema has at a path. */
function knownKeys(schema: z.ZodType, path: YamlPath): Set<string> {
  let at: Part = z.toJSONSchema(schema, { io: 'input' });
  for (const step of path) {
    if (typeof at !== 'object' || Array.isArray(at)) return new Set();
    at = at.anyOf?.find((part) => typeof part === 'object' && part.properties) ?? at;
    if (typeof at !== 'object') return new Set();
    at = typeof step === 'number' ? at.items : (at.properties?.[step] ?? at.additionalProperties);
  }
  if (typeof at !== 'object' || Array.isArray(at)) return new Set();
  const parts = [at, ...(at.anyOf ?? [])];
  return new Set(
    parts.flatMap((part) => (typeof part === 'object' ? Object.keys(part.properties ?? {}) : [])),
  );
}
