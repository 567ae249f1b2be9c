import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { LocalForge } from '../../src/forge/local/local-forge.ts';
import { BareRepository } from '../support/github/repository.ts';
import { MemoryPullRecords } from '../support/memory-pull-records.ts';
import { mergeTarget } from '../support/merge-target.ts';

const draft = { branch: 'trueup/oslo-01/77aa', base: 'main', title: 'T', body: 'B', labels: [] };

let folder: string;
let repository: BareRepository;
let records: MemoryPullRecords;
let forge: LocalForge;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'local-forge-'));
  repository = new BareRepository(join(folder, 'plan.git'));
  records = new MemoryPullRecords();
  forge = new LocalForge({
    records,
    target: mergeTarget(repository),
    url: (number) => `http://localhost/proposals/${number}`,
  });
});
afterEach(() => rmSync(folder, { recursive: true, maxRetries: 10 }));

async function open(): Promise<string> {
  const head = repository.commit(draft.branch, { 'sites/oslo-01.yaml': 'a: 1\n' });
  await forge.ensurePullRequest(draft);
  return head;
}

test('law 12: killed between the merge and its record, the merge is seen afterwards', async () => {
  const head = await open();
  const update = records.update.bind(records);
  records.update = () => Promise.reject(new Error('killed'));
  await expect(forge.mergePullRequest(1, head, 'alice')).rejects.toThrow('killed');
  records.update = update;
  const main = repository.branchCommit('main');
  expect(await forge.mergePullRequest(1, head, 'alice')).toMatchObject({
    state: 'merged',
    mergeCommit: main,
  });
  expect(repository.branchCommit('main')).toBe(main);
});

test('merged by several at once, it is merged once', async () => {
  const head = await open();
  const all = await Promise.all(
    ['alice', 'bob'].map((name) => forge.mergePullRequest(1, head, name)),
  );
  expect(all.map(({ decidedBy }) => decidedBy)).toEqual(['alice', 'alice']);
  expect(repository.git('rev-list', '--count', '--merges', 'main')).toBe('1');
});

test('merged by hand and pushed to afterwards, it is merged at what was merged', async () => {
  const head = await open();
  repository.merge({ head, base: 'main', message: 'By hand', author: 'carol' });
  repository.commit(draft.branch, { 'sites/oslo-01.yaml': 'a: 2\n' });
  expect(await forge.getPullRequest(1)).toMatchObject({ state: 'merged', head });
});

test('merged by hand after a push that nobody had looked at, it is merged at that', async () => {
  await open();
  repository.git('update-ref', '-d', `refs/heads/${draft.branch}`);
  const head = repository.commit(draft.branch, { 'sites/oslo-01.yaml': 'a: 3\n' });
  repository.merge({ head, base: 'main', message: 'By hand', author: 'carol' });
  expect(await forge.getPullRequest(1)).toMatchObject({ state: 'merged', head });
});

test('closed and then merged by hand, it stays closed', async () => {
  const head = await open();
  await forge.closePullRequest(1, 'alice');
  repository.merge({ head, base: 'main', message: 'By hand', author: 'carol' });
  expect(await forge.getPullRequest(1)).toMatchObject({ state: 'closed', decidedBy: 'alice' });
});

test('a conflict names the files', async () => {
  const head = await open();
  repository.commit('main', { 'sites/oslo-01.yaml': 'a: 9\n' });
  await expect(forge.mergePullRequest(1, head, 'alice')).rejects.toThrow(
    'pull request #1 conflicts with main in sites/oslo-01.yaml',
  );
});

test('a failing git is no decision', async () => {
  await open();
  rmSync(repository.directory, { recursive: true });
  await expect(forge.getPullRequest(1)).rejects.toThrow('git');
  expect(await records.get(1)).toMatchObject({ state: 'open' });
});
