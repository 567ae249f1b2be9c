import { layerChain, mergeParams, siteOf } from './layers.ts';
import type { Plan } from './plan.ts';
import type { MapEntry, MapNode } from './yaml/node.ts';

const EMPTY: MapNode = { kind: 'map', entries: new Map(), flow: false };
const exported = new WeakMap<Plan, Map<string, MapNode>>();

/**
 * What a stack exports at a site: of the site's merged parameters those that the stack's `exports` lists, and
 * nothing else. Parameters that the site does not have are not there.
 * @throws UserError if the plan has no such site; InvalidInput if its parameters cannot be merged
 */
export function stackExports(plan: Plan, site: string, stack: string): MapNode {
  let known = exported.get(plan);
  if (!known) exported.set(plan, (known = new Map<string, MapNode>()));
  const key = `${site}/${stack}`;
  let result = known.get(key);
  if (!result) {
    const paths = plan.stacks.get(stack)?.exports ?? [];
    const params = paths.length > 0 ? mergeParams(plan, layerChain(plan, site)) : EMPTY;
    known.set(key, (result = pick(params, paths)));
  }
  return result;
}

/** The part of a map that dotted paths name, each under the keys that lead to it. */
function pick(params: MapNode, paths: readonly string[]): MapNode {
  const entries = new Map<string, MapEntry>();
  const firstKeys = new Set(paths.map((path) => path.split('.')[0]!));
  for (const key of firstKeys) {
    const entry = params.entries.get(key);
    if (!entry) continue;
    const rests = paths
      .filter((path) => path === key || path.startsWith(`${key}.`))
      .map((path) => path.slice(key.length + 1));
    if (rests.includes('')) entries.set(key, entry);
    else if (entry.value.kind === 'map') {
      const value = pick(entry.value, rests);
      if (value.entries.size > 0) entries.set(key, { ...entry, value });
    }
  }
  return { kind: 'map', entries, flow: false };
}

/** From which site a site takes a stack's exports: the one that it names, or itself where it has that stack. */
export function exporterOf(plan: Plan, site: string, stack: string): string | undefined {
  const { imports, stacks } = siteOf(plan, site);
  if (Object.hasOwn(imports, stack)) return imports[stack];
  return stacks.includes(stack) ? site : undefined;
}
