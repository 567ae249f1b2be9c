import type { Position, Problem } from '../model/problem.ts';
import { isTombstone } from './merge.ts';
import { caseClashes, fold } from './paths.ts';
import type { SiteDefinition } from './plan.ts';
import { siteSchema } from './schemas.ts';
import { checkShape, nearest, positionOf, quoted, topOf } from './shape.ts';
import { withoutPause } from './without-pause.ts';
import type { MapNode, YamlDocument, YamlNode, YamlPath } from './yaml/node.ts';
import { nodeAt } from './yaml/value.ts';

/** Sections that hold anybody's keys, and how deep their shape is ours. */
const OPAQUE = new Map([
  ['params', 0],
  ['hosts', 1],
  ['hostParams', 1],
  ['groupParams', 1],
]);

/** Groups that Ansible makes itself; `all` has the site's parameters. */
const BUILT_IN_GROUPS = new Set(['all', 'ungrouped']);

/** Reads a site's file; undefined, with the problems, if it cannot be used. */
export function readSite(
  name: string,
  document: YamlDocument,
): {
  site: SiteDefinition | undefined;
  problems: Problem[];
} {
  const { value, problems } = checkShape(document, siteSchema, OPAQUE);
  if (!value) return { site: undefined, problems };
  const { root } = document;
  const site: SiteDefinition = {
    name,
    file: document.file,
    labels: value.labels,
    stacks: value.stacks,
    imports: value.imports,
    delivery: value.delivery,
    hosts: mapsIn(root, 'hosts'),
    // In the file's order, which an object would not keep for names that are numbers.
    groups: new Map(
      mapAt(root, ['groups'])
        .entries.keys()
        .map((group) => [group, value.groups[group] ?? []]),
    ),
    params: mapAt(root, ['params']),
    hostParams: mapsIn(root, 'hostParams'),
    groupParams: mapsIn(root, 'groupParams'),
    document,
  };
  problems.push(...hostProblems(site), ...repeated(site), ...tombstoneProblems(site));
  problems.push(...paramProblems(site.params));
  return { site, problems };
}

const EMPTY: MapNode = { kind: 'map', entries: new Map(), flow: false };

function mapAt(root: MapNode, path: YamlPath): MapNode {
  const node = nodeAt(root, path);
  return node?.kind === 'map' ? node : EMPTY;
}

function mapsIn(root: MapNode, section: string): Map<string, MapNode> {
  const names = mapAt(root, [section]).entries.keys();
  return new Map(names.map((name) => [name, mapAt(root, [section, name])]));
}

function hostProblems(site: SiteDefinition): Problem[] {
  const problems: Problem[] = [];
  const { root } = site.document;
  const known = (host: string, position: Position): void => {
    if (site.hosts.has(host)) return;
    const message = `the site has no host ${quoted(host)}`;
    problems.push({ message, position, ...nearest(host, site.hosts) });
  };
  for (const [group, hosts] of site.groups) {
    if (BUILT_IN_GROUPS.has(fold(group))) {
      const message = `the group ${quoted(group)} is Ansible's own and needs no list of hosts`;
      problems.push({ message, position: keyPosition(root, ['groups', group]) });
    }
    for (const [index, host] of hosts.entries()) {
      known(host, positionOf(nodeAt(root, ['groups', group, index])!.source!));
    }
  }
  for (const host of site.hostParams.keys()) {
    known(host, keyPosition(root, ['hostParams', host]));
  }
  for (const group of site.groupParams.keys()) {
    if (site.groups.has(group)) continue;
    const message = `the site has no group ${quoted(group)}`;
    const position = keyPosition(root, ['groupParams', group]);
    problems.push({ message, position, ...nearest(group, site.groups) });
  }
  for (const section of ['hosts', 'groups'] as const) {
    const names = site[section]
      .keys()
      .map((name) => [name, keyPosition(root, [section, name])] as const);
    problems.push(...withoutPause(caseClashes(section.slice(0, -1), names)));
  }
  return problems;
}

function repeated(site: SiteDefinition): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [index, stack] of site.stacks.entries()) {
    if (seen.size !== seen.add(stack).size) continue;
    const position = positionOf(nodeAt(site.document.root, ['stacks', index])!.source!);
    problems.push({ message: `the stack ${quoted(stack)} is listed twice`, position });
  }
  return problems;
}

/** Only merged parameters have something that a tombstone could take away. */
function tombstoneProblems(site: SiteDefinition): Problem[] {
  const places = [site.hosts, site.hostParams, site.groupParams].flatMap((maps) => [
    ...maps.values(),
  ]);
  return places.flatMap((map) =>
    tombstonesIn(map).map((node) => ({
      message: '!unset has nothing to remove here',
      position: positionOf(node.source!),
      hint: 'it removes keys that lower layers give, so it belongs in layers and in params',
    })),
  );
}

function tombstonesIn(node: YamlNode): YamlNode[] {
  if (isTombstone(node)) return [node];
  if (node.kind === 'map')
    return [...node.entries.values()].flatMap(({ value }) => tombstonesIn(value));
  return node.kind === 'sequence' ? node.items.flatMap(tombstonesIn) : [];
}

/** Names that templates have for something else. */
const RESERVED: Readonly<Record<string, string>> = {
  site: "the site's name, labels, hosts and groups",
  imports: "other sites' exports",
};

/** What may not stand in a document of parameters: names that are taken, tombstones in lists. */
export function paramProblems(params: MapNode): Problem[] {
  const problems: Problem[] = [];
  for (const { key, keySource } of params.entries.values()) {
    if (!Object.hasOwn(RESERVED, key)) continue;
    const message = `the parameter name ${quoted(key)} is taken: templates have ${RESERVED[key]} there`;
    problems.push({ message, position: positionOf(keySource), hint: 'give it another name' });
  }
  listTombstones(params, problems);
  return problems;
}

function listTombstones(node: YamlNode, problems: Problem[]): void {
  if (node.kind === 'scalar') return;
  if (node.kind === 'map') {
    for (const { value } of node.entries.values()) listTombstones(value, problems);
    return;
  }
  for (const item of node.items) {
    if (isTombstone(item)) {
      const message = '!unset removes a key and cannot stand for an element of a list';
      problems.push({ message, position: positionOf(item.source!) });
    } else listTombstones(item, problems);
  }
}

/** Where a key of a document stands; the top of the file if it does not. */
export function keyPosition(root: MapNode, path: YamlPath): Position {
  const holder = nodeAt(root, path.slice(0, -1));
  const entry = holder?.kind === 'map' ? holder.entries.get(String(path.at(-1))) : undefined;
  return entry ? positionOf(entry.keySource) : topOf(root.source?.file ?? '');
}
