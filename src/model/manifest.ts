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
  /** How the tree is run; who has no plan to ask reads it here. */
  run: RunPlan;
  files: Record<string, { mode: string; sha256: string }>;
}

/** What a runner that knows the tree alone has to know of the plan. */
export interface RunPlan {
  /** Paths of the playbooks within the tree, in order. */
  playbooks: readonly string[];
  /** Values that playbooks may set for others, and whether they are secrets. */
  outputs: Record<string, { secret: boolean }>;
  /** Paths of the playbooks that must pass after an apply, beside the hosts' answering. */
  postCheck?: readonly string[];
  /** Seconds that these may take, beside the time in which the hosts must answer. */
  postCheckTimeout?: number;
  /** Steps to parameters whose values must be shown nowhere; `*`: any element of a list. */
  secrets: readonly (readonly string[])[];
}

/** Version of the renderer's output; a change here may change every tree. */
export const RENDERER_VERSION = '2';
