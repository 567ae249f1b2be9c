import type { RunReport, TaskReport } from '../model/run.ts';

const MAX_BYTES = 256 * 1024;

/**
 * The report as it is kept in a row: at most 256 KiB of JSON. Left out, one after another until it fits: tasks that
 * were fine, diffs (those tasks say `truncated`), tasks from the last one back. The counts per host stay unless
 * they alone are too much.
 */
export function boundReport(report: RunReport): RunReport {
  if (size(report) <= MAX_BYTES) return report;
  let tasks = report.tasks.filter((task) => task.status !== 'ok');
  if (size({ ...report, tasks }) <= MAX_BYTES) return { ...report, tasks };
  tasks = tasks.map(withoutDiff);
  const head = { ...report, reason: report.reason.slice(0, 10_000), tasks: [] };
  if (size(head) > MAX_BYTES) head.hosts = {};
  let left = MAX_BYTES - size(head);
  const fitting: TaskReport[] = [];
  for (const task of tasks) {
    left -= size(task) + 1;
    if (left < 0) break;
    fitting.push(task);
  }
  return { ...head, tasks: fitting };
}

function withoutDiff(task: TaskReport): TaskReport {
  if (task.diff === undefined) return task;
  const { diff: _, ...rest } = task;
  return { ...rest, truncated: true };
}

function size(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
