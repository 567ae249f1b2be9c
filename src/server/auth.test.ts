import { expect, test } from 'vitest';

import { Secret } from '../config/secret.ts';
import { createAuthenticator, sameText } from './auth.ts';

test('texts of any length are compared', () => {
  expect(sameText('abc', 'abc')).toBe(true);
  expect(sameText('', '')).toBe(true);
  for (const other of ['', 'ab', 'abcd', 'abd', 'ABC']) expect(sameText('abc', other)).toBe(false);
});

test('the token of the configuration may do everything, and may change at any time', async () => {
  let token: Secret | undefined = new Secret('first');
  const asked: string[] = [];
  const auth = createAuthenticator({
    token: () => token,
    tokens: {
      verify: async (text) => {
        asked.push(text);
        return text === 'stored'
          ? { id: '1', name: 'alice', role: 'viewer', createdAt: 0, revokedAt: null }
          : undefined;
      },
    },
  });
  expect(await auth.verify('first')).toEqual({ name: 'operator', role: 'admin' });
  token = new Secret('second');
  expect(await auth.verify('first')).toBeUndefined();
  expect(await auth.verify('second')).toEqual({ name: 'operator', role: 'admin' });
  token = undefined;
  expect(await auth.verify('second')).toBeUndefined();
  expect(await auth.verify('')).toBeUndefined();
  expect(await auth.verify('stored')).toEqual({ id: '1', name: 'alice', role: 'viewer' });
  expect(asked).toEqual(['first', 'second', '', 'stored']);
});
