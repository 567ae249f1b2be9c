import type { YamlOperation } from '../../../src/plan/yaml/edit.ts';
import { makeNode } from '../../../src/plan/yaml/make.ts';
import type { Value, YamlPath } from '../../../src/plan/yaml/node.ts';

/** An edit of a file, and the lines that go (`-`) and come (`+`): those and no others. */
export interface FileEdit {
  what: string;
  operation: YamlOperation;
  diff: string;
}

/** A file as people write them. */
export interface YamlFile {
  name: string;
  text: string;
  edits: FileEdit[];
}

/** Names a place: `a/b/0`. */
export function at(path: string): YamlPath {
  return path.split('/').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

export function set(path: string, value: Value, what: string, diff: string): FileEdit {
  return { what, operation: { op: 'set', path: at(path), value: makeNode(value) }, diff };
}

export function insert(path: string, value: Value, what: string, diff: string): FileEdit {
  return { what, operation: { op: 'insert', path: at(path), value: makeNode(value) }, diff };
}

/** A new key behind another one. */
export function behind(
  path: string,
  after: string,
  value: Value,
  what: string,
  diff: string,
): FileEdit {
  return { what, operation: { op: 'set', path: at(path), value: makeNode(value), after }, diff };
}

export function remove(path: string, what: string, diff: string): FileEdit {
  return { what, operation: { op: 'delete', path: at(path) }, diff };
}

export function rename(path: string, key: string, what: string, diff: string): FileEdit {
  return { what, operation: { op: 'rename', path: at(path), key }, diff };
}

export function move(path: string, to: number, what: string, diff: string): FileEdit {
  return { what, operation: { op: 'move', path: at(path), to }, diff };
}
