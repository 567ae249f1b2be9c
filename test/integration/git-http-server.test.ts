import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, onTestFinished, test } from 'vitest';

import { serveGit } from '../support/git-http-server.ts';

const run = promisify(execFile);

async function git(...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  const { stdout } = await run('git', [...identity, ...args], {
    env: { ...process.env, GIT_TERMINAL_PROMPT: '0' },
  });
  return stdout.trim();
}

test('serves clones and pushes, only to those who know the token', async () => {
  const root = await mkdtemp(join(tmpdir(), 'git-http-'));
  const server = await serveGit({ root, token: 'letmein' });
  onTestFinished(async () => {
    await server.close();
    await rm(root, { recursive: true, maxRetries: 10 });
  });
  await git('init', '-q', '--bare', '-b', 'main', join(root, 'team/plan.git'));
  const work = join(root, 'work');
  await git('init', '-q', '-b', 'main', work);
  await git('-C', work, 'commit', '-q', '--allow-empty', '-m', 'first');
  const url = `${server.url}/team/plan.git`;

  await expect(git('-C', work, 'push', '-q', url, 'main')).rejects.toThrow('could not read');
  const credentials = Buffer.from('x-access-token:letmein').toString('base64');
  const header = `http.extraHeader=Authorization: Basic ${credentials}`;
  await git('-C', work, '-c', header, 'push', '-q', url, 'main');
  const listed = await git(
    '-c',
    'http.extraHeader=Authorization: Bearer letmein',
    'ls-remote',
    url,
  );

  expect(listed).toContain(`${await git('-C', work, 'rev-parse', 'HEAD')}\trefs/heads/main`);
  expect(server.requests.map(({ status }) => status)).toContain(401);
  await expect(git('-c', header, 'ls-remote', `${server.url}/none.git`)).rejects.toThrow(
    'not found',
  );
});
