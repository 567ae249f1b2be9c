import type { SiteStore } from '../git/site-store.ts';
import type { Driver } from '../model/driver.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Runs of a site that may have ended before their refs had moved. */
const LOOK_BACK = 20;

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
  const agents = new Map((await store.agents.fleet()).map(({ site, agent }) => [site, agent]));
  for await (const row of store.sites.all()) {
    const agent = agents.get(row.name);
    const applied =
      agent?.applied ?? (row.lastRunId === null ? null : await lastApplied(store, row.name));
    for (const [ref, to] of [
      ['desired', row.desiredCommit],
      ['observed', row.observedCommit],
      ['applied', applied],
      ['results', agent?.results ?? null],
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

/** The commit of a site's newest successful apply, if that is not long ago; its ref moved soon after it. */
async function lastApplied(store: Store, site: string): Promise<string | null> {
  const runs = await store.runs.list({ site, limit: LOOK_BACK });
  const run = runs.find(({ kind, result }) => kind === 'apply' && result === 'success');
  return run?.commit ?? null;
}
