import type { SiteStore } from '../git/site-store.ts';
import type { Driver } from '../model/driver.ts';
import { treeDigest } from '../model/tree.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { recall, remember } from './memory.ts';

/**
 * Brings what an earlier process left half done to a known state: ends its runs, and sets the refs to what the database
 * says. What its guard is owed is done by the site's loop. Safe to repeat.
 */
export async function recoverAgent(of: {
  store: Store;
  trees: SiteStore;
  driver: Driver;
  site: string;
  log: Logger;
  now: () => number;
}): Promise<void> {
  const { store, trees, driver, site, log, now } = of;
  await driver.cleanUp();
  for (const run of await store.runs.unfinished()) {
    await store.transaction(async (tx) => {
      await tx.runs.finish(run.id, {
        endedAt: now(),
        result: 'error',
        reason: 'the agent ended while this was running',
        report: {
          kind: run.kind,
          driver: run.driver,
          site,
          digest: run.digest,
          startedAt: run.startedAt,
          endedAt: now(),
          result: 'error',
          reason: 'the agent ended while this was running',
          hosts: {},
          tasks: [],
        },
      });
      await remember(tx, 'unreported', [...((await recall(tx, 'unreported')) ?? []), run.id]);
      if (run.kind === 'apply')
        await tx.sites.update(site, {
          applyForced: true,
          applyReason: 'the apply was interrupted',
        });
    });
    log.warn({ run: run.id }, 'a run was interrupted');
  }
  const refs = await trees.allRefs();
  await restoreRow(of, refs);
  const row = await store.sites.get(site);
  const wanted = [
    ['desired', row?.desiredCommit],
    ['observed', row?.observedCommit],
    ['results', await recall(store, 'results')],
  ] as const;
  const moves = wanted.flatMap(([ref, to]) =>
    to && refs.get(`${site}/${ref}`) !== to ? [{ site, ref, to, from: undefined }] : [],
  );
  if (moves.length > 0) await trees.moveRefs(moves);
}

/** Where the database was lost, and the site's history was not: takes up from that what the site came from. */
async function restoreRow(
  {
    store,
    trees,
    site,
    log,
    now,
  }: { store: Store; trees: SiteStore; site: string; log: Logger; now: () => number },
  refs: ReadonlyMap<string, string>,
): Promise<void> {
  const [desired, observed, results] = ['desired', 'observed', 'results'].map((ref) =>
    refs.get(`${site}/${ref}`),
  );
  if (!desired || (await store.sites.get(site))) return;
  const base = observed && (await trees.lineage.mergeBase(observed, desired));
  const { revision, generation } = await trees.lineage.trailersOf(desired);
  const desiredDigest = treeDigest(await trees.readTree(desired));
  const from = base && {
    baseCommit: base,
    observedCommit: observed,
    observedDigest: treeDigest(await trees.readTree(observed)),
  };
  await store.transaction(async (tx) => {
    await tx.sites.upsertMany([{ name: site, labels: {}, stacks: [], delivery: 'agent' }]);
    await tx.sites.setDesired([
      {
        name: site,
        generation,
        desiredCommit: desired,
        desiredDigest,
        desiredRevision: revision ?? '',
      },
    ]);
    await tx.sites.update(site, {
      ...from,
      applyForced: true,
      applyReason: 'the database of the agent was lost',
    });
    if (results) await remember(tx, 'results', results);
    // How far it had counted is lost as well: a bundle that counts lower would not be taken in.
    await remember(tx, 'sequence', Math.floor(now() / 1000));
  });
  log.warn({ site, desired, observed }, 'the database was lost: took up what the history tells');
}
