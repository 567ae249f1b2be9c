import { afterAll, beforeAll, expect, test } from 'vitest';

import type { ProposalRow } from '../../src/store/rows.ts';
import { type FakeGitHub, startGitHub } from '../support/github/server.ts';
import type { Comment, Pull } from '../support/github/state.ts';
import { TestService } from '../support/service.ts';
import { pairPlan, site } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

// Every act has sites of its own, so that none hangs on another.
const SITES = [
  'lisbon',
  'porto',
  'faro',
  'evora',
  'sintra',
  'braga',
  'tavira',
  'coimbra',
  'viseu',
  'guarda',
];
const TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
const SECRET = 'a-secret-shared-with-the-forge';
const ALL = 'group_vars/all.yml';
const PROOF = 'trueup/proof';

let github: FakeGitHub;
let world: World;
let service: TestService;

beforeAll(async () => {
  github = await startGitHub({ owner: 'acme', repo: 'plan', token: TOKEN });
  world = await World.create(manySites, { origin: github.gitDirectory, force: true });
  const access = { repository: 'acme/plan', baseUrl: github.url, token: TOKEN };
  service = await TestService.start(world, {
    config: {
      // Webhooks alone tell it what happens.
      plan: { url: github.gitUrl, pollInterval: '24h' },
      forge: {
        type: 'github',
        github: { ...access, webhookSecret: SECRET, writesPerMinute: 60_000 },
      },
    },
  });
  await service.synced();
  github.hook({ url: `${service.url}/webhooks/github`, secret: SECRET });
});
afterAll(async () => {
  await service.stop();
  await world.remove();
  await github.close();
  if (github.violations.length > 0) throw new Error(github.violations.join('\n'));
});

function manySites(hosts: string): Record<string, string> {
  const files = pairPlan(hosts);
  const common = `${files['layers/common.yaml']}door: open\n`;
  const sites = SITES.map((name) => [`sites/${name}.yaml`, site(name)]);
  return { ...files, 'layers/common.yaml': common, ...Object.fromEntries(sites) };
}

/** Edits the message at a site, and waits for the pull request. */
async function edited(name: string, text: string): Promise<{ row: ProposalRow; pull: Pull }> {
  const known = (await service.store.proposals.list({ site: name, limit: 9 })).map(({ id }) => id);
  await world.edit(name, ALL, /motd: .*/, `motd: ${text}`);
  const row = await service.proposal(name, known);
  return { row, pull: github.pulls.find(({ number }) => number === row.number)! };
}

/** Waits until branch and text of a pull request are what was worked out last. */
function caughtUp(id: string, fits: (row: ProposalRow) => boolean): Promise<ProposalRow> {
  return service.until('the pull request has caught up', async () => {
    const row = (await service.store.proposals.get(id))!;
    const pull = github.pulls.find(({ number }) => number === row.number)!;
    const head = await world.bare('origin', 'rev-parse', row.branch);
    return fits(row) && head === row.commit && pull.body === row.body && row;
  });
}

/** Our comments of one kind on a pull request. */
function words(number: number, marker: string): Comment[] {
  const line = `<!-- trueup:${marker} -->`;
  return github.comments.filter(({ pull, body }) => pull === number && body.startsWith(line));
}

/** The definition of a site with a message of its own, written as people write it. */
function saying(name: string, text: string, more = ''): string {
  return site(name).replace('params: {}', `params: { motd: ${text}${more} }`);
}

function told(number: number, marker: string, text: string): Promise<Comment> {
  return service.until(`#${number} is told: ${text}`, () =>
    words(number, marker).find(({ body }) => body.includes(text)),
  );
}

/** What is said of the proof of a commit, oldest first. */
function proofs(commit: string): string[] {
  return github.statuses
    .filter((status) => status.commit === commit && status.context === PROOF)
    .map(({ state }) => state);
}

/** What a reader of a pull request sees of it. */
function shown({ head, title, body, state }: Pull): object {
  return { head, title, body, state };
}

function changedFiles(branch: string): Promise<string> {
  return world.bare('origin', 'diff', '--name-only', `main...${branch}`);
}

/** Changes the plan, and waits until that is in force. */
async function moved(message: string, files: Record<string, string>): Promise<string> {
  await world.git('checkout', '-q', 'main');
  await world.pull();
  const commit = await world.commit(message, files);
  await github.notice();
  await service.until('that is in force', async () => {
    return (await service.store.plan.get()).goodRevision === commit;
  });
  return commit;
}

async function inSync(name: string, text: string): Promise<void> {
  await service.until(`${name} is in sync with "${text}"`, async () => {
    const { state } = await service.site(name);
    return state === 'synced' && (await world.readSite(name, ALL)).includes(`motd: ${text}\n`);
  });
}

test('a newer edit takes the place of one that waits: its pull request is closed, with a word why', async () => {
  const first = await edited('lisbon', 'Back at one');
  const second = await edited('lisbon', 'Back at two');
  await service.ended(first.row.id, 'obsolete');
  expect(first.pull).toMatchObject({ state: 'closed', merge: null, closedBy: 'trueup-bot' });
  const [word, ...more] = words(first.pull.number, 'ended');
  expect(word!.body).toContain('a newer edit at the site took its place');
  expect(more).toEqual([]);
  expect(second.pull).toMatchObject({ state: 'open' });
  expect(second.pull.number).not.toBe(first.pull.number);

  // And the plan itself may say it first.
  await moved('Say so ourselves', { 'sites/lisbon.yaml': saying('lisbon', 'Back at two') });
  await service.ended(second.row.id, 'obsolete');
  await told(second.pull.number, 'ended', 'the plan says the same already');
  expect(second.pull).toMatchObject({ state: 'closed', merge: null });
  await inSync('lisbon', 'Back at two');
});

test('with its label it is left alone, whatever moves; without, it follows the site', async () => {
  const { row, pull } = await edited('porto', 'Gone fishing');
  const before = shown(pull);
  github.label(pull.number, 'maintainer', 'trueup/hold');
  await service.until('that is heard', async () => {
    return (await service.store.proposals.get(row.id))?.held;
  });
  const looks = (): number =>
    github.requests.filter(({ path }) => path.endsWith(`/pulls/${pull.number}`)).length;
  const looked = looks();
  // Without the label, this would have it made anew; and the edit's end would be its own.
  await moved('Move the clock of Porto', {
    'sites/porto.yaml': site('porto', { clock: '192.0.2.2' }),
  });
  await world.edit('porto', ALL, 'motd: Gone fishing', 'motd: Welcome');
  await service.until('the edit is gone', async () => {
    const [drift] = await service.store.drifts.ofProposal(row.id);
    return drift?.status === 'reverted' && looks() > looked;
  });
  expect(shown(pull)).toEqual(before);
  expect(words(pull.number, 'ended')).toEqual([]);

  github.unlabel(pull.number, 'maintainer', 'trueup/hold');
  await service.ended(row.id, 'obsolete');
  const word = await told(pull.number, 'ended', 'brought back by hand');
  expect(word.user).toBe('trueup-bot');
  expect(pull).toMatchObject({ state: 'closed', merge: null });
});

test('closed, the site goes back; opened again, it is followed to its new end', async () => {
  const { row, pull } = await edited('faro', 'Closed on Mondays');
  github.closePull(pull.number, 'olga');
  await service.ended(row.id, 'closed');
  await inSync('faro', 'Welcome');
  github.reopenPull(pull.number);
  await told(pull.number, 'reopened', 'Opened again');
  await service.until('it is open again', async () => {
    return (await service.store.proposals.get(row.id))?.state === 'open';
  });
  await inSync('faro', 'Welcome');
  github.mergePull(pull.number, 'maintainer');
  const { decidedBy } = await service.ended(row.id, 'merged');
  expect(decidedBy).toBe('maintainer');
  await inSync('faro', 'Closed on Mondays');
  expect(words(pull.number, 'reopened')).toHaveLength(1);
});

test('closed, the site goes back; the same edit made again is a new drift', async () => {
  const first = await edited('viseu', 'Ring twice');
  github.closePull(first.pull.number, 'olga');
  await service.ended(first.row.id, 'closed');
  await inSync('viseu', 'Welcome');
  const second = await edited('viseu', 'Ring twice');
  expect(second.pull).toMatchObject({ state: 'open' });
  expect(second.pull.number).not.toBe(first.pull.number);
  expect(first.pull).toMatchObject({ state: 'closed', closedBy: 'olga' });
  github.mergePull(second.pull.number);
  await service.ended(second.row.id, 'merged');
});

test('its branch deleted by hand, it is closed: the site goes back', async () => {
  const { row, pull } = await edited('evora', 'Mind the step @acme/all, fixes GH-1');
  const message = await world.bare('origin', 'log', '-1', '--format=%B', row.branch);
  for (const text of [pull.title, message]) {
    expect(text).toContain('Mind the step');
    // Whoever edits a site speaks to nobody at the forge, and closes no issue there.
    expect(text).not.toMatch(/@\w|GH-\d/);
  }
  github.deleteBranch(row.branch);
  const { closeReason } = await service.ended(row.id, 'closed');
  expect(closeReason).toBe('its branch was deleted');
  await inSync('evora', 'Welcome');
  expect(pull).toMatchObject({ state: 'closed', merge: null });
  // It is not pushed again.
  expect(github.repository.branchCommit(row.branch)).toBeUndefined();
});

test('proved no longer once the plan has moved, it is red; proved again, green', async () => {
  await world.edit('sintra', ALL, 'door: open', 'door: locked-with-4711');
  const row = await service.proposal('sintra');
  const pull = github.pulls.find(({ number }) => number === row.number)!;
  const head = row.commit!;
  expect(proofs(head)).toEqual([]);
  // What was edited is a secret from now on: no plan edit may tell it.
  const schema = 'stacks/base/schema.json';
  await moved('Keep doors to ourselves', {
    [schema]: '{"properties":{"door":{"x-secret":true}}}',
  });
  await service.until('it is red', () => proofs(head).at(-1) === 'failure');
  await service.until('the text follows', () => pull.body!.includes('| proof | **none any more**'));
  expect(pull.state).toBe('open');
  expect(pull.body).not.toContain('**Merge**');
  expect(`${pull.title} ${pull.body}`).not.toContain('4711');
  expect((await service.api('POST', `/proposals/${row.id}/merge`)).status).toBe(409);
  expect(pull.state).toBe('open');

  await moved('Doors are no secret', { [schema]: '{}' });
  const again = await caughtUp(row.id, ({ body }) => body.includes('**Merge**'));
  expect(again.number).toBe(row.number);
  expect(again.body).toContain('rendered again: matches byte for byte');
  expect(proofs(again.commit!).at(-1)).not.toBe('failure');
  github.mergePull(pull.number);
  await service.ended(row.id, 'merged');
  expect(await world.planFile('sites/sintra.yaml')).toContain('locked-with-4711');
});

test('another place in the plan is chosen by a comment, and back by a box', async () => {
  const { row, pull } = await edited('braga', 'Please knock');
  github.comment(pull.number, 'stranger', '/trueup choose 2');
  github.comment(pull.number, 'maintainer', 'For all of them:\n/trueup choose 2');
  const layered = await caughtUp(row.id, ({ body }) => body.includes('where nobody made this'));
  expect(await changedFiles(row.branch)).toBe('layers/common.yaml');
  expect(layered.number).toBe(row.number);

  github.editPull(pull.number, (body) => `${body.replace('- [ ]', '- [x]')}\nNo: here alone.`);
  await service.until('the branch follows', async () => {
    return (await changedFiles(row.branch)) === 'sites/braga.yaml';
  });
  await service.until('the boxes follow', () => !pull.body!.includes('where nobody made this'));
  expect(pull.body!.match(/- \[x\]/gi)).toHaveLength(1);
  expect(pull.body).toContain('No: here alone.');
  expect(github.pulls.filter(({ branch }) => branch === row.branch)).toHaveLength(1);
  github.closePull(pull.number);
  await service.ended(row.id, 'closed');
});

test('a box that is ticked while the pull request is brought up to date counts', async () => {
  const { row, pull } = await edited('guarda', 'Beware of the cat');
  let ticked = false;
  github.watch(({ what }, moment) => {
    if (!ticked && moment === 'before' && what.endsWith('/git-receive-pack')) {
      ticked = true;
      github.editPull(pull.number, (body) => body.replace('- [ ]', '- [x]'));
    }
    return false;
  });
  await moved('Move the clock of Guarda', {
    'sites/guarda.yaml': site('guarda', { clock: '192.0.2.4' }),
  });
  await service.until('the branch follows', async () => {
    return (await changedFiles(row.branch)) === 'layers/common.yaml';
  });
  github.watch();
  expect(ticked).toBe(true);
  github.closePull(pull.number);
  await service.ended(row.id, 'closed');
});

test('a person’s commits on its branch stay, though the plan moves: one comment says what they do', async () => {
  const { row, pull } = await edited('tavira', 'Wet paint');
  await world.git('fetch', '-q', 'origin');
  await world.git('checkout', '-q', '--detach', `origin/${row.branch}`);
  const theirs = await world.commit(
    'Say what is wet',
    { 'sites/tavira.yaml': saying('tavira', 'Wet paint on the door') },
    row.branch,
  );
  await github.notice();
  await told(pull.number, 'branch', '**1 site would not be as found there**');
  // The plan moves where it would conflict with them: nothing is pushed, and the comment follows.
  await moved('Another message', {
    'sites/tavira.yaml': saying('tavira', 'Welcome', ', clock: 192.0.2.9'),
  });
  await told(pull.number, 'branch', 'conflicts with the plan in `sites/tavira.yaml`');
  expect(words(pull.number, 'branch')).toHaveLength(1);
  expect(github.repository.branchCommit(row.branch)).toBe(theirs);
  expect((await service.api('POST', `/proposals/${row.id}/choose`, { option: 2 })).status).toBe(
    409,
  );
  // They bring the plan in: theirs is what is merged, and their branch was moved by nobody else.
  await world.git('checkout', '-q', '--detach', theirs);
  await world.git('fetch', '-q', 'origin');
  await world.git('merge', '-q', '-s', 'ours', '-m', 'Bring main in', 'origin/main');
  const merged = await world.push(row.branch);
  await github.notice();
  await told(pull.number, 'branch', merged.slice(0, 12));
  github.mergePull(pull.number, 'maintainer');
  await service.ended(row.id, 'merged');
  expect(await world.planFile('sites/tavira.yaml')).toContain('Wet paint on the door');
  expect(await world.bare('origin', 'merge-base', '--is-ancestor', theirs, 'main')).toBe('');
});

test('merged where the hosts have it already, nothing is applied a second time', async () => {
  const { row, pull } = await edited('coimbra', 'Push hard');
  // The plan moves on, and what is applied for that holds the edit too.
  const moving = await moved('Move the clock of Coimbra', {
    'sites/coimbra.yaml': site('coimbra', { clock: '192.0.2.3' }),
  });
  await service.until('that is applied', async () => {
    return (await service.site('coimbra')).appliedRevision === moving;
  });
  expect(service.driver.applied('coimbra', ALL)).toContain('motd: Push hard');
  await caughtUp(row.id, ({ baseRevision }) => baseRevision === moving);
  const runs = await service.store.runs.list({ site: 'coimbra', limit: 99 });

  const merge = github.mergePull(pull.number, 'maintainer');
  await service.ended(row.id, 'merged');
  const now = await service.until('the merge counts as applied', async () => {
    const standing = await service.site('coimbra');
    return standing.appliedRevision === merge && standing;
  });
  expect(now).toMatchObject({ state: 'synced', appliedCommit: now.desiredCommit });
  expect(now.message).toContain('nothing had to be applied');
  await service.until('so does the revision', async () => {
    return (await service.store.revisions.get(merge))?.result === 'applied';
  });
  expect(await service.store.runs.list({ site: 'coimbra', limit: 99 })).toEqual(runs);
});
