/**
 * Parsed YAML that remembers its source. Leaves keep their token, so that merging shares nodes by reference and a
 * merged leaf *is* the plan's leaf: where a value came from is a look at its `source`.
 */

/** A range of a file's text, in UTF-16 code units; `line` and `column` (from 1) are those of `start`. */
export interface Source {
  file: string;
  start: number;
  end: number;
  line: number;
  column: number;
}

/** A float apart from an integer: `1.0` and `1` are different values to YAML and Jinja2. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** An opaque scalar (`!vault`, `!unsafe` keeps its text but is never templated): carried byte for byte. */
export class Tagged {
  readonly tag: string;
  readonly text: string;
  constructor(tag: string, text: string) {
    this.tag = tag;
    this.text = text;
  }
}

/** What PyYAML makes of a node. Dates stay text: Ansible's templates print them as they were written. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Float
  | Tagged
  | Value[]
  | Map<string, Value>;

export type ScalarValue = Exclude<Value, Value[] | Map<string, Value>>;

export interface ScalarNode {
  kind: 'scalar';
  source: Source;
  /**
   * The token exactly as it stands, tag and quotes included; block scalars with their header and lines, up to but
   * not including the last line's newline. Only an anchor, or a line break after a tag, is left out of it.
   */
  token: string;
  style: 'plain' | 'single' | 'double' | 'block';
  /** Explicit local tag (`!vault`, `!unsafe`, `!unset`) or empty. */
  tag: string;
  value: ScalarValue;
  /** Of a block scalar: how many spaces stand before its lines. */
  indent?: number;
  /** Set where the node was reached through an alias or a merge key: it must not be edited in place. */
  alias?: string;
  /** Where the alias itself (`*name`) stands, on the node that it stands for; not on nodes within that node. */
  aliasSource?: Source;
}

export interface MapEntry {
  /** The key's text; keys that are no strings (`80`, `yes`) as Python's `str` writes them (`80`, `True`). */
  key: string;
  /** What PyYAML makes of the key, where that is not a string. */
  keyValue?: Exclude<ScalarValue, string | Tagged>;
  /** The key's token as it stands, and its range. */
  keyToken: string;
  keySource: Source;
  value: YamlNode;
  /** The entry came through a merge key (`<<`) and stands elsewhere. */
  merged?: true;
}

export interface MapNode {
  kind: 'map';
  /** Absent on a map that merging put together; `parts` then holds the maps it came from, lowest first. */
  source?: Source;
  entries: Map<string, MapEntry>;
  flow: boolean;
  parts?: MapNode[];
  /** Ranges of the map's own `<<: …` entries. */
  mergeSources?: Source[];
  alias?: string;
  aliasSource?: Source;
}

export interface SequenceNode {
  kind: 'sequence';
  source?: Source;
  items: YamlNode[];
  flow: boolean;
  parts?: SequenceNode[];
  alias?: string;
  aliasSource?: Source;
}

export type YamlNode = ScalarNode | MapNode | SequenceNode;

/** Keys and indexes from the top of a document to a node. */
export type YamlPath = readonly (string | number)[];

/** One parsed file. */
export interface YamlDocument {
  file: string;
  text: string;
  root: MapNode;
}
