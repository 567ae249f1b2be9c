import type { TreeFile } from '../model/tree.ts';
import type { YamlNode } from '../plan/yaml/node.ts';
import { decodeUtf8, parseYamlValue } from '../plan/yaml/parse.ts';
import { yamlChanges } from './yaml-changes.ts';

/** The rendered file that mirrors all of a site's parameters. */
export const PARAMS_FILE = 'group_vars/all.yml';

/**
 * Dotted names of the parameters that differ between two states of a rendered file; undefined where the file
 * holds no parameters or cannot be read as YAML.
 */
export function changedParams(
  path: string,
  before: TreeFile | undefined,
  after: TreeFile | undefined,
): string[] | undefined {
  if (path !== PARAMS_FILE || !before || !after) return undefined;
  const [was, is] = [before, after].map((file) => readYaml(path, file));
  if (!was || !is) return undefined;
  return yamlChanges(was, is).map((change) =>
    change.path.filter((part) => typeof part === 'string').join('.'),
  );
}

const parsed = new WeakMap<Buffer, { root: YamlNode | undefined }>();

/** The value of a rendered YAML file, or undefined if it is none. Read once: the bytes may not change. */
export function readYaml(path: string, { content }: TreeFile): YamlNode | undefined {
  let known = parsed.get(content);
  if (!known) {
    const { text } = decodeUtf8(path, content);
    known = { root: text === undefined ? undefined : parseYamlValue(path, text).root };
    parsed.set(content, known);
  }
  return known.root;
}
