import type { AgentStatus } from '../model/agent-wire.ts';
import { conflictsAt } from '../runner/working-copy/conflicts.ts';
import type { Store } from '../store/store.ts';
import { guardHold, guardWords } from './guard.ts';
import { recallGuard } from './memory.ts';

/** How the site does, for the centre and for people; undefined as long as nothing is desired there. */
export async function agentStatus(of: {
  store: Store;
  site: string;
  version: string;
  now: number;
}): Promise<AgentStatus | undefined> {
  const { store, site, version, now } = of;
  const row = await store.sites.get(site);
  if (!row?.desiredCommit) return undefined;
  const guard = await recallGuard(store);
  const { appliedCommit, appliedDigest, lastAppliedAt: at } = row;
  return {
    at: now,
    version,
    base: row.baseCommit,
    desired: row.desiredCommit,
    generation: row.generation,
    applied:
      appliedCommit && appliedDigest ? { commit: appliedCommit, digest: appliedDigest, at } : null,
    failed: row.lastApplyFailed,
    hold: (row.hold ?? guardHold(guard, row.desiredCommit, false) ?? null)?.slice(0, 4000) ?? null,
    conflicts: await conflictsAt(store, site),
    guard: guardWords(guard)?.slice(0, 4000) ?? null,
    message: row.message.slice(0, 4000),
  };
}
