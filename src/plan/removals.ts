import type { Removal } from '../model/preview.ts';
import type { Plan } from './plan.ts';

/**
 * How much of a plan is not in another any more: sites, their hosts, and files. A file that was only moved is still
 * there. What nothing was removed of is left out.
 */
export function removals(before: Plan, after: Plan): Removal[] {
  const counts: Removal[] = [
    gone('sites', before.sites.keys(), (name) => after.sites.has(name)),
    gone('hosts', hostsOf(before), ([site, host]) => after.sites.get(site)?.hosts.has(host)),
    removedFiles(before, after),
  ];
  return counts.filter(({ removed }) => removed > 0);
}

function gone<T>(
  what: Removal['what'],
  all: Iterable<T>,
  isThere: (one: T) => boolean | undefined,
): Removal {
  const list = [...all];
  return { what, removed: list.filter((one) => !isThere(one)).length, of: list.length };
}

function hostsOf({ sites }: Plan): [site: string, host: string][] {
  return [...sites].flatMap(([site, { hosts }]) =>
    [...hosts.keys()].map((host): [string, string] => [site, host]),
  );
}

function removedFiles({ files: before }: Plan, { files: after }: Plan): Removal {
  const lost = [...before].filter(([path]) => !after.has(path));
  if (lost.length === 0) return { what: 'files', removed: 0, of: before.size };
  const contents = new Set([...after.values()].map(({ hash }) => hash));
  const removed = lost.filter(([, { hash }]) => !contents.has(hash)).length;
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
