import { InvalidInput } from '../model/errors.ts';
import { isVaultText, type Json } from '../model/outputs.ts';
import { compareText, type Problem } from '../model/problem.ts';
import { sha256 } from '../model/tree.ts';
import { layerChain, mergeParams, siteOf } from './layers.ts';
import type { Gathered, Plan, StackDefinition } from './plan.ts';
import { positionOf } from './shape.ts';
import { makeNode } from './yaml/make.ts';
import { Float, type MapEntry, type MapNode, Tagged, type Value } from './yaml/node.ts';
import { nodeAt } from './yaml/value.ts';

const EMPTY: MapNode = { kind: 'map', entries: new Map(), flow: false };
const exported = new WeakMap<Plan, Map<string, MapNode>>();

/** Nothing was gathered anywhere. */
export const NOTHING_GATHERED: Gathered = new Map();

/**
 * What a stack exports at a site, files apart: of the site's merged parameters those that the stack's `exports`
 * lists, and of what was gathered there those values that it exports and that are what it says of them. Parameters
 * that the site does not have, and values that were not gathered yet, are not there.
 * @throws UserError if the plan has no such site; InvalidInput if its parameters cannot be merged
 */
export function stackExports(plan: Plan, site: string, stack: string): MapNode {
  let known = exported.get(plan);
  if (!known) exported.set(plan, (known = new Map<string, MapNode>()));
  const key = exporterKey(site, stack);
  let result = known.get(key);
  if (!result) known.set(key, (result = findExports(plan, site, stack)));
  return result;
}

function findExports(plan: Plan, site: string, stack: string): MapNode {
  const definition = plan.stacks.get(stack);
  const paths = definition?.exports ?? [];
  const params = paths.length > 0 ? mergeParams(plan, layerChain(plan, site)) : EMPTY;
  const picked = pick(params, paths);
  const values = usableValues(plan, site, definition);
  if (values.size === 0) return picked;
  const made = makeNode(new Map([...values].map(([name, value]) => [name, valueOf(value)])));
  return made.kind === 'map'
    ? { ...picked, entries: new Map([...picked.entries, ...made.entries]) }
    : picked;
}

/** Of what was gathered at a site the values that a stack exports, as long as they are what it says of them. */
function usableValues(
  plan: Plan,
  site: string,
  stack: StackDefinition | undefined,
): Map<string, Json> {
  const usable = new Map<string, Json>();
  if (!stack) return usable;
  const gathered = plan.gathered.get(exporterKey(site, stack.name));
  for (const [name, { fault }] of stack.exportedValues) {
    const value = gathered?.get(name);
    if (value !== undefined && fault(value) === undefined) usable.set(name, value);
  }
  return usable;
}

/** A gathered value as templates, and the files of a site tree, have it. */
function valueOf(value: Json): Value {
  if (typeof value === 'string') return isVaultText(value) ? new Tagged('!vault', value) : value;
  if (typeof value === 'number') return Number.isInteger(value) ? value : new Float(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(valueOf);
  return new Map(Object.entries(value).map(([key, item]) => [key, valueOf(item)]));
}

/** Names what a stack exports at a site in `Plan.gathered`: `madrid-01/control`. */
export function exporterKey(site: string, stack: string): string {
  return `${site}/${stack}`;
}

/** The part of a map that dotted paths name, each under the keys that lead to it. */
export function pick(params: MapNode, paths: readonly string[]): MapNode {
  const entries = new Map<string, MapEntry>();
  const firstKeys = new Set(paths.map((path) => path.split('.')[0]!));
  for (const key of firstKeys) {
    const entry = params.entries.get(key);
    if (!entry) continue;
    const rests = paths
      .filter((path) => path === key || path.startsWith(`${key}.`))
      .map((path) => path.slice(key.length + 1));
    if (rests.includes('')) entries.set(key, entry);
    else if (entry.value.kind === 'map') {
      const value = pick(entry.value, rests);
      if (value.entries.size > 0) entries.set(key, { ...entry, value });
    }
  }
  return { kind: 'map', entries, flow: false };
}

/** From which site a site takes a stack's exports: the one that it names, or itself where it has that stack. */
export function exporterOf(plan: Plan, site: string, stack: string): string | undefined {
  const { imports, stacks } = siteOf(plan, site);
  if (Object.hasOwn(imports, stack)) return imports[stack];
  return stacks.includes(stack) ? site : undefined;
}

/** Whether a stack imports something of another by its name: by that very name, or by all of them. */
export function importsName(stack: StackDefinition, from: string, name: string): boolean {
  if (!stack.imports.includes(from)) return false;
  const names = stack.importNames.get(from);
  return !names || names.some((path) => path.split('.')[0] === name);
}

/** A value that a site's stack imports and that no run has gathered so far. */
export interface MissingImport {
  /** The stack that imports it. */
  stack: string;
  /** The site and stack that are to gather it. */
  from: string;
  exporter: string;
  name: string;
}

/** A site waits for values that others have to gather before it can be rendered. Nothing is wrong with the plan. */
export class NotGathered extends InvalidInput {
  override name = 'NotGathered';
  readonly missing: readonly MissingImport[];

  constructor(plan: Plan, site: string, missing: readonly MissingImport[]) {
    super(missing.map((one) => missingProblem(plan, site, one)));
    this.missing = missing;
  }
}

function missingProblem(
  plan: Plan,
  site: string,
  { stack, from, exporter, name }: MissingImport,
): Problem {
  const { root } = plan.stacks.get(stack)!.document;
  const names = plan.stacks.get(stack)!.importNames.get(exporter);
  const at = names
    ? nodeAt(root, ['imports', exporter, names.indexOf(name)])
    : nodeAt(root, ['imports']);
  return {
    message: `${site} waits for ${from}/${exporter}: ${name}, which no run has gathered yet`,
    ...(at?.source ? { position: positionOf(at.source) } : {}),
    hint: 'without a controller, give it in a file with --exports',
  };
}

/** What is missing, for people: `madrid-01/control: api_vip, token`. */
export function missingText(missing: readonly MissingImport[]): string {
  const byExporter = Map.groupBy(missing, ({ from, exporter }) => exporterKey(from, exporter));
  return [...byExporter]
    .map(([key, some]) => `${key}: ${[...new Set(some.map(({ name }) => name))].join(', ')}`)
    .join('; ');
}

/**
 * The values that a site's stacks import and that were not gathered yet.
 * @throws UserError if the plan has no such site
 */
export function missingImports(plan: Plan, site: string): MissingImport[] {
  const missing: MissingImport[] = [];
  for (const name of siteOf(plan, site).stacks) {
    const stack = plan.stacks.get(name);
    for (const exporter of stack?.imports ?? []) {
      const definition = plan.stacks.get(exporter);
      const from = exporterOf(plan, site, exporter);
      if (!stack || !definition || from === undefined || definition.exportedValues.size === 0)
        continue;
      const there = usableValues(plan, from, definition);
      for (const value of definition.exportedValues.keys()) {
        if (!there.has(value) && importsName(stack, exporter, value))
          missing.push({ stack: name, from, exporter, name: value });
      }
    }
  }
  return missing;
}

/** `<site>/<stack>` → the sites whose stacks import from there. */
export type Importers = ReadonlyMap<string, ReadonlySet<string>>;

const importersOf = new WeakMap<Plan['sites'], WeakMap<Plan['stacks'], Importers>>();

/** Who imports from whom; worked out once for all plans that differ in nothing but what was gathered. */
export function importers(plan: Plan): Importers {
  let ofSites = importersOf.get(plan.sites);
  if (!ofSites) importersOf.set(plan.sites, (ofSites = new WeakMap<Plan['stacks'], Importers>()));
  let known = ofSites.get(plan.stacks);
  if (!known) ofSites.set(plan.stacks, (known = findImporters(plan)));
  return known;
}

function findImporters(plan: Plan): Importers {
  const found = new Map<string, Set<string>>();
  for (const [site, { stacks }] of plan.sites) {
    for (const stack of stacks) {
      for (const exporter of plan.stacks.get(stack)?.imports ?? []) {
        const from = exporterOf(plan, site, exporter);
        if (from === undefined) continue;
        const key = exporterKey(from, exporter);
        const sites = found.get(key);
        if (sites) sites.add(site);
        else found.set(key, new Set([site]));
      }
    }
  }
  return found;
}

/** The other sites that a site imports from, each once. */
export function exportersOf(plan: Plan, site: string): string[] {
  const found = new Set<string>();
  for (const stack of siteOf(plan, site).stacks) {
    for (const exporter of plan.stacks.get(stack)?.imports ?? []) {
      const from = exporterOf(plan, site, exporter);
      if (from !== undefined && from !== site) found.add(from);
    }
  }
  return [...found];
}

/** The other sites that import from a site. */
export function consumersOf(plan: Plan, site: string): Set<string> {
  const found = new Set<string>();
  for (const stack of plan.sites.get(site)?.stacks ?? []) {
    for (const name of importers(plan).get(exporterKey(site, stack)) ?? [])
      if (name !== site) found.add(name);
  }
  return found;
}

/**
 * The sites whose rendering may differ where nothing but what was gathered does: those that import one of the
 * values that changed.
 */
export function consumersOfChange(before: Plan, after: Plan): Set<string> {
  const changed = gatheredChanges(before.gathered, after.gathered).flatMap((key) => {
    const [site = '', stack = ''] = key.split('/');
    const [was, is] = [before.gathered.get(key), after.gathered.get(key)];
    return [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])]
      .filter((name) => JSON.stringify(was?.get(name)) !== JSON.stringify(is?.get(name)))
      .map((name) => ({ site, stack, name }));
  });
  return consumersOfValues(after, changed);
}

/** The sites that import one of these gathered values by its name. */
export function consumersOfValues(
  plan: Plan,
  values: Iterable<{ site: string; stack: string; name: string }>,
): Set<string> {
  const found = new Set<string>();
  for (const { site, stack: exporter, name } of values) {
    if (!plan.stacks.get(exporter)?.exportedValues.has(name)) continue;
    for (const consumer of importers(plan).get(exporterKey(site, exporter)) ?? []) {
      const imports = plan.sites
        .get(consumer)!
        .stacks.some((stack) => importsName(plan.stacks.get(stack)!, exporter, name));
      if (imports) found.add(consumer);
    }
  }
  return found;
}

/** Keys under which two gatherings differ. */
export function gatheredChanges(before: Gathered, after: Gathered): string[] {
  if (before === after) return [];
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => before.get(key) !== after.get(key),
  );
}

const digests = new WeakMap<Gathered, string>();

/** Names all that was gathered. */
export function gatheredDigest(gathered: Gathered): string {
  let digest = digests.get(gathered);
  if (digest === undefined) {
    const sorted = [...gathered]
      .toSorted(([a], [b]) => compareText(a, b))
      .map(([key, values]) => [key, [...values].toSorted(([a], [b]) => compareText(a, b))]);
    digests.set(gathered, (digest = sha256(JSON.stringify(sorted))));
  }
  return digest;
}
