import type { Problem } from '../../model/problem.ts';
import type { MapNode, YamlDocument, YamlNode } from './node.ts';
import { parseFast } from './parse-fast.ts';
import { parseFull } from './parse-full.ts';
import { textProblem } from './source-text.ts';

export { decodeUtf8 } from './source-text.ts';

/**
 * Reads a plan or site file as Ansible (PyYAML) reads it. Its top level must be a mapping; an empty file is an
 * empty one. Never throws for bad text: `problems` then holds every fault with line and column, and `document` is
 * undefined.
 */
export function parseYaml(
  file: string,
  text: string,
): { document: YamlDocument | undefined; problems: Problem[] } {
  const { root, problems } = parseYamlValue(file, text);
  if (!root) return { document: undefined, problems };
  if (root.kind === 'map') return { document: { file, text, root }, problems };
  if (root.kind === 'scalar' && root.token === '' && root.value === null) {
    const empty: MapNode = { kind: 'map', source: root.source, entries: new Map(), flow: false };
    return { document: { file, text, root: empty }, problems };
  }
  const { line, column } = root.source ?? { line: 1, column: 1 };
  const found = root.kind === 'sequence' ? 'a list' : 'a single value';
  return {
    document: undefined,
    problems: [
      {
        message: `the top level must be a mapping (key: value), but is ${found}`,
        position: { file, line, column },
      },
    ],
  };
}

/** Like `parseYaml` for a text whose top level may be anything; an empty text is null. */
export function parseYamlValue(
  file: string,
  text: string,
): { root: YamlNode | undefined; problems: Problem[] } {
  const unreadable = textProblem(file, text);
  if (unreadable) return { root: undefined, problems: [unreadable] };
  const root = parseFast(file, text);
  return root ? { root, problems: [] } : parseFull(file, text);
}
