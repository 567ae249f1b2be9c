import { expect } from 'vitest';

import type { Forge } from '../../../src/forge/forge.ts';
import { UserError } from '../../../src/model/errors.ts';
import { type Contract, MARKUP } from './bench.ts';

/** No pull request has it, not even where there are many. */
const NONE = 999_999_999;

/** What is said at a pull request and asked about it: comments, statuses, labels, files, accounts, the dashboard. */
export function testTelling({ test, people, live, sees }: Contract): void {
  test('keeps one comment for each marker, and edits it in place', async ({
    behind,
    draft,
    forge,
    push,
  }) => {
    push();
    const { number } = await forge.ensurePullRequest(draft());
    await forge.ensureComment(number, 'preview', 'Two sites change.');
    await forge.ensureComment(number, 'note', 'See the runbook.');
    await forge.ensureComment(number, 'preview', 'Three sites change.\r\n');
    await forge.ensureComment(number, 'preview', 'Three sites change.\n');
    expect(await behind.comments(number)).toEqual(['Three sites change.\n', 'See the runbook.']);
  });

  test('refuses a marker that would show', async ({ behind, draft, forge, push }) => {
    push();
    const { number } = await forge.ensurePullRequest(draft());
    await expect(forge.ensureComment(number, 'a --> b', 'Hello')).rejects.toThrow("can't mark");
    expect(await behind.comments(number)).toEqual([]);
  });

  test('says what it does not know', async ({ branch, forge, push }) => {
    const head = push();
    expect(await forge.getPullRequest(NONE)).toBeUndefined();
    expect(await forge.findPullRequest(branch)).toBeUndefined();
    for (const verb of [
      () => forge.ensureComment(NONE, 'preview', 'Hello'),
      () => forge.updatePullRequest(NONE, { title: 'Hello' }),
      () => forge.mergePullRequest(NONE, head, 'alice'),
      () => forge.closePullRequest(NONE, 'alice'),
    ]) {
      const refused = verb();
      await expect(refused).rejects.toThrow(UserError);
      await expect(refused).rejects.toThrow(`there is no pull request #${NONE}`);
    }
  });

  test('keeps one status for each context of a commit', async ({ behind, forge, push }) => {
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
    expect(await behind.statuses(commit)).toMatchObject([
      check,
      { context: 'trueup/render', state: 'success', description: 'Renders' },
    ]);
  });

  test('puts labels on and takes them off, and leaves others', async ({ draft, forge, push }) => {
    push();
    const { number } = await forge.ensurePullRequest(draft());
    const change = { add: ['trueup/hold', 'Drift'], remove: ['TRUEUP', 'never'] };
    expect(await forge.ensureLabels(number, change)).toEqual(['drift', 'trueup/hold']);
    expect(await forge.ensureLabels(number, change)).toEqual(['drift', 'trueup/hold']);
    const { labels, author } = (await forge.getPullRequest(number))!;
    expect(labels.toSorted()).toEqual(['drift', 'trueup/hold']);
    expect(await forge.labelledBy(number, 'TRUEUP/hold')).toBe(author);
    expect(await forge.labelledBy(number, 'never')).toBeUndefined();
  });

  test('tells comments, and which are ours', async ({ draft, forge, push }) => {
    push();
    const { number } = await forge.ensurePullRequest(draft());
    expect(await forge.listComments(number)).toEqual([]);
    await forge.ensureComment(number, 'preview', 'Two sites change.\n\n- [ ] site only');
    expect(await forge.listComments(number)).toMatchObject([
      { marker: 'preview', body: 'Two sites change.\n\n- [ ] site only' },
    ]);
    await expect(forge.listComments(NONE)).rejects.toThrow(UserError);
  });

  test.runIf(people)(
    'tells apart what others write, whatever they write',
    async ({ behind, draft, forge, push }) => {
      push();
      const { number } = await forge.ensurePullRequest(draft());
      await forge.ensureComment(number, 'preview', 'Ours');
      behind.people!.comment(number, 'mallory', '<!-- trueup:preview -->\nMine');
      behind.people!.comment(number, 'olga', '/trueup check\r\nplease');
      await forge.ensureComment(number, 'preview', 'Ours, edited');
      const comments = await forge.listComments(number);
      expect(comments).toMatchObject([
        { marker: 'preview', body: 'Ours, edited' },
        { author: 'mallory', body: '<!-- trueup:preview -->\nMine' },
        { author: 'olga', body: '/trueup check\nplease' },
      ]);
      expect(comments.map(({ marker }) => marker)).toEqual(['preview', undefined, undefined]);
      expect(new Set(comments.map(({ id }) => id)).size).toBe(3);
      expect(Math.min(...comments.map(({ createdAt }) => createdAt))).toBeGreaterThan(0);
    },
  );

  test.runIf(people)(
    'finds our comment behind many others',
    async ({ behind, draft, forge, push }) => {
      push();
      const { number } = await forge.ensurePullRequest(draft());
      for (let i = 0; i < 130; i += 1) behind.people!.comment(number, 'olga', `Comment ${i}`);
      await forge.ensureComment(number, 'preview', 'First');
      await forge.ensureComment(number, 'preview', 'Second');
      const comments = await forge.listComments(number);
      expect(comments).toHaveLength(131);
      expect(comments.at(-1)).toMatchObject({ marker: 'preview', body: 'Second' });
    },
  );

  test.skipIf(live)('knows who may do what', async ({ behind, forge }) => {
    behind.people?.allow('alice', 'admin');
    behind.people?.allow('bob', 'write');
    behind.people?.allow('carol', 'read');
    const names = ['alice', 'bob', 'carol', 'mallory', '../../user'];
    const told = await Promise.all(names.map((each) => forge.permissionOf(each)));
    expect(told).toEqual(
      people ? ['admin', 'write', 'read', 'none', 'none'] : names.map(() => 'none'),
    );
  });

  test('tells the files that a pull request changes', async ({
    base,
    behind,
    branch,
    draft,
    forge,
    push,
  }) => {
    behind.repository.commit(base, { 'sites/oslo-01.yaml': 'a: 1\n', 'old.yaml': 'b: 1\n' });
    push();
    behind.repository.commit(branch, { 'layers/ü b.yaml': 'x: 1\n' });
    behind.repository.commit(base, { 'sites/oslo-01.yaml': 'a: 2\n' });
    const { number } = await forge.ensurePullRequest(draft());
    expect(await forge.changedFiles(number)).toEqual({
      files: ['layers/ü b.yaml', 'sites/lisbon-07.yaml'],
      complete: true,
    });
  });

  test('tells all files of a large pull request', async ({ behind, branch, draft, forge }) => {
    const files = Array.from({ length: 230 }, (_, i) => [`sites/s-${i}.yaml`, `a: ${i}\n`]);
    behind.repository.commit(branch, Object.fromEntries(files));
    const { number } = await forge.ensurePullRequest(draft());
    const told = await forge.changedFiles(number);
    expect(told).toEqual({ files: files.map(([file]) => file!).toSorted(), complete: true });
  });

  test('tells how git gets at the head and, where there is one, at the trial merge', async ({
    base,
    behind,
    draft,
    forge,
    push,
  }) => {
    const head = push();
    const { number } = await forge.ensurePullRequest(draft());
    await forge.mergeResult(number);
    await sees(async () => {
      const { mergeable } = await forge.mergeResult(number);
      expect(mergeable).not.toBe(false);
    });
    const result = await forge.mergeResult(number);
    expect(result.head).toBe(head);
    expect(behind.repository.commitOf(result.headRef)).toBe(head);
    const { commit = head, ref = result.headRef } = result.trial ?? {};
    expect(behind.repository.commitOf(ref)).toBe(commit);
    expect(behind.repository.isAncestor(head, commit)).toBe(true);
    push(base, 'ntp_servers: [10.20.7.2]\n');
    await forge.mergeResult(number);
    await sees(async () => {
      const conflicting = await forge.mergeResult(number);
      expect(conflicting).not.toHaveProperty('trial');
      expect(conflicting.mergeable).not.toBe(true);
    });
  });

  test.skipIf(live)(
    'a dashboard is made once it is needed, and edited in place',
    async ({ behind, forge }) => {
      await tellDashboard(forge, 'Nothing waits.', false);
      expect(behind.issues?.() ?? []).toEqual([]);
      behind.loseNextAnswer!();
      await tellDashboard(forge, MARKUP, true).catch(() => undefined);
      await tellDashboard(forge, MARKUP, true);
      await tellDashboard(forge, 'Two edits wait.', true);
      await tellDashboard(forge, 'Nothing waits.', false);
      // The local forge has its own page for it.
      const [issue, ...others] = behind.issues?.() ?? [
        { state: 'open', body: '<!-- trueup:dashboard -->\nNothing waits.' },
      ];
      expect(others).toEqual([]);
      expect(issue).toMatchObject({ body: '<!-- trueup:dashboard -->\nNothing waits.' });
    },
  );

  test.runIf(people)(
    'a dashboard that somebody closed stays closed until it is needed',
    async ({ behind, forge }) => {
      await tellDashboard(forge, 'An edit waits.', true);
      const issue = behind.issues!()[0]!;
      issue.state = 'closed';
      await tellDashboard(forge, 'Nothing waits at all.', false);
      expect(issue.state).toBe('closed');
      await tellDashboard(forge, 'One edit waits.', true);
      expect(behind.issues!()).toMatchObject([{ state: 'open' }]);
    },
  );
}

function tellDashboard(forge: Forge, body: string, needed: boolean): Promise<void> {
  return forge.ensureDashboard({ title: 'What waits', body, needed });
}
