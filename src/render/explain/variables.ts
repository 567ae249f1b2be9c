import { compareText, type Position } from '../../model/problem.ts';
import { exporterOf } from '../../plan/exports.ts';
import { siteOf, siteParams } from '../../plan/layers.ts';
import type { Plan, SiteDefinition, StackDefinition } from '../../plan/plan.ts';
import type { MapNode, YamlPath } from '../../plan/yaml/node.ts';
import { nodeAt } from '../../plan/yaml/value.ts';
import { explainParameter, leavesOf } from './parameter.ts';
import { secretNodes } from './secrets.ts';
import { pathName, placeAt, shownNode } from './show.ts';
import type { SourceReport, ValueReport } from './types.ts';

export interface VariableSource {
  kind: SourceReport['kind'];
  root: MapNode;
}

/**
 * Where a variable of a host or group comes from. Ansible takes a whole variable from the highest source that has
 * it: host_vars, then the inventory, then group_vars of its groups (of several the last by name), then all's.
 * @param path what follows `host:NAME.` or `group:NAME.`
 */
export function explainVariable(
  plan: Plan,
  site: string,
  kind: 'host' | 'group',
  name: string,
  path: YamlPath,
): ValueReport {
  const definition = siteOf(plan, site);
  const sources = variableSources(plan, definition, kind, name);
  const secrets = secretNodes(plan, site);
  const winner = sources.find(({ root }) => nodeAt(root, path.slice(0, 1)));
  const reports = sources.map((source): SourceReport => {
    const at = source === winner || nodeAt(source.root, path) ? path : path.slice(0, 1);
    const node = nodeAt(source.root, at);
    const position = (node && placeAt(source.root, at)) ?? null;
    const file = position?.file ?? definition.file;
    if (!node) return { kind: source.kind, file, position: null, state: 'silent', value: null };
    const state = source === winner ? 'wins' : 'shadowed';
    return { kind: source.kind, file, position, state, value: shownNode(node, secrets) };
  });
  const node = winner && nodeAt(winner.root, path);
  return {
    name: `${kind}:${name}${path.length === 0 ? '' : `.${pathName(path)}`}`,
    value: node ? shownNode(node, secrets) : null,
    position: (node && winner && placeAt(winner.root, path)) ?? null,
    merge: null,
    sources: reports,
    leaves: winner && node ? leavesOf(winner.root, path, secrets) : [],
  };
}

/** Sources of a host's or group's variables, highest first; those of `all` are the site's parameters. */
export function variableSources(
  plan: Plan,
  { name: site, hosts, groups, hostParams, groupParams }: SiteDefinition,
  kind: 'host' | 'group',
  name: string,
): VariableSource[] {
  const found: VariableSource[] = [];
  const add = (source: SourceReport['kind'], root: MapNode | undefined): void => {
    if (root) found.push({ kind: source, root });
  };
  if (kind === 'group') add('group', groupParams.get(name));
  else {
    add('host', hostParams.get(name));
    add('inventory', hosts.get(name));
    const member = [...groups.keys()].filter((group) => groups.get(group)!.includes(name));
    for (const group of member.toSorted(compareText).toReversed())
      add('group', groupParams.get(group));
  }
  add('params', siteParams(plan, site));
  return found;
}

/** Explains what a template reads: a parameter, or something below `site` or `imports`. */
export function explainRead(
  plan: Plan,
  site: string,
  stack: StackDefinition,
  path: YamlPath,
): ValueReport {
  const [top, second, ...rest] = path;
  if (top === 'imports' && typeof second === 'string') {
    const from = exporterOf(plan, site, second);
    if (from !== undefined && stack.imports.includes(second) && rest.length > 0) {
      return { ...explainParameter(plan, from, rest), name: pathName(path) };
    }
    return readReport(path, null, null);
  }
  if (top !== 'site') return explainParameter(plan, site, path);
  const { file, document } = siteOf(plan, site);
  if (second === undefined || second === 'name') {
    return readReport(path, second === 'name' ? site : null, { file, line: 1, column: 1 });
  }
  const own = [second, ...rest];
  const node = nodeAt(document.root, own);
  const value = node ? shownNode(node, secretNodes(plan, site)) : null;
  return readReport(path, value, placeAt(document.root, own) ?? null);
}

/** What has one source and no other: the site's own file. */
export function readReport(
  path: YamlPath,
  value: string | null,
  position: Position | null,
): ValueReport {
  const sources: SourceReport[] =
    value !== null && position
      ? [{ kind: 'site', file: position.file, position, state: 'wins', value }]
      : [];
  return { name: pathName(path), value, position, merge: null, sources, leaves: [] };
}
