import type { SiteTree } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import type { FileReading } from './changes.ts';
import { readDataFile } from './data-files.ts';
import { readTemplateFile } from './template-edits.ts';

/** Reads one edited file of a site tree as changes of what the plan says, or tells why it cannot be so read. */
export function readFileEdit(
  plan: Plan,
  site: string,
  path: string,
  trees: { desired: SiteTree; observed: SiteTree },
): FileReading {
  const [desired, observed] = [trees.desired.get(path), trees.observed.get(path)];
  const overlay = plan.overlays.get(site);
  if (overlay?.files.has(path))
    return { changes: [], reason: 'the site has a version of it of its own already' };
  if (overlay?.absent.includes(path))
    return { changes: [], reason: 'the plan lists it as absent at this site' };
  const data = readDataFile(plan, site, path, desired, observed);
  const reading = data ?? readOther(plan, site, path, trees);
  if (desired && observed && desired.mode !== observed.mode) {
    const mode = `its mode was changed to ${observed.mode}`;
    return desired.content.equals(observed.content)
      ? { changes: [], reason: mode }
      : { ...reading, reason: reading.reason ? `${reading.reason}; ${mode}` : mode };
  }
  return reading;
}

function readOther(
  plan: Plan,
  site: string,
  path: string,
  trees: { desired: SiteTree; observed: SiteTree },
): FileReading {
  const [desired, observed] = [trees.desired.get(path), trees.observed.get(path)];
  if (!desired) return { changes: [], reason: 'the plan renders no such file' };
  if (!observed) return { changes: [], reason: 'it was deleted at the site' };
  const source = sourceOf(plan, site, path);
  if (!source) return { changes: [], reason: 'trueup writes it itself' };
  if (source.template) return readTemplateFile(plan, site, path, desired, observed);
  return { changes: [], reason: `it is a copy of ${source.file}, which all sites share` };
}

/** The file of a stack that a rendered file comes from. */
function sourceOf(
  plan: Plan,
  site: string,
  path: string,
): { file: string; template: boolean } | undefined {
  for (const stack of plan.sites.get(site)!.stacks) {
    const file = plan.stacks.get(stack)?.files.find(({ target }) => target === path);
    if (file) return { file: file.source, template: file.template };
  }
  return undefined;
}
