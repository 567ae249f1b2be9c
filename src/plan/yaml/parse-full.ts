import { Composer, CST, Parser, type YAMLParseError } from 'yaml';

import { compareProblems, type Problem } from '../../model/problem.ts';
import { readBlockScalar } from './block-scalar.ts';
import {
  Tagged,
  type MapEntry,
  type MapNode,
  type ScalarNode,
  type SequenceNode,
  type Source,
  type YamlNode,
} from './node.ts';
import { floatText, resolvePlain } from './scalar.ts';
import { Locator, textProblem } from './source-text.ts';
import { readTagged } from './tag.ts';

/** Deeper nesting is refused; no plan comes near it, and recursion stays bounded. */
export const MAX_DEPTH = 64;
/** How many nodes aliases and merge keys may add to one file. */
const MAX_EXPANDED_NODES = 10_000;
/** PyYAML looks no further for the colon of a key. */
const MAX_KEY_LENGTH = 1024;

/**
 * Reads any text that YAML allows and that PyYAML and the `yaml` package read alike; what they might read
 * differently is a problem. `root` is undefined exactly where there are problems.
 */
export function parseFull(
  file: string,
  text: string,
): { root: YamlNode | undefined; problems: Problem[] } {
  const unreadable = textProblem(file, text);
  if (unreadable) return { root: undefined, problems: [unreadable] };
  const locator = new Locator(file, text);
  const tokens = [...new Parser().parse(text)];
  const fault = syntaxProblem(tokens, text, locator);
  if (fault) return { root: undefined, problems: [fault] };
  const builder = new Builder(text, locator);
  const document = tokens.find((token) => token.type === 'document');
  const root = builder.node(document?.value, readProps(document?.start ?? [], text.length), -1, 0);
  const problems = builder.problems.toSorted(compareProblems);
  return { root: problems.length > 0 ? undefined : root, problems };
}

/** The first fault of the file's form; what follows such a fault is seldom worth telling. */
function syntaxProblem(tokens: CST.Token[], text: string, locator: Locator): Problem | undefined {
  for (const token of tokens) {
    if (token.type === 'directive') {
      return locator.problem(token.offset, 'directives (%…) are not supported', 'remove the line');
    }
    const deep = tooDeep(token);
    if (deep !== undefined) {
      return locator.problem(deep, `nested more than ${MAX_DEPTH} levels deep`);
    }
  }
  const composer = new Composer({ version: '1.1', schema: 'failsafe', uniqueKeys: false });
  const documents = [...composer.compose(tokens, true, text.length)];
  const errors = documents.flatMap((document) => document.errors);
  const first = errors.toSorted((a, b) => a.pos[0] - b.pos[0])[0];
  const second = documents[1];
  if (second && !(first && first.pos[0] < second.range[0])) {
    const start = /---/.exec(text.slice(second.range[0]))?.index ?? 0;
    return locator.problem(
      second.range[0] + start,
      'the file holds more than one document',
      'keep one document in a file',
    );
  }
  return first && locator.problem(first.pos[0], messageOfFault(first), HINTS[first.code]);
}

function messageOfFault(error: YAMLParseError): string {
  const message = error.message.split('\n')[0]!;
  return message.charAt(0).toLowerCase() + message.slice(1);
}

const HINTS: Partial<Record<YAMLParseError['code'], string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'a value that contains ": " needs quotes',
  MULTILINE_IMPLICIT_KEY: 'check the indentation, and for a missing colon',
  BAD_INDENT: 'check the indentation',
  TAB_AS_INDENT: 'indent with spaces',
  BAD_SCALAR_START: 'put the value in quotes',
};

/** Where nesting goes beyond the limit. Walks without recursion, for the text may be hostile. */
function tooDeep(root: CST.Token): number | undefined {
  const open: { token: CST.Token | null | undefined; depth: number }[] = [
    { token: root, depth: 0 },
  ];
  for (let next = open.pop(); next; next = open.pop()) {
    const { token, depth } = next;
    if (!token) continue;
    if (token.type === 'document') open.push({ token: token.value, depth });
    if (!CST.isCollection(token)) continue;
    if (depth >= MAX_DEPTH) return token.offset;
    for (const { key, value } of token.items) {
      open.push({ token: key, depth: depth + 1 }, { token: value, depth: depth + 1 });
    }
  }
  return undefined;
}

/** What stands before a node: its anchor, its tag, and where the node would start were it empty. */
interface Props {
  anchor?: CST.SourceToken;
  tag?: CST.SourceToken;
  emptyAt: number;
}

function readProps(tokens: readonly CST.SourceToken[], emptyAt: number): Props {
  const props: Props = { emptyAt };
  for (const token of tokens) {
    if (token.type === 'anchor') props.anchor = token;
    if (token.type === 'tag') props.tag = token;
    if (token.type !== 'space' && token.type !== 'newline' && token.type !== 'comment') {
      props.emptyAt = token.offset + token.source.length;
    }
  }
  return props;
}

/** A scalar's token and text before tag and type are looked at. */
interface RawScalar {
  token: string;
  style: ScalarNode['style'];
  text: string;
  indent?: number;
  end: number;
}

const FLOW_STYLES = {
  scalar: 'plain',
  alias: 'plain',
  'single-quoted-scalar': 'single',
  'double-quoted-scalar': 'double',
} as const;

/** Turns the syntax tree of one document into nodes. */
class Builder {
  readonly problems: Problem[] = [];
  readonly #text: string;
  readonly #locator: Locator;
  /** Anchored nodes; undefined while a node is still being read. */
  readonly #anchors = new Map<string, YamlNode | undefined>();
  #expanded = 0;

  constructor(text: string, locator: Locator) {
    this.#text = text;
    this.#locator = locator;
  }

  /** `parent`: column of the block collection around the node, -1 at the top. `depth`: collections around it. */
  node(token: CST.Token | null | undefined, props: Props, parent: number, depth: number): YamlNode {
    if (token?.type === 'alias') return this.#alias(token, depth);
    return this.#anchored(props, () => this.#plainNode(token, props, parent, depth));
  }

  #anchored<Node extends YamlNode>(props: Props, read: () => Node): Node {
    if (!props.anchor) return read();
    const name = props.anchor.source.slice(1);
    if (this.#anchors.has(name)) {
      this.#report(props.anchor.offset, `the anchor &${name} stands twice`);
    }
    this.#anchors.set(name, undefined);
    const node = read();
    this.#anchors.set(name, node);
    return node;
  }

  #plainNode(
    token: CST.Token | null | undefined,
    props: Props,
    parent: number,
    depth: number,
  ): YamlNode {
    if (!CST.isCollection(token)) return this.#scalar(token, props, parent);
    const isMap =
      token.type === 'block-map' || (token.type !== 'block-seq' && token.start.source === '{');
    if (props.tag && props.tag.source !== (isMap ? '!!map' : '!!seq')) {
      const what = isMap ? 'mapping' : 'list';
      this.#report(props.tag.offset, `the tag ${props.tag.source} is not supported on a ${what}`);
    }
    if (token.type === 'block-map') return this.#map(token, token.indent, depth + 1);
    if (token.type === 'block-seq') return this.#blockSequence(token, depth + 1);
    return isMap
      ? this.#map(token, parent, depth + 1)
      : this.#flowSequence(token, parent, depth + 1);
  }

  #scalar(
    token: CST.Token | null | undefined,
    props: Props,
    parent: number,
    isKey = false,
  ): ScalarNode {
    const start = token?.offset ?? props.emptyAt;
    const { text, end, ...scalar } = this.#readScalar(token, start, parent);
    const { tag } = props;
    if (tag) {
      const between = this.#text.slice(tag.offset + tag.source.length, start);
      const space = /^ *$/.test(between) ? between : ' ';
      const token = tag.source + (scalar.token === '' ? '' : space + scalar.token);
      const read = readTagged(tag.source, text, scalar.style);
      if (read.problem !== undefined) this.#report(tag.offset, read.problem, read.hint);
      const tagEnd = tag.offset + tag.source.length;
      const source = this.#locator.source(tag.offset, Math.max(end, tagEnd));
      const { tag: localTag = '', value = null } = read;
      return { kind: 'scalar', source, ...scalar, token, tag: localTag, value };
    }
    const isText = scalar.style !== 'plain' || (isKey && (text === '<<' || text === '='));
    const value = isText ? text : resolvePlain(text);
    if (value === undefined) {
      this.#report(start, `Ansible cannot read ${scalar.token} as a value`, 'put it in quotes');
    }
    const source = this.#locator.source(start, end);
    return { kind: 'scalar', source, ...scalar, tag: '', value: value ?? null };
  }

  #readScalar(token: CST.Token | null | undefined, start: number, parent: number): RawScalar {
    if (token?.type === 'block-scalar') return this.#blockScalar(token, parent);
    if (!CST.isScalar(token)) return { token: '', style: 'plain', text: '', end: start };
    const style = FLOW_STYLES[token.type];
    this.#checkScalar(token.source, start, style);
    const text = CST.resolveAsScalar(token).value;
    return { token: token.source, style, text, end: start + token.source.length };
  }

  #blockScalar(token: CST.BlockScalar, parent: number): RawScalar {
    const { value, end, indent } = readBlockScalar(this.#text, token.offset, parent);
    const length = token.props.reduce((sum, prop) => sum + sourceOf(prop).length, 0);
    const otherEnd = token.offset + length + token.source.length;
    const disputed = this.#text.slice(Math.min(end, otherEnd), Math.max(end, otherEnd));
    if (disputed.trim() !== '') {
      this.#report(token.offset, 'the lines of this text are not indented alike');
    }
    return { token: this.#text.slice(token.offset, end), style: 'block', text: value, indent, end };
  }

  /** Refuses what the two YAML libraries behind Ansible, and ours, read differently. */
  #checkScalar(source: string, start: number, style: 'plain' | 'single' | 'double'): void {
    if (style === 'plain' && source.includes('\t')) {
      const tab = start + source.indexOf('\t');
      this.#report(tab, 'a tab stands in a value without quotes', 'use spaces or quotes');
    }
    if (style === 'double') {
      const surrogate = /(?<!\\)(?:\\\\)*\\(?:u|U0000)[dD][89a-fA-F]/.exec(source);
      if (surrogate) {
        const at = start + surrogate.index;
        this.#report(
          at,
          'half a character (\\ud800 to \\udfff) is no text',
          'use \\U or the character',
        );
      }
    }
  }

  #map(token: CST.BlockMap | CST.FlowCollection, parent: number, depth: number): MapNode {
    const entries: MapEntry[] = [];
    const merges: { source: Source; value: YamlNode }[] = [];
    let end = token.offset + 1;
    for (const { start, key, sep, value } of token.items as CST.CollectionItem[]) {
      this.#checkTabs(start, sep);
      const keyProps = readProps(start, token.offset);
      if (start.some((prop) => prop.type === 'explicit-key-ind')) {
        this.#report(start[0]!.offset, 'explicit keys (?) are not supported');
        continue;
      }
      if (!key && !sep && !value && !keyProps.anchor && !keyProps.tag) continue;
      const entryKey = this.#key(key, keyProps);
      const after = entryKey ? entryKey.source.end : keyProps.emptyAt;
      const child = this.node(value, readProps(sep ?? [], after), parent, depth);
      end = Math.max(endOf(child), after, this.#colonEnd(sep, after));
      if (!entryKey) continue;
      if (entryKey.token === '<<' && entryKey.style === 'plain') {
        const source = this.#locator.source(entryKey.source.start, end);
        if (merges.length > 0) this.#report(source.start, 'the merge key << stands twice');
        merges.push({ source, value: child });
      } else entries.push(toEntry(entryKey, child));
    }
    const flow = token.type === 'flow-collection';
    if (flow) end = flowEnd(token);
    const map: MapNode = {
      kind: 'map',
      source: this.#locator.source(token.offset, end),
      entries: this.#collect(entries),
      flow,
    };
    if (merges.length > 0) this.#merge(map, merges, depth);
    return map;
  }

  #colonEnd(sep: readonly CST.SourceToken[] | undefined, otherwise: number): number {
    const colon = sep?.find((token) => token.type === 'map-value-ind');
    return colon ? colon.offset + 1 : otherwise;
  }

  #key(token: CST.Token | null | undefined, props: Props): ScalarNode | undefined {
    const at = props.tag?.offset ?? token?.offset ?? props.emptyAt;
    if (!token || token.type === 'alias' || CST.isCollection(token)) {
      const what = token ? 'a key must be a single text or number' : 'a key is missing before ":"';
      this.#report(at, what);
      return undefined;
    }
    const key = this.#anchored(props, () => this.#scalar(token, props, -1, true));
    if (key.tag !== '') this.#report(at, `the tag ${key.tag} is not supported on a key`);
    if (key.token.includes('\n') || key.token.length > MAX_KEY_LENGTH - 1) {
      this.#report(
        at,
        `a key must stand on one line and be shorter than ${MAX_KEY_LENGTH} characters`,
      );
    }
    return key;
  }

  #collect(entries: readonly MapEntry[]): Map<string, MapEntry> {
    const collected = new Map<string, MapEntry>();
    // Python takes True, 1 and 1.0 for the same key; other keys are the same where their text is.
    const equal = new Map<string, MapEntry>();
    for (const entry of entries) {
      const id = keyIdentity(entry);
      const first = equal.get(id) ?? collected.get(entry.key);
      if (first) {
        const { line } = first.keySource;
        this.#report(
          entry.keySource.start,
          `duplicate key ${entry.keyToken}`,
          `it also stands on line ${line}`,
        );
        continue;
      }
      equal.set(id, entry);
      collected.set(entry.key, entry);
    }
    return collected;
  }

  /** Puts the entries of merged maps before the map's own, as PyYAML's `flatten_mapping` does. */
  #merge(map: MapNode, merges: { source: Source; value: YamlNode }[], depth: number): void {
    map.mergeSources = merges.map(({ source }) => source);
    const own = map.entries;
    map.entries = new Map();
    for (const { source, value } of merges) {
      // Of several maps in a list the first wins, and the last one's keys come first.
      const maps = value.kind === 'sequence' ? value.items.toReversed() : [value];
      for (const merged of maps) {
        if (merged.kind !== 'map') {
          this.#report(source.start, '<< needs a mapping, or a list of mappings');
          continue;
        }
        for (const [key, entry] of merged.entries) {
          const copy = this.#copy(entry.value, merged.alias ?? '<<', depth, source.start);
          map.entries.set(key, { ...entry, value: copy, merged: true });
        }
      }
    }
    for (const [key, entry] of own) map.entries.set(key, entry);
  }

  #blockSequence(token: CST.BlockSequence, depth: number): SequenceNode {
    const items: YamlNode[] = [];
    let end = token.offset + 1;
    for (const { start, value } of token.items) {
      this.#checkTabs(start);
      const props = readProps(start, end);
      if (!start.some((prop) => prop.type === 'seq-item-ind')) continue;
      const item = this.node(value, props, token.indent, depth);
      end = Math.max(endOf(item), props.emptyAt);
      items.push(item);
    }
    const source = this.#locator.source(token.offset, end);
    return { kind: 'sequence', source, items, flow: false };
  }

  #flowSequence(token: CST.FlowCollection, parent: number, depth: number): SequenceNode {
    const items: YamlNode[] = [];
    for (const item of token.items) {
      const { start, key, sep, value } = item;
      this.#checkTabs(start, sep);
      const props = readProps(start, token.offset + 1);
      if (key || sep) items.push(this.#pair(item, parent, depth + 1));
      else if (value || props.anchor || props.tag) {
        items.push(this.node(value, props, parent, depth));
      }
    }
    const source = this.#locator.source(token.offset, flowEnd(token));
    return { kind: 'sequence', source, items, flow: true };
  }

  /** `[a: 1]`: a mapping of one entry, without braces. */
  #pair({ start, key, sep, value }: CST.CollectionItem, parent: number, depth: number): YamlNode {
    const keyProps = readProps(start, 0);
    if (start.some((prop) => prop.type === 'explicit-key-ind')) {
      this.#report(start[0]!.offset, 'explicit keys (?) are not supported');
    }
    const entryKey = this.#key(key, keyProps);
    const after = entryKey?.source.end ?? keyProps.emptyAt;
    const child = this.node(value, readProps(sep ?? [], after), parent, depth);
    const end = Math.max(endOf(child), this.#colonEnd(sep, after));
    const entries = new Map<string, MapEntry>();
    if (entryKey?.token === '<<') this.#report(after, '<< needs a mapping in braces');
    else if (entryKey) {
      const entry = toEntry(entryKey, child);
      entries.set(entry.key, entry);
    }
    const source = this.#locator.source(entryKey?.source.start ?? after, end);
    return { kind: 'map', source, entries, flow: true };
  }

  #alias(token: CST.FlowScalar, depth: number): YamlNode {
    const name = token.source.slice(1);
    const source = this.#locator.source(token.offset, token.offset + token.source.length);
    const target = this.#anchors.get(name);
    if (target) return { ...this.#copy(target, name, depth, token.offset), aliasSource: source };
    const known = this.#anchors.has(name);
    this.#report(
      token.offset,
      known ? `the alias *${name} stands within its own anchor` : `unknown alias *${name}`,
    );
    return { kind: 'scalar', source, token: '', style: 'plain', tag: '', value: null };
  }

  /** A copy of a node and all below it, marked as reached through `alias`. */
  #copy(node: YamlNode, alias: string, depth: number, at: number): YamlNode {
    const full = this.#expanded >= MAX_EXPANDED_NODES;
    if (full || depth > MAX_DEPTH) {
      // Once is enough: what follows would only repeat it.
      if (this.#expanded !== Infinity) {
        const limit = full
          ? `add more than ${MAX_EXPANDED_NODES} nodes`
          : `nest more than ${MAX_DEPTH} levels deep`;
        this.#report(at, `aliases and merge keys ${limit}`);
      }
      this.#expanded = Infinity;
      return node;
    }
    this.#expanded += 1;
    const { aliasSource: _, ...rest } = node;
    if (rest.kind === 'scalar') return { ...rest, alias };
    if (rest.kind === 'sequence') {
      const items = rest.items.map((item) => this.#copy(item, alias, depth + 1, at));
      return { ...rest, items, alias };
    }
    const entries = new Map<string, MapEntry>();
    for (const [key, entry] of rest.entries) {
      entries.set(key, { ...entry, value: this.#copy(entry.value, alias, depth + 1, at) });
    }
    return { ...rest, entries, alias };
  }

  #checkTabs(...lists: (readonly CST.SourceToken[] | undefined)[]): void {
    for (const token of lists.flatMap((list) => list ?? [])) {
      if (token.type === 'space' && token.source.includes('\t')) {
        const at = token.offset + token.source.indexOf('\t');
        this.#report(at, 'a tab stands between values', 'use spaces');
      }
    }
  }

  #report(offset: number, message: string, hint?: string): void {
    this.problems.push(this.#locator.problem(offset, message, hint));
  }
}

function toEntry(key: ScalarNode, value: YamlNode): MapEntry {
  const entry: MapEntry = {
    key: keyText(key),
    keyToken: key.token,
    keySource: key.source,
    value,
  };
  const { value: keyValue } = key;
  if (typeof keyValue !== 'string' && !(keyValue instanceof Tagged)) entry.keyValue = keyValue;
  return entry;
}

/** A key's text; keys that are no strings as Python's `str` writes them, for that is what templates print. */
function keyText(key: ScalarNode): string {
  const { value } = key;
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'object') return 'value' in value ? floatText(value.value) : value.text;
  return String(value);
}

function keyIdentity({ key, keyValue }: MapEntry): string {
  if (keyValue === undefined || keyValue === null) return `text ${key}`;
  const number = typeof keyValue === 'object' ? keyValue.value : keyValue;
  return `number ${typeof number === 'bigint' ? number : Number(number)}`;
}

/** Where a node's text ends at the place where it is used. */
export function endOf(node: YamlNode): number {
  return (node.aliasSource ?? node.source)?.end ?? 0;
}

function flowEnd(token: CST.FlowCollection): number {
  const last = token.end[0];
  return last ? last.offset + last.source.length : token.offset + 1;
}

function sourceOf(token: CST.Token): string {
  return 'source' in token ? token.source : '';
}
