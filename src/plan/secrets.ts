import type { SiteTree } from '../model/tree.ts';
import { layerChain, mergeParams, siteOf } from './layers.ts';
import type { Plan } from './plan.ts';
import {
  type MapNode,
  type ScalarNode,
  Tagged,
  type YamlNode,
  type YamlPath,
} from './yaml/node.ts';
import { decodeUtf8, parseYaml } from './yaml/parse.ts';
import { nodeAt } from './yaml/value.ts';

/** Steps to a parameter, `*` standing for any key or element. */
type Pattern = readonly string[];

/**
 * The parameter paths of a site whose values are secrets by a schema of its stacks (`x-secret`), as far as they
 * are there. Throws as `layerChain` and `mergeParams` do.
 */
export function secretPaths(plan: Plan, site: string): YamlPath[] {
  const patterns = schemaPatterns(plan, site);
  if (patterns.length === 0) return [];
  return secretsIn(mergeParams(plan, layerChain(plan, site)), patterns);
}

/**
 * The values in a site's tree that must be shown nowhere (law 11): of every parameter that a schema calls a
 * secret, or that is vaulted in the plan, what stands there in the clear, for all hosts, groups and single ones.
 * Vaulted values are not among them: what stands in the tree is ciphertext.
 * @param plan undefined where none is in force; nothing is known to be a secret then
 * @param tree as rendered, or as found at the site: files that are no YAML any more are searched line by line
 */
export function secretValuesIn(plan: Plan | undefined, site: string, tree: SiteTree): string[] {
  if (!plan?.sites.has(site)) return [];
  const patterns = [...schemaPatterns(plan, site), ...vaultedPatterns(plan, site)];
  if (patterns.length === 0) return [];
  const values = new Set<string>();
  for (const [path, { content }] of tree) {
    if (!/^(?:group_vars|host_vars)\/.*\.yml$|^inventory\.yml$/.test(path)) continue;
    const { text } = decodeUtf8(path, content);
    const document = text === undefined ? undefined : parseYaml(path, text).document;
    if (!document) collectFromLines(text ?? content.toString('latin1'), patterns, values);
    else {
      const inventory = path === 'inventory.yml';
      const where = inventory
        ? patterns.map((pattern) => ['all', 'hosts', '*', ...pattern])
        : patterns;
      for (const found of secretsIn(document.root, where)) {
        collectTexts(nodeAt(document.root, found)!, values);
      }
    }
  }
  return [...values];
}

function schemaPatterns(plan: Plan, site: string): Pattern[] {
  return siteOf(plan, site).stacks.flatMap(
    (name) => plan.stacks.get(name)?.parameters?.secrets ?? [],
  );
}

/** Where the plan has vaulted values for a site. */
function vaultedPatterns(plan: Plan, site: string): Pattern[] {
  const { hosts, hostParams, groupParams } = siteOf(plan, site);
  const own = [hosts, hostParams, groupParams].flatMap((maps) => [...maps.values()]);
  const found: Pattern[] = [];
  const walk = (node: YamlNode, path: Pattern): void => {
    if (node.kind === 'map') {
      for (const [key, { value }] of node.entries) walk(value, [...path, key]);
    } else if (node.kind === 'sequence') for (const item of node.items) walk(item, [...path, '*']);
    else if (node.tag === '!vault') found.push(path);
  };
  for (const map of [...layerChain(plan, site).map(({ root }) => root), ...own]) walk(map, []);
  return found;
}

function secretsIn(map: MapNode, patterns: readonly Pattern[]): YamlPath[] {
  const found = new Map<string, YamlPath>();
  for (const pattern of patterns) {
    for (const path of pathsOf(map, pattern, [])) found.set(JSON.stringify(path), path);
  }
  return [...found.values()];
}

function pathsOf(node: YamlNode, pattern: Pattern, path: YamlPath): YamlPath[] {
  const [step, ...rest] = pattern;
  if (step === undefined) return [path];
  if (node.kind === 'map') {
    return [...node.entries].flatMap(([key, { value }]) =>
      step === '*' || step === key ? pathsOf(value, rest, [...path, key]) : [],
    );
  }
  if (node.kind === 'scalar' || step !== '*') return [];
  return node.items.flatMap((item, index) => pathsOf(item, rest, [...path, index]));
}

function collectTexts(node: YamlNode, into: Set<string>): void {
  if (node.kind === 'map') for (const { value } of node.entries.values()) collectTexts(value, into);
  else if (node.kind === 'sequence') for (const item of node.items) collectTexts(item, into);
  else {
    const text = textOf(node);
    if (text !== undefined) into.add(text);
  }
}

/** A scalar as it may turn up in output; nothing for what says nothing (`true`, null) or is encrypted. */
function textOf({ value, tag, token }: ScalarNode): string | undefined {
  if (value === null || typeof value === 'boolean' || tag === '!vault') return undefined;
  if (typeof value === 'string') return value;
  return value instanceof Tagged ? value.text : token;
}

/** What follows a secret's name on its line: the best that can be had of a file that does not parse. */
function collectFromLines(text: string, patterns: readonly Pattern[], into: Set<string>): void {
  const names = new Set(
    patterns.flatMap((pattern) => pattern.findLast((step) => step !== '*') ?? []),
  );
  for (const line of text.split('\n')) {
    const [, name = '', value = ''] =
      /^[\s-]*["']?([^\s"':]+)["']?\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (!names.has(name) || value === '') continue;
    into.add(value);
    into.add(value.replace(/^(["'])(.*)\1$/, '$2'));
  }
}
