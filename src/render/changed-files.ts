import { InvalidInput } from '../model/errors.ts';
import { changedPaths, sameFile, type SiteTree } from '../model/tree.ts';
import { type Layer, layerChain, mergeParams } from '../plan/layers.ts';
import type { Plan, SiteDefinition } from '../plan/plan.ts';
import { emitYaml } from '../plan/yaml/emit.ts';
import type { MapEntry, MapNode, YamlNode } from '../plan/yaml/node.ts';
import { sameNode } from '../plan/yaml/value.ts';
import { type StackDifference, stackDifference } from './changed-stack.ts';
import { SiteContext } from './context.ts';
import { renderSite } from './render.ts';
import { readsOf, renderTemplate } from './templates.ts';

/**
 * Paths (sorted) at which a site's tree differs between two plans, in each of which it renders as far as this
 * difference goes; a site that does not render has no files. Found by rendering, but where only parameters and
 * files of stacks changed no more is rendered than what they concern.
 * @param after made from `before` (`loadPlan` with `previous`), so that what is the same is known to be
 */
export function changedFiles(before: Plan, after: Plan, site: string): string[] {
  try {
    const stacks = stackDifferences(before, after, site);
    if (stacks) return changedPart(before, after, site, stacks);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
  }
  return changedPaths(treeOf(before, site), treeOf(after, site));
}

function treeOf(plan: Plan, site: string): SiteTree {
  if (!plan.sites.has(site)) return new Map();
  try {
    return renderSite(plan, site).tree;
  } catch (error) {
    if (error instanceof InvalidInput) return new Map();
    throw error;
  }
}

/**
 * How the files of a site's stacks differ; undefined where something goes into its tree, beside these and its
 * parameters, that is not the very same.
 */
function stackDifferences(
  before: Plan,
  after: Plan,
  site: string,
): Map<string, StackDifference> | undefined {
  const definition = before.sites.get(site);
  if (!definition || definition !== after.sites.get(site) || before.name !== after.name)
    return undefined;
  if (before.overlays.has(site) || after.overlays.has(site)) return undefined;
  const differences = new Map<string, StackDifference>();
  for (const name of definition.stacks) {
    if (before.stacks.get(name)!.imports.length > 0) return undefined;
    const difference = stackDifference(before, after, name);
    if (!difference) return undefined;
    differences.set(name, difference);
  }
  return differences;
}

function changedPart(
  before: Plan,
  after: Plan,
  site: string,
  stacks: ReadonlyMap<string, StackDifference>,
): string[] {
  const [chain, otherChain] = [layerChain(before, site), layerChain(after, site)];
  const was = mergeParams(before, chain);
  const isMergedAlike = before.merge === after.merge && sameChain(chain, otherChain);
  const is = isMergedAlike ? was : mergeParams(after, otherChain);
  const isSame = [...stacks.values()].every(
    ({ touched, files }) => touched.size === 0 && files.length === 0,
  );
  if (was === is && isSame) return [];
  const definition = before.sites.get(site)!;
  const paths = was === is || emitsAlike(was, is) ? [] : ['group_vars/all.yml'];
  const names = was === is ? NO_NAMES : changedNames(was, is);
  if (names.size === 0 && isSame) return paths;
  const context = new SiteContext(before, definition, was);
  const contexts = [context, new SiteContext(after, definition, is, context)] as const;
  for (const [name, difference] of stacks) {
    const render = { before, after, name, site: definition, contexts };
    paths.push(...difference.files, ...changedTemplates(render, names, difference));
  }
  return paths.toSorted();
}

/** Whether the very same nodes are merged, in the same order. */
function sameChain(a: readonly Layer[], b: readonly Layer[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ kind, root, optional }, index) => {
      const other = b[index]!;
      return kind === other.kind && root === other.root && optional === other.optional;
    })
  );
}

const NO_NAMES: ReadonlySet<string> = new Set();

function changedTemplates(
  {
    before,
    after,
    name,
    site,
    contexts: [was, is],
  }: {
    before: Plan;
    after: Plan;
    name: string;
    site: SiteDefinition;
    contexts: readonly [SiteContext, SiteContext];
  },
  names: ReadonlySet<string>,
  { touched, files }: StackDifference,
): string[] {
  const [old, stack] = [before.stacks.get(name)!, after.stacks.get(name)!];
  return stack.files.flatMap((file) => {
    if (!file.template || files.includes(file.target)) return [];
    const reads = readsOf(after, stack, file.source);
    if (!touched.has(file.target) && reads && names.isDisjointFrom(reads)) return [];
    const one = renderTemplate(before, old, file, site, was);
    const other = renderTemplate(after, stack, file, site, is);
    return one === other || sameFile(one, other) ? [] : [file.target];
  });
}

/** Parameters that came, went or have another value, in the way in which templates see values. */
function changedNames(was: MapNode, is: MapNode): Set<string> {
  const names = new Set<string>();
  for (const [name, { value }] of is.entries) {
    const other = was.entries.get(name)?.value;
    if (!other || !alike(other, value)) names.add(name);
  }
  for (const name of was.entries.keys()) if (!is.entries.has(name)) names.add(name);
  return names;
}

const known = new WeakMap<YamlNode, WeakMap<YamlNode, boolean>>();

/** Whether two nodes are the same value, keys in the same order; worked out once, for sites share their nodes. */
function alike(a: YamlNode, b: YamlNode): boolean {
  if (a === b) return true;
  let ofA = known.get(a);
  if (!ofA) known.set(a, (ofA = new WeakMap<YamlNode, boolean>()));
  let verdict = ofA.get(b);
  if (verdict === undefined) ofA.set(b, (verdict = sameNode(a, b, { order: true })));
  return verdict;
}

function emitsAlike(a: MapNode, b: MapNode): boolean {
  if (a.entries.size !== b.entries.size) return false;
  const others = b.entries.values();
  return a.entries.values().every((entry) => {
    const other = others.next().value!;
    return (
      entry.keyToken === other.keyToken &&
      (entry.value === other.value || textOf(entry) === textOf(other))
    );
  });
}

function textOf(entry: MapEntry): string {
  return emitYaml({ kind: 'map', entries: new Map([[entry.key, entry]]), flow: false });
}
