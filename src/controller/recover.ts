import type { SiteStore } from '../git/site-store.ts';
import type { Driver } from '../model/driver.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface RecoverOptions {
  store: Store;
  trees: SiteStore;
  driver: Driver;
  log: Logger;
  now: () => number;
}

/**
 * Brings what an earlier process left half done to a known state, before any loop starts: ends its runs, and
 * sets the refs to what the database says (law 12). Safe to repeat.
 */
export async function recover({ store, trees, driver, log, now }: RecoverOptions): Promise<void> {
  await driver.cleanUp();
  for (const run of await store.runs.unfinished()) {
    await store.transaction(async (tx) => {
      await tx.runs.finish(run.id, {
        endedAt: now(),
        result: 'error',
        reason: 'the controller ended while this was running',
        report: null,
      });
      if (run.kind !== 'apply' || !(await tx.sites.get(run.site))) return;
      // Handlers that were notified are lost, and what was applied is not known: all of it is applied again.
      await tx.sites.update(run.site, {
        applyForced: true,
        applyReason: 'the apply was interrupted',
      });
    });
    log.warn({ site: run.site, run: run.id }, 'a run was interrupted: it is made again');
  }

  const refs = await trees.allRefs();
  const moves: Parameters<SiteStore['moveRefs']>[0] = [];
  for await (const row of store.sites.all()) {
    for (const [ref, to] of [
      ['desired', row.desiredCommit],
      ['observed', row.observedCommit],
    ] as const) {
      if (to && refs.get(`${row.name}/${ref}`) !== to) {
        moves.push({ site: row.name, ref, to, from: undefined });
      }
    }
  }
  if (moves.length > 0) {
    await trees.moveRefs(moves);
    log.info({ refs: moves.length }, 'brought refs to what the database says');
  }
}
