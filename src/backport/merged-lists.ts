import type { Layer } from '../plan/layers.ts';
import type { ListMerge } from '../plan/plan.ts';
import { makeEntry, makeMap, makeSequence } from '../plan/yaml/make.ts';
import type { MapNode, SequenceNode, YamlNode, YamlPath } from '../plan/yaml/node.ts';
import { nodeAt, sameNode } from '../plan/yaml/value.ts';
import { isPartOf, type Parameters } from './locate.ts';
import type { YamlChange } from './yaml-changes.ts';

/** A layer's own list, and what is to become of it. */
export interface EditedList {
  layer: Layer;
  items: YamlNode[];
}

/** An element of a merged list, and what went into it. */
type Element = Map<Layer, YamlNode>;

/**
 * The layers' own lists that give the changed list when they merge: what went is taken out of the layers that have
 * it, what came is put into one. Whether they do give it, rendering tells.
 * @param into `site`: what came goes to the site; `origin`: to the layer of what it stands beside
 * @returns the lists that change
 */
export function editedLists(
  params: Parameters,
  change: YamlChange & { kind: 'list' },
  into: 'origin' | 'site',
): EditedList[] {
  const { path } = change;
  const merged = params.node(path);
  if (merged?.kind !== 'sequence') return [];
  const before = new Map(
    params.chain.flatMap((layer) => {
      const node = nodeAt(layer.root, path);
      return node?.kind === 'sequence' ? [[layer, node.items] as const] : [];
    }),
  );
  const lists = new Map([...before].map(([layer, items]) => [layer, [...items]]));
  const elements = merged.items.map((item) => ownersOf(item, before, params.ruleAt(path)));
  for (const { kind, index, item } of change.steps) {
    if (kind === 'remove') {
      for (const [layer, own] of elements[index]!) {
        const items = lists.get(layer)!;
        items.splice(items.indexOf(own), 1);
      }
      elements.splice(index, 1);
      continue;
    }
    const layer =
      into === 'site'
        ? params.site
        : (highest(params, elements[index - 1] ?? elements[index]) ?? params.site);
    const items = lists.get(layer) ?? [];
    lists.set(layer, items);
    items.splice(placeFor(items, layer, elements, index), 0, item);
    elements.splice(index, 0, new Map([[layer, item]]));
  }
  return [...lists]
    .filter(([layer, items]) => differs(before.get(layer) ?? [], items))
    .map(([layer, items]) => ({ layer, items }));
}

function ownersOf(
  item: YamlNode,
  lists: ReadonlyMap<Layer, readonly YamlNode[]>,
  rule: ListMerge,
): Element {
  const owners: Element = new Map();
  for (const [layer, items] of lists) {
    const own = items.find(
      (one) => isPartOf(one, item) || (rule === 'unique' && sameNode(one, item)),
    );
    if (own) owners.set(layer, own);
  }
  return owners;
}

function highest(params: Parameters, element: Element | undefined): Layer | undefined {
  return params.chain.findLast((layer) => element?.has(layer));
}

/** Where a new element goes in a layer's own list: behind what stands before it, or before what stands behind it. */
function placeFor(
  items: readonly YamlNode[],
  layer: Layer,
  elements: readonly Element[],
  index: number,
): number {
  const before = elements.slice(0, index).findLast((element) => element.has(layer));
  if (before) return items.indexOf(before.get(layer)!) + 1;
  const behind = elements.slice(index).find((element) => element.has(layer));
  return behind ? items.indexOf(behind.get(layer)!) : items.length;
}

function differs(before: readonly YamlNode[], after: readonly YamlNode[]): boolean {
  return before.length !== after.length || before.some((item, index) => item !== after[index]);
}

/**
 * A site's own list with a field of one element said anew, for a list whose elements merge by a key: the element is
 * there by its key alone, unless the site says something of it already. Undefined where that cannot be done.
 * @param own the site's list so far
 * @param element the merged element
 * @param field the way from the element to what changes
 */
export function withField(
  own: SequenceNode | undefined,
  element: YamlNode | undefined,
  by: string,
  field: YamlPath,
  value: YamlNode,
): SequenceNode | undefined {
  const id = element?.kind === 'map' ? element.entries.get(by) : undefined;
  if (!id || field.length === 0 || field[0] === by) return undefined;
  if (field.some((step) => typeof step === 'number')) return undefined;
  const items = own?.items ?? [];
  const index = items.findIndex((item) => {
    const known = item.kind === 'map' ? item.entries.get(by)?.value : undefined;
    return known !== undefined && sameNode(known, id.value);
  });
  const known = items[index];
  const start: MapNode = known?.kind === 'map' ? known : makeMap([]);
  const entries = new Map(start.entries);
  if (!known) entries.set(by, id);
  const said = withValue({ ...start, entries }, field.map(String), value);
  const list = known ? items.with(index, said) : [...items, said];
  return own ? { ...own, items: list } : makeSequence(list);
}

/** A map with a value at a path, and maps on the way to it. */
function withValue(map: MapNode, [key, ...rest]: readonly string[], value: YamlNode): MapNode {
  if (key === undefined) return map;
  const below = map.entries.get(key)?.value;
  const inner =
    rest.length === 0 ? value : withValue(below?.kind === 'map' ? below : makeMap([]), rest, value);
  const entries = new Map(map.entries);
  const entry = entries.get(key);
  entries.set(key, entry ? { ...entry, value: inner } : makeEntry(key, inner));
  return { kind: 'map', entries, flow: map.flow };
}
