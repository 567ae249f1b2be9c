import { InvalidInput } from '../model/errors.ts';
import { changedPaths, sameFile, type SiteTree } from '../model/tree.ts';
import { siteParams } from '../plan/layers.ts';
import type { Plan, SiteDefinition, StackDefinition } from '../plan/plan.ts';
import { emitYaml } from '../plan/yaml/emit.ts';
import type { MapEntry, MapNode, YamlNode } from '../plan/yaml/node.ts';
import { sameNode } from '../plan/yaml/value.ts';
import { SiteContext } from './context.ts';
import { renderSite } from './render.ts';
import { readsOf, renderTemplate } from './templates.ts';

/**
 * Paths (sorted) at which a site's tree differs between two plans, in each of which it renders as far as this
 * difference goes; a site that does not render has no files. Found by rendering, but where only parameters changed
 * no more is rendered than what reads them.
 * @param after made from `before` (`loadPlan` with `previous`), so that what is the same is known to be
 */
export function changedFiles(before: Plan, after: Plan, site: string): string[] {
  try {
    if (onlyParamsDiffer(before, after, site)) return changedByParams(before, after, site);
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

/** Whether all that goes into a site's tree, but for its parameters, is the very same. */
function onlyParamsDiffer(before: Plan, after: Plan, site: string): boolean {
  const definition = before.sites.get(site);
  if (!definition || definition !== after.sites.get(site) || before.name !== after.name)
    return false;
  if (before.overlays.has(site) || after.overlays.has(site)) return false;
  return definition.stacks.every((name) => {
    const stack = before.stacks.get(name)!;
    return stack === after.stacks.get(name) && stack.imports.length === 0;
  });
}

function changedByParams(before: Plan, after: Plan, site: string): string[] {
  const [was, is] = [siteParams(before, site), siteParams(after, site)];
  if (was === is) return [];
  const definition = before.sites.get(site)!;
  const paths = emitsAlike(was, is) ? [] : ['group_vars/all.yml'];
  const names = changedNames(was, is);
  if (names.size === 0) return paths;
  const contexts = [
    new SiteContext(before, definition, was),
    new SiteContext(after, definition, is),
  ] as const;
  for (const name of definition.stacks)
    paths.push(
      ...changedTemplates(before, after, before.stacks.get(name)!, definition, contexts, names),
    );
  return paths.toSorted();
}

function changedTemplates(
  before: Plan,
  after: Plan,
  stack: StackDefinition,
  site: SiteDefinition,
  [was, is]: readonly [SiteContext, SiteContext],
  names: ReadonlySet<string>,
): string[] {
  return stack.files.flatMap((file) => {
    if (!file.template) return [];
    const reads = readsOf(after, stack, file.source);
    if (reads && names.isDisjointFrom(reads)) return [];
    const one = renderTemplate(before, stack, file, site, was);
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
