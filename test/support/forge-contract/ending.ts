import { expect } from 'vitest';

import { UserError } from '../../../src/model/errors.ts';
import type { Contract } from './bench.ts';

/** How pull requests end: merged, by hand or by themselves, and closed. */
export function testEnding({ test, people, live, sees }: Contract): void {
  test('merges the commit that was reviewed', async ({
    base,
    behind,
    branch,
    draft,
    forge,
    push,
  }) => {
    const head = push();
    const { number } = await forge.ensurePullRequest(draft());
    const merged = await forge.mergePullRequest(number, head, 'alice');
    const mergeCommit = behind.repository.branchCommit(base);
    expect(merged).toMatchObject({ state: 'merged', head, mergeCommit, decidedBy: 'alice' });
    const seen = { state: 'merged', head, mergeCommit, decidedBy: expect.any(String) };
    expect(await forge.getPullRequest(number)).toMatchObject(seen);
    expect(await forge.findPullRequest(branch)).toMatchObject(seen);
    expect(behind.repository.reaches(base, head)).toBe(true);
    expect(behind.repository.git('log', '-1', '--format=%B', base)).toBe(
      `Merge pull request #${number}: ntp_servers at lisbon-07\n\nDecided-by: alice`,
    );
  });

  test('merges once, however often it is asked to', async ({
    base,
    behind,
    draft,
    forge,
    push,
  }) => {
    const head = push();
    const { number } = await forge.ensurePullRequest(draft());
    const first = await forge.mergePullRequest(number, head, 'alice');
    const again = await forge.mergePullRequest(number, head, 'bob');
    expect(again).toMatchObject({ state: 'merged', mergeCommit: first.mergeCommit });
    expect(behind.repository.branchCommit(base)).toBe(first.mergeCommit);
  });

  test('refuses to merge a commit that nobody reviewed', async ({
    base,
    behind,
    branch,
    draft,
    forge,
    push,
  }) => {
    const reviewed = push();
    const { number } = await forge.ensurePullRequest(draft());
    const moved = push(branch, 'ntp_servers: [10.66.6.6]\n');
    await sees(async () => expect((await forge.getPullRequest(number))?.head).toBe(moved));
    const main = behind.repository.branchCommit(base);
    const refused = forge.mergePullRequest(number, reviewed, 'alice');
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toThrow(`is at ${moved} by now, not at ${reviewed}`);
    expect(await forge.getPullRequest(number)).toMatchObject({ state: 'open', head: moved });
    expect(behind.repository.branchCommit(base)).toBe(main);
  });

  test('refuses to merge what conflicts', async ({ base, behind, draft, forge, push }) => {
    const head = push();
    const { number } = await forge.ensurePullRequest(draft());
    push(base, 'ntp_servers: [10.20.7.2]\n');
    const main = behind.repository.branchCommit(base);
    const refused = forge.mergePullRequest(number, head, 'alice');
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toThrow(`conflicts with ${base}`);
    expect(await forge.getPullRequest(number)).toMatchObject({ state: 'open' });
    expect(behind.repository.branchCommit(base)).toBe(main);
  });

  test('closes once, and a closed one is not merged', async ({
    base,
    behind,
    draft,
    forge,
    push,
  }) => {
    const head = push();
    const { number } = await forge.ensurePullRequest(draft());
    const closed = await forge.closePullRequest(number, 'alice `x` @ops');
    expect(closed).toMatchObject({ state: 'closed', decidedBy: 'alice `x` @ops' });
    const comments = await behind.comments(number);
    const again = await forge.closePullRequest(number, 'bob');
    expect(again).toMatchObject({ state: 'closed', decidedBy: expect.any(String) });
    expect(again.decidedBy).not.toBe('bob');
    expect(await behind.comments(number)).toEqual(comments);
    await expect(forge.mergePullRequest(number, head, 'alice')).rejects.toThrow(UserError);
    expect(behind.repository.reaches(base, head)).toBe(false);
  });

  test('a merged one stays merged when it is closed', async ({ behind, draft, forge, push }) => {
    const head = push();
    const { number } = await forge.ensurePullRequest(draft());
    await forge.mergePullRequest(number, head, 'alice');
    expect(await forge.closePullRequest(number, 'bob')).toMatchObject({ state: 'merged' });
    expect(await behind.comments(number)).toEqual([]);
  });

  test('merged and closed at once, it ends in one of the two', async ({
    base,
    behind,
    draft,
    forge,
    push,
  }) => {
    const head = push();
    const { number } = await forge.ensurePullRequest(draft());
    await Promise.allSettled([
      forge.mergePullRequest(number, head, 'alice'),
      forge.closePullRequest(number, 'bob'),
    ]);
    const merged = behind.repository.reaches(base, head);
    expect(await forge.getPullRequest(number)).toMatchObject({
      state: merged ? 'merged' : 'closed',
    });
  });

  test('law 8: sees what was merged by hand, the branch deleted or not', async ({
    base,
    behind,
    branch,
    draft,
    forge,
    push,
  }) => {
    const head = push();
    const { number } = await forge.ensurePullRequest(draft());
    const message = 'By hand';
    behind.repository.merge({ head, base, message, author: 'carol' });
    const mergeCommit = behind.repository.branchCommit(base);
    behind.repository.deleteBranch(branch);
    await sees(async () => {
      const pull = await forge.getPullRequest(number);
      expect(pull).toMatchObject({ state: 'merged', head, mergeCommit });
    });
    push(base, 'ntp_servers: []\n');
    const found = await forge.findPullRequest(branch);
    expect(found).toMatchObject({ state: 'merged', head, mergeCommit });
    expect(await forge.mergePullRequest(number, head, 'alice')).toEqual(found);
  });

  test('law 8: sees what was closed by hand, and what was pushed', async ({
    behind,
    branch,
    draft,
    forge,
    push,
  }) => {
    push();
    const { number } = await forge.ensurePullRequest(draft());
    const head = push(branch, 'ntp_servers: [10.20.7.10]\n');
    await sees(async () => {
      expect(await forge.getPullRequest(number)).toMatchObject({ state: 'open', head });
    });
    await behind.closeByHand(number);
    expect(await forge.findPullRequest(branch)).toMatchObject({ state: 'closed', head });
    expect(await forge.closePullRequest(number, 'alice')).toMatchObject({ state: 'closed' });
  });

  test('a deleted branch closes its pull request', async ({
    behind,
    branch,
    draft,
    forge,
    push,
  }) => {
    push();
    const { number } = await forge.ensurePullRequest(draft());
    behind.repository.deleteBranch(branch);
    await sees(async () => {
      expect(await forge.getPullRequest(number)).toMatchObject({ state: 'closed' });
    });
  });

  test('opens a closed one again, unless it is merged or its branch is gone', async ({
    behind,
    branch,
    draft,
    forge,
    named,
    push,
  }) => {
    const head = push();
    const { number } = await forge.ensurePullRequest(draft());
    await forge.closePullRequest(number, 'alice');
    const open = await forge.reopenPullRequest(number);
    expect(open).toMatchObject({ number, state: 'open', head });
    expect(open).not.toHaveProperty('decidedBy');
    expect(await forge.reopenPullRequest(number)).toEqual(open);
    expect(await forge.ensurePullRequest(draft())).toMatchObject({ number, state: 'open' });
    await forge.closePullRequest(number, 'alice');
    behind.repository.deleteBranch(branch);
    await expect(forge.reopenPullRequest(number)).rejects.toThrow(UserError);
    expect(await forge.getPullRequest(number)).toMatchObject({ state: 'closed' });

    const other = push(named('trueup/oslo-01/77aa'), 'ntp_servers: [10.30.1.1]\n');
    const merged = await forge.ensurePullRequest(draft({ branch: named('trueup/oslo-01/77aa') }));
    await forge.mergePullRequest(merged.number, other, 'alice');
    await expect(forge.reopenPullRequest(merged.number)).rejects.toThrow(UserError);
  });

  test('auto-merge: merges at once where nothing is asked for', async ({
    behind,
    draft,
    forge,
    push,
  }) => {
    const head = push();
    const { number } = await forge.ensurePullRequest(draft());
    behind.people?.require();
    const merged = await forge.ensureAutoMerge(number, head, 'policy');
    expect(merged).toMatchObject({ state: 'merged', mergeCommit: expect.any(String) });
    expect(await forge.ensureAutoMerge(number, head, 'policy')).toMatchObject({
      state: 'merged',
      mergeCommit: merged.mergeCommit,
    });
  });

  test.runIf(people)(
    'auto-merge: waits for the statuses that are asked for',
    async ({ base, behind, draft, forge, push }) => {
      const head = push();
      const { number } = await forge.ensurePullRequest(draft());
      behind.people!.require('trueup/render');
      await expect(forge.mergePullRequest(number, head, 'alice')).rejects.toThrow(UserError);
      expect(await forge.ensureAutoMerge(number, head, 'policy')).toMatchObject({ state: 'open' });
      const waiting = await forge.ensureAutoMerge(number, head, 'policy');
      expect(waiting).toMatchObject({ state: 'open' });
      await forge.setCommitStatus(head, {
        context: 'trueup/render',
        state: 'success',
        description: 'Renders',
      });
      expect(await forge.getPullRequest(number)).toMatchObject({ state: 'merged', head });
      expect(behind.repository.reaches(base, head)).toBe(true);
    },
  );

  test.runIf(people)('auto-merge: is taken back', async ({ behind, draft, forge, push }) => {
    const head = push();
    const { number } = await forge.ensurePullRequest(draft());
    behind.people!.require('trueup/render');
    await forge.ensureAutoMerge(number, head, 'policy');
    expect(await forge.cancelAutoMerge(number)).toMatchObject({ state: 'open' });
    expect(await forge.cancelAutoMerge(number)).not.toHaveProperty('autoMerge');
    const status = { context: 'trueup/render', state: 'success', description: 'ok' } as const;
    await forge.setCommitStatus(head, status);
    expect(await forge.getPullRequest(number)).toMatchObject({ state: 'open' });
  });

  test('auto-merge: never for a commit that nobody reviewed', async ({
    behind,
    branch,
    draft,
    forge,
    push,
  }) => {
    const reviewed = push();
    const { number } = await forge.ensurePullRequest(draft());
    const moved = push(branch, 'ntp_servers: [10.66.6.6]\n');
    await sees(async () => expect((await forge.getPullRequest(number))?.head).toBe(moved));
    behind.people?.require('trueup/render');
    const refused = forge.ensureAutoMerge(number, reviewed, 'policy');
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toThrow(`is at ${moved} by now`);
    expect(await forge.getPullRequest(number)).toMatchObject({ state: 'open' });
  });

  test.skipIf(live)(
    'law 12: a lost answer doubles nothing',
    async ({ base, behind, branch, draft, forge, push }) => {
      const head = push();
      let number = 0;
      const verbs: (() => Promise<unknown>)[] = [
        async () => ({ number } = await forge.ensurePullRequest(draft())),
        () => forge.ensureComment(number, 'preview', 'Two sites change.'),
        () => forge.updatePullRequest(number, { title: 'New title' }),
        () => forge.setCommitStatus(head, { context: 'c', state: 'success', description: 'd' }),
        () => forge.mergePullRequest(number, head, 'alice'),
      ];
      for (const verb of verbs) {
        behind.loseNextAnswer!();
        await Promise.allSettled([verb()]);
        await verb();
      }
      const mergeCommit = behind.repository.branchCommit(base);
      const last = { title: 'New title', state: 'merged', mergeCommit };
      expect(await forge.findPullRequest(branch)).toMatchObject(last);
      expect(await behind.pulls()).toBe(1);
      expect(await behind.comments(number)).toEqual(['Two sites change.']);
      expect(await behind.statuses(head)).toHaveLength(1);
      expect(behind.repository.git('rev-list', '--count', '--merges', base)).toBe('1');
    },
  );

  test.skipIf(live)(
    'law 12: a lost answer to closing it closes it once',
    async ({ behind, draft, forge, push }) => {
      push();
      const { number } = await forge.ensurePullRequest(draft());
      behind.loseNextAnswer!();
      await Promise.allSettled([forge.closePullRequest(number, 'alice')]);
      expect(await forge.closePullRequest(number, 'alice')).toMatchObject({ state: 'closed' });
      expect((await behind.comments(number)).length).toBeLessThanOrEqual(1);
    },
  );
}
