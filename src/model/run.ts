import type { Json, OutputFault } from './outputs.ts';

export type RunKind = 'apply' | 'check';

/** How a run ended. `success`: every host answered and nothing failed; `changes` is told by the counts. */
export type RunResult = 'success' | 'failed' | 'unreachable' | 'timeout' | 'cancelled' | 'error';

export interface HostCounts {
  ok: number;
  changed: number;
  failed: number;
  unreachable: number;
  skipped: number;
}

/** What one task did on one host. Only tasks that changed, failed or could not be checked carry detail. */
export interface TaskReport {
  host: string;
  /** Playbook path within the tree, and the task's name and `file:line` within the tree. */
  playbook: string;
  name: string;
  path: string;
  action: string;
  status: 'ok' | 'changed' | 'failed' | 'unreachable' | 'skipped' | 'unverifiable';
  /** Seconds. */
  duration: number;
  message?: string;
  /** Redacted and bounded; `truncated` says that more is in the run's event file. */
  diff?: string;
  truncated?: boolean;
  handler?: boolean;
  /** It failed, and the playbook says to go on (`ignore_errors`). */
  ignored?: boolean;
}

export interface RunReport {
  kind: RunKind;
  driver: string;
  site: string;
  /** Digest of the tree that was run (see `treeDigest`). */
  digest: string;
  /** Milliseconds since 1970. */
  startedAt: number;
  endedAt: number;
  result: RunResult;
  /** One sentence for people; empty on success. */
  reason: string;
  hosts: Record<string, HostCounts>;
  tasks: TaskReport[];
  /** What an apply gathered of what was asked for, bounded and without any secret in the clear. */
  outputs?: Record<string, Json>;
  /** What it gathered that does not count, and why. */
  outputFaults?: OutputFault[];
}

/** Sum over all hosts. */
export function totalCounts(hosts: Record<string, HostCounts>): HostCounts {
  const total = { ok: 0, changed: 0, failed: 0, unreachable: 0, skipped: 0 };
  for (const counts of Object.values(hosts)) {
    total.ok += counts.ok;
    total.changed += counts.changed;
    total.failed += counts.failed;
    total.unreachable += counts.unreachable;
    total.skipped += counts.skipped;
  }
  return total;
}
