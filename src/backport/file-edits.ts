import type { PlanEdit } from '../model/proposal.ts';
import { sameFile, type SiteTree } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { gatheredFault } from './gathered-values.ts';

/** The file of a stack that a rendered file comes from. */
export interface StackSource {
  file: string;
  stack: string;
  template: boolean;
}

/** The file of a stack that a rendered file comes from; undefined for what trueup writes itself. */
export function sourceOf(plan: Plan, site: string, path: string): StackSource | undefined {
  for (const stack of plan.sites.get(site)!.stacks) {
    const file = plan.stacks.get(stack)?.files.find(({ target }) => target === path);
    if (file) return { file: file.source, stack, template: file.template };
  }
  return undefined;
}

/** Why an edit of a file cannot be read as another text of its template, or undefined if it may. */
export function textFault(
  plan: Plan,
  site: string,
  path: string,
  trees: { desired: SiteTree; observed: SiteTree },
): string | undefined {
  const own = ownVersion(plan, site, path);
  if (own) return own;
  const [desired, observed] = [trees.desired.get(path), trees.observed.get(path)];
  if (!desired) return 'the plan renders no such file';
  if (!observed) return 'it was deleted at the site';
  const source = sourceOf(plan, site, path);
  if (!source) return 'trueup writes it itself';
  return source.template
    ? gatheredFault(plan, site, path, { desired, observed })
    : `it is a copy of ${source.file}, which all sites share`;
}

/** Why the plan's common files have no say about a file of a site. */
export function ownVersion(plan: Plan, site: string, path: string): string | undefined {
  const overlay = plan.overlays.get(site);
  if (overlay?.files.has(path)) return 'the site has a version of it of its own already';
  return overlay?.absent.includes(path) ? 'the plan lists it as absent at this site' : undefined;
}

/**
 * The edit of a stack's file after which every site that has it has it as it was found at one: a copied file as a
 * whole, a template's mode. Undefined where no such edit does.
 */
export function sharedFileEdit(
  plan: Plan,
  site: string,
  path: string,
  trees: { desired: SiteTree; observed: SiteTree },
): (Pick<PlanEdit, 'file' | 'content' | 'mode'> & { says: string }) | undefined {
  const [desired, observed] = [trees.desired.get(path), trees.observed.get(path)];
  const source = sourceOf(plan, site, path);
  if (!source || !desired || ownVersion(plan, site, path) || sameFile(desired, observed))
    return undefined;
  const before = plan.files.get(source.file)!;
  const { file } = source;
  if (!observed) return { file, content: null, mode: before.mode, says: `${file} taken out` };
  const { mode } = observed;
  if (source.template) {
    if (mode === desired.mode) return undefined;
    return { file, content: before.content, mode, says: `mode of ${file} → ${mode}` };
  }
  return { file, content: observed.content, mode, says: `${file} as found at ${site}` };
}
