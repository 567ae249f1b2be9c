import type { TrackedFiles } from '../model/tree.ts';
import type { MapNode, YamlDocument } from './yaml/node.ts';

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
  document: YamlDocument;
}

export interface StackDefinition {
  name: string;
  /** Its folder in the plan: `stacks/<name>`. */
  folder: string;
  /** Playbooks in the order they are applied, relative to the folder (`playbooks/site.yml`). */
  playbooks: string[];
  /** Stacks whose exports it imports, and the parameters it exports. */
  imports: string[];
  exports: string[];
  /** Parsed `schema.json`, if there is one. */
  schema?: Record<string, unknown>;
}

/** A validated plan. Everything in it stands for one revision; it is never changed. */
export interface Plan {
  name: string;
  /** Layer patterns, lowest precedence first; `{label}` is the site's label. */
  layers: string[];
  merge: ReadonlyMap<string, ListMerge>;
  drift: { default: DriftAction; rules: DriftRule[] };
  rollout: { waves: RolloutWave[] };
  sites: ReadonlyMap<string, SiteDefinition>;
  stacks: ReadonlyMap<string, StackDefinition>;
  /** Parsed layer files, by path. */
  layerDocuments: ReadonlyMap<string, YamlDocument>;
  files: PlanFiles;
}
