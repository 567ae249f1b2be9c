import type { SiteTree, TreeFile } from '../model/tree.ts';
import type { Plan, SiteDefinition } from '../plan/plan.ts';
import { makeMap } from '../plan/yaml/make.ts';
import type { YamlNode, YamlPath } from '../plan/yaml/node.ts';
import { PARAMS_FILE, readYaml } from './changed-params.ts';
import type { FileReading, SourceChange } from './changes.ts';
import { type YamlChange, yamlChanges } from './yaml-changes.ts';

const INVENTORY_FILE = 'inventory.yml';

/** A part of a rendered YAML file, and the part of the plan's data that it shows. */
interface Section {
  /** Where it stands in the rendered file. */
  at: YamlPath;
  source: SourceChange['source'];
  base: YamlPath;
}

/** Whether a path of a site tree shows data of the plan as it is: parameters, and what the site's file says of hosts. */
export function isDataFile(path: string): boolean {
  return path === INVENTORY_FILE || /^(?:host_vars|group_vars)\/[^/]+\.yml$/.test(path);
}

/** Reads an edited YAML file of a site tree as changes of the plan's data; undefined for other files. */
export function readDataFile(
  plan: Plan,
  site: string,
  path: string,
  desired: TreeFile | undefined,
  observed: TreeFile | undefined,
): FileReading | undefined {
  const definition = plan.sites.get(site)!;
  const whole = wholeFile(definition, path, desired, observed);
  if (whole) return whole;
  const sections = sectionsOf(definition, path);
  if (sections.length === 0 || !desired || !observed) return undefined;
  const [before, after] = [desired, observed].map((file) => orNothing(readYaml(path, file)));
  if (!before || !after) {
    const crlf = observed.content.includes('\r\n');
    const reason = crlf ? 'its lines end with carriage returns' : 'it is no YAML that can be read';
    return { changes: [], reason };
  }
  if (before.kind !== 'map' || after.kind !== 'map')
    return { changes: [], reason: 'it is no mapping of parameters' };
  const found = yamlChanges(before, after);
  if (found.length === 0)
    return { changes: [], reason: 'only comments, order or formatting were changed' };
  const changes = found.flatMap((change) => inSection(sections, change));
  return changes.length < found.length
    ? { changes, reason: 'more than the variables of its hosts was changed' }
    : { changes };
}

function inSection(sections: readonly Section[], change: YamlChange): SourceChange[] {
  const { path } = change;
  const section = sections.find(
    ({ at }) => at.length < path.length && at.every((step, index) => step === path[index]),
  );
  if (!section) return [];
  const { source, base, at } = section;
  return [{ source, base, change: { ...change, path: path.slice(at.length) } }];
}

function sectionsOf(site: SiteDefinition, path: string): Section[] {
  if (path === PARAMS_FILE) return [{ at: [], source: 'params', base: [] }];
  if (path === INVENTORY_FILE) {
    return [...site.hosts.keys()].map((host) => ({
      at: ['all', 'hosts', host],
      source: 'site',
      base: ['hosts', host],
    }));
  }
  const base = ownSection(site, path);
  return base ? [{ at: [], source: 'site', base }] : [];
}

/** Where the site's file has what a file of host or group variables shows. */
function ownSection(site: SiteDefinition, path: string): YamlPath | undefined {
  const [, folder, name] = /^(host_vars|group_vars)\/([^/]+)\.yml$/.exec(path) ?? [];
  if (!name) return undefined;
  if (folder === 'host_vars') return site.hosts.has(name) ? ['hostParams', name] : undefined;
  return site.groups.has(name) ? ['groupParams', name] : undefined;
}

/** A file that says nothing has no variables. */
function orNothing(node: YamlNode | undefined): YamlNode | undefined {
  return node?.kind === 'scalar' && node.value === null ? NOTHING : node;
}

/** Variables of a host or group that had none, or that have all gone. */
function wholeFile(
  site: SiteDefinition,
  path: string,
  desired: TreeFile | undefined,
  observed: TreeFile | undefined,
): FileReading | undefined {
  const section = ownSection(site, path);
  if (!section || (desired && observed)) return undefined;
  const [folder, name] = section.map(String);
  const file = desired ?? observed;
  const node = file && readYaml(path, file);
  if (node?.kind !== 'map' || !folder || name === undefined) return undefined;
  const change: YamlChange = desired
    ? { kind: 'delete', path: [name], before: node }
    : { kind: 'set', path: [name], before: undefined, after: node };
  return { changes: [{ source: 'site', base: [folder], change }] };
}

/** How many values of a data file differ between two trees; undefined where one of them cannot be read. */
export function valueDifferences(path: string, a: SiteTree, b: SiteTree): number | undefined {
  const [one, other] = [a, b].map((tree) => {
    const file = tree.get(path);
    return file ? readYaml(path, file) : NOTHING;
  });
  return one && other ? differences(one, other) : undefined;
}

const NOTHING = makeMap([]);

function differences(one: YamlNode, other: YamlNode): number {
  return yamlChanges(one, other).reduce(
    (sum, change) => sum + (change.kind === 'list' ? change.steps.length : 1),
    0,
  );
}
