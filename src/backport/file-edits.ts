import type { TreeFile } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import type { YamlNode, YamlPath } from '../plan/yaml/node.ts';
import { PARAMS_FILE, readYaml } from './changed-params.ts';
import { templateChanges } from './template-edits.ts';
import { yamlChanges, type YamlChange } from './yaml-changes.ts';

/** A change of something that the plan says as data. */
export interface SourceChange {
  /** `params`: the merged parameters, wherever they come from; `site`: a section of the site's own file. */
  source: 'params' | 'site';
  /** Where in the site's file the section stands (`hostParams`, `web-1`); empty for parameters. */
  base: YamlPath;
  change: YamlChange;
}

export type FileReading = { changes: SourceChange[] } | { reason: string };

/** Reads one edited file of a site tree as changes of what the plan says, or tells why it cannot be so read. */
export function readFileEdit(
  plan: Plan,
  site: string,
  path: string,
  desired: TreeFile | undefined,
  observed: TreeFile | undefined,
): FileReading {
  if (!desired) return { reason: 'the plan renders no such file' };
  if (!observed) return { reason: 'it was deleted at the site' };
  if (desired.mode !== observed.mode) return { reason: `its mode was changed to ${observed.mode}` };
  if (plan.overlays.get(site)?.files.has(path))
    return { reason: 'it is an overlay of this site already' };
  const section = sectionOf(path);
  if (section) return readSection(section, path, desired, observed);
  const template = templateOf(plan, site, path);
  if (template) return templateChanges(plan, site, template, desired, observed);
  return { reason: 'it is copied from the plan as it is' };
}

interface Section {
  source: SourceChange['source'];
  base: YamlPath;
}

/** The part of the plan's data that a rendered YAML file shows. */
function sectionOf(path: string): Section | undefined {
  if (path === PARAMS_FILE) return { source: 'params', base: [] };
  const [, folder, name] = /^(host_vars|group_vars)\/([^/]+)\.yml$/.exec(path) ?? [];
  if (!folder || !name) return undefined;
  return { source: 'site', base: [folder === 'host_vars' ? 'hostParams' : 'groupParams', name] };
}

function readSection(
  { source, base }: Section,
  path: string,
  desired: TreeFile,
  observed: TreeFile,
): FileReading {
  const before = readYaml(path, desired);
  const after = readYaml(path, observed);
  if (!before || !after) return { reason: 'it is no YAML that Ansible could read' };
  if (!isMapping(before) || !isMapping(after)) return { reason: 'it is no mapping of parameters' };
  const changes = yamlChanges(before, after);
  if (changes.length === 0) return { reason: 'only comments, order or formatting were changed' };
  return { changes: changes.map((change) => ({ source, base, change })) };
}

function isMapping(node: YamlNode): boolean {
  return node.kind === 'map';
}

/** The template in the plan that a rendered file comes from. */
function templateOf(plan: Plan, site: string, path: string): string | undefined {
  for (const stack of plan.sites.get(site)?.stacks ?? []) {
    const file = plan.stacks
      .get(stack)
      ?.files.find(({ target, template }) => template && target === path);
    if (file) return file.source;
  }
  return undefined;
}
