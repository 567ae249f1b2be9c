import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Forge, PullRequestDraft } from '../../src/forge/forge.ts';
import { UserError } from '../../src/model/errors.ts';
import type { BareRepository } from './github/repository.ts';

/** A forge in front of a repository, and what a test has to see and do behind its back. */
export interface ForgeBench {
  forge: Forge;
  repository: BareRepository;
  /** How many pull requests were ever opened. */
  pulls(): Promise<number>;
  /** The comments' texts, oldest first. */
  comments(number: number): Promise<string[]>;
  /** The statuses of a commit, the newest of each context, by context. */
  statuses(commit: string): Promise<{ context: string; state: string; description: string }[]>;
  /** The repository's issues; not given where there are none. */
  issues?(): { body: string | null; state: 'open' | 'closed' }[];
  /** The forge's next write is carried out, but its answer never arrives. */
  loseNextAnswer(): void;
  /** Closes a pull request as a person would who knows nothing of us. */
  closeByHand(number: number): void;
  /** Checks what is to be checked at the end. */
  close(): Promise<void>;
  /** What a forge with accounts and rules of its own lets people do; not given for one without. */
  people?: {
    comment(number: number, by: string, body: string): void;
    allow(account: string, permission: 'admin' | 'write' | 'read'): void;
    /** Nothing is merged any more without the success of these statuses, and auto-merge is allowed. */
    require(...contexts: string[]): void;
  };
}

const BRANCH = 'trueup/lisbon-07/1f0c2a9b';

const MARKUP =
  '<script>alert(1)</script> <b>&amp;</b> `$(id)` ${{ secrets.X }} {{ x }} @acme/ops #1 --> "\' 😀\n\n```diff\n- a\n+ b\n```\n';

function draft(change: Partial<PullRequestDraft> = {}): PullRequestDraft {
  const text = { title: 'ntp_servers at lisbon-07', body: 'Found at the site.' };
  return { branch: BRANCH, base: 'main', labels: ['trueup', 'drift'], ...text, ...change };
}

/** Every forge passes these tests. */
export function testForge(
  name: string,
  start: () => Promise<ForgeBench>,
  { people }: { people: boolean },
): void {
  describe(`${name} as a forge`, () => {
    let bench: ForgeBench;
    let forge: Forge;
    beforeEach(async () => {
      bench = await start();
      ({ forge } = bench);
    });
    afterEach(() => bench.close());

    function push(branch = BRANCH, text = 'ntp_servers: [10.20.7.9]\n'): string {
      return bench.repository.commit(branch, { 'sites/lisbon-07.yaml': text });
    }

    test('opens a pull request', async () => {
      const head = push();
      const pull = await forge.ensurePullRequest(draft());
      expect(pull).toMatchObject({
        ...draft(),
        number: 1,
        url: expect.stringMatching(/^https?:\/\/.*1$/),
        head,
        state: 'open',
      });
      expect(await forge.getPullRequest(1)).toEqual(pull);
      expect(await forge.findPullRequest(BRANCH)).toEqual(pull);
    });

    test('law 7: a branch has one pull request, however often it is asked for', async () => {
      push();
      const first = await forge.ensurePullRequest(draft());
      expect(await forge.ensurePullRequest(draft({ title: 'Other words' }))).toEqual(first);
      await forge.closePullRequest(first.number, 'alice');
      expect(await forge.ensurePullRequest(draft())).toMatchObject({ number: 1, state: 'closed' });
      expect(await bench.pulls()).toBe(1);
    });

    test('law 7: asked for by several at once, it is opened once', async () => {
      push();
      const all = await Promise.all([1, 2, 3].map(() => forge.ensurePullRequest(draft())));
      expect(all.map(({ number }) => number)).toEqual([1, 1, 1]);
      expect(await bench.pulls()).toBe(1);
    });

    test('opens none for a branch that is not there, brings nothing, or goes nowhere', async () => {
      await expect(forge.ensurePullRequest(draft())).rejects.toThrow(UserError);
      await expect(forge.ensurePullRequest(draft({ branch: 'main' }))).rejects.toThrow(UserError);
      push();
      await expect(forge.ensurePullRequest(draft({ base: 'gone' }))).rejects.toThrow(UserError);
      expect(await bench.pulls()).toBe(0);
    });

    test('tells pull requests apart by branch', async () => {
      push();
      push('trueup/oslo-01/77aa', 'ntp_servers: [10.30.1.1]\n');
      await forge.ensurePullRequest(draft());
      await forge.ensurePullRequest(draft({ branch: 'trueup/oslo-01/77aa' }));
      expect(await forge.findPullRequest(BRANCH)).toMatchObject({ number: 1 });
      expect(await forge.findPullRequest('trueup/oslo-01/77aa')).toMatchObject({ number: 2 });
      expect(await forge.findPullRequest('trueup/oslo-01')).toBeUndefined();
    });

    test('keeps one comment for each marker, and edits it in place', async () => {
      push();
      await forge.ensurePullRequest(draft());
      await forge.ensureComment(1, 'preview', 'Two sites change.');
      await forge.ensureComment(1, 'note', 'See the runbook.');
      await forge.ensureComment(1, 'preview', 'Three sites change.\r\n');
      await forge.ensureComment(1, 'preview', 'Three sites change.\n');
      expect(await bench.comments(1)).toEqual(['Three sites change.\n', 'See the runbook.']);
    });

    test('refuses a marker that would show', async () => {
      push();
      await forge.ensurePullRequest(draft());
      await expect(forge.ensureComment(1, 'a --> b', 'Hello')).rejects.toThrow("can't mark");
      expect(await bench.comments(1)).toEqual([]);
    });

    test('brings title and body up to date, each by itself', async () => {
      push();
      const pull = await forge.ensurePullRequest(draft());
      await forge.updatePullRequest(1, { title: 'New title' });
      expect(await forge.getPullRequest(1)).toEqual({ ...pull, title: 'New title' });
      await forge.updatePullRequest(1, { body: 'New body' });
      await forge.updatePullRequest(1, {});
      const last = { ...pull, title: 'New title', body: 'New body' };
      expect(await forge.getPullRequest(1)).toEqual(last);
    });

    test('keeps markup as it is, in titles, bodies and comments', async () => {
      push();
      const title = MARKUP.split('\n')[0]!;
      const pull = await forge.ensurePullRequest(draft({ title, body: MARKUP }));
      expect(pull).toMatchObject({ title, body: MARKUP });
      await forge.updatePullRequest(1, { title: `${title}!`, body: `${MARKUP}!` });
      await forge.ensureComment(1, 'preview', MARKUP);
      expect(await forge.getPullRequest(1)).toMatchObject({
        title: `${title}!`,
        body: `${MARKUP}!`,
      });
      expect(await bench.comments(1)).toEqual([MARKUP]);
    });

    test('shortens what is too long, and says so', async () => {
      const commit = push();
      const long = 'A line of forty characters, more or less.\n'.repeat(5000);
      const sentence = /has been shortened here\.\*$/;
      const pull = await forge.ensurePullRequest(draft({ title: long, body: long }));
      expect(pull.title.length).toBeLessThanOrEqual(256);
      expect(pull.body.length).toBeLessThanOrEqual(65_536);
      expect(pull.body).toMatch(sentence);
      await forge.updatePullRequest(1, { title: `2${long}`, body: `2${long}` });
      expect(await forge.getPullRequest(1)).toMatchObject({
        body: expect.stringMatching(sentence),
      });
      await forge.ensureComment(1, 'preview', long);
      expect(await bench.comments(1)).toEqual([expect.stringMatching(sentence)]);
      await forge.setCommitStatus(commit, { context: long, state: 'error', description: long });
      const [status] = await bench.statuses(commit);
      expect(status?.context).toHaveLength(255);
      expect(status?.description).toHaveLength(140);
    });

    test('merges the commit that was reviewed', async () => {
      const head = push();
      await forge.ensurePullRequest(draft());
      const merged = await forge.mergePullRequest(1, head, 'alice');
      const mergeCommit = bench.repository.branchCommit('main');
      expect(merged).toMatchObject({ state: 'merged', head, mergeCommit, decidedBy: 'alice' });
      const seen = { state: 'merged', head, mergeCommit, decidedBy: expect.any(String) };
      expect(await forge.getPullRequest(1)).toMatchObject(seen);
      expect(await forge.findPullRequest(BRANCH)).toMatchObject(seen);
      expect(bench.repository.reaches('main', head)).toBe(true);
      expect(bench.repository.git('log', '-1', '--format=%B', 'main')).toBe(
        'Merge pull request #1: ntp_servers at lisbon-07\n\nDecided-by: alice',
      );
    });

    test('merges once, however often it is asked to', async () => {
      const head = push();
      await forge.ensurePullRequest(draft());
      const first = await forge.mergePullRequest(1, head, 'alice');
      const again = await forge.mergePullRequest(1, head, 'bob');
      expect(again).toMatchObject({ state: 'merged', mergeCommit: first.mergeCommit });
      expect(bench.repository.branchCommit('main')).toBe(first.mergeCommit);
    });

    test('refuses to merge a commit that nobody reviewed', async () => {
      const reviewed = push();
      await forge.ensurePullRequest(draft());
      const moved = push(BRANCH, 'ntp_servers: [10.66.6.6]\n');
      const main = bench.repository.branchCommit('main');
      const refused = forge.mergePullRequest(1, reviewed, 'alice');
      await expect(refused).rejects.toThrow(UserError);
      await expect(refused).rejects.toThrow(`is at ${moved} by now, not at ${reviewed}`);
      expect(await forge.getPullRequest(1)).toMatchObject({ state: 'open', head: moved });
      expect(bench.repository.branchCommit('main')).toBe(main);
    });

    test('refuses to merge what conflicts', async () => {
      const head = push();
      await forge.ensurePullRequest(draft());
      push('main', 'ntp_servers: [10.20.7.2]\n');
      const main = bench.repository.branchCommit('main');
      const refused = forge.mergePullRequest(1, head, 'alice');
      await expect(refused).rejects.toThrow(UserError);
      await expect(refused).rejects.toThrow('conflicts with main');
      expect(await forge.getPullRequest(1)).toMatchObject({ state: 'open' });
      expect(bench.repository.branchCommit('main')).toBe(main);
    });

    test('closes once, and a closed one is not merged', async () => {
      const head = push();
      await forge.ensurePullRequest(draft());
      const closed = await forge.closePullRequest(1, 'alice `x` @ops');
      expect(closed).toMatchObject({ state: 'closed', decidedBy: 'alice `x` @ops' });
      const comments = await bench.comments(1);
      const again = await forge.closePullRequest(1, 'bob');
      expect(again).toMatchObject({ state: 'closed', decidedBy: expect.any(String) });
      expect(again.decidedBy).not.toBe('bob');
      expect(await bench.comments(1)).toEqual(comments);
      await expect(forge.mergePullRequest(1, head, 'alice')).rejects.toThrow(UserError);
      expect(bench.repository.reaches('main', head)).toBe(false);
    });

    test('a merged one stays merged when it is closed', async () => {
      const head = push();
      await forge.ensurePullRequest(draft());
      await forge.mergePullRequest(1, head, 'alice');
      expect(await forge.closePullRequest(1, 'bob')).toMatchObject({ state: 'merged' });
      expect(await bench.comments(1)).toEqual([]);
    });

    test('merged and closed at once, it ends in one of the two', async () => {
      const head = push();
      await forge.ensurePullRequest(draft());
      await Promise.allSettled([
        forge.mergePullRequest(1, head, 'alice'),
        forge.closePullRequest(1, 'bob'),
      ]);
      const merged = bench.repository.reaches('main', head);
      expect(await forge.getPullRequest(1)).toMatchObject({ state: merged ? 'merged' : 'closed' });
    });

    test('law 8: sees what was merged by hand, the branch deleted or not', async () => {
      const head = push();
      await forge.ensurePullRequest(draft());
      const message = 'By hand';
      bench.repository.merge({ head, base: 'main', message, author: 'carol' });
      const mergeCommit = bench.repository.branchCommit('main');
      bench.repository.deleteBranch(BRANCH);
      expect(await forge.getPullRequest(1)).toMatchObject({ state: 'merged', head, mergeCommit });
      push('main', 'ntp_servers: []\n');
      const found = await forge.findPullRequest(BRANCH);
      expect(found).toMatchObject({ state: 'merged', head, mergeCommit });
      expect(await forge.mergePullRequest(1, head, 'alice')).toEqual(found);
    });

    test('law 8: sees what was closed by hand, and what was pushed', async () => {
      push();
      await forge.ensurePullRequest(draft());
      const head = push(BRANCH, 'ntp_servers: [10.20.7.10]\n');
      expect(await forge.getPullRequest(1)).toMatchObject({ state: 'open', head });
      bench.closeByHand(1);
      expect(await forge.findPullRequest(BRANCH)).toMatchObject({ state: 'closed', head });
      expect(await forge.closePullRequest(1, 'alice')).toMatchObject({ state: 'closed' });
    });

    test('a deleted branch closes its pull request', async () => {
      push();
      await forge.ensurePullRequest(draft());
      bench.repository.deleteBranch(BRANCH);
      expect(await forge.getPullRequest(1)).toMatchObject({ state: 'closed' });
    });

    test('says what it does not know', async () => {
      const head = push();
      expect(await forge.getPullRequest(7)).toBeUndefined();
      expect(await forge.findPullRequest(BRANCH)).toBeUndefined();
      for (const verb of [
        () => forge.ensureComment(7, 'preview', 'Hello'),
        () => forge.updatePullRequest(7, { title: 'Hello' }),
        () => forge.mergePullRequest(7, head, 'alice'),
        () => forge.closePullRequest(7, 'alice'),
      ]) {
        const refused = verb();
        await expect(refused).rejects.toThrow(UserError);
        await expect(refused).rejects.toThrow('there is no pull request #7');
      }
    });

    test('keeps one status for each context of a commit', async () => {
      const commit = push();
      const status = { context: 'trueup/render', description: 'Renders', url: 'https://t.example' };
      await forge.setCommitStatus(commit, { ...status, state: 'pending' });
      await forge.setCommitStatus(commit, { ...status, state: 'success' });
      await forge.setCommitStatus(commit, { ...status, state: 'success' });
      const check = {
        context: 'trueup/check',
        state: 'failure',
        description: 'Two hosts',
      } as const;
      await forge.setCommitStatus(commit, check);
      expect(await bench.statuses(commit)).toMatchObject([
        check,
        { context: 'trueup/render', state: 'success', description: 'Renders' },
      ]);
    });

    test('lists what is open to a branch, the newest first', async () => {
      push();
      push('trueup/oslo-01/77aa', 'ntp_servers: [10.30.1.1]\n');
      push('trueup/oslo-02/77ab', 'ntp_servers: [10.30.1.2]\n');
      push('next', 'other: yes\n');
      await forge.ensurePullRequest(draft());
      await forge.ensurePullRequest(draft({ branch: 'trueup/oslo-01/77aa' }));
      const other = await forge.ensurePullRequest(draft({ branch: 'trueup/oslo-02/77ab' }));
      await forge.ensurePullRequest(draft({ branch: 'next', base: BRANCH }));
      await forge.closePullRequest(2, 'alice');
      const open = await forge.listOpenPullRequests('main');
      expect(open.map(({ number }) => number)).toEqual([3, 1]);
      expect(open[0]).toEqual(other);
      expect(await forge.listOpenPullRequests('gone')).toEqual([]);
    });

    test('puts labels on and takes them off, and leaves others', async () => {
      push();
      await forge.ensurePullRequest(draft());
      const change = { add: ['trueup/hold', 'Drift'], remove: ['TRUEUP', 'never'] };
      expect(await forge.ensureLabels(1, change)).toEqual(['drift', 'trueup/hold']);
      expect(await forge.ensureLabels(1, change)).toEqual(['drift', 'trueup/hold']);
      const { labels } = (await forge.getPullRequest(1))!;
      expect(labels.toSorted()).toEqual(['drift', 'trueup/hold']);
      const us = people ? (await forge.getPullRequest(1))!.author : undefined;
      expect(await forge.labelledBy(1, 'TRUEUP/hold')).toBe(us);
      expect(await forge.labelledBy(1, 'never')).toBeUndefined();
    });

    test('tells comments, and which are ours', async () => {
      push();
      await forge.ensurePullRequest(draft());
      expect(await forge.listComments(1)).toEqual([]);
      await forge.ensureComment(1, 'preview', 'Two sites change.\n\n- [ ] site only');
      expect(await forge.listComments(1)).toMatchObject([
        { marker: 'preview', body: 'Two sites change.\n\n- [ ] site only' },
      ]);
      await expect(forge.listComments(7)).rejects.toThrow(UserError);
    });

    test.runIf(people)('tells apart what others write, whatever they write', async () => {
      push();
      await forge.ensurePullRequest(draft());
      await forge.ensureComment(1, 'preview', 'Ours');
      bench.people!.comment(1, 'mallory', '<!-- trueup:preview -->\nMine');
      bench.people!.comment(1, 'olga', '/trueup check\r\nplease');
      await forge.ensureComment(1, 'preview', 'Ours, edited');
      const comments = await forge.listComments(1);
      expect(comments).toMatchObject([
        { marker: 'preview', body: 'Ours, edited' },
        { author: 'mallory', body: '<!-- trueup:preview -->\nMine' },
        { author: 'olga', body: '/trueup check\nplease' },
      ]);
      expect(comments.map(({ marker }) => marker)).toEqual(['preview', undefined, undefined]);
      expect(new Set(comments.map(({ id }) => id)).size).toBe(3);
      expect(Math.min(...comments.map(({ createdAt }) => createdAt))).toBeGreaterThan(0);
    });

    test.runIf(people)('finds our comment behind many others', async () => {
      push();
      await forge.ensurePullRequest(draft());
      for (let i = 0; i < 130; i += 1) bench.people!.comment(1, 'olga', `Comment ${i}`);
      await forge.ensureComment(1, 'preview', 'First');
      await forge.ensureComment(1, 'preview', 'Second');
      const comments = await forge.listComments(1);
      expect(comments).toHaveLength(131);
      expect(comments.at(-1)).toMatchObject({ marker: 'preview', body: 'Second' });
    });

    test('knows who may do what', async () => {
      bench.people?.allow('alice', 'admin');
      bench.people?.allow('bob', 'write');
      bench.people?.allow('carol', 'read');
      const names = ['alice', 'bob', 'carol', 'mallory', '../../user'];
      const told = await Promise.all(names.map((each) => forge.permissionOf(each)));
      expect(told).toEqual(
        people ? ['admin', 'write', 'read', 'none', 'none'] : names.map(() => 'none'),
      );
    });

    test('tells the files that a pull request changes', async () => {
      bench.repository.commit('main', { 'sites/oslo-01.yaml': 'a: 1\n', 'old.yaml': 'b: 1\n' });
      push();
      bench.repository.commit(BRANCH, { 'layers/ü b.yaml': 'x: 1\n' });
      bench.repository.commit('main', { 'sites/oslo-01.yaml': 'a: 2\n' });
      await forge.ensurePullRequest(draft());
      expect(await forge.changedFiles(1)).toEqual({
        files: ['layers/ü b.yaml', 'sites/lisbon-07.yaml'],
        complete: true,
      });
    });

    test('tells all files of a large pull request', async () => {
      const files = Array.from({ length: 230 }, (_, i) => [`sites/s-${i}.yaml`, `a: ${i}\n`]);
      bench.repository.commit(BRANCH, Object.fromEntries(files));
      await forge.ensurePullRequest(draft());
      const told = await forge.changedFiles(1);
      expect(told).toEqual({ files: files.map(([file]) => file!).toSorted(), complete: true });
    });

    test('tells how git gets at the head and, where there is one, at the trial merge', async () => {
      const head = push();
      await forge.ensurePullRequest(draft());
      await forge.mergeResult(1);
      const result = await forge.mergeResult(1);
      expect(result.head).toBe(head);
      expect(bench.repository.commitOf(result.headRef)).toBe(head);
      expect(result.mergeable).not.toBe(false);
      const { commit = head, ref = result.headRef } = result.trial ?? {};
      expect(bench.repository.commitOf(ref)).toBe(commit);
      expect(bench.repository.isAncestor(head, commit)).toBe(true);
      push('main', 'ntp_servers: [10.20.7.2]\n');
      await forge.mergeResult(1);
      const conflicting = await forge.mergeResult(1);
      expect(conflicting).not.toHaveProperty('trial');
      expect(conflicting.mergeable).not.toBe(true);
    });

    test('opens a closed one again, unless it is merged or its branch is gone', async () => {
      const head = push();
      await forge.ensurePullRequest(draft());
      await forge.closePullRequest(1, 'alice');
      const open = await forge.reopenPullRequest(1);
      expect(open).toMatchObject({ number: 1, state: 'open', head });
      expect(open).not.toHaveProperty('decidedBy');
      expect(await forge.reopenPullRequest(1)).toEqual(open);
      expect(await forge.ensurePullRequest(draft())).toMatchObject({ number: 1, state: 'open' });
      await forge.closePullRequest(1, 'alice');
      bench.repository.deleteBranch(BRANCH);
      await expect(forge.reopenPullRequest(1)).rejects.toThrow(UserError);
      expect(await forge.getPullRequest(1)).toMatchObject({ state: 'closed' });

      const other = push('trueup/oslo-01/77aa', 'ntp_servers: [10.30.1.1]\n');
      await forge.ensurePullRequest(draft({ branch: 'trueup/oslo-01/77aa' }));
      await forge.mergePullRequest(2, other, 'alice');
      await expect(forge.reopenPullRequest(2)).rejects.toThrow(UserError);
    });

    test('auto-merge: merges at once where nothing is asked for', async () => {
      const head = push();
      await forge.ensurePullRequest(draft());
      bench.people?.require();
      const merged = await forge.ensureAutoMerge(1, head, 'policy');
      expect(merged).toMatchObject({ state: 'merged', mergeCommit: expect.any(String) });
      expect(await forge.ensureAutoMerge(1, head, 'policy')).toMatchObject({
        state: 'merged',
        mergeCommit: merged.mergeCommit,
      });
    });

    test.runIf(people)('auto-merge: waits for the statuses that are asked for', async () => {
      const head = push();
      await forge.ensurePullRequest(draft());
      bench.people!.require('trueup/render');
      await expect(forge.mergePullRequest(1, head, 'alice')).rejects.toThrow(UserError);
      expect(await forge.ensureAutoMerge(1, head, 'policy')).toMatchObject({ state: 'open' });
      const waiting = await forge.ensureAutoMerge(1, head, 'policy');
      expect(waiting).toMatchObject({ state: 'open' });
      await forge.setCommitStatus(head, {
        context: 'trueup/render',
        state: 'success',
        description: 'Renders',
      });
      expect(await forge.getPullRequest(1)).toMatchObject({ state: 'merged', head });
      expect(bench.repository.reaches('main', head)).toBe(true);
    });

    test('a dashboard is made once it is needed, and edited in place', async () => {
      await tellDashboard(forge, 'Nothing waits.', false);
      expect(bench.issues?.() ?? []).toEqual([]);
      bench.loseNextAnswer();
      await tellDashboard(forge, MARKUP, true).catch(() => undefined);
      await tellDashboard(forge, MARKUP, true);
      await tellDashboard(forge, 'Two edits wait.', true);
      await tellDashboard(forge, 'Nothing waits.', false);
      // The local forge has its own page for it.
      const [issue, ...others] = bench.issues?.() ?? [
        { state: 'open', body: '<!-- trueup:dashboard -->\nNothing waits.' },
      ];
      expect(others).toEqual([]);
      expect(issue).toMatchObject({ body: '<!-- trueup:dashboard -->\nNothing waits.' });
    });

    test.runIf(people)(
      'a dashboard that somebody closed stays closed until it is needed',
      async () => {
        await tellDashboard(forge, 'An edit waits.', true);
        const issue = bench.issues!()[0]!;
        issue.state = 'closed';
        await tellDashboard(forge, 'Nothing waits at all.', false);
        expect(issue.state).toBe('closed');
        await tellDashboard(forge, 'One edit waits.', true);
        expect(bench.issues!()).toMatchObject([{ state: 'open' }]);
      },
    );

    test.runIf(people)('auto-merge: is taken back', async () => {
      const head = push();
      await forge.ensurePullRequest(draft());
      bench.people!.require('trueup/render');
      await forge.ensureAutoMerge(1, head, 'policy');
      expect(await forge.cancelAutoMerge(1)).toMatchObject({ state: 'open' });
      expect(await forge.cancelAutoMerge(1)).not.toHaveProperty('autoMerge');
      const status = { context: 'trueup/render', state: 'success', description: 'ok' } as const;
      await forge.setCommitStatus(head, status);
      expect(await forge.getPullRequest(1)).toMatchObject({ state: 'open' });
    });

    test('auto-merge: never for a commit that nobody reviewed', async () => {
      const reviewed = push();
      await forge.ensurePullRequest(draft());
      const moved = push(BRANCH, 'ntp_servers: [10.66.6.6]\n');
      bench.people?.require('trueup/render');
      const refused = forge.ensureAutoMerge(1, reviewed, 'policy');
      await expect(refused).rejects.toThrow(UserError);
      await expect(refused).rejects.toThrow(`is at ${moved} by now`);
      expect(await forge.getPullRequest(1)).toMatchObject({ state: 'open' });
    });

    test('law 12: a lost answer doubles nothing', async () => {
      const head = push();
      const verbs: (() => Promise<unknown>)[] = [
        () => forge.ensurePullRequest(draft()),
        () => forge.ensureComment(1, 'preview', 'Two sites change.'),
        () => forge.updatePullRequest(1, { title: 'New title' }),
        () => forge.setCommitStatus(head, { context: 'c', state: 'success', description: 'd' }),
        () => forge.mergePullRequest(1, head, 'alice'),
      ];
      for (const verb of verbs) {
        bench.loseNextAnswer();
        await Promise.allSettled([verb()]);
        await verb();
      }
      const mergeCommit = bench.repository.branchCommit('main');
      const last = { title: 'New title', state: 'merged', mergeCommit };
      expect(await forge.findPullRequest(BRANCH)).toMatchObject(last);
      expect(await bench.pulls()).toBe(1);
      expect(await bench.comments(1)).toEqual(['Two sites change.']);
      expect(await bench.statuses(head)).toHaveLength(1);
      expect(bench.repository.git('rev-list', '--count', '--merges', 'main')).toBe('1');
    });

    test('law 12: a lost answer to closing it closes it once', async () => {
      push();
      await forge.ensurePullRequest(draft());
      bench.loseNextAnswer();
      await Promise.allSettled([forge.closePullRequest(1, 'alice')]);
      expect(await forge.closePullRequest(1, 'alice')).toMatchObject({ state: 'closed' });
      expect((await bench.comments(1)).length).toBeLessThanOrEqual(1);
    });
  });
}

function tellDashboard(forge: Forge, body: string, needed: boolean): Promise<void> {
  return forge.ensureDashboard({ title: 'What waits', body, needed });
}
