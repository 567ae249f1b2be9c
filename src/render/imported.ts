import { importsName, pick, stackExports } from '../plan/exports.ts';
import type { Plan, StackDefinition } from '../plan/plan.ts';
import { makeEntry, makeScalar } from '../plan/yaml/make.ts';
import type { MapEntry, MapNode } from '../plan/yaml/node.ts';

/** Gives the text of a file of another site's tree; undefined where that site goes without it. */
export type FileText = (site: string, stack: string, target: string) => string | undefined;

const imported = new WeakMap<Plan, Map<string, MapNode>>();

/**
 * What a stack imports of another stack at a site, and nothing else of what is exported there: parameters, gathered
 * values, and the text of files. The same node for all that import the same.
 * @param by the stack that imports
 * @throws as `stackExports` and `fileText` do
 */
export function importedFrom(
  plan: Plan,
  from: string,
  by: StackDefinition,
  exporter: string,
  fileText: FileText,
): MapNode {
  const names = by.importNames.get(exporter);
  let known = imported.get(plan);
  if (!known) imported.set(plan, (known = new Map<string, MapNode>()));
  const key = JSON.stringify([from, exporter, names]);
  let result = known.get(key);
  if (!result) known.set(key, (result = find(plan, from, by, exporter, fileText)));
  return result;
}

function find(
  plan: Plan,
  from: string,
  by: StackDefinition,
  exporter: string,
  fileText: FileText,
): MapNode {
  const all = stackExports(plan, from, exporter);
  const names = by.importNames.get(exporter);
  const files = [...(plan.stacks.get(exporter)?.exportedFiles ?? [])].filter(([name]) =>
    importsName(by, exporter, name),
  );
  if (files.length === 0) return names ? pick(all, names) : all;
  const entries = new Map<string, MapEntry>(names ? pick(all, names).entries : all.entries);
  for (const [name, target] of files) {
    const text = fileText(from, exporter, target);
    if (text !== undefined) entries.set(name, makeEntry(name, makeScalar(text)));
  }
  return { kind: 'map', entries, flow: false };
}
