import { afterAll, beforeAll, expect, test } from 'vitest';

import type { ProposalRow } from '../../src/store/rows.ts';
import { PreviewWorld } from '../support/previews.ts';
import { eventually } from '../support/wait.ts';
import { pairPlan, site } from '../support/world-plan.ts';

const ALL = 'group_vars/all.yml';
/** What the plan lets be merged without anybody's word. */
const POLICY = `drift:
  autoMerge:
    - { kinds: [param], sites: 'region=auto' }
`;

let previews: PreviewWorld;
beforeAll(async () => {
  previews = await PreviewWorld.create((hosts) => {
    const files = pairPlan(hosts);
    return {
      ...files,
      'plan.yaml': `${files['plan.yaml']}${POLICY}`,
      'sites/evora.yaml': site('evora').replace('region: south', 'region: auto'),
    };
  });
});
afterAll(() => previews.close());

/** Edits a site, and waits for its pull request. */
async function edited(name: string, by: string): Promise<ProposalRow> {
  const { service, world } = previews;
  await service.synced();
  await world.edit(name, ALL, /^motd: .*$/m, `motd: ${by}`);
  const row = await service.until(`${name} is proposed`, async () => {
    const [newest] = await service.store.proposals.list({ site: name, limit: 1 });
    return newest?.title.includes(by) && newest.number !== null && newest;
  });
  return row;
}

function look(number: number): void {
  previews.service.service.controller.nudge({ pullRequest: number });
}

const applies = (name: string) =>
  previews.driver.requests.filter(({ site: at, kind }) => at === name && kind === 'apply').length;

test.each(['squash', 'rebase'] as const)(
  'a proposal that is merged by %s is adopted, and no site is applied twice',
  async (method) => {
    const { service, github } = previews;
    const { id, number } = await edited('lisbon', `By ${method}`);
    const before = [applies('lisbon'), applies('porto')];
    const commit = github.mergePull(number!, 'olga', method);
    look(number!);
    service.look();
    const row = await service.ended(id, 'merged');
    expect(row.decidedBy).toBe('olga');
    await service.synced(commit);
    expect([applies('lisbon'), applies('porto')]).toEqual([before[0]! + 1, before[1]]);
    // The same tree once more is nothing to apply.
    const next = await previews.push('main', { 'NOTES.md': method });
    service.look();
    await service.synced(next);
    expect([applies('lisbon'), applies('porto')]).toEqual([before[0]! + 1, before[1]]);
  },
);

test.each(['squash', 'rebase'] as const)(
  'What was reviewed is what is applied: compared also after a %s',
  async (method) => {
    const { service, github } = previews;
    const files = { 'sites/porto.yaml': site('porto', { clock: `${method}.example.org` }) };
    const { number, head } = await previews.open(`clock-${method}`, files);
    await previews.push(`clock-${method}`, { [`docs/${method}.md`]: 'Why.\n' });
    const newest = github.repository.branchCommit(`clock-${method}`)!;
    expect(newest).not.toBe(head);
    await previews.previewed(number, newest);
    const commit = github.mergePull(number, 'olga', method);
    look(number);
    service.look();
    await service.synced(commit);
    const review = await service.until('it is compared', async () => {
      return (await service.store.revisions.get(commit))?.review;
    });
    expect(review).toEqual({ pulls: [number], same: 1, different: 0, examples: [] });
  },
);

test('where a required status is missing, GitHub merges by itself what was proved', async () => {
  const { service, github } = previews;
  github.state.requiredStatuses = ['build'];
  github.state.autoMergeAllowed = true;
  const { number, commit } = await edited('evora', 'By itself');
  const pull = github.pulls[number! - 1]!;
  await eventually('it is left to GitHub', () => pull.autoMerge !== null);
  expect(pull).toMatchObject({ state: 'open', head: commit });
  // Somebody wants it left alone: then it is.
  await previews.label(number!, 'trueup/hold');
  look(number!);
  await eventually('it is taken back', () => pull.autoMerge === null);
  pull.labels.splice(pull.labels.indexOf('trueup/hold'), 1);
  look(number!);
  await eventually('it is left to GitHub again', () => pull.autoMerge !== null);
  const status = { context: 'build', state: 'success', description: null, targetUrl: null };
  github.statuses.push({ ...status, id: 0, commit: commit!, createdAt: pull.createdAt });
  look(number!);
  await service.until('it is adopted', async () => {
    const [row] = await service.store.proposals.list({ site: 'evora', limit: 1 });
    return row?.state === 'merged';
  });
  expect(pull.merge?.by).toBe('trueup-bot');
  github.state.requiredStatuses = [];
});

test('where the repository does not let GitHub merge by itself, we merge once we may', async () => {
  const { service, github } = previews;
  github.state.requiredStatuses = ['build'];
  github.state.autoMergeAllowed = false;
  const { number } = await edited('evora', 'By us');
  await service.until('it was refused', () =>
    service.lines.some((line) => line.includes('not merged yet') && line.includes(`${number}`)),
  );
  github.state.requiredStatuses = [];
  await service.until('it is adopted', async () => {
    look(number!);
    const [row] = await service.store.proposals.list({ site: 'evora', limit: 1 });
    return row?.state === 'merged';
  });
  expect(github.pulls[number! - 1]!.merge?.by).toBe('trueup-bot');
});
