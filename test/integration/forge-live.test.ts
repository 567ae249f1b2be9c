import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Forge } from '../../src/forge/forge.ts';
import { GiteaForge } from '../../src/forge/gitea/gitea-forge.ts';
import { GitHubForge } from '../../src/forge/github/github-forge.ts';
import { UserError } from '../../src/model/errors.ts';
import { LiveRepository } from '../support/live-repository.ts';

/**
 * The life of a pull request on a real forge, as far as its rules allow. Asked for by environment variables, and
 * skipped where they are not set. The repository must be one to throw away: branches, labels and pull requests are made
 * in it, and its default branch gets a commit.
 *
 *     TRUEUP_LIVE_GITHUB_REPOSITORY=owner/name TRUEUP_LIVE_GITHUB_TOKEN=… [TRUEUP_LIVE_GITHUB_API=https://…/api/v3]
 *     TRUEUP_LIVE_GITEA_REPOSITORY=owner/name TRUEUP_LIVE_GITEA_TOKEN=… TRUEUP_LIVE_GITEA_URL=https://…
 */
const { env } = process;

interface Target {
  make: (base: string) => Forge;
  gitUrl: string;
  token: string;
}

function github(): Target | undefined {
  const { TRUEUP_LIVE_GITHUB_REPOSITORY: repository, TRUEUP_LIVE_GITHUB_TOKEN: token } = env;
  if (!repository || !token) return undefined;
  const baseUrl = env['TRUEUP_LIVE_GITHUB_API'] ?? 'https://api.github.com';
  const host =
    baseUrl === 'https://api.github.com' ? 'https://github.com' : new URL(baseUrl).origin;
  const make = () => new GitHubForge({ repository, token: () => token, baseUrl });
  return { make, gitUrl: `${host}/${repository}.git`, token };
}

function gitea(): Target | undefined {
  const { TRUEUP_LIVE_GITEA_REPOSITORY: repository, TRUEUP_LIVE_GITEA_TOKEN: token } = env;
  const baseUrl = env['TRUEUP_LIVE_GITEA_URL'];
  if (!repository || !token || !baseUrl) return undefined;
  const make = (base: string) => new GiteaForge({ repository, token: () => token, baseUrl, base });
  return { make, gitUrl: `${baseUrl}/${repository}.git`, token };
}

for (const [name, target] of [
  ['GitHub', github()],
  ['Gitea', gitea()],
] as const) {
  describe.skipIf(!target)(`a real ${name} (TRUEUP_LIVE_${name.toUpperCase()}_…)`, () => {
    let repository: LiveRepository;
    let forge: Forge;
    let branch: string;
    let base: string;
    beforeAll(async () => {
      repository = await LiveRepository.clone(target!.gitUrl, target!.token);
      base = repository.branch;
      forge = target!.make(base);
      branch = `trueup/live/${Date.now().toString(36)}`;
    }, 60_000);
    afterAll(() => repository.remove());

    test('a pull request from its opening to its merge', { timeout: 120_000 }, async () => {
      const head = repository.push(branch, { 'trueup-live.txt': `${branch}\n` });
      const draft = { branch, base, title: 'Live test', body: 'Of trueup.', labels: ['trueup'] };
      const pull = await forge.ensurePullRequest(draft);
      expect(pull).toMatchObject({ ...draft, head, state: 'open' });
      const { number } = pull;
      expect((await forge.ensurePullRequest(draft)).number).toBe(number);
      expect((await forge.findPullRequest(branch))?.number).toBe(number);
      const open = await forge.listOpenPullRequests(base);
      expect(open.map((one) => one.number)).toContain(number);

      await forge.ensureComment(number, 'preview', 'One');
      await forge.ensureComment(number, 'preview', 'Two');
      const comments = await forge.listComments(number);
      expect(comments).toMatchObject([{ marker: 'preview', body: 'Two' }]);
      expect(['write', 'admin']).toContain(await forge.permissionOf(pull.author!));
      expect(await forge.changedFiles(number)).toEqual({
        files: ['trueup-live.txt'],
        complete: true,
      });
      const labels = await forge.ensureLabels(number, { add: ['trueup/hold'], remove: ['trueup'] });
      expect(labels).toEqual(['trueup/hold']);
      const status = {
        context: 'trueup/render',
        state: 'success',
        description: 'Renders',
      } as const;
      await forge.setCommitStatus(head, status);
      await forge.updatePullRequest(number, { title: 'Live test, edited' });
      expect((await forge.mergeResult(number)).head).toBe(head);

      await forge.closePullRequest(number, 'a live test');
      expect((await forge.getPullRequest(number))?.state).toBe('closed');
      expect((await forge.reopenPullRequest(number)).state).toBe('open');
      await expect(forge.mergePullRequest(number, '0'.repeat(40), 'x')).rejects.toThrow(UserError);
      const merged = await forge.mergePullRequest(number, head, 'a live test');
      expect(merged).toMatchObject({ state: 'merged', mergeCommit: expect.any(String) });
      expect((await forge.mergePullRequest(number, head, 'again')).mergeCommit).toBe(
        merged.mergeCommit,
      );
      expect(await forge.findPullRequest(branch)).toMatchObject({ number, state: 'merged' });
    });

    test('what is not there', { timeout: 60_000 }, async () => {
      expect(await forge.getPullRequest(999_999_999)).toBeUndefined();
      expect(await forge.findPullRequest(`${branch}-none`)).toBeUndefined();
      expect(await forge.permissionOf('no-such-account-0000')).toBe('none');
      const draft = { branch: `${branch}-none`, base, title: 'T', body: 'B', labels: [] };
      await expect(forge.ensurePullRequest(draft)).rejects.toThrow(UserError);
    });
  });
}
