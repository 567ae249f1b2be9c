/** `.trueup/manifest.json` of a site tree (RFC 8785 canonical JSON): what this tree is and where it came from. */
export interface Manifest {
  plan: string;
  /** Commit of the plan at which this tree came to be; empty when rendered from a folder that is not committed. */
  revision: string;
  site: string;
  /** Grows with every desired tree a controller issues for the site; 0 when no controller issued it. */
  generation: number;
  /** The tree's digest (see `treeDigest`). */
  digest: string;
  renderer: string;
  files: Record<string, { mode: string; sha256: string }>;
}

/** Version of the renderer's output; a change here may change every tree. */
export const RENDERER_VERSION = '1';
