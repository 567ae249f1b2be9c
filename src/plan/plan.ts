import type { Json } from '../model/outputs.ts';
import type { TrackedFiles } from '../model/tree.ts';
import type { ParameterSchema } from './stack-schema.ts';
import type { MapNode, YamlDocument, YamlNode } from './yaml/node.ts';

/** Every file of the plan, by path relative to the plan's root. The whole input of rendering (law 1). */
export type PlanFiles = TrackedFiles;

export type ListMerge = 'replace' | 'append' | 'unique' | { by: string };

export type DriftAction = 'propose' | 'revert' | 'ignore';

export interface DriftRule {
  /** Globs over tree paths, and over dotted parameter paths (`kernel.**`). */
  paths?: string[];
  params?: string[];
  /** Label selector (`region=eu-west`, `a=b,c!=d`, `*`). */
  sites?: string;
  action: DriftAction;
}

/** Proposals that are merged without anybody's word; all that a rule says must hold. */
export interface AutoMergeRule {
  /** Globs over tree paths: every edited one must fit. */
  paths?: string[];
  /** Label selector that every site that changes must fit. */
  sites?: string;
  kinds: ('param' | 'template' | 'overlay')[];
  /** Most sites that change, and most lines of the plan that come or go. */
  maxSites?: number;
  maxLines?: number;
  /** Milliseconds that the pull request must have been open. */
  after: number;
}

export interface RolloutWave {
  name: string;
  select: string;
  maxConcurrent?: number;
  /** `2%` or a count. */
  maxFailures?: string | number;
  /** Milliseconds. */
  soak?: number;
}

export interface SiteDefinition {
  name: string;
  /** Its file in the plan. */
  file: string;
  labels: Record<string, string>;
  stacks: string[];
  imports: Record<string, string>;
  delivery: 'push' | 'agent';
  /** Host name → its inventory variables, as they stand in the file. */
  hosts: Map<string, MapNode>;
  groups: Map<string, string[]>;
  /** The site's own parameters, the highest layer; and per host. */
  params: MapNode;
  hostParams: Map<string, MapNode>;
  /** Parameters of a group of hosts, as they stand in the file. */
  groupParams: Map<string, MapNode>;
  document: YamlDocument;
}

/** A file of a stack's folder that comes into the site trees. */
export interface StackFile {
  /** Its path in the plan, and in a site tree. */
  source: string;
  target: string;
  /** Rendered, not copied. */
  template: boolean;
}

/** A value that a stack's playbooks gather with `set_stats`. */
export interface ExportedValue {
  /** Why a value is not what it has to be, or undefined. */
  fault: (value: Json) => string | undefined;
  secret: boolean;
}

/** What must pass after an apply. */
export interface PostCheck {
  /** A playbook of the stack, relative to its folder; or a program with its arguments. */
  run: { playbook: string } | { command: readonly string[] };
  /** Whole seconds. */
  timeout?: number;
}

export interface StackDefinition {
  name: string;
  /** Its folder in the plan: `stacks/<name>`. */
  folder: string;
  /** Playbooks in the order they are applied, relative to the folder (`playbooks/site.yml`). */
  playbooks: string[];
  postCheck?: PostCheck;
  /** Stacks whose exports it imports, and of those that it imports by name the names. */
  imports: string[];
  importNames: ReadonlyMap<string, readonly string[]>;
  /** Parameters that it exports, as dotted paths. */
  exports: string[];
  /** By the name under which it exports them: files, by their path in the site tree, and gathered values. */
  exportedFiles: ReadonlyMap<string, string>;
  exportedValues: ReadonlyMap<string, ExportedValue>;
  /** Parsed `schema.json`, if there is one. */
  schema?: Record<string, unknown>;
  /** What that schema says: checks, defaults, secrets. */
  parameters?: ParameterSchema;
  /** Collections and roles it needs, as `ansible-galaxy install -r` reads them. */
  requirements?: YamlNode;
  /** What of its folder comes into a site tree, in the order of the targets. */
  files: readonly StackFile[];
  document: YamlDocument;
}

/** What one site has of its own in its tree, in place of what the plan renders. */
export interface SiteOverlay {
  /** Path in the site tree → path in the plan of the file that stands there. */
  files: ReadonlyMap<string, string>;
  /** Paths of the site tree that the site goes without. */
  absent: readonly string[];
}

/**
 * Values that runs gathered at sites: `<site>/<stack>` → name → value. They are no part of the plan's files, and the
 * one other thing that rendering depends on.
 */
export type Gathered = ReadonlyMap<string, ReadonlyMap<string, Json>>;

/** A validated plan. Everything in it stands for one revision; it is never changed. */
export interface Plan {
  name: string;
  /** Layer patterns, lowest precedence first; `{label}` is the site's label. */
  layers: string[];
  merge: ReadonlyMap<string, ListMerge>;
  drift: { default: DriftAction; rules: DriftRule[]; autoMerge: AutoMergeRule[] };
  rollout: { waves: RolloutWave[] };
  sites: ReadonlyMap<string, SiteDefinition>;
  stacks: ReadonlyMap<string, StackDefinition>;
  /** Parsed layer files, by path. */
  layerDocuments: ReadonlyMap<string, YamlDocument>;
  /** Only of sites that have one, by the site's name. */
  overlays: ReadonlyMap<string, SiteOverlay>;
  gathered: Gathered;
  files: PlanFiles;
}
