import { type Layer, layerChain, mergeParams } from '../plan/layers.ts';
import { isTombstone } from '../plan/merge.ts';
import type { ListMerge, Plan } from '../plan/plan.ts';
import type { MapNode, SequenceNode, YamlNode, YamlPath } from '../plan/yaml/node.ts';
import { nodeAt } from '../plan/yaml/value.ts';

/** A site's parameters and the layers that they come from. */
export class Parameters {
  /** Lowest first; the last one is the site's own. */
  readonly chain: readonly Layer[];
  readonly merged: MapNode;
  readonly #plan: Plan;

  constructor(plan: Plan, site: string) {
    this.chain = layerChain(plan, site);
    this.merged = mergeParams(plan, this.chain);
    this.#plan = plan;
  }

  get site(): Layer {
    return this.chain.at(-1)!;
  }

  /** The layers that have something at a path, highest first, each with the path at which they have it. */
  holders(path: YamlPath): { layer: Layer; path: YamlPath }[] {
    return this.chain.toReversed().flatMap((layer) => {
      const own = pathIn(layer.root, this.merged, path);
      return own ? [{ layer, path: own }] : [];
    });
  }

  node(path: YamlPath): YamlNode | undefined {
    return nodeAt(this.merged, path);
  }

  /** What the layers below the site's own say at a path. */
  inherited(path: YamlPath): YamlNode | undefined {
    return nodeAt(mergeParams(this.#plan, this.chain.slice(0, -1)), path);
  }

  /** How the list at a path merges. */
  ruleAt(path: YamlPath): ListMerge {
    return (
      this.#plan.merge.get(path.filter((step) => typeof step === 'string').join('.')) ?? 'replace'
    );
  }
}

/**
 * The path in one layer of what stands at a path of the merged parameters; undefined where that layer has nothing
 * to do with it. Merging shares nodes, so that an element of a merged list is found again in the layer's own.
 */
function pathIn(root: MapNode, merged: MapNode, path: YamlPath): YamlPath | undefined {
  const found: (string | number)[] = [];
  let own: YamlNode | undefined = root;
  let node: YamlNode | undefined = merged;
  for (const step of path) {
    if (own.kind === 'map' && node.kind === 'map') {
      found.push(step);
      own = own.entries.get(String(step))?.value;
      node = node.entries.get(String(step))?.value;
    } else if (own.kind === 'sequence' && node.kind === 'sequence') {
      const item: YamlNode | undefined = node.items[Number(step)];
      const index: number = item ? own.items.findIndex((one) => isPartOf(one, item)) : -1;
      found.push(index);
      own = own.items[index];
      node = item;
    } else return undefined;
    if (!own || !node) return undefined;
  }
  return isTombstone(own) ? undefined : found;
}

/** Whether a node of a layer is, or went into, a merged one. */
export function isPartOf(own: YamlNode, merged: YamlNode): boolean {
  if (own === merged) return true;
  if (own.kind === 'scalar' || merged.kind === 'scalar') return false;
  const parts: readonly (MapNode | SequenceNode)[] = merged.parts ?? [];
  return parts.includes(own);
}
