import type { Review } from '../model/preview.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const MAX_EXAMPLES = 20;
/** Previews of merged pull requests that are kept. */
const KEPT = 200;

/** A site's desired tree: null if the plan has no such site. */
type Desired = ReadonlyMap<string, string | null>;

/**
 * Compares what previews showed with what is desired. Of several that came into force together, each shows only its
 * own part: a site that is as any of them showed it is as it was shown.
 * @param shown what each of them showed
 * @param desired the digests of the sites that the revision changed, or that were shown
 */
export function compare(
  shown: readonly Desired[],
  desired: Desired,
): Pick<Review, 'same' | 'different' | 'examples'> {
  const different: string[] = [];
  let same = 0;
  for (const [site, digest] of desired) {
    if (shown.some((preview) => preview.has(site) && preview.get(site) === digest)) same += 1;
    else different.push(site);
  }
  return {
    same,
    different: different.length,
    examples: different.toSorted().slice(0, MAX_EXAMPLES),
  };
}

/**
 * Says in the record of a revision that is in force whether it is what its pull requests showed (law 9).
 * @param number of the pull request that came into force with it
 */
export async function reviewMerged(
  { store, log, metrics }: { store: Store; log: Logger; metrics: Metrics },
  number: number,
  revision: string,
): Promise<void> {
  const { previews, sites } = store;
  const others = (await previews.inForceAs(revision)).map((row) => row.number);
  const pulls = [...new Set([...others, number])].toSorted((a, b) => a - b);
  const shown = await Promise.all(pulls.map((one) => previews.digests(one)));
  const names = new Set(shown.flatMap((digests) => [...digests.keys()]));
  const desired = new Map<string, string | null>();
  for await (const row of sites.all()) {
    if (row.removedAt !== null ? names.has(row.name) : row.desiredRevision === revision)
      desired.set(row.name, row.removedAt === null ? row.desiredDigest : null);
    else if (names.has(row.name)) desired.set(row.name, row.desiredDigest);
  }
  // A site that comes, and one that goes before it was ever known.
  for (const name of names) if (!desired.has(name)) desired.set(name, null);
  const review: Review = { pulls, ...compare(shown, desired) };
  await store.transaction(async (tx) => {
    await tx.revisions.update(revision, { review });
    await tx.previews.update(number, { inForceAs: revision });
  });
  await previews.prune(KEPT);
  metrics.reviewedSites.inc({ result: 'same' }, review.same);
  metrics.reviewedSites.inc({ result: 'different' }, review.different);
  const about = { revision, pulls, same: review.same, different: review.different };
  if (review.different === 0) log.info(about, 'what came into force is what was reviewed');
  else
    log.warn(
      { ...about, sites: review.examples },
      'what came into force differs from what was reviewed',
    );
}
