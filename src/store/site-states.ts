import type { Kysely } from 'kysely';

import { type SiteState, siteState } from '../model/site.ts';
import type { Tables } from './tables.ts';

/**
 * Brings the state of these sites in line with their facts. To be called, within the same transaction, after every
 * write that changes a fact: a site's columns, its drifts, its runs.
 */
export async function refreshStates(
  db: Kysely<Tables>,
  names: readonly string[],
  now: number,
): Promise<void> {
  const sites = await db
    .selectFrom('sites')
    .select([
      'name',
      'state',
      'desiredCommit',
      'appliedCommit',
      'applyForced',
      'hold',
      'waitsFor',
      'lastApplyFailed',
    ])
    .where('name', 'in', names)
    .execute();
  const openDrifts = new Map(
    (
      await db
        .selectFrom('drifts')
        .select(({ fn }) => ['site', fn.countAll<number>().as('count')])
        .where('site', 'in', names)
        .where('status', '=', 'open')
        .groupBy('site')
        .execute()
    ).map((row) => [row.site, row.count]),
  );
  const applying = new Set(
    (
      await db
        .selectFrom('runs')
        .select('site')
        .where('site', 'in', names)
        .where('endedAt', 'is', null)
        .where('kind', '=', 'apply')
        .execute()
    ).map((row) => row.site),
  );

  const moved = new Map<SiteState, string[]>();
  for (const site of sites) {
    const state = siteState({
      ...site,
      applyForced: site.applyForced === 1,
      lastApplyFailed: site.lastApplyFailed === 1,
      applying: applying.has(site.name),
      openDrifts: openDrifts.get(site.name) ?? 0,
    });
    if (state === site.state) continue;
    const others = moved.get(state);
    if (others) others.push(site.name);
    else moved.set(state, [site.name]);
  }
  for (const [state, names] of moved) {
    await db
      .updateTable('sites')
      .set({ state, updatedAt: now })
      .where('name', 'in', names)
      .execute();
  }
}
