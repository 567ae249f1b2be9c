import type { Position } from '../../model/problem.ts';
import { explainKey, layerChain, layerFiles, mergeParams, siteOf } from '../../plan/layers.ts';
import type { Contribution, Layer } from '../../plan/layers.ts';
import type { Plan } from '../../plan/plan.ts';
import type { MapNode, YamlNode, YamlPath } from '../../plan/yaml/node.ts';
import { decodeUtf8, parseYamlValue } from '../../plan/yaml/parse.ts';
import { nodeAt, sameNode } from '../../plan/yaml/value.ts';
import { secretNodes } from './secrets.ts';
import { pathName, placeAt, shownNode } from './show.ts';
import type { LeafReport, SourceReport, ValueReport } from './types.ts';

/**
 * Where a site's parameter comes from: every source of the chain, highest first, with those that say nothing or are
 * not there. Throws as `explainKey` does.
 */
export function explainParameter(plan: Plan, site: string, path: YamlPath): ValueReport {
  const secrets = secretNodes(plan, site);
  const { node, contributions } = explainKey(plan, site, path);
  const chain = layerChain(plan, site);
  const params = mergeParams(plan, chain);
  const listAt = path.findIndex((step, index) => typeof step === 'number' && index > 0);
  const keys = listAt === -1 ? path : path.slice(0, listAt);
  const words = new Map(contributions.map((one) => [one.layer.root, one]));

  const report = (layer: Layer): SourceReport => {
    const kind = layer.kind === 'defaults' ? 'default' : layer.kind;
    const word = words.get(layer.root);
    const element =
      word && node && listAt !== -1 ? elementOf(params, path, listAt, word) : undefined;
    if (element) {
      const { state, node: own, at } = element;
      const position = at && (placeAt(layer.root, at) ?? defaultPlace(plan, layer, at) ?? null);
      const value = own ? shownNode(own, secrets) : null;
      return { kind, file: layer.file, position: position ?? null, state, value };
    }
    if (word) {
      const position = placeAt(layer.root, keys) ?? defaultPlace(plan, layer, keys) ?? null;
      const value = shownNode(word.node, secrets);
      return { kind, file: layer.file, position, state: word.effect, value };
    }
    const bar = barOf(layer.root, keys);
    return {
      kind,
      file: layer.file,
      position: (bar && placeAt(layer.root, bar.path)) ?? null,
      state: bar ? 'hides' : 'silent',
      value: bar ? shownNode(bar.node, secrets) : null,
    };
  };
  const there = chain.map(report);
  const missing = layerFiles(plan, siteOf(plan, site))
    .map((file, index) => ({ file, index }))
    .filter(({ file }) => !plan.layerDocuments.has(file));
  const defaults = chain.filter(({ kind }) => kind === 'defaults').length;
  // In ascending order each file that is not there pushes those after it one place up.
  for (const { file, index } of missing) {
    there.splice(defaults + index, 0, {
      kind: 'layer',
      file,
      position: null,
      state: 'missing',
      value: null,
    });
  }
  const winner = contributions.find(({ effect }) => effect === 'wins' || effect === 'joins');
  return {
    name: pathName(path),
    value: node ? shownNode(node, secrets) : null,
    position: node
      ? (placeAt(params, path) ?? (winner && defaultPlace(plan, winner.layer, path)) ?? null)
      : null,
    merge: mergeOf(plan, keys),
    sources: there.toReversed(),
    leaves: node ? leavesOf(params, path, secrets) : [],
  };
}

/** What a layer whose list is a part of the merged one says about one element of it, or something in that. */
function elementOf(
  params: MapNode,
  path: YamlPath,
  listAt: number,
  { layer, node: list, effect }: Contribution,
): { state: SourceReport['state']; node?: YamlNode; at?: YamlPath } | undefined {
  if (list.kind !== 'sequence' || (effect !== 'wins' && effect !== 'joins')) return undefined;
  const keys = path.slice(0, listAt);
  const rest = path.slice(listAt + 1);
  const merged = nodeAt(params, path.slice(0, listAt + 1));
  if (!merged) return undefined;
  const parts = new Set([merged, ...partsOf(merged)]);
  let index = list.items.findIndex((item) => parts.has(item));
  const isPart = index !== -1;
  // Of equal elements a list that merges to be unique keeps the lowest layer's.
  if (!isPart) index = list.items.findIndex((item) => sameNode(item, merged));
  const at = [...keys, index, ...rest];
  const node = index === -1 ? undefined : nodeAt(layer.root, at);
  if (!node) return { state: 'silent' };
  const value = nodeAt(params, path)!;
  if (isPart && node === value) return { state: 'wins', node, at };
  const joins = isPart && partsOf(value).includes(node);
  return { state: joins ? 'joins' : 'shadowed', node, at };
}

function partsOf(node: YamlNode): readonly YamlNode[] {
  return node.kind === 'scalar' ? [] : (node.parts ?? []);
}

function mergeOf(plan: Plan, keys: YamlPath): string | null {
  const rule = plan.merge.get(keys.join('.'));
  if (rule === undefined) return null;
  return typeof rule === 'string' ? rule : `by:${rule.by}`;
}

/** Each leaf of a map or list, as far down as there are any. */
export function leavesOf(
  root: MapNode,
  path: YamlPath,
  secrets: ReadonlySet<YamlNode>,
): LeafReport[] {
  const node = nodeAt(root, path);
  if (!node || node.kind === 'scalar' || secrets.has(node)) return [];
  const steps: (string | number)[] =
    node.kind === 'map' ? [...node.entries.keys()] : [...node.items.keys()];
  return steps.flatMap((step) => {
    const at = [...path, step];
    const below = leavesOf(root, at, secrets);
    if (below.length > 0) return below;
    const value = shownNode(nodeAt(root, at)!, secrets);
    return [{ name: pathName(at), value, position: placeAt(root, at) ?? null }];
  });
}

/** What stands in the way of a path: something that is no map. */
function barOf(root: MapNode, path: YamlPath): { path: YamlPath; node: YamlNode } | undefined {
  for (let length = 1; length < path.length; length += 1) {
    const node = nodeAt(root, path.slice(0, length));
    if (!node) return undefined;
    if (node.kind !== 'map') return { path: path.slice(0, length), node };
  }
  return undefined;
}

/** Where a stack's schema gives a default; its values are made from JSON, which has no positions. */
function defaultPlace(plan: Plan, { kind, file }: Layer, path: YamlPath): Position | undefined {
  if (kind !== 'defaults') return undefined;
  const { text } = decodeUtf8(file, plan.files.get(file)!.content);
  const { root } = parseYamlValue(file, text ?? '');
  if (root?.kind !== 'map') return undefined;
  for (let length = path.length; length > 0; length -= 1) {
    const property = path.slice(0, length).flatMap((step) => ['properties', step]);
    const place = placeAt(root, [...property, 'default']);
    if (place) return place;
  }
  return undefined;
}
