import { UserError } from '../model/errors.ts';
import { layerChain, siteParams } from '../plan/layers.ts';
import { isTombstone } from '../plan/merge.ts';
import type { Plan } from '../plan/plan.ts';
import { applyEdits, type YamlOperation } from '../plan/yaml/edit.ts';
import { makeScalar } from '../plan/yaml/make.ts';
import { type MapNode, Tagged, type YamlNode } from '../plan/yaml/node.ts';
import { nodeAt } from '../plan/yaml/value.ts';
import type { WantedValue } from './fleet-cover.ts';
import { withChange, type YamlChange } from './yaml-changes.ts';

/** The changed parameters, each by the keys that lead to it: a list counts as one, whatever changed in it. */
export function changedKeys(changes: readonly YamlChange[]): string[][] {
  const keys = new Map<string, string[]>();
  for (const { path } of changes) {
    const list = path.findIndex((step) => typeof step === 'number');
    const own = path.slice(0, list < 0 ? undefined : list).map(String);
    keys.set(JSON.stringify(own), own);
  }
  return [...keys.values()];
}

/** Whether any of these parameters is, or stands in, a list that several layers join. */
export function isJoined(plan: Plan, keys: readonly (readonly string[])[]): boolean {
  return keys.some((path) =>
    path.some((_, depth) => {
      const rule = plan.merge.get(path.slice(0, depth + 1).join('.'));
      return rule !== undefined && rule !== 'replace';
    }),
  );
}

/** The values that a site's parameters have once changes are made. Undefined where these do not fit there. */
export function wantedValues(
  params: MapNode,
  changes: readonly YamlChange[],
): WantedValue[] | undefined {
  let after: YamlNode = params;
  for (const change of changes) {
    const { path } = change;
    if (change.kind === 'delete' && !nodeAt(after, path)) return undefined;
    const next = withChange(after, change);
    if (!next) return undefined;
    after = next;
  }
  return changedKeys(changes).map((path) => ({ path, after: nodeAt(after, path) }));
}

/**
 * The text of a layer file, or of a site's own, that says values.
 * @param site one of the sites that the file applies to: what stands below it there decides how a value is taken away
 * @returns undefined where the file cannot say them
 */
export function sayIn(
  plan: Plan,
  file: string,
  site: string,
  wanted: readonly WantedValue[],
): string | undefined {
  const definition = plan.sites.get(site)!;
  const document = file === definition.file ? definition.document : plan.layerDocuments.get(file);
  if (!document) return undefined;
  const chain = layerChain(plan, site);
  const at = chain.findIndex((layer) => layer.file === file && layer.kind !== 'defaults');
  const own = chain[at];
  if (!own) return undefined;
  const params = siteParams(plan, site);
  const operations = wanted.flatMap(({ path, after }): YamlOperation[] => {
    const place = [...own.base, ...path];
    const held = nodeAt(own.root, path);
    if (after) {
      const keyToken = held ? undefined : oddKey(params, path);
      const more = keyToken === undefined ? {} : { keyToken };
      return [{ op: 'set', path: place, value: after, verbatim: true, ...more }];
    }
    const below = chain.slice(0, at).some(({ root }) => says(root, path));
    if (below) return [{ op: 'set', path: place, value: makeScalar(new Tagged('!unset', '')) }];
    return held ? [{ op: 'delete', path: place }] : [];
  });
  try {
    return applyEdits(document, operations).text;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function says(root: MapNode, path: readonly string[]): boolean {
  const node = nodeAt(root, path);
  return node !== undefined && !isTombstone(node);
}

/** How a key is written that is no string, as far as the site's parameters have it. */
function oddKey(params: MapNode, path: readonly string[]): string | undefined {
  const parent = nodeAt(params, path.slice(0, -1));
  const entry = parent?.kind === 'map' ? parent.entries.get(path.at(-1)!) : undefined;
  return entry?.keyValue === undefined ? undefined : entry.keyToken;
}
