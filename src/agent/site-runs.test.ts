import { expect, test } from 'vitest';

import type { Driver, RunRequest } from '../model/driver.ts';
import type { RunReport, RunResult } from '../model/run.ts';
import { MANIFEST_PATH, type SiteTree } from '../model/tree.ts';
import { Runner } from '../runner/runner.ts';
import { runPlanOf, SiteRuns } from './site-runs.ts';

const CHECK = 'base/playbooks/check.yml';

function treeOf(manifest: string): SiteTree {
  return new Map([[MANIFEST_PATH, { mode: '100644', content: Buffer.from(manifest) }]]);
}

const TREE = treeOf(
  JSON.stringify({
    run: { playbooks: ['site.yml'], outputs: {}, secrets: [], postCheck: [CHECK] },
  }),
);

/** Runs end as the list says, the last one for good. */
function runsThatEnd(...ends: Record<string, RunResult>[]): { runs: SiteRuns; ran: RunRequest[] } {
  const ran: RunRequest[] = [];
  const driver: Driver = {
    name: 'fake',
    version: async () => '1',
    cleanUp: async () => undefined,
    async run(request): Promise<RunReport> {
      ran.push(request);
      const end = ends[Math.min(ran.length, ends.length) - 1]!;
      const [result = 'success'] = Object.values(end).filter((one) => one !== 'success');
      const hosts = Object.entries(end).map(([host, one]) => [
        host,
        { ok: 1, changed: 0, failed: 0, unreachable: one === 'unreachable' ? 1 : 0, skipped: 0 },
      ]);
      return {
        kind: request.kind,
        driver: 'fake',
        site: request.site,
        digest: '',
        startedAt: 0,
        endedAt: 0,
        result,
        reason: result === 'success' ? '' : `ended ${result}`,
        hosts: Object.fromEntries(hosts),
        tasks: [],
      };
    },
  };
  const runs = new SiteRuns({
    runner: new Runner({ driver }),
    settings: { timeout: 60_000, answerWithin: 50 },
    now: () => 0,
  });
  return { runs, ran };
}

function answerOf(runs: SiteRuns, answering?: string[], tree = TREE) {
  return runs.answer('lisbon', tree, answering, new AbortController().signal);
}

test('hosts answer, then the post-check of the tree passes', async () => {
  const { runs, ran } = runsThatEnd({ a: 'success' });
  expect(await answerOf(runs)).toBe('answered');
  expect(ran.map(({ playbooks }) => playbooks)).toEqual([['.trueup/answer.yml'], [CHECK]]);
  expect(ran[0]!.tree.get('.trueup/answer.yml')?.content.toString()).toContain('hosts: all');
});

test('a post-check that fails is looked at again until the time is over', async () => {
  const { runs, ran } = runsThatEnd({ a: 'success' }, { a: 'failed' }, { a: 'success' });
  expect(await answerOf(runs)).toBe('answered');
  expect(ran).toHaveLength(4);
  const fails = runsThatEnd({ a: 'success' }, { a: 'failed' }, { a: 'failed' });
  expect(await answerOf(fails.runs)).toEqual({
    failed: expect.stringContaining('ended failed'),
  });
});

test('a last look that is cut short does not hide what was seen before', async () => {
  const { runs } = runsThatEnd({ a: 'success' }, { a: 'failed' }, { a: 'timeout' });
  expect(await answerOf(runs)).toEqual({ failed: 'the post-check failed: ended failed' });
  const mute = runsThatEnd({ a: 'timeout' });
  expect(await answerOf(mute.runs)).toEqual({ failed: 'the hosts do not answer: ended timeout' });
});

test('a host that was mute before keeps no post-check from being made', async () => {
  const { runs, ran } = runsThatEnd({ a: 'success', b: 'unreachable' });
  expect(await runs.answering('lisbon', TREE)).toEqual(['a']);
  expect(await answerOf(runs, ['a'])).toBe('answered');
  expect(ran).toHaveLength(3);
  expect(await answerOf(runs, ['a', 'b'])).toEqual({
    failed: 'the hosts do not answer: ended unreachable',
  });
});

test('nobody knows where it is told to end', async () => {
  const { runs } = runsThatEnd({ a: 'unreachable' });
  expect(await runs.answer('lisbon', TREE, undefined, AbortSignal.abort())).toBeUndefined();
});

test('who answers cannot be told where nothing runs', async () => {
  const { runs } = runsThatEnd({ a: 'error' });
  expect(await runs.answering('lisbon', TREE)).toBeUndefined();
});

test.each([
  ['{', 'is no JSON any more'],
  ['{}', 'does not say how the tree is run'],
  ['null', 'does not say how the tree is run'],
])('a manifest that somebody broke (%s) is told as such', async (manifest, words) => {
  expect(() => runPlanOf(treeOf(manifest))).toThrow(words);
  const { runs, ran } = runsThatEnd({ a: 'success' });
  const tree = treeOf(manifest);
  const report = await runs.run({ kind: 'apply', site: 'lisbon', tree, cause: 'test' });
  expect(report).toMatchObject({ result: 'error', hosts: {} });
  expect(report.reason).toContain(words);
  expect(ran).toEqual([]);
});
