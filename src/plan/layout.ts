import type { Problem } from '../model/problem.ts';
import { compareText } from '../model/problem.ts';
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
  const sorted = [...paths].toSorted(compareText);
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

/** Files that look as if they were meant to be something, but are nothing. */
export function strayFiles({ paths }: Layout): Problem[] {
  return paths
    .filter((path) => /^sites\/.*\.yml$/.test(path) || path === 'plan.yml')
    .map((path) => ({
      message: `${quoted(path)} is not read: plan files end in .yaml`,
      position: topOf(path),
      hint: `rename it to ${quoted(path.replace(/\.yml$/, '.yaml'))}`,
    }));
}

/** The files that layer patterns name, of all that there are. */
export function layerPaths(layout: Layout, patterns: readonly string[]): string[] {
  const named = patterns.map((pattern) => {
    const parts = pattern.split(/\{[^{}]*\}/).map((part) => RegExp.escape(part));
    return new RegExp(`^${parts.join('[^/]*')}$`);
  });
  return layout.layers.filter(
    (path) => path.startsWith('layers/') || named.some((pattern) => pattern.test(path)),
  );
}
