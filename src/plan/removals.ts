import type { Removal } from '../model/preview.ts';
import type { Plan } from './plan.ts';

/**
 * How much of a plan is not in another any more: sites, their hosts, and files. A file that was only moved is still
 * there. What nothing was removed of is left out.
 */
export function removals(before: Plan, after: Plan): Removal[] {
  const sites: Removal = { what: 'sites', removed: 0, of: before.sites.size };
  const hosts: Removal = { what: 'hosts', removed: 0, of: 0 };
  for (const [name, site] of before.sites) {
    const other = after.sites.get(name);
    hosts.of += site.hosts.size;
    if (!other) sites.removed += 1;
    if (site === other) continue;
    for (const host of site.hosts.keys()) if (!other?.hosts.has(host)) hosts.removed += 1;
  }
  return [sites, hosts, removedFiles(before, after)].filter(({ removed }) => removed > 0);
}

function removedFiles({ files: before }: Plan, { files: after }: Plan): Removal {
  const lost: string[] = [];
  for (const [path, { hash }] of before) if (!after.has(path)) lost.push(hash);
  if (lost.length === 0) return { what: 'files', removed: 0, of: before.size };
  const contents = new Set(after.values().map(({ hash }) => hash));
  const removed = lost.filter((hash) => !contents.has(hash)).length;
  return { what: 'files', removed, of: before.size };
}

/** The removals that come to more than a share (from 0 to 1) of what there was. One alone is never too much. */
export function tooMuch(all: readonly Removal[], share: number): Removal[] {
  return all.filter(({ removed, of }) => removed > 1 && removed > of * share);
}

/** `12 of 40 sites, 13 of 80 hosts` */
export function removalText(all: readonly Removal[]): string {
  return all.map(({ what, removed, of }) => `${removed} of ${of} ${what}`).join(', ');
}
