import { changedPaths, type SiteTree, type TreeFile } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { secretValuesIn } from '../plan/secrets.ts';
import type { YamlNode } from '../plan/yaml/node.ts';
import { readYaml } from './changed-params.ts';

/** Shorter values turn up everywhere by chance. */
const TELLING = 4;

/**
 * Paths whose edit may not be proposed at all, with the reason: to propose it would be to tell a secret, or to
 * put one into the plan that somebody typed at a site (law 11).
 */
export function unspeakablePaths(
  plan: Plan,
  site: string,
  desired: SiteTree,
  observed: SiteTree,
): Map<string, string> {
  const refused = new Map<string, string>();
  const paths = changedPaths(desired, observed);
  const known = new Set([
    ...secretValuesIn(plan, site, desired),
    ...secretValuesIn(plan, site, observed),
  ]);
  for (const path of paths) {
    const [was, is] = [desired.get(path), observed.get(path)];
    if (secretsOf(plan, site, path, was) !== secretsOf(plan, site, path, is)) {
      refused.set(path, 'a secret was changed at the site: that is reported, never proposed');
    } else if (tells(is, known) > tells(was, known)) {
      refused.set(path, 'it now holds the value of a secret: that is reported, never proposed');
    }
  }
  return refused;
}

/** The secrets that one file holds, in the clear or vaulted, as one text to compare. */
function secretsOf(plan: Plan, site: string, path: string, file: TreeFile | undefined): string {
  if (!file || !/^(?:group_vars|host_vars)\/|^inventory\.yml$/.test(path)) return '';
  const vaulted: string[] = [];
  const root = readYaml(path, file);
  if (root) collectVaulted(root, vaulted);
  return JSON.stringify([...secretValuesIn(plan, site, new Map([[path, file]])), ...vaulted]);
}

function collectVaulted(node: YamlNode, into: string[]): void {
  if (node.kind === 'map')
    for (const { value } of node.entries.values()) collectVaulted(value, into);
  else if (node.kind === 'sequence') for (const item of node.items) collectVaulted(item, into);
  else if (node.tag === '!vault') into.push(node.token.replaceAll(/\s+/g, ' '));
}

/** How many of the secrets stand in a file's text. */
function tells(file: TreeFile | undefined, secrets: ReadonlySet<string>): number {
  if (!file) return 0;
  const text = file.content.toString('utf8');
  return [...secrets].filter((secret) => secret.length >= TELLING && text.includes(secret)).length;
}
