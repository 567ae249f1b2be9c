import type { Config } from '../config/config.ts';
import type { Plan } from '../plan/plan.ts';
import type { Waiters } from '../proposals/waiters.ts';
import { countStaleImports } from '../reconcile/stale-imports.ts';
import type { Store } from '../store/store.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Agents } from './agents/agents.ts';

/** Brings the metrics that are counted from the database up to date; called before each scrape. */
export async function refreshMetrics(of: {
  config: Config['metrics'];
  store: Store;
  metrics: Metrics;
  waiters: Waiters;
  agents: Agents;
  plan: Plan | undefined;
  /** How many sites there are. */
  sites: number;
  now: number;
}): Promise<void> {
  const { config, store, metrics, waiters, agents, plan, sites, now } = of;
  const { invalidRevision } = await store.plan.get();
  metrics.planInvalid.set(invalidRevision === null ? 0 : 1);
  for (const [state, count] of Object.entries(await store.sites.countByState())) {
    metrics.sites.set({ state }, count);
  }
  for (const [state, count] of Object.entries(await store.proposals.countByState())) {
    metrics.proposals.set({ state }, count);
  }
  metrics.proposalsWaiting.set((await waiters.list()).length);
  const stale: Record<string, number> = plan ? await countStaleImports(store, plan, now) : {};
  for (const [reason, count] of Object.entries(stale)) metrics.staleImports.set({ reason }, count);
  const { perSite, perSiteLimit } = config;
  const each = perSite === 'on' || (perSite === 'auto' && sites <= perSiteLimit);
  await agents.refreshMetrics(each);
  if (!each) return;
  for await (const row of store.sites.all()) {
    if (row.removedAt !== null) continue;
    metrics.site(row.name, {
      state: row.state,
      revision: row.appliedRevision,
      lastAppliedAt: row.lastAppliedAt,
    });
  }
}
