import { z } from 'zod';

import { messageOf, Stalled, UserError } from '../../model/errors.ts';
import { ForgeUnavailable } from '../errors.ts';
import { fitLine } from '../text.ts';

/** GitHub's documentation asks for a minute where it names no time. */
const USUAL_WAIT = 60_000;
const LONGEST_WAIT = 3_600_000;

/** GitHub understood a request and said no. */
export class GitHubRefusal extends Error {
  override name = 'GitHubRefusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const Detail = z.object({
  message: z.string().optional(),
  field: z.string().default('a value'),
  code: z.string().default('is invalid'),
});
const Words = z.object({
  message: z.string(),
  errors: z.array(z.union([z.string(), Detail])).default([]),
});

/** What a token must be allowed to do. */
export const NEEDED_ACCESS =
  'it needs the scope "repo" or, fine-grained, read and write access to contents, pull requests and commit statuses';

interface Answer {
  status: number;
  headers: Record<string, string | number | undefined>;
  data: unknown;
}

/**
 * What a failed request means: `ForgeUnavailable` where a repeat can help (no answer, a gateway's error, a rate
 * limit), else `GitHubRefusal`. Made anew from what was thrown, which holds the request with its headers.
 */
export function failureOf(thrown: unknown, operation: string): GitHubRefusal | ForgeUnavailable {
  const answer = answerOf(thrown);
  if (!answer) {
    const reason = isTimeout(thrown) ? 'no answer in time' : messageOf(thrown);
    return new ForgeUnavailable(`${operation}: GitHub can't be reached: ${fitLine(reason, 300)}`);
  }
  if (isRateLimit(answer)) {
    const wait = waitOf(answer.headers) ?? USUAL_WAIT;
    const seconds = Math.ceil(wait / 1000);
    return new ForgeUnavailable(
      `${operation}: GitHub's rate limit is reached: wait ${seconds} s`,
      wait,
    );
  }
  if (answer.status >= 500) {
    const message = `${operation}: GitHub answered ${answer.status}`;
    return new ForgeUnavailable(message, waitOf(answer.headers));
  }
  return new GitHubRefusal(answer.status, wordsOf(answer.data));
}

/** A refusal with what a person can do about it. `repository` is `owner/name`. */
export function explain({ status, message }: GitHubRefusal, repository: string): UserError {
  switch (status) {
    case 401:
      return new Stalled(
        `GitHub rejects the token for ${repository} (${message}): ${NEEDED_ACCESS}`,
      );
    case 403:
      return new Stalled(
        `GitHub does not let the token do this in ${repository} (${message}): ${NEEDED_ACCESS}`,
      );
    case 404:
      return new Stalled(
        `GitHub shows the token no repository ${repository} (${message}): check its name, and the token: ${NEEDED_ACCESS}`,
      );
    default:
      return new UserError(`GitHub refuses this in ${repository}: ${message}`);
  }
}

/** Whether a request was given up because its time was over. */
export function isTimeout(thrown: unknown): boolean {
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
  return cause instanceof Error && cause.name === 'TimeoutError';
}

/** The HTTP answer that came with an error of Octokit's, if there was one. */
export function answerOf(thrown: unknown): Answer | undefined {
  if (!(thrown instanceof Error) || !('response' in thrown)) return undefined;
  const { response } = thrown;
  return isAnswer(response) ? response : undefined;
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && 'status' in value && 'headers' in value;
}

/** See https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
function isRateLimit({ status, headers, data }: Answer): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    headers['retry-after'] !== undefined ||
    headers['x-ratelimit-remaining'] === '0' ||
    /\b(?:rate limit|abuse)/i.test(wordsOf(data))
  );
}

/** Milliseconds that an answer asks to wait, by its own clock. */
function waitOf(headers: Answer['headers']): number | undefined {
  const sent = Date.parse(String(headers['date'])) || Date.now();
  const after = headers['retry-after'];
  if (after !== undefined) {
    const seconds = Number(after);
    return bounded(Number.isNaN(seconds) ? Date.parse(String(after)) - sent : seconds * 1000);
  }
  if (headers['x-ratelimit-remaining'] !== '0') return undefined;
  return bounded(Number(headers['x-ratelimit-reset']) * 1000 - sent);
}

function bounded(wait: number): number {
  if (Number.isNaN(wait)) return USUAL_WAIT;
  return Math.min(Math.max(wait, 1000), LONGEST_WAIT);
}

/** GitHub's own words: `Validation Failed: head invalid`. */
function wordsOf(data: unknown): string {
  const { data: words } = Words.safeParse(data);
  if (!words) return 'no reason given';
  const details = words.errors.map((error) =>
    typeof error === 'string' ? error : (error.message ?? `${error.field} ${error.code}`),
  );
  return fitLine([words.message, ...details].join(': '), 500);
}
