import type { OutputRule } from './outputs.ts';
import type { RunKind, RunReport } from './run.ts';
import type { SiteTree } from './tree.ts';

/** What a runner is asked to do. The tree is the whole of it: nothing else of the plan reaches the driver. */
export interface RunRequest {
  /** Unique; names the run's folder. */
  id: string;
  kind: RunKind;
  site: string;
  tree: SiteTree;
  /** Paths within the tree of what is run, in order; the run stops after the first that fails. */
  playbooks: readonly string[];
  /** Values that must stand in no report, log or event, whatever their encoding. */
  secrets: readonly string[];
  /** What an apply is to gather, by name; nothing else that playbooks set is told. */
  outputs?: Readonly<Record<string, OutputRule>>;
  /** Seconds; after it the run is ended and reported as `timeout`. */
  timeout: number;
  /** Why the run is made, for the report and the log: `revision 1a2b3c4`, `back to the plan`. */
  cause: string;
  /** Ends the run: it is reported as `cancelled`. */
  signal?: AbortSignal;
  /** Called as tasks finish, for progress; must not throw. */
  onProgress?: (progress: { host: string; task: string; status: string }) => void;
}

/**
 * A tool that brings hosts to what a site tree says. Nothing outside its folder knows which tool it is.
 * Faults of the run itself are told in the report; an error is thrown only where nothing could be started.
 */
export interface Driver {
  readonly name: string;
  run(request: RunRequest): Promise<RunReport>;
  /** The tool's version, and a clear error if it is not installed. */
  version(): Promise<string>;
  /** Ends runs that an earlier process of ours left behind; called once at start. */
  cleanUp(): Promise<void>;
}
