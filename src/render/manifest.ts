import canonicalize from 'canonicalize';

import { type Manifest, RENDERER_VERSION, type RunPlan } from '../model/manifest.ts';
import { MANIFEST_PATH, type SiteTree } from '../model/tree.ts';
import { contentHash } from './digest.ts';

/** A site's tree without the file that says what it is; `digest` is its `treeDigest`. */
export interface RenderedSite {
  site: string;
  tree: SiteTree;
  digest: string;
}

/**
 * The rendered tree with its `.trueup/manifest.json`, which is canonical JSON (RFC 8785).
 * @param about `plan`: the plan's name; `revision`: its commit, empty where it is not committed; `generation`: a
 *   number that grows with every tree that is issued for the site, 0 where nobody issues any; `run`: see `runPlan`
 */
export function withManifest(
  { site, tree, digest }: RenderedSite,
  about: { plan: string; revision: string; generation: number; run: RunPlan },
): SiteTree {
  const rest: Omit<Manifest, 'files'> = { ...about, site, digest, renderer: RENDERER_VERSION };
  const members = Object.entries(rest).map(([key, value]) => [key, canonicalize(value)!] as const);
  const text = [...members, ['files', filesText(tree)] as const]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${JSON.stringify(key)}:${value}`);
  const content = Buffer.from(`{${text.join(',')}}`);
  return new Map([...tree, [MANIFEST_PATH, { mode: '100644', content }]]);
}

/**
 * `Manifest.files` in canonical JSON. Written as text: as objects, their names (which may be any, `__proto__` too)
 * would be what takes longest of all that is issued.
 */
function filesText(tree: SiteTree): string {
  const entries = [...tree.keys()].toSorted().map((path) => {
    const file = tree.get(path)!;
    return `${JSON.stringify(path)}:{"mode":"${file.mode}","sha256":"${contentHash(file)}"}`;
  });
  return `{${entries.join(',')}}`;
}

/** A tree with its manifest, issued once more: all of it as it is, but for the generation. */
export function withGeneration(tree: SiteTree, generation: number): SiteTree {
  const file = tree.get(MANIFEST_PATH);
  const manifest: unknown = file && JSON.parse(file.content.toString());
  if (!file || typeof manifest !== 'object') throw new TypeError('a tree without a manifest');
  const content = Buffer.from(canonicalize({ ...manifest, generation })!);
  return new Map([...tree, [MANIFEST_PATH, { mode: file.mode, content }]]);
}
