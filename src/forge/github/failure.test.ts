import { expect, test } from 'vitest';

import { Stalled, UserError } from '../../model/errors.ts';
import { ForgeUnavailable } from '../errors.ts';
import { explain, failureOf, GitHubRefusal } from './failure.ts';

const SENT = 'Tue, 02 Jun 2026 10:00:00 GMT';

function failed(status: number, headers: Record<string, string>, data: unknown = {}): Error {
  const response = { status, headers: { date: SENT, ...headers }, data };
  return failureOf(Object.assign(new Error('failed'), { response }), 'GET /pulls');
}

test.each([
  ['seconds', 429, { 'retry-after': '7' }, 7000],
  ['a date', 403, { 'retry-after': 'Tue, 02 Jun 2026 10:01:30 GMT' }, 90_000],
  ['a date that is past', 403, { 'retry-after': 'Tue, 02 Jun 2026 09:00:00 GMT' }, 1000],
  ['nonsense', 429, { 'retry-after': 'soon' }, 60_000],
  ['a week', 429, { 'retry-after': '604800' }, 3_600_000],
  ['nothing', 429, {}, 60_000],
  [
    'the end of the hour, by its own clock',
    403,
    {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Date.parse(SENT) / 1000 + 600),
    },
    600_000,
  ],
  ['a time to come back, being down', 503, { 'retry-after': '20' }, 20_000],
])('waits as GitHub says: %s', (_, status, headers, retryAfter) => {
  const failure = failed(status, headers);
  expect(failure).toBeInstanceOf(ForgeUnavailable);
  expect(failure).toMatchObject({ retryAfter });
});

test('a 403 that speaks of limits is one, any other is a refusal', () => {
  const limit = { message: 'You have exceeded a secondary rate limit.' };
  expect(failed(403, {}, limit)).toMatchObject({ retryAfter: 60_000 });
  const denied = failed(403, {}, { message: 'Resource not accessible by personal access token' });
  expect(denied).toBeInstanceOf(GitHubRefusal);
});

test('an error of a gateway, or no answer at all, has no time to wait', () => {
  expect(failed(502, {}, '<html>')).toMatchObject({
    retryAfter: undefined,
    message: 'GET /pulls: GitHub answered 502',
  });
  const failure = failureOf(new Error('connect ECONNREFUSED'), 'GET /pulls');
  expect(failure).toBeInstanceOf(ForgeUnavailable);
  expect(failure.message).toBe("GET /pulls: GitHub can't be reached: connect ECONNREFUSED");
});

test('a refusal has GitHub’s own words, in one line of bounded length', () => {
  const errors = [{ field: 'head', code: 'invalid' }, { message: 'too\nlong' }, 'plain'];
  expect(failed(422, {}, { message: 'Validation Failed', errors }).message).toBe(
    'Validation Failed: head invalid: too long: plain',
  );
  expect(failed(422, {}, { message: 'x'.repeat(9999) }).message).toHaveLength(500);
  expect(failed(418, {}, '<html>').message).toBe('no reason given');
});

test.each([
  [401, Stalled, 'rejects the token for acme/plan (Words): it needs the scope "repo" or'],
  [403, Stalled, 'does not let the token do this in acme/plan (Words)'],
  [404, Stalled, 'shows the token no repository acme/plan (Words): check its name'],
  [410, UserError, 'refuses this in acme/plan: Words'],
  [422, UserError, 'refuses this in acme/plan: Words'],
])('a refusal with %d says what to do', (status, type, words) => {
  const error = explain(new GitHubRefusal(status, 'Words'), 'acme/plan');
  expect(error).toBeInstanceOf(type);
  expect(error instanceof Stalled).toBe(type === Stalled);
  expect(error.message).toContain(words);
});
