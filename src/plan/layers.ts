import { InvalidInput, UserError } from '../model/errors.ts';
import type { Problem } from '../model/problem.ts';
import { type Defaults, fillDefaults } from './defaults.ts';
import {
  hasTombstone,
  isTombstone,
  mentionsTombstone,
  mergeMaps,
  mergeRules,
  type MergeRules,
  withoutTombstones,
} from './merge.ts';
import type { ListMerge, Plan, SiteDefinition } from './plan.ts';
import { quoted } from './shape.ts';
import type { MapNode, YamlNode, YamlPath } from './yaml/node.ts';

/** One source of parameters for a site. */
export interface Layer {
  /** Defaults of a stack's schema, a layer file of the plan, or the site's own `params`. */
  kind: 'defaults' | 'layer' | 'site';
  file: string;
  /** Where in the file the parameters stand: a layer file is nothing else, a site has them in `params`. */
  base: YamlPath;
  root: MapNode;
  /** Of defaults: the maps that only complete what other layers say, see `Defaults`. */
  optional?: ReadonlySet<MapNode>;
}

/**
 * The layers that apply to a site, lowest first: its stacks' defaults, the layer files that there are, and the
 * site's own parameters.
 * @throws UserError if the plan has no such site
 */
export function layerChain(plan: Plan, site: string): Layer[] {
  const definition = siteOf(plan, site);
  const chain: Layer[] = [];
  for (const stack of definition.stacks) {
    const parameters = plan.stacks.get(stack)?.parameters;
    if (!parameters) continue;
    const { file, root, optional } = parameters;
    chain.push({ kind: 'defaults', file, base: [], root, optional });
  }
  for (const layer of fileLayers(plan, definition)) if (layer) chain.push(layer);
  chain.push({ kind: 'site', file: definition.file, base: ['params'], root: definition.params });
  return chain;
}

/** Layers of a plan's files, for each pattern by the value of its label: sites share them. */
const knownLayers = new WeakMap<Plan['layerDocuments'], Map<string, Layer | undefined>[]>();

function fileLayers(plan: Plan, { labels }: SiteDefinition): (Layer | undefined)[] {
  const known = cached(knownLayers, plan.layerDocuments, () => plan.layers.map(() => new Map()));
  return patternParts(plan.layers).map((parts, index) => {
    // Patterns with several labels have as many files as there are combinations: those are not kept.
    if (parts.length > 3) return fileLayer(plan, fileOf(parts, labels));
    const value = parts.length === 1 ? '' : (labels[parts[1]!] ?? '');
    const byValue = known[index]!;
    if (!byValue.has(value)) byValue.set(value, fileLayer(plan, fileOf(parts, labels)));
    return byValue.get(value);
  });
}

function fileLayer({ layerDocuments }: Plan, file: string): Layer | undefined {
  const document = layerDocuments.get(file);
  return document && { kind: 'layer', file, base: [], root: document.root };
}

/** @throws UserError if the plan has no such site */
export function siteOf(plan: Plan, site: string): SiteDefinition {
  const definition = plan.sites.get(site);
  if (!definition) throw new UserError(`the plan has no site ${quoted(site)}`);
  return definition;
}

/** A layer pattern taken apart: text, label, text, label … text. */
type PatternParts = readonly string[];

const partsOfPatterns = new WeakMap<readonly string[], readonly PatternParts[]>();

function patternParts(patterns: readonly string[]): readonly PatternParts[] {
  return cached(partsOfPatterns, patterns, () =>
    patterns.map((pattern) => pattern.split(/\{([^{}]*)\}/)),
  );
}

/** The labels that layer patterns ask for, with the pattern that does. */
export function layerLabels(patterns: readonly string[]): { label: string; pattern: string }[] {
  return patternParts(patterns).flatMap((parts, index) =>
    parts.filter((_, i) => i % 2 === 1).map((label) => ({ label, pattern: patterns[index]! })),
  );
}

/** The files, there or not, that a site's labels make of the plan's layer patterns, lowest first. */
export function layerFiles({ layers }: Pick<Plan, 'layers'>, { labels }: SiteDefinition): string[] {
  return patternParts(layers).map((parts) => fileOf(parts, labels));
}

/**
 * A test whether a site's labels make one of these files of the layer patterns: as `layerFiles` would tell, without
 * making the names of all files of all sites.
 */
export function hasLayerOf(
  patterns: readonly string[],
  files: ReadonlySet<string>,
): (site: Pick<SiteDefinition, 'labels'>) => boolean {
  const several: PatternParts[] = [];
  const wanted: { label: string; values: Set<string> }[] = [];
  for (const parts of patternParts(patterns)) {
    const [before, label, after] = parts;
    if (label === undefined) {
      if (files.has(before!)) return () => true;
    } else if (parts.length > 3) several.push(parts);
    else wanted.push({ label, values: valuesIn(files, before!, after!) });
  }
  const asked = wanted.filter(({ values }) => values.size > 0);
  return ({ labels }) =>
    asked.some(({ label, values }) => values.has(labels[label] ?? '')) ||
    several.some((parts) => files.has(fileOf(parts, labels)));
}

/** What stands between two texts in the files that begin and end with them. */
function valuesIn(files: ReadonlySet<string>, before: string, after: string): Set<string> {
  const values = new Set<string>();
  for (const file of files) {
    const end = file.length - after.length;
    if (end >= before.length && file.startsWith(before) && file.endsWith(after))
      values.add(file.slice(before.length, end));
  }
  return values;
}

function fileOf(parts: PatternParts, labels: Readonly<Record<string, string>>): string {
  let file = parts[0]!;
  for (let i = 1; i < parts.length; i += 2) file += (labels[parts[i]!] ?? '') + parts[i + 1]!;
  return file;
}

/** What merging the layers so far has given; sites that go on with the same layer share what comes next. */
interface Merged {
  root: MapNode;
  problems: readonly Problem[];
  next: WeakMap<MapNode, Merged>;
}

const EMPTY: MapNode = { kind: 'map', entries: new Map(), flow: false };
const rulesOf = new WeakMap<ReadonlyMap<string, ListMerge>, MergeRules>();
const firstOf = new WeakMap<ReadonlyMap<string, ListMerge>, Merged>();

/**
 * The parameters that a chain of layers gives, merged by reference: a leaf is the very node of the file it came
 * from. Merged layers below the site are kept, as long as their files are, for all sites that share them.
 * @throws InvalidInput listing what cannot be merged
 */
export function mergeParams(plan: Pick<Plan, 'merge'>, chain: readonly Layer[]): MapNode {
  const rules = cached(rulesOf, plan.merge, mergeRules);
  let merged = cached(firstOf, plan.merge, () => ({
    root: EMPTY,
    problems: [],
    next: new WeakMap(),
  }));
  const defaults: Defaults[] = [];
  let marked = false;
  for (const { kind, root, optional } of chain) {
    if (kind === 'defaults') defaults.push({ root, optional: optional ?? new Set() });
    else if (kind === 'layer') merged = cached(merged.next, root, () => onto(merged, root, rules));
    else {
      marked ||= hasTombstone(merged.root) || mentionsTombstone(root);
      merged = onto(merged, root, rules);
    }
  }
  if (merged.problems.length > 0) throw new InvalidInput(merged.problems);
  const params = fillDefaults(defaults, merged.root);
  // Without a mark in what was merged there is none in the result: no need to look through what is one site's own.
  return marked || chain.at(-1)?.kind !== 'site' ? withoutTombstones(params) : params;
}

function onto(below: Merged, root: MapNode, rules: MergeRules): Merged {
  const problems: Problem[] = [];
  const merged = mergeMaps(below.root, root, rules, problems);
  return { root: merged, problems: [...below.problems, ...problems], next: new WeakMap() };
}

function cached<K extends object, V>(cache: WeakMap<K, V>, key: K, make: (key: K) => V): V {
  let value = cache.get(key);
  if (value === undefined) cache.set(key, (value = make(key)));
  return value;
}

/** The merged parameters of a site. Throws as `layerChain` and `mergeParams` do. */
export function siteParams(plan: Plan, site: string): MapNode {
  return mergeParams(plan, layerChain(plan, site));
}

/** One layer's word about a parameter. */
export interface Contribution {
  layer: Layer;
  node: YamlNode;
  /** wins: this is the value; joins: part of a merged map or list; unsets: takes away; shadowed: without effect. */
  effect: 'wins' | 'joins' | 'unsets' | 'shadowed';
}

/** Where a site's parameter comes from. */
export interface Explanation {
  path: YamlPath;
  /** The value after merging; undefined if the site has none at that path. */
  node: YamlNode | undefined;
  /** Every layer that says something at the path, highest first; the first is the one to edit. */
  contributions: Contribution[];
}

/**
 * Tells which layer gives a site's parameter its value, and which layers it shadows. Within a list, layers are
 * told for the whole list: its elements have no place of their own in other layers.
 * @throws UserError if there is no such site; InvalidInput if its layers cannot be merged
 */
export function explainKey(plan: Plan, site: string, path: YamlPath): Explanation {
  const chain = layerChain(plan, site);
  const merged = mergeParams(plan, chain);
  const found = walk(merged, path);
  const keys = path.slice(0, found.listAt ?? path.length);
  const value = walk(merged, keys).node;
  const used = new Set<YamlNode>([...(value ? partsOf(value) : []), ...(value ? [value] : [])]);

  const contributions: Contribution[] = [];
  let decided = false;
  for (const layer of chain.toReversed()) {
    const { node, cut } = walk(layer.root, keys);
    if (node) {
      const effect: Contribution['effect'] = decided ? 'shadowed' : effectOf(node, value, used);
      contributions.push({ layer, node, effect });
      // Whatever stands here and is not joined with what is below, hides it.
      decided ||= effect !== 'joins';
    }
    // A layer that has something else than a map on the way hides all that is below it there.
    if (cut) decided = true;
  }
  return { path, node: found.node, contributions };
}

function effectOf(
  node: YamlNode,
  value: YamlNode | undefined,
  used: ReadonlySet<YamlNode>,
): Contribution['effect'] {
  if (isTombstone(node)) return 'unsets';
  if (node === value) return 'wins';
  const joins = node.kind === 'map' ? value?.kind === 'map' : used.has(node);
  return joins ? 'joins' : 'shadowed';
}

function partsOf(node: YamlNode): readonly YamlNode[] {
  return node.kind === 'scalar' ? [] : (node.parts ?? []);
}

/** Follows a path; `cut` where it is barred by something that is no map, `listAt` where it enters a list. */
function walk(root: YamlNode, path: YamlPath): { node?: YamlNode; cut?: true; listAt?: number } {
  let node = root;
  let listAt: number | undefined;
  for (const [index, step] of path.entries()) {
    let next: YamlNode | undefined;
    if (node.kind === 'map') next = node.entries.get(String(step))?.value;
    else if (node.kind === 'sequence') {
      listAt ??= index;
      next = node.items[Number(step)];
    }
    if (!next)
      return node.kind === 'map' ? {} : { cut: true, ...(listAt === undefined ? {} : { listAt }) };
    node = next;
  }
  return { node, ...(listAt === undefined ? {} : { listAt }) };
}
