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
import { decodeUtf8, parseYamlValue } from './yaml/parse.ts';
import { nodeAt } from './yaml/value.ts';

/**
 * The parameter paths of a site whose values are secrets by a schema of its stacks (`x-secret`), as far as they
 * are there. Throws as `layerChain` and `mergeParams` do.
 */
export function secretPaths(plan: Plan, site: string): YamlPath[] {
  const patterns = secretPatterns(plan, site);
  if (patterns.length === 0) return [];
  return secretsIn(mergeParams(plan, layerChain(plan, site)), patterns);
}

/**
 * The values at a site that must be shown nowhere: those that `secretPaths` names, also where a host or a group
 * has its own. Vaulted ones are not among them: what stands in the plan is ciphertext. Throws as `secretPaths`.
 */
export function secretValues(plan: Plan, site: string): string[] {
  const patterns = secretPatterns(plan, site);
  if (patterns.length === 0) return [];
  const { hosts, hostParams, groupParams } = siteOf(plan, site);
  const own = [hosts, hostParams, groupParams].flatMap((maps) => [...maps.values()]);
  const values = new Set<string>();
  for (const map of [mergeParams(plan, layerChain(plan, site)), ...own]) {
    for (const path of secretsIn(map, patterns)) collectTexts(nodeAt(map, path)!, values);
  }
  return [...values];
}

type Pattern = readonly string[];

/** What the schemas of a site's stacks call secret, `*` standing for any key or element. */
function secretPatterns(plan: Plan, site: string): Pattern[] {
  return siteOf(plan, site).stacks.flatMap(
    (name) => plan.stacks.get(name)?.parameters?.secrets ?? [],
  );
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

/** Files of a site tree that hold parameters. */
const PARAMETER_FILE = /^(?:group|host)_vars\/[^/]+\.yml$/;

/**
 * The secrets that stand in a site tree, as it was rendered or found: file and path within it → value. A secret
 * that was changed at the site is among them as it is there. Throws as `secretPaths`.
 */
export function secretsOfTree(plan: Plan, site: string, tree: SiteTree): Map<string, string> {
  const found = new Map<string, string>();
  const patterns = plan.sites.has(site) ? secretPatterns(plan, site) : [];
  if (patterns.length === 0) return found;
  for (const [file, { content }] of tree) {
    if (!PARAMETER_FILE.test(file)) continue;
    const decoded = decodeUtf8(file, content);
    const root = 'text' in decoded ? parseYamlValue(file, decoded.text).root : undefined;
    if (root?.kind !== 'map') continue;
    for (const path of secretsIn(root, patterns)) {
      const texts = new Set<string>();
      collectTexts(nodeAt(root, path)!, texts);
      for (const [index, text] of [...texts].entries())
        found.set(JSON.stringify([file, ...path, index]), text);
    }
  }
  return found;
}

/** Every value that must not be shown when a site's tree is told: of the plan and of the tree itself. */
export function secretValuesIn(plan: Plan | undefined, site: string, tree: SiteTree): string[] {
  if (!plan?.sites.has(site)) return [];
  return [...new Set([...secretValues(plan, site), ...secretsOfTree(plan, site, tree).values()])];
}
