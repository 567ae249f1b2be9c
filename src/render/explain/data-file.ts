import type { Position } from '../../model/problem.ts';
import { siteOf } from '../../plan/layers.ts';
import type { Plan } from '../../plan/plan.ts';
import type { YamlNode, YamlPath } from '../../plan/yaml/node.ts';
import { parseYaml } from '../../plan/yaml/parse.ts';
import { nodeAt } from '../../plan/yaml/value.ts';
import { explainParameter } from './parameter.ts';
import { secretNodes } from './secrets.ts';
import { placeAt, shownNode } from './show.ts';
import type { ValueReport } from './types.ts';
import { explainVariable, readReport } from './variables.ts';

const DATA = /^(?:group_vars|host_vars)\/[^/]+\.yml$|^inventory\.yml$/;

/** Whether trueup writes a path of a site's tree from parameters and variables. */
export function isDataFile(path: string): boolean {
  return DATA.test(path);
}

/**
 * What the plan says about the value on a line of a file that `isDataFile` knows; undefined for a line that holds
 * none, such as the first.
 */
export function explainDataLine(
  plan: Plan,
  site: string,
  file: string,
  text: string,
  line: number,
): ValueReport | undefined {
  const root = parseYaml(file, text).document?.root;
  const path = root && pathOnLine(root, line, []);
  return path && path.length > 0 ? explainDataPath(plan, site, file, path) : undefined;
}

/** Explains each variable of such a file. */
export function explainDataFile(
  plan: Plan,
  site: string,
  file: string,
  text: string,
): ValueReport[] {
  const root = parseYaml(file, text).document?.root;
  if (!root) return [];
  const paths =
    file === 'inventory.yml' ? inventoryPaths(root) : [...root.entries.keys()].map((key) => [key]);
  return paths.map((path) => explainDataPath(plan, site, file, path));
}

/** Each variable of each host, hosts without any, and each group. */
function inventoryPaths(root: YamlNode): YamlPath[] {
  const hosts = keysAt(root, ['all', 'hosts']).flatMap((path) => {
    const variables = keysAt(root, path);
    return variables.length > 0 ? variables : [path];
  });
  return [...hosts, ...keysAt(root, ['all', 'children'])];
}

function keysAt(root: YamlNode, path: YamlPath): YamlPath[] {
  const node = nodeAt(root, path);
  return node?.kind === 'map' ? [...node.entries.keys()].map((key) => [...path, key]) : [];
}

function explainDataPath(plan: Plan, site: string, file: string, path: YamlPath): ValueReport {
  if (file === 'group_vars/all.yml') return explainParameter(plan, site, path);
  const [, folder, name] = /^(group|host)_vars\/(.+)\.yml$/.exec(file) ?? [];
  if (name !== undefined) {
    return explainVariable(plan, site, folder === 'host' ? 'host' : 'group', name, path);
  }
  const own = inventoryPath(path);
  const { document } = siteOf(plan, site);
  const node = nodeAt(document.root, own);
  const position: Position | null = placeAt(document.root, own) ?? null;
  const value = node ? shownNode(node, secretNodes(plan, site)) : null;
  return readReport(own, value, position);
}

/** `all.hosts.…` and `all.children.GROUP.hosts.HOST` as the site's file has them. */
function inventoryPath([, kind, ...rest]: YamlPath): YamlPath {
  if (kind === 'children') return ['groups', ...rest.slice(0, 1)];
  return ['hosts', ...rest];
}

/** The path of the deepest value that stands on a line. */
function pathOnLine(node: YamlNode, line: number, path: YamlPath): YamlPath | undefined {
  const parts: [step: string | number, first: number | undefined, part: YamlNode][] =
    node.kind === 'map'
      ? [...node.entries].map(([key, { keySource, value }]) => [key, keySource.line, value])
      : node.kind === 'sequence'
        ? node.items.map((item, index) => [index, firstLine(item), item])
        : [];
  // Values stand one below the other: the last that begins on the line or above it is the one.
  const found = parts.findLast(([, first]) => first !== undefined && first <= line);
  if (!found) return undefined;
  const [step, , part] = found;
  const at = [...path, step];
  return pathOnLine(part, line, at) ?? at;
}

function firstLine(node: YamlNode): number | undefined {
  if (node.source) return node.source.line;
  if (node.kind === 'map') return node.entries.values().next().value?.keySource.line;
  return node.kind === 'sequence' && node.items[0] ? firstLine(node.items[0]) : undefined;
}
