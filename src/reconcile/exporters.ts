import { exportersOf, missingImports, missingText } from '../plan/exports.ts';
import type { Plan } from '../plan/plan.ts';
import type { SiteRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';

/** An agent that has not been heard of for so long is not waited for (ms). */
const OUT_OF_CONTACT = 10 * 60_000;

/** Why a site is not at what the plan asks for, as those who import from it see it. */
export interface Behind {
  kind: 'failed' | 'unreachable' | 'held' | 'pending';
  reason: string;
}

/** Why what a site exports is of an older revision than the one it is to be at; undefined if it is not. */
export async function whyBehind(
  store: Store,
  row: SiteRow,
  now: number,
): Promise<Behind | undefined> {
  const revision = row.desiredRevision?.slice(0, 10) ?? 'none';
  if (row.waitsFor !== null)
    return { kind: 'pending', reason: `${row.name} itself waits for ${row.waitsFor}` };
  if (row.appliedCommit === row.desiredCommit) return undefined;
  if (row.delivery === 'agent') {
    const agent = await store.agents.get(row.name);
    const heard = agent?.lastContactAt ?? null;
    if (heard === null || now - heard > OUT_OF_CONTACT)
      return { kind: 'unreachable', reason: `${row.name} has not been heard of` };
  }
  if (row.lastApplyFailed) {
    const run = row.lastRunId === null ? undefined : await store.runs.get(row.lastRunId);
    const kind = run?.result === 'unreachable' ? 'unreachable' : 'failed';
    const how = kind === 'failed' ? 'could not be applied' : 'could not be reached';
    const why = run?.reason ? `: ${run.reason}` : '';
    return { kind, reason: `${row.name} ${how} at revision ${revision}${why}` };
  }
  if (row.hold !== null) return { kind: 'held', reason: `${row.name} is held: ${row.hold}` };
  return { kind: 'pending', reason: `${row.name} is not applied at revision ${revision} yet` };
}

/**
 * What a site that has something to apply waits for, in words, or undefined: sites that it imports from and that
 * changed with it go first. One that cannot be reached is not waited for, since what it exported before serves.
 */
export async function exportersAwaited(
  store: Store,
  plan: Plan,
  row: SiteRow,
  now: number,
): Promise<string | undefined> {
  const exporters = plan.sites.has(row.name) ? exportersOf(plan, row.name) : [];
  if (exporters.length === 0) return undefined;
  const rows = await store.sites.getMany(exporters);
  const reasons: string[] = [];
  for (const exporter of rows.values()) {
    const together =
      row.needs.includes(exporter.name) || exporter.desiredRevision === row.desiredRevision;
    if (!together && exporter.waitsFor === null) continue;
    const behind = await whyBehind(store, exporter, now);
    if (behind && behind.kind !== 'unreachable') reasons.push(behind.reason);
  }
  return reasons.length > 0 ? reasons.join('; ') : undefined;
}

/** What a site's stacks import and was not gathered yet, in words; null if it has all of it. */
export function notGathered(plan: Plan | undefined, site: string): string | null {
  if (!plan?.sites.has(site)) return null;
  const missing = missingImports(plan, site);
  return missing.length > 0 ? missingText(missing) : null;
}

/**
 * The sites that have to be applied before each of these, as far as that hangs on an earlier revision than the one
 * that is coming: what a site waited for when the next revision came, it still waits for.
 * @param rows of the sites, as they were before
 */
export async function carriedNeeds(
  store: Store,
  plan: Plan,
  rows: readonly SiteRow[],
): Promise<Map<string, string[]>> {
  const unsettled = rows
    .filter(({ name, appliedCommit, desiredCommit }) => {
      return desiredCommit !== null && appliedCommit !== desiredCommit && plan.sites.has(name);
    })
    .map((row) => ({ row, exporters: exportersOf(plan, row.name) }))
    .filter(({ exporters }) => exporters.length > 0);
  const needs = new Map<string, string[]>();
  if (unsettled.length === 0) return needs;
  const known = await store.sites.getMany([
    ...new Set(unsettled.flatMap(({ exporters }) => exporters)),
  ]);
  for (const { row, exporters } of unsettled) {
    const before = exporters.filter(
      (name) =>
        row.needs.includes(name) || known.get(name)?.desiredRevision === row.desiredRevision,
    );
    needs.set(row.name, before);
  }
  return needs;
}
