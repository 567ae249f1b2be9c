import { compareText } from '../model/problem.ts';
import { layerFiles } from '../plan/layers.ts';
import type { Plan, SiteDefinition } from '../plan/plan.ts';
import type { MapNode, YamlNode, YamlPath } from '../plan/yaml/node.ts';
import { nodeAt, sameNode } from '../plan/yaml/value.ts';

/** A parameter, by its keys, and the value that it is to have; undefined: it is to go. */
export interface WantedValue {
  path: readonly string[];
  after: YamlNode | undefined;
}

/** What becomes of the sites if values are said in one layer file. */
export interface LayerReach {
  file: string;
  /** Edited sites at which that brings the values. */
  covers: string[];
  /** Sites at which nobody made the edit, and which would change. */
  others: number;
}

/** Where values are said for a group of sites. */
export interface Cover {
  layers: string[];
  /** Sites that no layer covers: they say it themselves. */
  alone: string[];
}

/**
 * How each layer file would reach the sites of the plan, the files at which it would bring values to two edited sites
 * at least. Read off the layers, in one pass over the sites; what truly happens, rendering tells.
 * @param edited names of the sites at which the edit was made
 */
export function layerReaches(
  plan: Plan,
  edited: ReadonlySet<string>,
  wanted: readonly WantedValue[],
): LayerReach[] {
  const holdings = new Map<string, readonly Holding[]>();
  const holdingsOf = (file: string): readonly Holding[] | undefined => {
    const document = plan.layerDocuments.get(file);
    if (!document) return undefined;
    let known = holdings.get(file);
    if (!known) {
      known = wanted.map((value) => holdingOf(document.root, value));
      holdings.set(file, known);
    }
    return known;
  };
  const reaches = new Map<string, LayerReach>();
  for (const [name, site] of plan.sites) {
    const files = layerFiles(plan, site);
    const effect = effectAt(site, files.map(holdingsOf), wanted);
    for (const [level, file] of files.entries()) {
      if (!plan.layerDocuments.has(file)) continue;
      let reach = reaches.get(file);
      if (!reach) reaches.set(file, (reach = { file, covers: [], others: 0 }));
      if (edited.has(name)) {
        if (level >= effect.all) reach.covers.push(name);
      } else if (level >= effect.any) reach.others += 1;
    }
  }
  return [...reaches.values()]
    .filter(({ covers }) => covers.length > 1)
    .toSorted((a, b) => compareText(a.file, b.file));
}

/** What a layer says of a wanted value: nothing, that very value, or something else. */
type Holding = 'nothing' | 'wanted' | 'other';

function holdingOf(root: MapNode, { path, after }: WantedValue): Holding {
  const node = nodeAt(root, path);
  if (node) return after && sameNode(node, after) ? 'wanted' : 'other';
  return isBarred(root, path) ? 'other' : 'nothing';
}

/** Whether something that is no map stands on the way to a path. */
function isBarred(root: MapNode, path: YamlPath): boolean {
  return path.some((_, depth) => {
    const node = nodeAt(root, path.slice(0, depth));
    return node !== undefined && node.kind !== 'map';
  });
}

/**
 * The lowest level at which a layer changes something at a site (`any`), and at which it brings all values (`all`):
 * what a higher layer says, and what the site itself says, hides it.
 */
function effectAt(
  site: SiteDefinition,
  layers: readonly (readonly Holding[] | undefined)[],
  wanted: readonly WantedValue[],
): { any: number; all: number } {
  let any = Infinity;
  let all = 0;
  for (const [index, value] of wanted.entries()) {
    const own = holdingOf(site.params, value);
    const level = layers.findLastIndex((holds) => (holds?.[index] ?? 'nothing') !== 'nothing');
    const holder = own === 'nothing' ? layers[level]?.[index] : own;
    const from = own === 'nothing' ? Math.max(0, level) : Infinity;
    all = Math.max(all, from);
    if (holder !== 'wanted') any = Math.min(any, from);
  }
  return { any, all };
}

/** A site that would change without having made the edit weighs as much as so many files. */
const WEIGHT = 2;

/**
 * Chooses layers for an edit so that as few files as can be are changed, and as few other sites. So a layer is chosen
 * where more than two thirds of the sites that it would change made the edit, or nearly so many.
 * @param sites names of the edited sites, sorted
 */
export function chooseCover(sites: readonly string[], reaches: readonly LayerReach[]): Cover {
  const left = new Set(sites);
  const layers: string[] = [];
  for (;;) {
    let best: { file: string; gain: string[]; saved: number; others: number } | undefined;
    for (const { file, covers, others } of reaches) {
      if (layers.includes(file)) continue;
      const gain = covers.filter((site) => left.has(site));
      const saved = gain.length - 1 - WEIGHT * others;
      if (gain.length < 2 || saved < 0) continue;
      if (best && (saved < best.saved || (saved === best.saved && others >= best.others))) continue;
      best = { file, gain, saved, others };
    }
    if (!best) break;
    layers.push(best.file);
    for (const site of best.gain) left.delete(site);
  }
  return { layers: layers.toSorted(compareText), alone: sites.filter((site) => left.has(site)) };
}
