import type { SiteTree } from '../model/tree.ts';
import { layerChain, mergeParams, siteOf } from './layers.ts';
import type { Plan } from './plan.ts';
import type { FindSecrets } from './schema-secrets.ts';
import {
  type MapNode,
  type ScalarNode,
  Tagged,
  type YamlNode,
  type YamlPath,
} from './yaml/node.ts';
import { decodeUtf8, parseYaml } from './yaml/parse.ts';
import { nodeAt } from './yaml/value.ts';

const known = new WeakMap<Plan, Map<string, readonly YamlPath[]>>();

/**
 * The parameter paths of a site whose values are secrets by a schema of its stacks (`x-secret`), as far as they
 * are there. Throws as `layerChain` and `mergeParams` do.
 */
export function secretPaths(plan: Plan, site: string): readonly YamlPath[] {
  const finders = findersOf(plan, site);
  if (finders.length === 0) return [];
  let ofPlan = known.get(plan);
  if (!ofPlan) known.set(plan, (ofPlan = new Map<string, readonly YamlPath[]>()));
  let paths = ofPlan.get(site);
  if (!paths) {
    const params = mergeParams(plan, layerChain(plan, site));
    ofPlan.set(site, (paths = distinct(finders.flatMap((find) => find(params)))));
  }
  return paths;
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
  const vaulted = vaultedPatterns(plan, site);
  const finders = [...findersOf(plan, site), (map: YamlNode) => matching(map, vaulted)];
  if (vaulted.length === 0 && finders.length === 1) return [];
  return valuesIn(tree, finders, () => [...secretPaths(plan, site), ...vaulted]);
}

/**
 * Where a site's secrets are (see `secretValuesIn`), for who will have the tree but not the plan: steps to parameters,
 * `*` standing for any element of a list. Throws as `layerChain` and `mergeParams` do.
 */
export function secretPatterns(plan: Plan, site: string): (readonly string[])[] {
  const finders = findersOf(plan, site);
  const { hosts, hostParams, groupParams } = siteOf(plan, site);
  const own =
    finders.length === 0
      ? []
      : [hosts, hostParams, groupParams].flatMap((maps) => [...maps.values()]);
  const ofSchemas = [
    ...secretPaths(plan, site),
    // What only a host or a group has, no merged parameter shows.
    ...own.flatMap((map) => finders.flatMap((find) => find(map))),
  ].map((path) => path.map((step) => (typeof step === 'number' ? '*' : step)));
  const all = [...ofSchemas, ...vaultedPatterns(plan, site)];
  return [...new Map(all.map((pattern) => [JSON.stringify(pattern), pattern])).values()];
}

/** The same as `secretValuesIn`, by what `secretPatterns` said of the plan. */
export function secretValuesAt(patterns: readonly Pattern[], tree: SiteTree): string[] {
  if (patterns.length === 0) return [];
  return valuesIn(tree, [(map: YamlNode) => matching(map, patterns)], () => patterns);
}

function valuesIn(
  tree: SiteTree,
  finders: readonly ((map: YamlNode) => readonly YamlPath[])[],
  everyPath: () => readonly (YamlPath | Pattern)[],
): string[] {
  const values = new Set<string>();
  for (const [path, { content }] of tree) {
    if (!/^(?:group_vars|host_vars)\/.*\.yml$|^inventory\.yml$/.test(path)) continue;
    const { text } = decodeUtf8(path, content);
    const root = text === undefined ? undefined : parseYaml(path, text).document?.root;
    if (!root) {
      const names = everyPath().flatMap(lastKey);
      collectFromLines(text ?? content.toString('latin1'), new Set(names), values);
      continue;
    }
    for (const map of path === 'inventory.yml' ? hostsIn(root) : [root]) {
      for (const found of finders.flatMap((find) => find(map))) {
        collectTexts(nodeAt(map, found)!, values);
      }
    }
  }
  return [...values];
}

/**
 * The values that must be shown nowhere (law 11) when two plans are compared at a site: what stands in the clear, in
 * either of them, for a parameter that either of them calls a secret or has vaulted. Told from the plans alone, and so
 * in a fraction of the time that `secretValuesIn` takes; for trees as they are rendered, not as they are edited.
 */
export function secretValuesOf(plans: readonly Plan[], site: string): string[] {
  const having = plans.filter((plan) => plan.sites.has(site));
  const finders = having.flatMap((plan) => findersOf(plan, site));
  const vaulted = having.flatMap((plan) => vaultedPatterns(plan, site));
  if (finders.length === 0 && vaulted.length === 0) return [];
  const values = new Set<string>();
  for (const plan of having) {
    const { hosts, hostParams, groupParams } = siteOf(plan, site);
    const own = [hosts, hostParams, groupParams].flatMap((maps) => [...maps.values()]);
    for (const map of [mergeParams(plan, layerChain(plan, site)), ...own]) {
      const found = [...finders.flatMap((find) => find(map)), ...matching(map, vaulted)];
      for (const path of found) collectTexts(nodeAt(map, path)!, values);
    }
  }
  return [...values];
}

function findersOf(plan: Plan, site: string): FindSecrets[] {
  return siteOf(plan, site).stacks.flatMap(
    (name) => plan.stacks.get(name)?.parameters?.findSecrets ?? [],
  );
}

function distinct(paths: readonly YamlPath[]): YamlPath[] {
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
}

/** The variables that an inventory gives to each of its hosts. */
function hostsIn(inventory: MapNode): YamlNode[] {
  const hosts = nodeAt(inventory, ['all', 'hosts']);
  return hosts?.kind === 'map' ? [...hosts.entries.values()].map(({ value }) => value) : [];
}

/** Steps to a parameter, `*` standing for any element of a list. */
type Pattern = readonly string[];

/** Where the plan has vaulted values for a site. */
function vaultedPatterns(plan: Plan, site: string): Pattern[] {
  const { hosts, hostParams, groupParams } = siteOf(plan, site);
  const found: Pattern[] = [];
  // What is the site's own is looked through each time: an entry for each site would cost more to keep.
  for (const { kind, root } of layerChain(plan, site)) {
    if (kind === 'site') collectVaulted(root, [], found);
    else found.push(...vaultedIn(root));
  }
  for (const maps of [hosts, hostParams, groupParams])
    for (const map of maps.values()) collectVaulted(map, [], found);
  return found;
}

const vaultedKnown = new WeakMap<YamlNode, readonly Pattern[]>();

/** Where a map that many sites share has vaulted values, worked out once. */
function vaultedIn(map: YamlNode): readonly Pattern[] {
  let found = vaultedKnown.get(map);
  if (!found) {
    const all: Pattern[] = [];
    collectVaulted(map, [], all);
    vaultedKnown.set(map, (found = all));
  }
  return found;
}

function collectVaulted(node: YamlNode, path: Pattern, into: Pattern[]): void {
  if (node.kind === 'map') {
    for (const [key, { value }] of node.entries) {
      if (value.kind !== 'scalar') collectVaulted(value, [...path, key], into);
      else if (value.tag === '!vault') into.push([...path, key]);
    }
  } else if (node.kind === 'sequence')
    for (const item of node.items) collectVaulted(item, [...path, '*'], into);
  else if (node.tag === '!vault') into.push(path);
}

function matching(map: YamlNode, patterns: readonly Pattern[]): YamlPath[] {
  return patterns.flatMap((pattern) => pathsOf(map, pattern, []));
}

function pathsOf(node: YamlNode, [step, ...rest]: Pattern, path: YamlPath): YamlPath[] {
  if (step === undefined) return [path];
  if (node.kind === 'map') {
    const entry = node.entries.get(step);
    return entry ? pathsOf(entry.value, rest, [...path, step]) : [];
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

function lastKey(path: YamlPath | Pattern): string | [] {
  const key = path.findLast((step) => typeof step === 'string' && step !== '*');
  return typeof key === 'string' ? key : [];
}

/** What follows a secret's name on its line: the best that can be had of a file that does not parse. */
function collectFromLines(text: string, names: ReadonlySet<string>, into: Set<string>): void {
  for (const line of text.split('\n')) {
    const [, name = '', value = ''] =
      /^[\s-]*["']?([^\s"':]+)["']?\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (!names.has(name) || value === '') continue;
    into.add(value);
    into.add(value.replace(/^(["'])(.*)\1$/, '$2'));
  }
}
