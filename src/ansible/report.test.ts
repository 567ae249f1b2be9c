import { expect, test } from 'vitest';

import type { TaskEvent } from './events.ts';
import { ReportBuilder } from './report.ts';

const limits = { diff: 20, message: 10, details: 50, tasks: 3 };
const about = { kind: 'apply', driver: 'ansible', site: 's', digest: 'd', startedAt: 0 } as const;
const good = { code: 0, signal: null, tail: '' };
const counts = { ok: 1, changed: 0, failed: 0, unreachable: 0, skipped: 0 };

function event(more: Partial<TaskEvent> = {}): TaskEvent {
  const facts = {
    name: 'task',
    path: 'p.yml:3',
    action: 'copy',
    status: 'ok',
    duration: 1,
  } as const;
  return { event: 'task', host: 'a', ...facts, ...more };
}

function builder(): ReportBuilder {
  const report = new ReportBuilder(limits);
  report.add({ event: 'playbook', path: 'p.yml' });
  report.add({ event: 'play', name: 'play', hosts: ['a', 'b'] });
  return report;
}

test('success needs a result for every host that a play is for', () => {
  const report = builder();
  report.add({ event: 'stats', hosts: { a: counts, b: counts } });
  expect(report.judge(good, ['p.yml'])).toEqual({ result: 'success', reason: '' });
});

test.each([
  ['no stats at all', [], 'ansible-playbook told no result of p.yml: words'],
  ['a host left out', [{ a: counts }], 'nothing ran on b'],
  [
    'a host that nobody named',
    [{ a: counts, b: counts, c: counts }],
    'tasks ran on c, which no play is for',
  ],
])('%s is an error in spite of exit code 0', (_name, stats, reason) => {
  const report = builder();
  for (const hosts of stats) report.add({ event: 'stats', hosts });
  expect(report.judge({ ...good, tail: 'words' }, ['p.yml'])).toEqual({ result: 'error', reason });
});

test('a playbook that was never begun, or never ended, is an error', () => {
  const report = builder();
  report.add({ event: 'stats', hosts: { a: counts, b: counts } });
  expect(report.judge(good, ['p.yml', 'q.yml'])).toMatchObject({ result: 'error' });
  report.add({ event: 'playbook', path: 'q.yml' });
  expect(report.judge({ ...good, fault: 'not JSON' }, ['p.yml', 'q.yml'])).toEqual({
    result: 'error',
    reason: 'what ansible-playbook tells broke off: not JSON',
  });
});

test('failed tasks go before unreachable hosts, whatever the exit code says', () => {
  const report = builder();
  report.add(event({ host: 'a', status: 'failed', ignored: true, message: 'never mind' }));
  report.add(event({ host: 'b', status: 'unreachable', message: 'gone' }));
  report.add(event({ host: 'a', name: 'broken', status: 'failed', message: 'bad\nvery' }));
  const hosts = { a: { ...counts, failed: 1 }, b: { ...counts, unreachable: 1 } };
  report.add({ event: 'stats', hosts });
  expect(report.judge({ ...good, code: 4 }, ['p.yml'])).toEqual({
    result: 'failed',
    reason: 'task "broken" (p.yml:3) failed on a: bad',
  });
});

test('an end by a signal or a code is told with the last words', () => {
  expect(builder().judge({ ...good, code: null, signal: 'SIGKILL' }, ['p.yml'])).toEqual({
    result: 'error',
    reason: 'ansible-playbook was ended by SIGKILL',
  });
  expect(builder().judge({ ...good, code: 4, tail: 'no such file' }, ['p.yml']).reason).toBe(
    'ansible-playbook ended with code 4: no such file',
  );
});

test('details are bounded by entry and in all; tasks without any are left out first', () => {
  const report = builder();
  for (let i = 0; i < 4; i += 1)
    report.add(event({ diff: 'x'.repeat(30), message: 'm'.repeat(9) }));
  report.add(event({ status: 'changed', name: 'last' }));
  const { tasks } = report.finish(about, { result: 'timeout', reason: '' });
  expect(
    tasks.map(({ diff, message, truncated }) => [diff?.length, message?.length, truncated]),
  ).toEqual([
    [20, 9, true],
    [12, 9, true],
    [undefined, undefined, true],
    [undefined, undefined, undefined],
  ]);
  expect(tasks.at(-1)).toMatchObject({ name: 'last', playbook: 'p.yml' });
});

test('a run that was ended early is counted by what its tasks told', () => {
  const report = builder();
  for (const status of ['ok', 'changed', 'skipped', 'unverifiable', 'failed'] as const) {
    report.add(event({ status }));
  }
  report.add(event({ status: 'failed', ignored: true }));
  const { hosts } = report.finish(about, { result: 'timeout', reason: '' });
  // Of the entries without detail only the first three are kept.
  expect(hosts).toEqual({ a: { ok: 3, changed: 1, failed: 1, unreachable: 0, skipped: 2 } });
});

test('control characters of a host show as pictures', () => {
  const report = builder();
  report.add(event({ status: 'changed', diff: '+\u001b[2Jx\n\t\u009by' }));
  expect(report.finish(about, { result: 'success', reason: '' }).tasks[0]!.diff).toBe(
    '+␛[2Jx\n\t\ufffdy',
  );
});
