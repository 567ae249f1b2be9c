import { expect, test } from 'vitest';

import { GitError, presentable } from './errors.ts';

test('what git said is shown without credentials, terminal codes, and without end', () => {
  const said =
    "fatal: unable to access 'https://bot:hunter2@example.org/x.git/'\n" +
    '> Authorization: Basic Ym90Omh1bnRlcjI=\n' +
    'remote: \u001b[31mtoken s3cret\u0007\n';
  const shown = presentable(said, ['s3cret', '']);
  expect(shown).toBe(
    "fatal: unable to access 'https://example.org/x.git/'\n" +
      '> Authorization: ***\n' +
      'remote: [31mtoken ***\n',
  );
  expect(presentable('x'.repeat(100_000)).length).toBeLessThan(2100);
});

test('an error names the call and what git said, in one line', () => {
  const error = new GitError('fetch', 128, 'fatal: one\n  two\n');
  expect(error.message).toBe('git fetch failed with exit code 128: fatal: one; two');
  expect(new GitError('push', null, '', 'took longer than 5 s').message).toBe(
    'git push took longer than 5 s',
  );
});
