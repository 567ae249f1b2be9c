import { InvalidInput } from '../model/errors.ts';
import type { Problem } from '../model/problem.ts';
import { treeDigest, type TreeFile } from '../model/tree.ts';
import { NotGathered } from '../plan/exports.ts';
import { siteParams } from '../plan/layers.ts';
import { inOrder } from '../plan/load.ts';
import type { Plan, SiteDefinition } from '../plan/plan.ts';
import { emitYaml } from '../plan/yaml/emit.ts';
import type { MapNode, YamlNode } from '../plan/yaml/node.ts';
import { SiteContext } from './context.ts';
import { contentHash, fileOf } from './digest.ts';
import { IMPORTS_PATH, importsFile } from './imports-file.ts';
import type { RenderedSite } from './manifest.ts';
import { applyOverlay } from './overlay.ts';
import { postCheckFile } from './post-check.ts';
import { ansibleConfig, applyScript, inventory, playbookPaths, readme } from './project.ts';
import { readySite } from './ready.ts';
import { isOwn, renderTemplate } from './templates.ts';

export { type RenderedSite, withManifest } from './manifest.ts';
export { type FileTrace, traceFile } from './trace-file.ts';

/**
 * Renders a site's Ansible project. The tree depends on the plan's bytes, the site's name and the gathered values that
 * its stacks import (which the tree names in `.trueup/imports.yml`), and on nothing else (law 1); its paths are in
 * code-unit order. Stacks that wait for what the site's own playbooks are to gather are left out until that is there.
 * @throws NotGathered if the site waits for what other sites are to gather; InvalidInput listing everything that keeps
 *   this site from being rendered; UserError if the plan has no such site
 */
export function renderSite(plan: Plan, site: string): RenderedSite {
  const definition = readySite(plan, site);
  const params = siteParams(plan, site);
  const files = ownFiles(plan, definition, params);
  const problems = addStacks(plan, definition, params, files);
  problems.push(...applyOverlay(plan, site, files));
  if (problems.length > 0) throw new InvalidInput(inOrder(problems));
  const tree = new Map<string, TreeFile>();
  for (const path of [...files.keys()].toSorted()) tree.set(path, files.get(path)!);
  return { site, tree, digest: treeDigest(tree, contentHash) };
}

/** Paths within a site's tree of the playbooks that are applied, in order. Throws as `renderSite` does for sites that wait or are unknown. */
export function playbooksOf(plan: Plan, site: string): string[] {
  return playbookPaths(plan, readySite(plan, site));
}

/** Bytes of all files of a site that come from templates; each template has its own bound as well. */
const MAX_RENDERED = 32 * 1024 * 1024;

const requirements = new WeakMap<YamlNode, TreeFile>();

/** What a stack needs, in a file that all its sites share. */
function requirementsOf(node: YamlNode): TreeFile {
  let file = requirements.get(node);
  if (!file) requirements.set(node, (file = fileOf(emitYaml(node))));
  return file;
}

/** What the tree has beside its stacks. */
function ownFiles(plan: Plan, site: SiteDefinition, params: MapNode): Map<string, TreeFile> {
  const files = new Map<string, TreeFile>();
  const isShared = (node: YamlNode): boolean => !isOwn(node, site);
  const add = (path: string, text: string): void => {
    files.set(path, fileOf(text));
  };
  add('README', readme(plan, site));
  add('ansible.cfg', ansibleConfig(plan, site));
  files.set('apply.sh', applyScript(plan, site));
  add('inventory.yml', inventory(site));
  add('group_vars/all.yml', emitYaml(params, isShared));
  for (const [group, own] of site.groupParams) {
    if (own.entries.size > 0) add(`group_vars/${group}.yml`, emitYaml(own, isShared));
  }
  for (const [host, own] of site.hostParams) {
    if (own.entries.size > 0) add(`host_vars/${host}.yml`, emitYaml(own, isShared));
  }
  return files;
}

function addStacks(
  plan: Plan,
  site: SiteDefinition,
  params: MapNode,
  files: Map<string, TreeFile>,
): Problem[] {
  const problems: Problem[] = [];
  const context = new SiteContext(plan, site, params);
  let size = 0;
  for (const name of site.stacks) {
    const stack = plan.stacks.get(name)!;
    const check = postCheckFile(stack);
    if (check) files.set(...check);
    if (stack.requirements) {
      files.set(`${name}/requirements.yml`, requirementsOf(stack.requirements));
    }
    for (const file of stack.files) {
      if (!file.template) {
        files.set(file.target, plan.files.get(file.source)!);
        continue;
      }
      try {
        const rendered = renderTemplate(plan, stack, file, site, context);
        size += rendered.content.length;
        if (size > MAX_RENDERED) {
          const message = `the files rendered for the site ${site.name} come to more than ${MAX_RENDERED} bytes`;
          const position = { file: file.source, line: 1, column: 1 };
          return [...problems, { message, position, hint: 'render less into files' }];
        }
        files.set(file.target, rendered);
      } catch (error) {
        if (!(error instanceof InvalidInput) || error instanceof NotGathered) throw error;
        problems.push(...error.problems);
      }
    }
  }
  const imports = importsFile(plan, site, context);
  if (imports) files.set(IMPORTS_PATH, imports);
  return problems;
}
