import { layerChain, mergeParams, siteOf } from '../../plan/layers.ts';
import type { Plan } from '../../plan/plan.ts';
import type { MapNode, YamlNode } from '../../plan/yaml/node.ts';
import { nodeAt } from '../../plan/yaml/value.ts';

const known = new WeakMap<Plan, Map<string, ReadonlySet<YamlNode>>>();

/**
 * Every node of a site's parameters and variables that must not be shown (law 11): vaulted ones, those that a schema
 * calls secret, what stands in the clear where another source has it vaulted, and all that is within them. Lower
 * layers count as well as the merged value, for shadowed secrets are secrets.
 */
export function secretNodes(plan: Plan, site: string): ReadonlySet<YamlNode> {
  let ofPlan = known.get(plan);
  if (!ofPlan) known.set(plan, (ofPlan = new Map<string, ReadonlySet<YamlNode>>()));
  let secrets = ofPlan.get(site);
  if (!secrets) ofPlan.set(site, (secrets = findSecrets(plan, site)));
  return secrets;
}

function findSecrets(plan: Plan, site: string): ReadonlySet<YamlNode> {
  const { hosts, hostParams, groupParams, stacks } = siteOf(plan, site);
  const chain = layerChain(plan, site);
  const roots: MapNode[] = [mergeParams(plan, chain), ...chain.map(({ root }) => root)];
  for (const maps of [hosts, hostParams, groupParams]) roots.push(...maps.values());
  const vaulted = new Set<string>();
  for (const root of roots) collectVaulted(root, [], vaulted);

  const secrets = new Set<YamlNode>();
  for (const root of roots) {
    for (const stack of stacks) {
      for (const path of plan.stacks.get(stack)?.parameters?.findSecrets?.(root) ?? []) {
        const node = nodeAt(root, path);
        if (node) addAll(node, secrets);
      }
    }
    addVaulted(root, [], vaulted, secrets);
  }
  return secrets;
}

function partsOf(node: YamlNode): [step: string, node: YamlNode][] {
  if (node.kind === 'map') return [...node.entries].map(([key, { value }]) => [key, value]);
  // Elements have other places in other layers: what is vaulted in one of them may be in any.
  return node.kind === 'sequence' ? node.items.map((item) => ['\0', item]) : [];
}

function collectVaulted(node: YamlNode, path: readonly string[], into: Set<string>): void {
  if (node.kind === 'scalar' && node.tag === '!vault') into.add(JSON.stringify(path));
  for (const [step, part] of partsOf(node)) collectVaulted(part, [...path, step], into);
}

function addVaulted(
  node: YamlNode,
  path: readonly string[],
  vaulted: ReadonlySet<string>,
  into: Set<YamlNode>,
): void {
  if (vaulted.has(JSON.stringify(path))) addAll(node, into);
  else for (const [step, part] of partsOf(node)) addVaulted(part, [...path, step], vaulted, into);
}

function addAll(node: YamlNode, into: Set<YamlNode>): void {
  into.add(node);
  for (const [, part] of partsOf(node)) addAll(part, into);
}
