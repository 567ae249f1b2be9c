import { expect, test } from 'vitest';

import type { Forge, Permission, PullRequest, PullRequestComment } from '../forge/forge.ts';
import { findAsk } from './asks.ts';

const HEAD = 'abcdef0123'.repeat(4);
const PULL: PullRequest = {
  number: 1,
  url: '',
  title: '',
  body: '',
  branch: 'x',
  head: HEAD,
  base: 'main',
  state: 'open',
  labels: [],
  author: 'rita',
};
const RIGHTS: Record<string, Permission> = { olga: 'write', ana: 'admin', rita: 'read' };

function ask(
  comments: [author: string, body: string, marker?: string][],
  pull: Partial<PullRequest> = {},
  last: string | null = null,
  labelledBy?: string,
) {
  const forge = {
    listComments: async () =>
      comments.map(([author, body, marker], index): PullRequestComment => ({
        id: String(index),
        author,
        body,
        createdAt: 0,
        ...(marker ? { marker } : {}),
      })),
    permissionOf: async (account: string) => RIGHTS[account] ?? 'none',
    labelledBy: async () => labelledBy,
  };
  return findAsk(
    forge satisfies Pick<Forge, 'listComments' | 'permissionOf' | 'labelledBy'>,
    { ...PULL, ...pull },
    last,
  );
}

test('a comment of one who may write asks; of others, of ours, or in passing it does not', async () => {
  expect((await ask([['olga', 'Please:\n/trueup check']])).ask).toEqual({ by: 'olga' });
  for (const comment of [
    ['rita', '/trueup check'],
    ['nobody', '/trueup check'],
    ['olga', 'what does `/trueup check` do?'],
    ['olga', '/trueup checkmate'],
    ['olga', '/trueup check', 'preview'],
  ] as [string, string, string?][]) {
    expect((await ask([comment])).ask).toBeUndefined();
  }
});

test('what was answered is not asked again, and a later comment is', async () => {
  const comments: [string, string][] = [
    ['olga', '/trueup check'],
    ['rita', 'thanks'],
  ];
  expect(await ask(comments, {}, '0')).toEqual({ lastAsk: '0' });
  expect(await ask([...comments, ['ana', '/trueup check']], {}, '0')).toEqual({
    ask: { by: 'ana' },
    lastAsk: '2',
  });
});

test('a fork is never checked but at the commit that was named', async () => {
  const fork = { fork: true as const, labels: ['trueup/check'], author: 'olga' };
  expect((await ask([], fork)).ask?.refused).toContain('comes from a fork');
  expect((await ask([['olga', '/trueup check']], fork)).ask?.refused).toContain(
    'comes from a fork',
  );
  expect((await ask([['rita', `/trueup check ${HEAD}`]], fork)).ask?.refused).toContain('fork');
  const short = (await ask([['olga', `/trueup check ${HEAD.slice(0, 20)}`]], fork)).ask;
  expect(short?.refused).toContain(`/trueup check ${HEAD}`);
  expect((await ask([['olga', `/trueup check ${HEAD}`]], fork)).ask).toEqual({ by: 'olga' });
  expect((await ask([['olga', '/trueup check 1234567']], fork)).ask?.refused).toContain('by now');
});

test('a label counts if one who may write has put it on, whoever wrote the code', async () => {
  const labels = ['TrueUp/Check'];
  expect((await ask([], { labels }, null, 'olga')).ask).toEqual({ by: 'olga' });
  expect((await ask([], { labels, author: 'olga' }, null, 'rita')).ask?.refused).toContain(
    'by an account that may write',
  );
  expect((await ask([], { labels, author: 'olga' })).ask?.refused).toBeDefined();
});
