import type { YamlPath } from '../../plan/yaml/node.ts';
import type { Datum } from '../../render/template/values.ts';

/** Stands for the value of a key that is to go. */
export const REMOVED: unique symbol = Symbol('removed');

/** What the plan is to say at a path of the names that templates see. */
export interface Assignment {
  /** For a local it begins with the local's name. */
  path: YamlPath;
  /** The path starts at a name of `locals`, not in the context. */
  local: boolean;
  /** Plain data only: null, boolean, number, bigint, text, Float, and lists and mappings of these. */
  value: Datum | typeof REMOVED;
}

/** Text of a template that is to change, such as a literal in an expression; UTF-16 offsets in the template's file. */
export interface SourceEdit {
  file: string;
  start: number;
  end: number;
  text: string;
}

/** One way in which an expression would give what is wanted. */
export interface Alternative {
  assignments: Assignment[];
  edits: SourceEdit[];
  /** How far it is from the likeliest thing to have been meant, which costs nothing. */
  cost: number;
  /** Why this may not be what was meant. */
  doubt?: string;
}

export interface SolveOptions {
  /** Names that are not followed to where they come from: loop variables of an element that is being made anew. */
  locals?: ReadonlySet<string>;
  /** Collects, in words for a person, why there is no (or no better) answer. */
  reasons: Set<string>;
}
