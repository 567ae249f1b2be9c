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
  // Not by assignment: a file may have any name, `__proto__` too.
  const files: Manifest['files'] = Object.fromEntries(
    [...tree].map(([path, file]) => [path, { mode: file.mode, sha256: contentHash(file) }]),
  );
  const manifest: Manifest = { ...about, site, digest, renderer: RENDERER_VERSION, files };
  const content = Buffer.from(canonicalize(manifest)!);
  return new Map([...tree, [MANIFEST_PATH, { mode: '100644', content }]]);
}

/** A tree with its manifest, issued once more: all of it as it is, but for the generation. */
export function withGeneration(tree: SiteTree, generation: number): SiteTree {
  const file = tree.get(MANIFEST_PATH);
  const manifest: unknown = file && JSON.parse(file.content.toString());
  if (!file || typeof manifest !== 'object') throw new TypeError('a tree without a manifest');
  const content = Buffer.from(canonicalize({ ...manifest, generation })!);
  return new Map([...tree, [MANIFEST_PATH, { mode: file.mode, content }]]);
}
