import { type LogEntry, readLog } from './log.ts';
import type { Repository } from './repository.ts';

/** What a history goes back to, and the commits since, oldest first. */
export interface SiteHistory {
  /** Commit with the desired tree that the first of the commits was made on. */
  start: string;
  commits: LogEntry[];
}

/**
 * The history of what was found at a site, back to where that was as the plan has it. Other parents than the first
 * are desired commits that came in.
 * @param base the desired commit that the site was brought to
 * @param observed what was found there
 * @param limit commits at most; of a longer history the newest
 */
export async function readSiteHistory(
  repository: Repository,
  base: string,
  observed: string,
  limit: number,
): Promise<SiteHistory> {
  const newest = await readLog(repository, base, observed, limit, { firstParents: true });
  const commits: LogEntry[] = [];
  for (const entry of newest) {
    const [, desired] = entry.parents;
    if (desired !== undefined && (await isSameTree(repository, entry.commit, desired)))
      return { start: entry.commit, commits };
    commits.unshift(entry);
  }
  const [oldest] = commits;
  const whole = newest.length < limit;
  return { start: (whole && oldest?.parents[0]) || base, commits };
}

async function isSameTree(repository: Repository, one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [one, other].map((commit) => repository.objects.info(`${commit}^{tree}`)),
  );
  return a !== undefined && a.id === b?.id;
}
