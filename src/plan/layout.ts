import type { Problem } from '../model/problem.ts';
import { quoted, topOf } from './shape.ts';

/** A site's name is that of its file. */
export function siteNameOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.yaml$/, '');
}

/** Which files of a plan are what, each list in code-unit order. */
export interface Layout {
  /** Every path of the plan. */
  paths: readonly string[];
  /** Candidates for layers: YAML files in `layers/`, and what a layer pattern names elsewhere. */
  layers: readonly string[];
  /** Files of sites, and the name that each gives its site. */
  sites: ReadonlyMap<string, string>;
  /** Stack → the paths in its folder. */
  stacks: ReadonlyMap<string, readonly string[]>;
  /** Site → the paths in its overlay's folder. */
  overlays: ReadonlyMap<string, readonly string[]>;
}

/** Sorts the paths of a plan by what they are. */
export function layoutOf(paths: Iterable<string>): Layout {
  const sorted = [...paths].toSorted();
  const layers: string[] = [];
  const sites = new Map<string, string>();
  const stacks = new Map<string, string[]>();
  const overlays = new Map<string, string[]>();
  for (const path of sorted) {
    const [top, folder = '', ...rest] = path.split('/');
    if (top === 'sites' && path.endsWith('.yaml')) sites.set(path, siteNameOf(path));
    else if (top === 'stacks' && rest.length > 0) add(stacks, folder, path);
    else if (top === 'overlays' && rest.length > 0) add(overlays, folder, path);
    else if (top !== 'sites' && /\.ya?ml$/.test(path)) layers.push(path);
  }
  return { paths: sorted, layers, sites, stacks, overlays };
}

function add(groups: Map<string, string[]>, name: string, path: string): void {
  const group = groups.get(name);
  if (group) group.push(path);
  else groups.set(name, [path]);
}

/** Files that would be read if they were called `.yaml`, not `.yml`, or for layers the other way round. */
export function strayFiles({ paths, layers }: Layout, patterns: readonly string[]): Problem[] {
  const strays = paths.filter((path) => /^sites\/.*\.yml$/.test(path) || path === 'plan.yml');
  const isLayer = layerTest(patterns);
  strays.push(...layers.filter((path) => !isLayer(path) && isLayer(otherEnding(path))));
  return strays.map((path) => ({
    message: `${quoted(path)} is not read`,
    position: topOf(path),
    hint: `rename it to ${quoted(otherEnding(path))}`,
  }));
}

function otherEnding(path: string): string {
  return path.endsWith('.yml') ? path.replace(/\.yml$/, '.yaml') : path.replace(/\.yaml$/, '.yml');
}

/** The files that are layers, or in the folder for them, of all that there are. */
export function layerPaths(layout: Layout, patterns: readonly string[]): string[] {
  const isLayer = layerTest(patterns);
  return layout.layers.filter((path) => path.startsWith('layers/') || isLayer(path));
}

/** A test for paths that a layer pattern names with some value for each label. */
function layerTest(patterns: readonly string[]): (path: string) => boolean {
  const named = patterns.map((pattern) => {
    const parts = pattern.split(/\{[^{}]*\}/).map((part) => RegExp.escape(part));
    return new RegExp(`^${parts.join('[^/]*')}$`);
  });
  return (path) => named.some((pattern) => pattern.test(path));
}
