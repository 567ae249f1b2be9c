import { expect } from 'vitest';

import { UserError } from '../../../src/model/errors.ts';
import { type Contract, MARKUP } from './bench.ts';

/** Opening, finding and changing pull requests. */
export function testOpening({ test }: Contract): void {
  test('opens a pull request', async ({ branch, draft, forge, push }) => {
    const head = push();
    const pull = await forge.ensurePullRequest(draft());
    const { number } = pull;
    expect(pull).toMatchObject({
      ...draft(),
      number: expect.any(Number),
      url: expect.stringMatching(/^https?:\/\//),
      head,
      state: 'open',
    });
    expect(pull.url.endsWith(`/${number}`)).toBe(true);
    expect(await forge.getPullRequest(number)).toEqual(pull);
    expect(await forge.findPullRequest(branch)).toEqual(pull);
  });

  test('law 7: a branch has one pull request, however often it is asked for', async ({
    behind,
    draft,
    forge,
    push,
  }) => {
    push();
    const first = await forge.ensurePullRequest(draft());
    const { number } = first;
    expect(await forge.ensurePullRequest(draft({ title: 'Other words' }))).toEqual(first);
    await forge.closePullRequest(number, 'alice');
    expect(await forge.ensurePullRequest(draft())).toMatchObject({ number, state: 'closed' });
    expect(await behind.pulls()).toBe(1);
  });

  test('law 7: asked for by several at once, it is opened once', async ({
    behind,
    draft,
    forge,
    push,
  }) => {
    push();
    const all = await Promise.all([1, 2, 3].map(() => forge.ensurePullRequest(draft())));
    expect(all.map(({ number }) => number)).toEqual(Array(3).fill(all[0]?.number));
    expect(await behind.pulls()).toBe(1);
  });

  test('opens none for a branch that is not there, brings nothing, or goes nowhere', async ({
    base,
    behind,
    draft,
    forge,
    push,
  }) => {
    await expect(forge.ensurePullRequest(draft())).rejects.toThrow(UserError);
    await expect(forge.ensurePullRequest(draft({ branch: base }))).rejects.toThrow(UserError);
    push();
    await expect(forge.ensurePullRequest(draft({ base: 'gone' }))).rejects.toThrow(UserError);
    expect(await behind.pulls()).toBe(0);
  });

  test('tells pull requests apart by branch', async ({ branch, draft, forge, named, push }) => {
    push();
    push(named('trueup/oslo-01/77aa'), 'ntp_servers: [10.30.1.1]\n');
    const other = named('trueup/oslo-01/77aa');
    const first = await forge.ensurePullRequest(draft());
    const second = await forge.ensurePullRequest(draft({ branch: other }));
    expect(second.number).toBeGreaterThan(first.number);
    expect(await forge.findPullRequest(branch)).toMatchObject({ number: first.number });
    expect(await forge.findPullRequest(other)).toMatchObject({ number: second.number });
    expect(await forge.findPullRequest('trueup/oslo-01')).toBeUndefined();
  });

  test('brings title and body up to date, each by itself', async ({ draft, forge, push }) => {
    push();
    const pull = await forge.ensurePullRequest(draft());
    const { number } = pull;
    await forge.updatePullRequest(number, { title: 'New title' });
    expect(await forge.getPullRequest(number)).toEqual({ ...pull, title: 'New title' });
    await forge.updatePullRequest(number, { body: 'New body' });
    await forge.updatePullRequest(number, {});
    const last = { ...pull, title: 'New title', body: 'New body' };
    expect(await forge.getPullRequest(number)).toEqual(last);
  });

  test('keeps markup as it is, in titles, bodies and comments', async ({
    behind,
    draft,
    forge,
    push,
  }) => {
    push();
    const title = MARKUP.split('\n')[0]!;
    const pull = await forge.ensurePullRequest(draft({ title, body: MARKUP }));
    const { number } = pull;
    expect(pull).toMatchObject({ title, body: MARKUP });
    await forge.updatePullRequest(number, { title: `${title}!`, body: `${MARKUP}!` });
    await forge.ensureComment(number, 'preview', MARKUP);
    expect(await forge.getPullRequest(number)).toMatchObject({
      title: `${title}!`,
      body: `${MARKUP}!`,
    });
    expect(await behind.comments(number)).toEqual([MARKUP]);
  });

  test('shortens what is too long, and says so', async ({ behind, draft, forge, push }) => {
    const commit = push();
    const long = 'A line of forty characters, more or less.\n'.repeat(5000);
    const sentence = /has been shortened here\.\*$/;
    const pull = await forge.ensurePullRequest(draft({ title: long, body: long }));
    const { number } = pull;
    expect(pull.title.length).toBeLessThanOrEqual(256);
    expect(pull.body.length).toBeLessThanOrEqual(65_536);
    expect(pull.body).toMatch(sentence);
    await forge.updatePullRequest(number, { title: `2${long}`, body: `2${long}` });
    expect(await forge.getPullRequest(number)).toMatchObject({
      body: expect.stringMatching(sentence),
    });
    await forge.ensureComment(number, 'preview', long);
    expect(await behind.comments(number)).toEqual([expect.stringMatching(sentence)]);
    await forge.setCommitStatus(commit, { context: long, state: 'error', description: long });
    const [status] = await behind.statuses(commit);
    expect(status?.context).toHaveLength(255);
    expect(status?.description).toHaveLength(140);
  });

  test('lists what is open to a branch, the newest first', async ({
    base,
    branch,
    draft,
    forge,
    named,
    push,
  }) => {
    push();
    push(named('trueup/oslo-01/77aa'), 'ntp_servers: [10.30.1.1]\n');
    push(named('trueup/oslo-02/77ab'), 'ntp_servers: [10.30.1.2]\n');
    push(named('next'), 'other: yes\n');
    const first = await forge.ensurePullRequest(draft());
    const closed = await forge.ensurePullRequest(draft({ branch: named('trueup/oslo-01/77aa') }));
    const other = await forge.ensurePullRequest(draft({ branch: named('trueup/oslo-02/77ab') }));
    await forge.ensurePullRequest(draft({ branch: named('next'), base: branch }));
    await forge.closePullRequest(closed.number, 'alice');
    const open = await forge.listOpenPullRequests(base);
    expect(open.map(({ number }) => number)).toEqual([other.number, first.number]);
    expect(open[0]).toEqual(other);
    expect(await forge.listOpenPullRequests('gone')).toEqual([]);
  });
}
