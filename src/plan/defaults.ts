import type { MapEntry, MapNode } from './yaml/node.ts';

/**
 * The defaults that a stack's schema gives. A nested default counts where its map is there, or where nothing
 * stands in the way of the map being there: a map in `optional` has a required key without a default, so that it
 * completes what other layers say but never appears by itself.
 */
export interface Defaults {
  root: MapNode;
  optional: ReadonlySet<MapNode>;
}

const EMPTY: MapNode = { kind: 'map', entries: new Map(), flow: false };
const filled = new WeakMap<MapNode, WeakMap<MapNode, MapNode>>();

/**
 * Puts defaults below merged parameters, as their lowest layer: a key that is there, and be it a tombstone, is
 * left alone; maps are completed. Of several stacks' defaults, those of the later stack win.
 */
export function fillDefaults(defaults: readonly Defaults[], given: MapNode): MapNode {
  return defaults.reduceRight((params, { root, optional }) => fill(root, optional, params), given);
}

function fill(defaults: MapNode, optional: ReadonlySet<MapNode>, given: MapNode): MapNode {
  if (defaults.entries.size === 0) return given;
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of defaults.entries) {
    const own = given.entries.get(key);
    const value = entry.value.kind === 'map' ? entry.value : undefined;
    if (!own) {
      if (!value) entries.set(key, entry);
      else if (!optional.has(value))
        entries.set(key, { ...entry, value: fillShared(value, optional, EMPTY) });
    } else if (value && own.value.kind === 'map') {
      entries.set(key, { ...own, value: fillShared(value, optional, own.value) });
    } else {
      entries.set(key, own);
    }
  }
  for (const [key, entry] of given.entries) if (!entries.has(key)) entries.set(key, entry);
  const parts = given === EMPTY ? [defaults] : [defaults, ...(given.parts ?? [given])];
  return { kind: 'map', entries, flow: false, parts };
}

/** Maps below the top are shared by many sites, and stay shared when they have been completed. */
function fillShared(defaults: MapNode, optional: ReadonlySet<MapNode>, given: MapNode): MapNode {
  let results = filled.get(defaults);
  if (!results) filled.set(defaults, (results = new WeakMap<MapNode, MapNode>()));
  let result = results.get(given);
  if (!result) results.set(given, (result = fill(defaults, optional, given)));
  return result;
}
