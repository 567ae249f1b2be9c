import type { Position } from '../../model/problem.ts';

/** What one source of values says about a value. */
export interface SourceReport {
  /** A stack's schema, a layer file, the site's file, or its variables of a host or group. */
  kind: 'default' | 'layer' | 'site' | 'host' | 'inventory' | 'group' | 'params';
  file: string;
  /** Where it says it; null where it says nothing. */
  position: Position | null;
  /**
   * wins: this is the value; joins: a part of it; unsets: takes it away (`!unset`); hides: has something else than a
   * map on the way; shadowed: without effect; silent: says nothing; missing: there is no such file.
   */
  state: 'wins' | 'joins' | 'unsets' | 'hides' | 'shadowed' | 'silent' | 'missing';
  value: string | null;
}

/** One leaf of a map or list, or one of its elements. */
export interface LeafReport {
  name: string;
  value: string;
  position: Position | null;
}

/** A value, where it comes from, and what it shadows. */
export interface ValueReport {
  name: string;
  /** As it stands in the plan; `(secret)` for secrets; null where there is none. */
  value: string | null;
  position: Position | null;
  /** How lists merge here, where that is said in plan.yaml. */
  merge: string | null;
  /** Highest first. */
  sources: SourceReport[];
  /** Of maps and lists. */
  leaves: LeafReport[];
}

/** A place in a template that reads a value. */
export interface UseReport {
  file: string;
  position: Position;
  kind: 'value' | 'loop' | 'if';
  expression: string;
}

/** A file of a playbook or role with the name of a parameter in it, which is no proof that it reads it. */
export interface MentionReport {
  file: string;
  /** The first of them. */
  position: Position;
  count: number;
}

/** A template of which nobody knows what it reads, because it does not render at the site. */
export interface FailedTemplate {
  /** Where its text would go in the site's tree. */
  file: string;
  template: string;
  reason: string;
}

/** The answer to a question for a key. */
export interface KeyReport {
  kind: 'key';
  site: string;
  value: ValueReport;
  uses: UseReport[];
  mentions: MentionReport[];
  failed: FailedTemplate[];
}

/** A piece of a rendered text, with what it stands in before it, at a lower depth. */
export interface PieceReport {
  kind:
    | 'text'
    | 'value'
    | 'loop'
    | 'if'
    | 'include'
    | 'macro'
    | 'call'
    | 'filter'
    | 'set'
    | 'argument';
  depth: number;
  /** What it wrote, as far as it is on the line that was asked for. */
  text: string;
  /** Where it stands in a template, and what stands there. */
  position: Position;
  source: string;
  /** Which arm, element or file it is. */
  detail: string | null;
  reads: ValueReport[];
}

/** The answer to a question for a file, or a line of one. */
export interface FileReport {
  kind: 'file';
  site: string;
  file: string;
  line: number | null;
  /** The line, where one was asked for. */
  text: string | null;
  /** template: rendered; data: parameters written as YAML; copied: from a stack; overlay: the site's own; trueup: ours. */
  origin: 'template' | 'data' | 'copied' | 'overlay' | 'trueup';
  /** Where the file, or the line, comes from. */
  position: Position | null;
  pieces: PieceReport[];
  /** What is read on the line or, without one, in the whole file. */
  values: ValueReport[];
}

export type ExplainReport = KeyReport | FileReport;
