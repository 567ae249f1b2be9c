import type { Placement } from '../model/proposal.ts';
import { type Contribution, explainKey, type Layer } from '../plan/layers.ts';
import type { Plan } from '../plan/plan.ts';
import type { YamlOperation } from '../plan/yaml/edit.ts';
import { makeScalar } from '../plan/yaml/make.ts';
import { Tagged, type YamlNode, type YamlPath } from '../plan/yaml/node.ts';
import { nodeAt } from '../plan/yaml/value.ts';
import { dotted, type YamlChange } from './yaml-changes.ts';

/** Operations on one plan file. */
export interface FileOperations {
  file: string;
  operations: YamlOperation[];
  notes: string[];
}

/** Why a change cannot be made where it was asked for. */
export class NoPlace extends Error {
  override name = 'NoPlace';
}

/**
 * Says how a parameter change is made in the plan: at the place that gave the value (`origin`), or at the site
 * alone. Throws `NoPlace` with the reason where that cannot be done.
 */
export function placeChange(
  plan: Plan,
  site: string,
  change: YamlChange,
  placement: Placement,
): FileOperations {
  return placement === 'origin' ? atOrigin(plan, site, change) : atSite(plan, site, change);
}

/** Whether the origin of a change is the site's own file anyway: then there is but one place. */
export function originIsSite(plan: Plan, site: string, change: YamlChange): boolean {
  const { file } = plan.sites.get(site)!;
  try {
    return atOrigin(plan, site, change).file === file;
  } catch (error) {
    if (error instanceof NoPlace) return false;
    throw error;
  }
}

function atOrigin(plan: Plan, site: string, change: YamlChange): FileOperations {
  const adds = change.kind === 'set' && change.before === undefined;
  const owner = ownerOf(plan, site, adds ? change.path.slice(0, -1) : change.path);
  if (owner.layer.kind === 'defaults') {
    throw new NoPlace(`${dotted(change.path)} is a default of ${owner.layer.file}`);
  }
  const { layer } = owner;
  const path = [...layer.base, ...change.path];
  const operations = operationsFor(change, path);
  const others = owner.others.filter(({ effect }) => effect !== 'unsets');
  if (change.kind === 'delete' && others.length > 0) {
    // A layer below has the key as well: taking it out here would only bring that one to light.
    operations.splice(0, operations.length, { kind: 'set', path, value: tombstone() });
  }
  return { file: layer.file, operations, notes: [] };
}

function atSite(plan: Plan, site: string, change: YamlChange): FileOperations {
  const definition = plan.sites.get(site)!;
  const file = definition.file;
  const listAt = change.path.findIndex((part) => typeof part === 'number');
  const list =
    change.kind === 'list' ? change.path : listAt < 0 ? undefined : change.path.slice(0, listAt);
  const own = nodeAt(definition.params, list ?? change.path);
  const inOwnList = list !== undefined && own?.kind === 'sequence';
  if (list === undefined || inOwnList) {
    const path = ['params', ...change.path];
    const inherited = change.kind === 'delete' && !isOnlyHere(plan, site, change.path, file);
    const operations: YamlOperation[] = inherited
      ? [{ kind: 'set', path, value: tombstone() }]
      : operationsFor(change, path);
    return { file, operations, notes: [] };
  }
  // Merge rules that join lists would join the site's copy with what it was copied from.
  if (mergesLists(plan, list)) {
    throw new NoPlace(
      `${dotted(list)} merges from several layers, so that the site cannot have its own`,
    );
  }
  const whole = explainKey(plan, site, list).node;
  if (whole?.kind !== 'sequence') throw new NoPlace(`${dotted(list)} is no list in the plan`);
  return {
    file,
    operations: [
      { kind: 'set', path: ['params', ...list], value: editedList(whole, change, list.length) },
    ],
    notes: [
      `the site gets a list ${dotted(list)} of its own: later changes of the shared list no longer reach it`,
    ],
  };
}

/** The layer that gives a path its value, and the others that say something there. */
function ownerOf(
  plan: Plan,
  site: string,
  path: YamlPath,
): { layer: Layer; others: readonly Contribution[] } {
  const listAt = path.findIndex((part) => typeof part === 'number');
  const keys = listAt < 0 ? path : path.slice(0, listAt);
  const { contributions } = explainKey(plan, site, keys);
  const heard = contributions.filter(({ effect }) => effect === 'wins' || effect === 'joins');
  const [first] = heard;
  if (!first) throw new NoPlace(`no layer says anything about ${dotted(keys) || 'the parameters'}`);
  if (mergesLists(plan, keys)) {
    throw new NoPlace(`${dotted(keys)} merges from several layers`);
  }
  return { layer: first.layer, others: contributions.filter((other) => other !== first) };
}

function mergesLists(plan: Plan, path: YamlPath): boolean {
  const rule = plan.merge.get(path.join('.'));
  return rule !== undefined && rule !== 'replace';
}

function isOnlyHere(plan: Plan, site: string, path: YamlPath, file: string): boolean {
  const { contributions } = explainKey(plan, site, path);
  return contributions.length > 0 && contributions.every(({ layer }) => layer.file === file);
}

/** The operations that make a change at a path of a plan file. */
export function operationsFor(change: YamlChange, path: YamlPath): YamlOperation[] {
  switch (change.kind) {
    case 'set':
      return [{ kind: 'set', path, value: change.after }];
    case 'delete':
      return [{ kind: 'delete', path }];
    case 'list':
      return change.steps.map((step) =>
        step.kind === 'remove'
          ? { kind: 'remove', path, index: step.index }
          : { kind: 'insert', path, index: step.index, value: step.item },
      );
  }
}

/** The list after the change, for a file that has none of its own yet. */
function editedList(list: YamlNode, change: YamlChange, depth: number): YamlNode {
  if (change.kind === 'list') return change.after;
  return editedNode(list, change, change.path.slice(depth));
}

function editedNode(node: YamlNode, change: YamlChange, rest: YamlPath): YamlNode {
  const [step, ...below] = rest;
  if (step === undefined) {
    if (change.kind === 'delete')
      throw new NoPlace(`${dotted(change.path)} cannot be taken out of a copied list`);
    return change.after;
  }
  if (node.kind === 'sequence') {
    const items = [...node.items];
    items[Number(step)] = editedNode(items[Number(step)]!, change, below);
    return { kind: 'sequence', items, flow: node.flow };
  }
  if (node.kind !== 'map') throw new NoPlace(`${dotted(change.path)} leads through a single value`);
  const entries = new Map(node.entries);
  const key = String(step);
  const entry = entries.get(key);
  if (below.length === 0 && change.kind === 'delete') entries.delete(key);
  else if (entry) entries.set(key, { ...entry, value: editedNode(entry.value, change, below) });
  else throw new NoPlace(`${dotted(change.path)} is not in the plan`);
  return { kind: 'map', entries, flow: node.flow };
}

function tombstone(): YamlNode {
  return makeScalar(new Tagged('!unset', ''));
}
