import { afterEach, beforeEach, expect, test } from 'vitest';

import type { ProposalRow } from '../../src/store/rows.ts';
import { badGateway, cutAnswer, type Fault, lostAnswer } from '../support/github/faults.ts';
import { type FakeGitHub, startGitHub } from '../support/github/server.ts';
import { TestService } from '../support/service.ts';
import { editAll, regionPlan, SOUTH } from '../support/world-fleet.ts';
import { World } from '../support/world.ts';

const TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
const ALL = 'group_vars/all.yml';
const MOTD = [ALL, 'motd: Welcome', 'motd: Hello'] as const;
const LAYER = 'layers/region/south.yaml';

let github: FakeGitHub;
let world: World;
let service: TestService;

beforeEach(async () => {
  github = await startGitHub({ owner: 'acme', repo: 'plan', token: TOKEN });
  world = await World.create(regionPlan, { origin: github.gitDirectory, force: true });
  service = await TestService.start(world, {
    config: {
      plan: { url: github.gitUrl },
      forge: {
        type: 'github',
        github: { repository: 'acme/plan', baseUrl: github.url, token: TOKEN },
      },
    },
  });
  await service.synced();
});
afterEach(async () => {
  await service.stop();
  await world.remove();
  await github.close();
  if (github.violations.length > 0) throw new Error(github.violations.join('\n'));
});

/** Waits until the pull request of the proposal that explains these sites is as it was worked out last. */
function explains(sites: readonly string[]): Promise<ProposalRow> {
  return service.until(`one proposal explains ${sites.join(', ')}`, async () => {
    const [row] = await service.store.proposals.list({ state: 'open', limit: 1 });
    if (row?.result.sites?.join() !== [...sites].toSorted().join()) return false;
    const head = await world.bare('origin', 'rev-parse', row.branch);
    // The same commit may explain one more site: only the text says whether that was told.
    const many = sites.length === 1 || row.body.includes(`${sites.length} sites were edited alike`);
    return many && head === row.commit && github.pulls[0]?.body === row.body && row;
  });
}

function countOf(method: string, path: RegExp): number {
  return github.requests.filter((one) => one.method === method && path.test(one.path)).length;
}

test('One decision: a region edited alike is one pull request, merged for all of it', async () => {
  await editAll(world, SOUTH, ...MOTD);
  const proposal = await explains(SOUTH);
  expect(github.pulls).toHaveLength(1);
  expect(github.pulls[0]!.body).toContain('4 sites were edited alike');
  expect(countOf('POST', /\/pulls$/)).toBe(1);
  // Opened, and brought up to date no more often than sites came.
  expect(countOf('PATCH', /\/pulls\//)).toBeLessThan(SOUTH.length);
  github.mergePull(proposal.number!, 'olga');
  await service.ended(proposal.id, 'merged');
  await service.synced();
  expect(await world.planFile(LAYER)).toContain('motd: Hello');
  const drifts = await service.store.drifts.list({ limit: 9 });
  expect(drifts.map(({ status, decidedBy }) => [status, decidedBy])).toEqual(
    SOUTH.map(() => ['adopted', 'olga']),
  );
});

test('an option is chosen by a comment, of people who may merge', async () => {
  await editAll(world, SOUTH, ...MOTD);
  const proposal = await explains(SOUTH);
  github.comment(proposal.number!, 'stranger', '/trueup choose 2');
  github.comment(proposal.number!, 'maintainer', 'What about this?\n\n/trueup choose 2\n');
  const chosen = await service.until('each site says it', async () => {
    const row = await explains(SOUTH);
    return row.commit !== proposal.commit && row;
  });
  const files = await world.bare('origin', 'diff', '--name-only', 'main', chosen.branch);
  expect(files.split('\n')).toEqual(SOUTH.map((name) => `sites/${name}.yaml`).toSorted());
  expect(github.pulls).toHaveLength(1);
  // The stranger's word alone does nothing, nor does the old one a second time.
  github.comment(proposal.number!, 'stranger', '/trueup choose 2');
  const polls = countOf('GET', /\/comments$/);
  await service.until('it was read', () => countOf('GET', /\/comments$/) > polls + 2);
  expect((await explains(SOUTH)).commit).toBe(chosen.commit);
});

test('a box ticked there chooses, and words below the text stay', async () => {
  await editAll(world, SOUTH, ...MOTD);
  const proposal = await explains(SOUTH);
  const pull = github.pulls[0]!;
  pull.body = `${pull.body!.replace('- [ ]', '- [X]')}\r\nTogether with the others, please.`;
  await service.until('it is chosen', async () => {
    const row = await service.store.proposals.get(proposal.id);
    return row?.choice !== null && row?.commit !== proposal.commit;
  });
  await service.until('the text follows', () => /each of the 4 sites is given it/.test(pull.body!));
  expect(pull.body).toContain('Together with the others, please.');
  expect(pull.body.match(/- \[x\]/gi)).toHaveLength(1);
});

test('somebody’s commits on its branch are told, and never overwritten', async () => {
  await editAll(world, SOUTH, ...MOTD);
  const proposal = await explains(SOUTH);
  await world.git('fetch', '-q', 'origin');
  await world.git('checkout', '-q', '-b', 'theirs', `origin/${proposal.branch}`);
  const theirs = await world.commit(
    'Add a note',
    { [LAYER]: '# Says hello.\nmotd: Hello\n' },
    proposal.branch,
  );
  await service.until('they are told', () =>
    github.comments.some(({ body }) => body.includes('which trueup did not put there')),
  );
  await world.edit('lisbon', ALL, 'motd: Hello', 'motd: Welcome');
  await service.until('one site left', async () => {
    const drifts = await service.store.drifts.list({ limit: 9 });
    return drifts.some(({ status }) => status === 'reverted');
  });
  expect(await world.bare('origin', 'rev-parse', proposal.branch)).toBe(theirs);
  github.mergePull(proposal.number!, 'olga');
  await service.ended(proposal.id, 'merged');
  expect(await world.planFile(LAYER)).toContain('# Says hello.');
});

test.each<[string, Fault]>([
  ['a lost answer', lostAnswer],
  ['half an answer', cutAnswer],
  ['a bad gateway', badGateway()],
])('%s to bringing it up to date doubles nothing', async (_name, fault) => {
  await world.edit('lisbon', ...MOTD);
  await explains(['lisbon']);
  github.fail(fault, { on: /^PATCH .*\/pulls\//, times: 2 });
  await editAll(world, ['porto', 'faro'], ...MOTD);
  await explains(['lisbon', 'porto', 'faro']);
  expect(github.pulls).toHaveLength(1);
});

test('what waits is told in one issue, edited in place', async () => {
  await service.stop();
  service = await TestService.start(world, {
    config: {
      plan: { url: github.gitUrl },
      forge: {
        type: 'github',
        github: { repository: 'acme/plan', baseUrl: github.url, token: TOKEN },
      },
      drift: { maxOpenProposals: 1 },
    },
  });
  await world.edit('lisbon', ...MOTD);
  const { number } = await explains(['lisbon']);
  expect(github.state.issues).toEqual([]);
  await world.edit('porto', ALL, 'motd: Welcome', 'motd: Olá');
  const issue = await service.until('it is told', () => github.state.issues[0]);
  expect(issue.body).toContain('**1 edit waits for a proposal.**');
  expect(issue.body).toContain('| `porto` |');
  expect(issue.body).toContain('drift.maxOpenProposals: 1');
  github.closePull(number!, 'olga');
  service.service.controller.nudge({ pullRequest: number! });
  await service.until('nothing waits', () => issue.body?.includes('Nothing waits'));
  expect(github.state.issues).toHaveLength(1);
  expect(countOf('POST', /\/issues$/)).toBe(1);
});
