import { CST } from 'yaml';

import { compareProblems, type Problem } from '../../model/problem.ts';
import { Anchors, type MergeKey } from './anchors.ts';
import { readBlockScalar } from './block-scalar.ts';
import { blockScalarTab, scalarDispute } from './disputed.ts';
import { keyIdentity, toEntry } from './key.ts';
import {
  type MapEntry,
  type MapNode,
  type ScalarNode,
  type SequenceNode,
  type YamlNode,
} from './node.ts';
import { resolvePlain } from './scalar.ts';
import { excerpt, Locator } from './source-text.ts';
import { readSyntax } from './syntax.ts';
import { readTagged } from './tag.ts';
import { placeOf } from './value.ts';

/** PyYAML looks no further for the colon of a key. */
const MAX_KEY_LENGTH = 1024;
/** More faults of one file are not listed. */
const MAX_PROBLEMS = 100;

/**
 * Reads any text that YAML allows and that PyYAML and the `yaml` package read alike; what they might read
 * differently is a problem. `root` is undefined exactly where there are problems. `text` must have passed
 * `textProblem`.
 */
export function parseFull(
  file: string,
  text: string,
): { root: YamlNode | undefined; problems: Problem[] } {
  const locator = new Locator(file, text);
  const { document, problem } = readSyntax(text, locator);
  if (problem) return { root: undefined, problems: [problem] };
  const builder = new Builder(text, locator);
  const root = builder.node(document?.value, readProps(document?.start ?? [], text.length), -1, 0);
  const problems = builder.problems.toSorted(compareProblems);
  return { root: problems.length > 0 ? undefined : root, problems };
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
  readonly #anchors: Anchors;
  /** How many flow collections are open. */
  #flowDepth = 0;

  constructor(text: string, locator: Locator) {
    this.#text = text;
    this.#locator = locator;
    this.#anchors = new Anchors((...problem) => this.#report(...problem));
  }

  /** `parent`: column of the block collection around the node, -1 at the top. `depth`: collections around it. */
  node(token: CST.Token | null | undefined, props: Props, parent: number, depth: number): YamlNode {
    if (token?.type === 'alias') {
      const source = this.#locator.source(token.offset, token.offset + token.source.length);
      return this.#anchors.resolve(token.source.slice(1), source, depth);
    }
    return this.#anchored(props, () => this.#plainNode(token, props, parent, depth));
  }

  #anchored<Node extends YamlNode>({ anchor }: Props, read: () => Node): Node {
    if (!anchor) return read();
    const name = anchor.source.slice(1);
    const end = anchor.offset + anchor.source.length;
    if (/^[^ \n]/.test(this.#text.slice(end, end + 1))) {
      this.#report(end, `a space is missing after &${excerpt(name)}`);
    }
    this.#anchors.open(name, anchor.offset);
    const node = read();
    this.#anchors.close(name, node);
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
      this.#report(
        props.tag.offset,
        `the tag ${excerpt(props.tag.source)} is not supported on a ${what}`,
      );
    }
    if (token.type === 'block-map') return this.#map(token, token.indent, depth + 1);
    if (token.type === 'block-seq') return this.#blockSequence(token, depth + 1);
    this.#flowDepth += 1;
    const node = isMap
      ? this.#map(token, parent, depth + 1)
      : this.#flowSequence(token, parent, depth + 1);
    this.#flowDepth -= 1;
    return node;
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
      const tagEnd = tag.offset + tag.source.length;
      const between = this.#text.slice(tagEnd, start);
      const space = /^ *$/.test(between) ? between : ' ';
      const token = tag.source + (scalar.token === '' ? '' : space + scalar.token);
      if (/^[^ \n]/.test(this.#text.slice(tagEnd, tagEnd + 1))) {
        this.#report(tagEnd, `a space is missing after the tag ${excerpt(tag.source)}`);
      }
      const read = readTagged(tag.source, text);
      if (read.problem !== undefined) this.#report(tag.offset, read.problem, read.hint);
      const source = this.#locator.source(tag.offset, scalar.token === '' ? tagEnd : end);
      const { tag: localTag = '', value = null } = read;
      return { kind: 'scalar', source, ...scalar, token, tag: localTag, value };
    }
    const isText = scalar.style !== 'plain' || (isKey && ['<<', '=', '-'].includes(text));
    const value = isText ? text : resolvePlain(text);
    if (value === undefined) {
      this.#report(
        start,
        `Ansible cannot read ${excerpt(scalar.token)} as a value`,
        'put it in quotes',
      );
    }
    const source = this.#locator.source(start, end);
    return { kind: 'scalar', source, ...scalar, tag: '', value: value ?? null };
  }

  #readScalar(token: CST.Token | null | undefined, start: number, parent: number): RawScalar {
    if (token?.type === 'block-scalar') return this.#blockScalar(token, parent);
    if (!CST.isScalar(token)) return { token: '', style: 'plain', text: '', end: start };
    const style = FLOW_STYLES[token.type];
    const end = start + token.source.length;
    const followedBy = this.#flowDepth > 0 ? this.#text.slice(end, end + 2) : undefined;
    const dispute = scalarDispute(token.source, style, followedBy);
    if (dispute) this.#report(start + dispute.offset, dispute.message, dispute.hint);
    const text = CST.resolveAsScalar(token).value;
    return { token: token.source, style, text, end };
  }

  #blockScalar(token: CST.BlockScalar, parent: number): RawScalar {
    const { value, end, indent } = readBlockScalar(this.#text, token.offset, parent);
    const length = token.props.reduce((sum, prop) => sum + sourceOf(prop).length, 0);
    const otherEnd = token.offset + length + token.source.length;
    const disputed = this.#text.slice(Math.min(end, otherEnd), Math.max(end, otherEnd));
    if (disputed.trim() !== '') {
      this.#report(token.offset, 'the lines of this text are not indented alike');
    }
    const tab = blockScalarTab(this.#text.slice(token.offset, Math.max(end, otherEnd)));
    if (tab !== undefined) {
      const message = 'a tab stands before the first line of the text';
      this.#report(token.offset + tab, message, 'indent it with spaces');
    }
    return { token: this.#text.slice(token.offset, end), style: 'block', text: value, indent, end };
  }

  #map(token: CST.BlockMap | CST.FlowCollection, parent: number, depth: number): MapNode {
    const entries: MapEntry[] = [];
    const merges: MergeKey[] = [];
    let end = token.offset + 1;
    for (const { start, key, sep, value } of token.items as CST.CollectionItem[]) {
      const keyProps = readProps(start, token.offset);
      if (isExplicit(start)) {
        this.#report(start[0]!.offset, 'explicit keys (?) are not supported');
        continue;
      }
      if (!key && !sep && !value && !keyProps.anchor && !keyProps.tag) continue;
      const entryKey = this.#key(key, keyProps);
      const after = entryKey ? entryKey.source.end : keyProps.emptyAt;
      const child = this.node(value, readProps(sep ?? [], after), parent, depth);
      if (!entryKey) continue;
      end = Math.max(placeOf(child).end, this.#colonEnd(sep, after));
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
    if (merges.length > 0) this.#anchors.merge(map, merges, depth);
    return map;
  }

  /** Where the colon after a key ends; `after` is where the key does. */
  #colonEnd(sep: readonly CST.SourceToken[] | undefined, after: number): number {
    const colon = sep?.find((token) => token.type === 'map-value-ind');
    if (!colon) return after;
    if (this.#text.slice(after, colon.offset).includes('\n')) {
      this.#report(colon.offset, 'the ":" must stand on the line of its key');
    }
    return colon.offset + 1;
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
          `duplicate key ${excerpt(entry.keyToken)}`,
          `it also stands on line ${line}`,
        );
        continue;
      }
      equal.set(id, entry);
      collected.set(entry.key, entry);
    }
    return collected;
  }

  #blockSequence(token: CST.BlockSequence, depth: number): SequenceNode {
    const items: YamlNode[] = [];
    let end = token.offset + 1;
    for (const { start, value } of token.items) {
      const props = readProps(start, end);
      if (!start.some((prop) => prop.type === 'seq-item-ind')) continue;
      const item = this.node(value, props, token.indent, depth);
      end = Math.max(placeOf(item).end, props.emptyAt);
      items.push(item);
    }
    const source = this.#locator.source(token.offset, end);
    return { kind: 'sequence', source, items, flow: false };
  }

  #flowSequence(token: CST.FlowCollection, parent: number, depth: number): SequenceNode {
    const items: YamlNode[] = [];
    for (const item of token.items) {
      const { start, key, sep, value } = item;
      const props = readProps(start, token.offset + 1);
      if (isExplicit(start) || key || sep) items.push(this.#pair(item, parent, depth + 1));
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
    if (isExplicit(start)) {
      this.#report(start[0]!.offset, 'explicit keys (?) are not supported');
    }
    const entryKey = this.#key(key, keyProps);
    const after = entryKey?.source.end ?? keyProps.emptyAt;
    const child = this.node(value, readProps(sep ?? [], after), parent, depth);
    const end = Math.max(placeOf(child).end, entryKey ? this.#colonEnd(sep, after) : after);
    const entries = new Map<string, MapEntry>();
    if (entryKey?.token === '<<') this.#report(after, '<< needs a mapping in braces');
    else if (entryKey) {
      const entry = toEntry(entryKey, child);
      entries.set(entry.key, entry);
    }
    const source = this.#locator.source(entryKey?.source.start ?? after, end);
    return { kind: 'map', source, entries, flow: true };
  }

  #report(offset: number, message: string, hint?: string): void {
    if (this.problems.length < MAX_PROBLEMS) {
      this.problems.push(this.#locator.problem(offset, message, hint));
    }
  }
}

function isExplicit(start: readonly CST.SourceToken[]): boolean {
  return start.some((token) => token.type === 'explicit-key-ind');
}

function flowEnd(token: CST.FlowCollection): number {
  const last = token.end[0];
  return last ? last.offset + last.source.length : token.offset + 1;
}

function sourceOf(token: CST.Token): string {
  return 'source' in token ? token.source : '';
}
