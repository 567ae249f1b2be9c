import type { Problem } from './problem.ts';
import type { FileMode } from './tree.ts';

/** How one file differs between two trees of a site, without the secrets in it. The same at many sites, told once. */
export interface FileDifference {
  path: string;
  /** Null: there is no such file. */
  before: FileMode | null;
  after: FileMode | null;
  /** Hunks of a unified diff, without the lines that name the files; bounded. Empty for a binary file. */
  patch: string;
  /** Lines. */
  added: number;
  removed: number;
  /** Not all of the diff is in `patch`. */
  cut: boolean;
  binary: boolean;
  /** A secret is among what changes: that it does is all that is shown of it. */
  secret: boolean;
  /** Parameters whose values change, where it is a file of parameters. */
  params: string[];
}

/** Sites at which the very same changes. */
export interface PreviewGroup {
  /** Sorted. */
  sites: string[];
  /** In the order of the paths; where the sites go or come, their files are not told one by one. */
  files: FileDifference[];
}

/** Sites that do not render for the same reason. */
export interface PreviewFailure {
  problems: Problem[];
  sites: string[];
}

/** What the shares of a plan are that a change takes away, for whom that may be an accident. */
export interface Removal {
  what: 'sites' | 'hosts' | 'files';
  removed: number;
  of: number;
}

/** What a pull request would change. */
export interface PreviewReport {
  /** Faults of the plan as a whole: then nothing else is told. */
  problems: Problem[];
  /** Sites of the plan once it is merged. */
  total: number;
  /** Sites at which something changes, those that come and go among them. */
  changed: number;
  added: string[];
  removed: string[];
  failing: PreviewFailure[];
  /** Sites that cannot be rendered before others have gathered something; what waits is in words. */
  waiting?: { site: string; waitsFor: string }[];
  /** The largest first. */
  groups: PreviewGroup[];
  /** What is taken away to such an extent that the revision would be held. */
  removals: Removal[];
  /** Not everything is told: groups, or their diffs, were left out. */
  cut: boolean;
}

/** One site's check run on behalf of a pull request. */
export interface CheckedSite {
  site: string;
  result: string;
  /** Tasks, over all hosts. */
  changed: number;
  failed: number;
  reason: string;
}

/** What became of a check run that somebody asked for. */
export interface PreviewCheck {
  /** The commit of the pull request that was checked. */
  head: string;
  askedBy: string;
  state: 'running' | 'done' | 'refused';
  /** Why it was refused. */
  reason: string;
  sites: CheckedSite[];
  /** Changed sites that were not checked, for there are limits. */
  left: number;
}

/** Whether what came into force is what was shown. */
export interface Review {
  /** Pull requests that the revision merged. */
  pulls: number[];
  /** Sites whose tree is the one that was shown, and those where it is another, or where none was shown. */
  same: number;
  different: number;
  /** The first of these. */
  examples: string[];
}
