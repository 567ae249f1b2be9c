import {
  consumersOf,
  consumersOfValues,
  exporterOf,
  importers,
  importsName,
} from '../plan/exports.ts';
import type { Plan } from '../plan/plan.ts';
import type { Store } from '../store/store.ts';
import { type Behind, whyBehind } from './exporters.ts';

/** What a site's stacks import from one stack elsewhere, or of its own. */
export interface SiteImport {
  stack: string;
  from: string;
  /** Names of gathered values; with the revision that each was gathered at, null where none was. */
  values: { name: string; revision: string | null; gatheredAt: number | null }[];
  /** Why what is imported is older than it should be; null: it is not. */
  stale: string | null;
}

/** Where a site's imports come from, and which of them are stale. */
export async function siteImports(
  store: Store,
  plan: Plan,
  site: string,
  now: number,
): Promise<SiteImport[]> {
  const found = new Map<string, SiteImport>();
  for (const name of plan.sites.get(site)?.stacks ?? []) {
    const by = plan.stacks.get(name)!;
    for (const stack of by.imports) {
      const from = exporterOf(plan, site, stack);
      if (from === undefined || found.has(stack)) continue;
      const known = await store.exports.all({ site: from });
      const wanted = [...plan.stacks.get(stack)!.exportedValues.keys()].filter((value) =>
        plan.sites
          .get(site)!
          .stacks.some((one) => importsName(plan.stacks.get(one)!, stack, value)),
      );
      const rows = wanted.map((value) =>
        known.find((row) => row.stack === stack && row.name === value),
      );
      const faults = rows.flatMap((row) => (row?.fault ? [`${row.name}: ${row.fault}`] : []));
      const exporter = from === site ? undefined : await store.sites.get(from);
      const behind = exporter && (await whyBehind(store, exporter, now));
      const reasons = [...(behind && isStale(behind) ? [behind.reason] : []), ...faults];
      found.set(stack, {
        stack,
        from,
        values: wanted.map((value, index) => {
          const row = rows[index];
          const there = row !== undefined && row.digest !== null;
          return {
            name: value,
            revision: there ? row.revision : null,
            gatheredAt: there ? row.gatheredAt : null,
          };
        }),
        stale: reasons.length > 0 ? reasons.join('; ') : null,
      });
    }
  }
  return [...found.values()];
}

/** An exporter that is on its way to the plan makes nothing stale. */
function isStale({ kind }: Behind): boolean {
  return kind !== 'pending';
}

export const STALE_REASONS = ['failed', 'unreachable', 'held', 'value'] as const;
export type StaleReason = (typeof STALE_REASONS)[number];

/**
 * How many sites have imports that are stale, by why: the exporter failed, cannot be reached or is held, or a value is
 * not what it has to be. Looks at those that export, not at all sites.
 */
export async function countStaleImports(
  store: Store,
  plan: Plan,
  now: number,
): Promise<Record<StaleReason, number>> {
  const sites: Record<StaleReason, Set<string>> = {
    failed: new Set(),
    unreachable: new Set(),
    held: new Set(),
    value: new Set(),
  };
  const exporters = new Set([...importers(plan).keys()].map((key) => key.split('/')[0]!));
  for (const row of (await store.sites.getMany([...exporters])).values()) {
    const behind = await whyBehind(store, row, now);
    if (!behind || behind.kind === 'pending') continue;
    for (const consumer of consumersOf(plan, row.name)) sites[behind.kind].add(consumer);
  }
  for (const consumer of consumersOfValues(plan, await store.exports.all({ faulty: true })))
    sites.value.add(consumer);
  return {
    failed: sites.failed.size,
    unreachable: sites.unreachable.size,
    held: sites.held.size,
    value: sites.value.size,
  };
}
