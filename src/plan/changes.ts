import { compareText } from '../model/problem.ts';
import { consumersOfChange, exporterOf, stackExports } from './exports.ts';
import { hasLayerOf } from './layers.ts';
import { siteNameOf } from './layout.ts';
import type { ListMerge, Plan, PlanFiles } from './plan.ts';
import { PLAN_FILE } from './settings.ts';
import { sameNode } from './yaml/value.ts';

/**
 * The sites whose rendering could differ between two plans: some input of it does (the site's file, a layer that
 * applies to it, one of its stacks, its overlay, what it imports, the plan's own rules). Sites that are only in one
 * of the plans are among them. Conservative: a comment counts as a change, but another site's file does not.
 */
export function changedSites(before: Plan, after: Plan): Set<string> {
  if (before === after) return new Set();
  let ofAfter = verdicts.get(after);
  if (!ofAfter) verdicts.set(after, (ofAfter = new WeakMap<Plan, Set<string>>()));
  let changed = ofAfter.get(before);
  if (!changed) ofAfter.set(before, (changed = findChanged(before, after)));
  return new Set(changed);
}

/** Plans never change; who validates one and who renders it ask the same. */
const verdicts = new WeakMap<Plan, WeakMap<Plan, Set<string>>>();

function findChanged(before: Plan, after: Plan): Set<string> {
  if (!sameRules(before, after)) return new Set([...before.sites.keys(), ...after.sites.keys()]);
  const changed = ownChanges(before, after, changedFiles(before.files, after.files));
  addImporters(before, after, changed);
  return before.gathered === after.gathered
    ? changed
    : changed.union(consumersOfChange(before, after));
}

/** Paths that differ in content or mode, or are only in one of the plans. */
export function changedFiles(before: PlanFiles, after: PlanFiles): Set<string> {
  const changed = new Set<string>();
  let added = 0;
  for (const [path, file] of after) {
    const other = before.get(path);
    if (!other) added += 1;
    if (file !== other && (file.hash !== other?.hash || file.mode !== other.mode))
      changed.add(path);
  }
  if (before.size + added !== after.size) {
    for (const path of before.keys()) if (!after.has(path)) changed.add(path);
  }
  return changed;
}

/** Whether all that is not a site's own matter is alike: the plan's name, its layers, how lists merge. */
function sameRules(before: Plan, after: Plan): boolean {
  return (
    before.name === after.name &&
    before.layers.join('\n') === after.layers.join('\n') &&
    (before.merge === after.merge || mergeText(before.merge) === mergeText(after.merge))
  );
}

function mergeText(merge: ReadonlyMap<string, ListMerge>): string {
  return JSON.stringify([...merge].toSorted(([a], [b]) => compareText(a, b)));
}

/** Sites for which one of the changed files is an input, other sites' exports apart. */
function ownChanges(before: Plan, after: Plan, files: ReadonlySet<string>): Set<string> {
  const changed = new Set<string>();
  const stacks = new Set<string>();
  const layers = new Set<string>();
  for (const path of files) {
    const [top, name = ''] = path.split('/');
    if (top === 'stacks') stacks.add(name);
    else if (top === 'overlays') changed.add(name);
    else if (top !== 'sites' && path !== PLAN_FILE) layers.add(path);
  }
  for (const plan of [before, after]) {
    if (stacks.size === 0 && layers.size === 0) {
      addOwners(plan, files, changed);
      continue;
    }
    const hasLayer = hasLayerOf(plan.layers, layers);
    for (const [name, site] of plan.sites) {
      // One that is the very same in both was looked at in the one before.
      if (changed.has(name) || (plan === after && before.sites.get(name) === site)) continue;
      if (
        files.has(site.file) ||
        site.stacks.some((stack) => stacks.has(stack)) ||
        hasLayer(site)
      ) {
        changed.add(name);
      }
    }
  }
  // The folder of an overlay may have any name while the plan is not valid.
  for (const name of changed)
    if (!before.sites.has(name) && !after.sites.has(name)) changed.delete(name);
  return changed;
}

/** Adds the sites whose own file is among these. */
function addOwners(plan: Plan, files: ReadonlySet<string>, changed: Set<string>): void {
  for (const path of files) {
    const name = siteNameOf(path);
    if (plan.sites.get(name)?.file === path) changed.add(name);
  }
}

/** Adds the sites that import what a changed site exports, where that differs. */
function addImporters(before: Plan, after: Plan, changed: Set<string>): void {
  if (changed.size === 0 || after.stacks.values().every(({ imports }) => imports.length === 0))
    return;
  const exporters = new Set(changed);
  const verdicts = new Map<string, boolean>();
  for (const [name, site] of after.sites) {
    if (changed.has(name)) continue;
    const differs = site.stacks
      .flatMap((stack) => after.stacks.get(stack)?.imports ?? [])
      .some((stack) => {
        const from = exporterOf(after, name, stack);
        if (from === undefined || !exporters.has(from)) return false;
        const key = `${from}/${stack}`;
        let verdict = verdicts.get(key);
        if (verdict === undefined)
          verdicts.set(key, (verdict = exportsDiffer(before, after, from, stack)));
        return verdict;
      });
    if (differs) changed.add(name);
  }
}

function exportsDiffer(before: Plan, after: Plan, site: string, stack: string): boolean {
  if (!before.sites.has(site) || !after.sites.has(site)) return true;
  // What a file of its tree holds shows when that is rendered.
  const files = [before, after].map((plan) => plan.stacks.get(stack)?.exportedFiles.size ?? 0);
  if (files.some((count) => count > 0)) return true;
  return !sameNode(stackExports(before, site, stack), stackExports(after, site, stack), {
    order: true,
  });
}
