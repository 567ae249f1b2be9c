import type { TreeFile } from '../model/tree.ts';
import type { Plan, SiteDefinition } from '../plan/plan.ts';
import { secretPaths } from '../plan/secrets.ts';
import { emitYaml } from '../plan/yaml/emit.ts';
import { makeEntry, makeMap } from '../plan/yaml/make.ts';
import {
  type MapEntry,
  type MapNode,
  Tagged,
  type YamlNode,
  type YamlPath,
} from '../plan/yaml/node.ts';
import { nodeAt } from '../plan/yaml/value.ts';
import type { SiteContext } from './context.ts';
import { fileOf } from './digest.ts';

/** Where a tree says what the site imports, so that its digest is told by the tree. */
export const IMPORTS_PATH = '.trueup/imports.yml';

const HEAD = `# What this site imports from others, as its templates see it. Written by trueup; changed at the site that exports it.
`;

/**
 * The file with all that a site's stacks import, and no more, for playbooks too (`vars_files`); undefined where these
 * are but parameters of the plan that are not imported by name. What is secret is there as a reference alone.
 */
export function importsFile(
  plan: Plan,
  site: SiteDefinition,
  context: SiteContext,
): TreeFile | undefined {
  const byStack = new Map<string, MapNode>();
  let told = false;
  for (const name of site.stacks) {
    const stack = plan.stacks.get(name)!;
    for (const { stack: exporter, from, exported } of context.importsOf(stack)) {
      const { exportedFiles, exportedValues } = plan.stacks.get(exporter)!;
      told ||= stack.importNames.has(exporter) || exportedFiles.size + exportedValues.size > 0;
      const secrets = secretPaths(plan, from).filter((path) => isPlain(nodeAt(exported, path)));
      const shown = secrets.reduce<YamlNode>((node, path) => without(node, path), exported);
      const known = byStack.get(exporter);
      if (shown.kind === 'map') byStack.set(exporter, known ? joined(known, shown) : shown);
    }
  }
  if (!told) return undefined;
  const imports = makeMap([['imports', makeMap([...byStack])]]);
  return fileOf(HEAD + emitYaml(imports, () => false));
}

function isPlain(node: YamlNode | undefined): boolean {
  return node !== undefined && !(node.kind === 'scalar' && node.value instanceof Tagged);
}

function without(node: YamlNode, [step, ...rest]: YamlPath): YamlNode {
  if (node.kind === 'scalar' || step === undefined) return node;
  if (node.kind === 'sequence') {
    const items = node.items.flatMap((item, index) =>
      index !== step ? [item] : rest.length === 0 ? [] : [without(item, rest)],
    );
    return { ...node, items };
  }
  const entries = new Map(node.entries);
  const entry = entries.get(String(step));
  if (!entry) return node;
  if (rest.length === 0) entries.delete(String(step));
  else entries.set(String(step), { ...entry, value: without(entry.value, rest) });
  return { ...node, entries };
}

/** What two stacks of a site import of the same exporter. */
function joined(one: MapNode, other: MapNode): MapNode {
  const entries = new Map<string, MapEntry>(one.entries);
  for (const [key, entry] of other.entries) {
    const known = entries.get(key)?.value;
    if (known?.kind === 'map' && entry.value.kind === 'map')
      entries.set(key, makeEntry(key, joined(known, entry.value)));
    else entries.set(key, entry);
  }
  return { kind: 'map', entries, flow: false };
}
