import type { Placement } from '../model/proposal.ts';
import type { Layer } from '../plan/layers.ts';
import { isTombstone } from '../plan/merge.ts';
import type { Plan } from '../plan/plan.ts';
import type { YamlOperation } from '../plan/yaml/edit.ts';
import { makeScalar, makeSequence } from '../plan/yaml/make.ts';
import { type SequenceNode, Tagged, type YamlNode, type YamlPath } from '../plan/yaml/node.ts';
import { nodeAt, sameNode } from '../plan/yaml/value.ts';
import type { SourceChange } from './changes.ts';
import { Parameters } from './locate.ts';
import { editedLists, withField } from './merged-lists.ts';
import { dotted, withChange, type YamlChange } from './yaml-changes.ts';

/** Where changes are made; `either`: at the site, but what the site cannot hold at its origin. */
export type Where = Placement | 'either';

/** Operations on one plan file that make one change, or several that cannot be told apart. */
export interface PlacedChanges {
  changes: SourceChange[];
  file: string;
  operations: YamlOperation[];
  notes: string[];
}

/** Why a change cannot be made where it was asked for. */
class NoPlace extends Error {
  override name = 'NoPlace';
}

/**
 * Says how changes of a site's data are made in the plan's files: at the place that gave the value (`origin`), or
 * at the site alone.
 * @returns what can be done, and for each change that cannot the reason
 */
export function placeChanges(
  plan: Plan,
  site: string,
  changes: readonly SourceChange[],
  where: Where,
): { placed: PlacedChanges[]; failed: Map<SourceChange, string> } {
  const placing = new Placing(plan, site);
  const failed = new Map<SourceChange, string>();
  const renames = new Map(changes.flatMap((change) => renameOf(change)));
  const done = new Set<SourceChange>();
  for (const change of changes) {
    if (done.has(change)) continue;
    const renamed = change.change.kind === 'delete' ? renames.get(keyOf(change)) : undefined;
    if (renamed && placing.rename(change, renamed, where)) {
      done.add(renamed);
      continue;
    }
    try {
      placing.place(change, where);
    } catch (error) {
      if (!(error instanceof NoPlace)) throw error;
      failed.set(change, error.message);
    }
  }
  return { placed: placing.placed, failed };
}

/** A key that came in the place of another, by what was taken away for it. */
function renameOf(source: SourceChange): [string, SourceChange][] {
  const { change } = source;
  if (change.kind !== 'set' || change.renames === undefined || change.keyToken) return [];
  const path = [...change.path.slice(0, -1), change.renames];
  return [[keyOf(source, path), source]];
}

function keyOf({ source, base, change }: SourceChange, path: YamlPath = change.path): string {
  return JSON.stringify([source, base, path]);
}

/** Whether a change is made in the site's own file wherever it is asked for: then there is but one place. */
export function originIsSite(plan: Plan, site: string, change: SourceChange): boolean {
  const file = plan.sites.get(site)!.file;
  const { placed } = placeChanges(plan, site, [change], 'origin');
  return placed.every((one) => one.file === file);
}

class Placing {
  readonly placed: PlacedChanges[] = [];
  readonly #file: string;
  readonly #params: Parameters;
  /** Lists that the site is given, by the parameter's path: further changes of them join the first. */
  readonly #lists = new Map<string, { list: YamlNode; placed: PlacedChanges }>();
  /** Keys that were put behind others, and where. */
  readonly #added = new Map<string, { layer: Layer; path: YamlPath }>();

  constructor(plan: Plan, site: string) {
    this.#file = plan.sites.get(site)!.file;
    this.#params = new Parameters(plan, site);
  }

  place(source: SourceChange, wanted: Where): void {
    const { change } = source;
    const where = source.own ? 'site' : wanted;
    if (source.source === 'site') {
      this.#add(source, this.#file, operationsFor(change, [...source.base, ...change.path]));
    } else if (where === 'origin') this.#atOrigin(source);
    else if (where === 'site') this.#atSite(source);
    else {
      try {
        this.#atSite(source);
      } catch (error) {
        if (!(error instanceof NoPlace)) throw error;
        this.#atOrigin(source);
      }
    }
  }

  /** Gives a key another name where one file alone has it. False where it is not so simple. */
  rename(gone: SourceChange, come: SourceChange, where: Where): boolean {
    const key = String(come.change.path.at(-1));
    if (gone.source === 'site') {
      const path = [...gone.base, ...gone.change.path];
      this.#add(gone, this.#file, [{ op: 'rename', path, key }]).changes.push(come);
      return true;
    }
    const [holder, ...others] = this.#params.holders(gone.change.path);
    if (!holder || others.length > 0 || holder.layer.kind === 'defaults') return false;
    if (where !== 'origin' && holder.layer !== this.#params.site) return false;
    const path = [...holder.layer.base, ...holder.path];
    this.#add(gone, holder.layer.file, [{ op: 'rename', path, key }]).changes.push(come);
    return true;
  }

  #add(
    source: SourceChange,
    file: string,
    operations: YamlOperation[],
    notes: string[] = [],
  ): PlacedChanges {
    const placed = { changes: [source], file, operations, notes };
    this.placed.push(placed);
    return placed;
  }

  #atOrigin(source: SourceChange): void {
    const { change } = source;
    if (this.#beside(source)) return;
    const adds = change.kind === 'set' && change.before === undefined;
    const path = adds ? change.path.slice(0, -1) : change.path;
    if (change.kind === 'list' && this.#params.ruleAt(path) !== 'replace') {
      const lists = editedLists(this.#params, change, 'origin');
      if (lists.some(({ layer }) => layer.kind === 'defaults')) throw isDefault(path);
      if (lists.length === 0) throw new NoPlace(`no layer has the elements of ${dotted(path)}`);
      for (const { layer, items } of lists) {
        const operation = setList([...layer.base, ...path], items, change);
        this.#add(source, layer.file, [operation]);
      }
      return;
    }
    const [first, ...others] = this.#params.holders(path);
    if (!first) throw new NoPlace(`no layer says anything about ${dotted(path)}`);
    const { layer } = first;
    // There is no place for it but above the schema's default: the site's own parameters.
    if (layer.kind === 'defaults') return this.#atSite(source);
    const own = [...layer.base, ...first.path, ...change.path.slice(path.length)];
    // A lower layer has the key as well: taking it out would only bring that one to light.
    const inherited = change.kind === 'delete' && others.length > 0;
    this.#add(
      source,
      layer.file,
      inherited ? [{ op: 'set', path: own, value: tombstone() }] : operationsFor(change, own),
    );
  }

  /** Puts a new key behind the one that it was found behind, in the layer that says where that stands. */
  #beside(source: SourceChange): boolean {
    const { change } = source;
    if (change.kind !== 'set' || change.before || change.behind === undefined) return false;
    const behind = [...change.path.slice(0, -1), change.behind];
    const lowest = this.#added.get(JSON.stringify(behind)) ?? this.#params.holders(behind).at(-1);
    if (!lowest || lowest.layer.kind === 'defaults') return false;
    const { layer } = lowest;
    const path = [...lowest.path.slice(0, -1), change.path.at(-1)!];
    this.#added.set(JSON.stringify(change.path), { layer, path });
    const after = String(lowest.path.at(-1));
    const operations = operationsFor(change, [...layer.base, ...path]);
    this.#add(
      source,
      layer.file,
      operations.map((operation) => (operation.op === 'set' ? { ...operation, after } : operation)),
    );
    return true;
  }

  #atSite(source: SourceChange): void {
    const { change } = source;
    const { path } = change;
    const listAt = path.findIndex((step) => typeof step === 'number');
    if (change.kind === 'list' && listAt < 0) return this.#wholeListAtSite(source, change);
    if (listAt >= 0) return this.#withinListAtSite(source, path.slice(0, listAt));
    const inherited =
      change.kind === 'delete' &&
      this.#params.holders(path).some(({ layer }) => layer !== this.#params.site);
    const own = [...this.#params.site.base, ...path];
    if (change.kind === 'set' && this.#isTakenAway(path, change.after))
      return void this.#add(source, this.#file, [{ op: 'delete', path: own }]);
    this.#add(
      source,
      this.#file,
      inherited ? [{ op: 'set', path: own, value: tombstone() }] : operationsFor(change, own),
    );
  }

  /** Whether all that keeps the site from what its layers say at a path is a tombstone of its own. */
  #isTakenAway(path: YamlPath, value: YamlNode): boolean {
    const own = nodeAt(this.#params.site.root, path);
    const inherited = own && isTombstone(own) ? this.#params.inherited(path) : undefined;
    return inherited !== undefined && sameNode(inherited, value);
  }

  #wholeListAtSite(source: SourceChange, change: YamlChange & { kind: 'list' }): void {
    const { path } = change;
    if (this.#params.ruleAt(path) === 'replace') {
      const copies = this.#holdsAtSite(path) ? [] : [copyNote(path)];
      const own = [...this.#params.site.base, ...path];
      this.#add(source, this.#file, operationsFor(change, own), copies);
      return;
    }
    const lists = editedLists(this.#params, change, 'site');
    if (lists.some(({ layer }) => layer !== this.#params.site))
      throw new NoPlace(
        `${dotted(path)} is joined from several layers: the site can only add to it`,
      );
    for (const { layer, items } of lists) {
      this.#add(source, this.#file, [setList([...layer.base, ...path], items, change)]);
    }
  }

  /** A change of an element, or of something in it. */
  #withinListAtSite(source: SourceChange, list: YamlPath): void {
    const { change } = source;
    const here = this.#params.holders(
      change.kind === 'set' && !change.before ? change.path.slice(0, -1) : change.path,
    );
    const known = here.find(({ layer }) => layer === this.#params.site);
    if (known && !this.#lists.has(dotted(list))) {
      const rest = change.path.slice(known.path.length);
      const path = [...this.#params.site.base, ...known.path, ...rest];
      this.#add(source, this.#file, operationsFor(change, path));
      return;
    }
    const rule = this.#params.ruleAt(list);
    if (typeof rule === 'object') return this.#fieldAtSite(source, list, rule.by);
    if (rule !== 'replace')
      throw new NoPlace(
        `${dotted(list)} is joined from several layers: the site can only add to it`,
      );
    const before = this.#lists.get(dotted(list))?.list ?? this.#params.node(list);
    const after = before && withChange(before, change, change.path.slice(list.length));
    if (!after) throw new NoPlace(`${dotted(change.path)} cannot be taken out of the list`);
    this.#setSiteList(source, list, after, copyNote(list));
  }

  #fieldAtSite(source: SourceChange, list: YamlPath, by: string): void {
    const { change } = source;
    const own = this.#lists.get(dotted(list))?.list ?? nodeAt(this.#params.site.root, list);
    const [index, ...field] = change.path.slice(list.length);
    const element = this.#params.node([...list, index!]);
    const value = change.kind === 'delete' ? tombstone() : change.after;
    const after = withField(listOrNone(own), element, by, field, value);
    if (!after) throw new NoPlace(`${dotted(change.path)} tells which element it is`);
    this.#setSiteList(source, list, after);
  }

  #setSiteList(source: SourceChange, list: YamlPath, value: YamlNode, note?: string): void {
    const path = [...this.#params.site.base, ...list];
    const known = this.#lists.get(dotted(list));
    const operations: YamlOperation[] = [{ op: 'set', path, value, verbatim: true }];
    if (known) {
      known.placed.changes.push(source);
      known.placed.operations = operations;
      known.list = value;
      return;
    }
    const placed = this.#add(source, this.#file, operations, note ? [note] : []);
    this.#lists.set(dotted(list), { list: value, placed });
  }

  #holdsAtSite(path: YamlPath): boolean {
    return nodeAt(this.#params.site.root, path) !== undefined;
  }
}

function listOrNone(node: YamlNode | undefined): SequenceNode | undefined {
  return node?.kind === 'sequence' ? node : undefined;
}

function isDefault(path: YamlPath): NoPlace {
  return new NoPlace(`${dotted(path)} has elements that are defaults of a stack's schema`);
}

function copyNote(list: YamlPath): string {
  return `the site gets a list ${dotted(list)} of its own: later changes of the shared list no longer reach it`;
}

function setList(
  path: YamlPath,
  items: YamlNode[],
  { before }: YamlChange & { kind: 'list' },
): YamlOperation {
  return { op: 'set', path, value: { ...makeSequence(items), flow: before.flow }, verbatim: true };
}

/** The operations that make a change at a path of a plan file. */
function operationsFor(change: YamlChange, path: YamlPath): YamlOperation[] {
  if (change.kind === 'delete') return [{ op: 'delete', path }];
  const keyToken = change.kind === 'set' ? change.keyToken : undefined;
  return [
    { op: 'set', path, value: change.after, verbatim: true, ...(keyToken ? { keyToken } : {}) },
  ];
}

function tombstone(): YamlNode {
  return makeScalar(new Tagged('!unset', ''));
}
