import { readFile, stat } from 'node:fs/promises';

import {
  type Document,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';

import { InvalidInput, messageOf, UserError } from '../model/errors.ts';
import type { Position } from '../model/problem.ts';
import { isSection, type Section } from './origins.ts';

const MAX_CONFIG = 1024 * 1024;
const MAX_SECRET = 64 * 1024;

/** A configuration file that could be read; whether it is right is not known yet. */
export interface ConfigFile {
  section: Section;
  /** Where a setting stands, or the last of the sections on the way to it that is there. */
  positionOf(path: readonly PropertyKey[]): Position;
}

/**
 * Reads a YAML file.
 * @throws UserError if it cannot be read; InvalidInput, with every position, if it is not YAML or no map
 */
export async function readConfigFile(file: string): Promise<ConfigFile> {
  const lines = new LineCounter();
  const document = parseDocument(await readText(file, 'the configuration', MAX_CONFIG), {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw new InvalidInput(faults.map(({ message, pos }) => ({ message, position: at(pos[0]) })));
  }
  const section = plainValue(document, at) ?? {};
  if (!isSection(section)) {
    const message = 'the configuration must be a map of settings';
    throw new InvalidInput([{ message, position: at(0) }]);
  }
  return {
    section,
    positionOf: (path) => at(offsetOf(document.contents, path)),
  };
}

function plainValue(document: Document, at: (offset: number) => Position): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    // All that can fail here are aliases: to nothing, or to ever more of each other.
    let offset: number | undefined;
    visit(document, { Alias: (_, { range }) => void (offset ??= range?.[0]) });
    throw new InvalidInput([{ message: messageOf(error), position: at(offset ?? 0) }]);
  }
}

/** Offset of the key at a path, or of the last key on the way to it that is there. */
function offsetOf(root: Node | null, path: readonly PropertyKey[]): number {
  let node: unknown = root;
  let offset = 0;
  for (const key of path) {
    if (!isMap(node)) break;
    const pair = node.items.find(
      (item) => isPair(item) && isScalar(item.key) && item.key.value === key,
    );
    if (pair === undefined || !isScalar(pair.key)) break;
    offset = pair.key.range?.[0] ?? offset;
    node = pair.value;
  }
  return offset;
}

/**
 * Reads a secret from a file, without the line end that editors put behind it.
 * @throws UserError if it cannot be read or there is nothing in it
 */
export async function readSecret(file: string): Promise<string> {
  const text = (await readText(file, 'the secret', MAX_SECRET)).trim();
  if (text === '') throw new UserError(`the secret ${file} is empty`);
  return text;
}

async function readText(file: string, what: string, limit: number): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > limit) throw new Error(`it is larger than ${limit / 1024} KiB`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    throw new UserError(`cannot read ${what} ${file}: ${messageOf(error)}`, { cause: error });
  }
}
