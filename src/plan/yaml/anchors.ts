import { keyIdentity } from './key.ts';
import type { MapEntry, MapNode, Source, YamlNode } from './node.ts';
import { excerpt } from './source-text.ts';
import { MAX_DEPTH } from './syntax.ts';

/** How many nodes aliases and merge keys may add to one file. */
const MAX_EXPANDED_NODES = 10_000;

/** One `<<: …` of a mapping: its range, and the value after it. */
export interface MergeKey {
  source: Source;
  value: YamlNode;
}

/** The anchors of one document, and what aliases and merge keys make of them. */
export class Anchors {
  readonly #report: (offset: number, message: string, hint?: string) => void;
  /** Anchored nodes; undefined while a node is still being read. */
  readonly #nodes = new Map<string, YamlNode | undefined>();
  #expanded = 0;

  constructor(report: (offset: number, message: string, hint?: string) => void) {
    this.#report = report;
  }

  /** An anchor's node begins; until it is closed, it cannot be referred to. */
  open(name: string, at: number): void {
    this.#checkName(name, at);
    if (this.#nodes.has(name)) this.#report(at, `the anchor &${excerpt(name)} stands twice`);
    this.#nodes.set(name, undefined);
  }

  close(name: string, node: YamlNode): void {
    this.#nodes.set(name, node);
  }

  /** What an alias stands for. `source`: where the alias stands; `depth`: collections around it. */
  resolve(name: string, source: Source, depth: number): YamlNode {
    this.#checkName(name, source.start);
    const target = this.#nodes.get(name);
    if (target) {
      return { ...this.#copy(target, name, depth, source.start), aliasSource: source };
    }
    const fault = this.#nodes.has(name)
      ? `the alias *${excerpt(name)} stands within its own anchor`
      : `unknown alias *${excerpt(name)}`;
    this.#report(source.start, fault);
    return { kind: 'scalar', source, token: '', style: 'plain', tag: '', value: null };
  }

  /** Puts the entries of merged maps before the map's own, as PyYAML's `flatten_mapping` does. */
  merge(map: MapNode, merges: readonly MergeKey[], depth: number): void {
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
          this.#checkOverride(map.entries.get(key), entry, source.start);
          map.entries.set(key, { ...entry, value: copy, merged: true });
        }
      }
    }
    for (const [key, entry] of own) {
      this.#checkOverride(map.entries.get(key), entry, entry.keySource.start);
      map.entries.set(key, entry);
    }
  }

  /** Python keeps `80` and `"80"` apart where they meet in a mapping; our maps go by the text. */
  #checkOverride(first: MapEntry | undefined, entry: MapEntry, at: number): void {
    if (first && keyIdentity(first) !== keyIdentity(entry)) {
      this.#report(
        at,
        `the key ${excerpt(entry.keyToken)} is merged over ${excerpt(first.keyToken)}`,
        'quote both or neither',
      );
    }
  }

  #checkName(name: string, at: number): void {
    if (!/^[\w-]+$/.test(name)) this.#report(at, `"${excerpt(name)}" is no name for an anchor`);
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
}
