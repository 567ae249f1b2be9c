import type { SiteAgent } from '../../server/wire-site-agent.ts';
import type { AgentRow } from '../../store/agent-rows.ts';
import { keyFingerprint } from './enrolment.ts';

/** Whether an agent was heard of lately. */
export function contactOf(
  agent: AgentRow | undefined,
  { now, lateAfter }: { now: number; lateAfter: number },
): SiteAgent['contact'] {
  const heard = Math.max(agent?.lastContactAt ?? 0, agent?.lastReturnAt ?? 0);
  if (heard === 0) return 'never';
  return now - heard <= lateAfter ? 'connected' : 'late';
}

/** How many desired trees a site does not have yet. */
export function lagOf(agent: AgentRow | undefined, generation: number): number {
  return Math.max(0, generation - (agent?.baseGeneration ?? 0));
}

/** Paths where plan and site disagree: by the centre's own merge, and by the agent's word. */
export function conflictsOf(agent: AgentRow | undefined): string[] {
  return [
    ...new Set([...(agent?.conflicts ?? []), ...(agent?.status?.conflicts ?? [])]),
  ].toSorted();
}

/** What people see of an agent. */
export function agentView(
  agent: AgentRow | undefined,
  about: { generation: number; carried: number; now: number; lateAfter: number },
): SiteAgent {
  const { generation, carried } = about;
  const status = agent?.status;
  const contact = contactOf(agent, about);
  return {
    contact,
    enrolled: agent?.publicKey != null,
    key: agent?.publicKey == null ? null : keyFingerprint(agent.publicKey),
    lastContactAt: time(agent?.lastContactAt),
    lastReturnAt: time(agent?.lastReturnAt),
    generation: agent?.baseGeneration ?? 0,
    lag: lagOf(agent, generation),
    owed: agent?.owed ?? null,
    carried,
    conflicts: conflictsOf(agent),
    clockSkew: agent?.clockSkew == null ? null : agent.clockSkew / 1000,
    hold: status?.hold ?? null,
    guard: status?.guard ?? null,
    message: status?.message ?? '',
    version: status?.version ?? null,
  };
}

function time(ms: number | null | undefined): string | null {
  return ms ? new Date(ms).toISOString() : null;
}
