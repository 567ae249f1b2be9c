import { expect, test } from 'vitest';

import { examplePlan } from '../../test/support/example-plan.ts';
import { planFiles } from '../../test/support/plan-files.ts';
import { driftRow } from '../../test/support/store.ts';
import type { SiteTree } from '../model/tree.ts';
import { changedPaths } from '../model/tree.ts';
import { loadPlan } from '../plan/load.ts';
import type { Plan } from '../plan/plan.ts';
import type { Edit } from '../runner/working-copy/split-edits.ts';
import { endOf } from './endings.ts';
import { judgeEdits, type Judgement } from './judge.ts';

const SITE = 'lisbon-07';
const DESIRED = tree({ 'base/files/motd': 'a\nb\nc\nd\n', 'base/files/ntp.conf': 'clock\n' });

function tree(files: Record<string, string>): SiteTree {
  return new Map(
    Object.entries(files).map(([path, text]) => [
      path,
      { mode: '100644', content: Buffer.from(text) },
    ]),
  );
}

function edit(commit: string, files: Record<string, string>, more: Partial<Edit> = {}): Edit {
  const edited = new Map([...DESIRED, ...tree(files)]);
  return {
    paths: changedPaths(DESIRED, edited),
    tree: edited,
    commits: [commit],
    replaces: [],
    authors: ['ana'],
    time: 1,
    message: commit,
    ...more,
  };
}

function planWith(rules: string): Plan {
  const drift = `drift:\n  rules: ${rules}\n`;
  const text = examplePlan['plan.yaml']!.replace(/^drift:[\s\S]*?(?=^rollout:)/m, drift);
  const { plan, problems } = loadPlan(planFiles({ ...examplePlan, 'plan.yaml': text }));
  if (!plan) throw new Error(JSON.stringify(problems));
  return plan;
}

test('the policy is asked for each edit, and for each path of it', () => {
  const plan = planWith(
    '[{ paths: ["files/motd"], action: revert }, { paths: ["**/ntp.conf"], action: ignore }]',
  );
  const both = edit('both', { 'base/files/motd': 'x\n', 'base/files/new': 'y\n' });
  const ignored = edit('ignored', { 'base/files/ntp.conf': 'x\n' });
  const judgement = judgeEdits(plan, SITE, DESIRED, [both, ignored]);
  expect(judgement.propose).toMatchObject([{ edit: both, paths: ['base/files/new'] }]);
  expect(judgement.revert).toMatchObject([{ edit: both, paths: ['base/files/motd'] }]);
  expect(judgement.ignored).toEqual([ignored]);
  expect(changedPaths(DESIRED, judgement.propose[0]!.tree)).toEqual(['base/files/new']);
});

test('the very same change in two places of a file is one edit: no name would tell them apart', () => {
  const { propose } = judgeEdits(planWith('[]'), SITE, DESIRED, [
    edit('one', { 'base/files/motd': 'new\na\nb\nc\nd\n' }),
    edit('other', { 'base/files/motd': 'a\nb\nc\nd\nnew\n' }, { time: 2, authors: ['bo', 'ana'] }),
  ]);
  expect(propose).toMatchObject([
    {
      paths: ['base/files/motd'],
      edit: {
        commits: ['one', 'other'],
        authors: ['bo', 'ana'],
        time: 2,
        message: 'one\n\nother',
      },
    },
  ]);
  expect(propose[0]!.tree.get('base/files/motd')!.content.toString()).toBe(
    'new\na\nb\nc\nd\nnew\n',
  );
});

function judge(rules: string, edits: Edit[]): Judgement {
  return judgeEdits(planWith(rules), SITE, DESIRED, edits);
}

test('how an edit ended that is not found any more', () => {
  const drift = driftRow('one', { observedCommit: 'first', paths: ['base/files/motd'] });
  const newer = { 'base/files/motd': 'x\n' };
  const end = (judgement: Judgement, overtaken: string[] = []) => {
    const now = { found: judgement.propose, judgement, overtaken: new Set(overtaken) };
    const { status, by } = endOf(drift, now);
    return `${status} by ${by}`;
  };
  const further = edit('second', newer, { replaces: ['first'] });
  expect(end(judge('[]', []))).toBe('reverted by the site');
  expect(end(judge('[]', []), [drift.id])).toBe('adopted by the plan');
  expect(end(judge('[]', [further]))).toBe('superseded by a newer edit');
  expect(end(judge('[]', [edit('second', newer)]))).toBe('reverted by the site');
  const elsewhere = edit('first', { 'base/files/ntp.conf': 'x\n' });
  expect(end(judge('[]', [elsewhere]))).toBe('reverted by the site');
  const ignore = '[{ paths: ["**"], action: ignore }]';
  expect(end(judge(ignore, [edit('first', newer)]))).toBe('ignored by policy');
});
