import type { FileDifference, Removal } from '../../model/preview.ts';
import type { Problem } from '../../model/problem.ts';
import type { FileMode } from '../../model/tree.ts';
import type { Refused } from '../../plan/load.ts';
import type { Gathered, PlanFiles } from '../../plan/plan.ts';

/** A plan as it was read, not yet looked at. */
export interface PlanSource {
  files: PlanFiles;
  refused?: readonly Refused[];
}

/** What somebody nobody has reviewed asks to have rendered: a pull request's plan. */
export interface RenderJob {
  plan: PlanSource;
  /** The plan that it is compared with; without one nothing is compared. */
  base?: PlanSource;
  /** What was gathered at sites; for both plans. */
  gathered?: Gathered;
  /** The sites to render; not given: those that the two plans could differ at, without a base all. */
  sites?: readonly string[];
  /** Milliseconds for all of it; 10,000 if not given. */
  timeout?: number;
  /** Memory for it; if not given, by the size of the base (it is trusted), or 96 MB. */
  megabytes?: number;
  /**
   * How changes are told: by the `contents` of the files (if not given), or, for people, by `differences` without
   * secrets, each distinct one once.
   */
  tell?: 'contents' | 'differences';
  signal?: AbortSignal;
}

/** One side of a change: the content is in `JobResult.contents` by its hash. */
export interface FileVersion {
  mode: FileMode;
  sha256: string;
}

export interface FileChange {
  path: string;
  /** Null: the file is not there. */
  before: FileVersion | null;
  after: FileVersion | null;
}

/** What became of one site. */
export interface SiteOutcome {
  site: string;
  /** Of the tree that the plan renders there; null where it does not, or where the plan has no such site. */
  digest: string | null;
  /** Why it does not render; no more than twenty. */
  problems: Problem[];
  /** What others have to gather before it can be rendered, in words. */
  waitsFor?: string;
  /** Of the base's tree; null where the base has no such site, does not render it, or was not given. */
  baseDigest: string | null;
  /** In the order of the paths; where there is no base, or differences were asked for, none. */
  changes: FileChange[];
  /** Indices in `JobResult.differences`, in the order of the paths. */
  differences: number[];
}

export interface JobResult {
  /**
   * `done`: what is said is the whole truth. Else the job was ended for taking too long or too much, or died, and
   * the one problem says so.
   */
  ended: 'done' | 'timeout' | 'memory' | 'aborted' | 'crashed';
  /** What is wrong with the plan as a whole; there are no sites then. */
  problems: Problem[];
  sites: SiteOutcome[];
  /** Contents of changed files by their SHA-256, each once. */
  contents: Map<string, Buffer>;
  /** Contents were left out, for together they came to more than `MAX_CONTENTS`. */
  contentsCut: boolean;
  differences: FileDifference[];
  /** Sites of the plan. */
  total: number;
  /** How much of the base is not in the plan any more. */
  removals: Removal[];
}

/** Bytes of contents that one job hands back. */
export const MAX_CONTENTS = 16 * 1024 * 1024;

/** A plan made ready to be handed to the worker: contents in one piece, each once. */
export interface PackedPlan {
  /** Path, mode, blob id, and where in the contents. */
  files: [path: string, mode: FileMode, hash: string, start: number, end: number][];
  refused: readonly Refused[];
}

/** What the worker is sent. */
export interface WorkerJob {
  plan: PackedPlan;
  base: PackedPlan | undefined;
  gathered: Gathered;
  contents: ArrayBuffer;
  sites: readonly string[] | undefined;
  tell: 'contents' | 'differences';
  /** Where the worker says what it is at: see `Stage`. */
  progress: SharedArrayBuffer;
  megabytes: number;
}

/** What the worker is at: first number of `progress`; the second is the site's index in `names`. */
export const STAGE = { reading: 0, readingBase: 1, rendering: 2 } as const;

/** What the worker sends: that it can begin; of each job the sites' names, in the order in which they are rendered, then the result. */
export type WorkerMessage =
  | { ready: true }
  | { names: readonly string[] }
  | {
      result: Omit<JobResult, 'contents' | 'ended'> & {
        contents: Map<string, Uint8Array>;
        tooLarge?: true;
      };
    };
