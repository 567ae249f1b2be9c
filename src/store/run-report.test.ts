import { expect, test } from 'vitest';

import type { RunReport, TaskReport } from '../model/run.ts';
import { boundReport } from './run-report.ts';

const LIMIT = 256 * 1024;
const size = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

function task(status: TaskReport['status'], change: Partial<TaskReport> = {}): TaskReport {
  return {
    host: 'compute-0',
    playbook: 'compute/playbooks/site.yml',
    name: 'Write the configuration',
    path: 'compute/playbooks/site.yml:12',
    action: 'template',
    status,
    duration: 0.1,
    ...change,
  };
}

function report(tasks: TaskReport[], change: Partial<RunReport> = {}): RunReport {
  return {
    kind: 'apply',
    driver: 'ansible',
    site: 'lisbon-07',
    digest: 'd'.repeat(64),
    startedAt: 1,
    endedAt: 2,
    result: 'failed',
    reason: 'a task failed',
    hosts: { 'compute-0': { ok: 1, changed: 1, failed: 1, unreachable: 0, skipped: 0 } },
    tasks,
    ...change,
  };
}

test('a report that fits is kept as it is', () => {
  const small = report([task('ok'), task('changed', { diff: '-a\n+b\n' })]);
  expect(boundReport(small)).toBe(small);
});

test('tasks that were fine go first', () => {
  const changed = task('changed', { diff: 'ä'.repeat(1_000) });
  const large = report([...Array.from({ length: 3_000 }, () => task('ok')), changed]);
  const bounded = boundReport(large);
  expect(bounded).toEqual({ ...large, tasks: [changed] });
});

test('then diffs, and the task says that there was one', () => {
  const failed = task('failed', { message: 'no such file' });
  const bounded = boundReport(
    report([task('ok'), task('changed', { diff: 'ä'.repeat(LIMIT) }), failed]),
  );
  expect(bounded.tasks).toEqual([task('changed', { truncated: true }), failed]);
});

test('then tasks from the last one back; counts stay', () => {
  const large = report(
    Array.from({ length: 5_000 }, (_, i) => task('failed', { message: `number ${i}` })),
  );
  const bounded = boundReport(large);
  expect(size(bounded)).toBeLessThanOrEqual(LIMIT);
  expect(size(bounded)).toBeGreaterThan(LIMIT - 1_000);
  expect(bounded.tasks).toEqual(large.tasks.slice(0, bounded.tasks.length));
  expect(bounded.hosts).toEqual(large.hosts);
});

test('nothing is too large for the bound', () => {
  const counts = { ok: 1, changed: 0, failed: 0, unreachable: 0, skipped: 0 };
  const hosts = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`host-${i}`, counts]));
  const bounded = boundReport(report([task('failed')], { hosts, reason: 'x'.repeat(LIMIT) }));
  expect(size(bounded)).toBeLessThanOrEqual(LIMIT);
  expect(bounded.tasks).toEqual([task('failed')]);
});
