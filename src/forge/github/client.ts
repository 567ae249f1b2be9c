import { Octokit, type RestEndpointMethodTypes } from '@octokit/rest';
import PQueue from 'p-queue';

import { Stalled, UserError } from '../../model/errors.ts';
import { boundedFetch } from '../bounded-fetch.ts';
import { ForgeUnavailable } from '../errors.ts';
import { answerOf, failureOf, GitHubRefusal, isTimeout } from './failure.ts';

export interface ClientOptions {
  /**
   * The token to use now; asked before every request. Asked with the token that GitHub has just rejected, another one
   * is tried once. It never shows in an error or log.
   */
  token: (rejected?: string) => string | Promise<string>;
  /** `https://api.github.com` unless told otherwise; `https://<host>/api/v3` on an Enterprise server. */
  baseUrl?: string;
  userAgent?: string;
  /** Milliseconds for one request with its answer; 20 s unless told otherwise. */
  timeout?: number;
  /**
   * Requests that change something, sent one at a time, a few at once and then no more than this on average; 60
   * unless told otherwise. GitHub counts them, and refuses everything for a while at 80 a minute.
   */
  writesPerMinute?: number;
  /**
   * Told of every request: `GET /pulls/{pull_number}`, and the HTTP status, `timeout` or `error` where none came;
   * how many requests are left in the current period, where GitHub says it.
   */
  onRequest?: (operation: string, code: string, rateLimitRemaining?: number) => void;
  /** Milliseconds; only differences count. */
  now?: () => number;
}

/** Bytes of answers that are remembered to be asked for conditionally; a pull request takes some 20 kB. */
const REMEMBERED = 16 * 1024 * 1024;
/** Seconds' worth of writes that may be sent at once. */
const BURST = 20;

type RequestOptions = Required<Parameters<Octokit['request']['endpoint']['parse']>[0]>;
type PullAnswer = RestEndpointMethodTypes['pulls']['get']['response'];
interface Answer extends Omit<PullAnswer, 'status' | 'data'> {
  status: number;
  data: unknown;
}
type Send = (request: RequestOptions) => Answer | Promise<Answer>;

const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/**
 * Octokit as we use it: every request has the current token and a time limit, and is not sent at all while GitHub
 * wants to be left alone; reading again what has not changed costs nothing of the rate limit; a failure is thrown as
 * `ForgeUnavailable` or `GitHubRefusal`. Throws `UserError` if the base URL would send the token in plain text.
 *
 * Octokit's plugins for retrying and throttling are not used; docs/forges.md says what they were seen to do. In short:
 * `retry` sends one request again, whatever its method, so that a comment whose answer was lost is there twice; our
 * verbs look first, and a whole verb is repeated (`repeatedly`). `throttling` holds back nothing but the request that
 * met a limit, where GitHub wants to be left alone altogether; here nothing is sent until then, and the loop that
 * asked is told when to come back (`retryAfter`), since it has other keys to handle meanwhile.
 */
export function createClient(options: ClientOptions): Octokit {
  const octokit = new Octokit({
    baseUrl: checkedUrl(options.baseUrl ?? 'https://api.github.com'),
    userAgent: options.userAgent ?? 'trueup',
    log: silent,
    request: { fetch: boundedFetch, log: silent },
  });
  const requests = new Requests(octokit, options);
  octokit.hook.wrap('request', (send, request) => requests.send(send, request));
  return octokit;
}

class Requests {
  readonly #octokit: Octokit;
  readonly #options: ClientOptions;
  readonly #now: () => number;
  readonly #remembered = new RememberedAnswers();
  readonly #writes: PQueue;
  #quietUntil = -Infinity;

  constructor(octokit: Octokit, options: ClientOptions) {
    this.#octokit = octokit;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    const { writesPerMinute = 60 } = options;
    const intervalCap = Math.max(1, Math.round((writesPerMinute * BURST) / 60));
    this.#writes = new PQueue({ concurrency: 1, intervalCap, interval: BURST * 1000 });
  }

  async send(send: Send, request: RequestOptions): Promise<Answer> {
    const work = async (): Promise<Answer> => {
      const token = await this.#token();
      try {
        return await this.#sendOnce(send, request, token);
      } catch (error) {
        if (!(error instanceof GitHubRefusal) || error.status !== 401) throw error;
        const other = await this.#token(token);
        if (other === token) throw error;
        return this.#sendOnce(send, request, other);
      }
    };
    return request.method === 'GET' ? work() : this.#writes.add(work);
  }

  async #sendOnce(send: Send, request: RequestOptions, token: string): Promise<Answer> {
    const operation = `${request.method} ${request.url.replace('/repos/{owner}/{repo}', '') || '/'}`;
    this.#refuseWhileQuiet(operation);
    const asked = request.method === 'GET' ? this.#octokit.request.endpoint.parse(request).url : '';
    const known = this.#remembered.get(asked);
    request.headers.authorization = `Bearer ${token}`;
    request.headers['x-github-api-version'] = '2022-11-28';
    if (known?.headers.etag !== undefined) request.headers['if-none-match'] = known.headers.etag;
    request.request = {
      ...request.request,
      signal: AbortSignal.timeout(this.#options.timeout ?? 20_000),
    };
    try {
      const answer = await send(request);
      this.#tell(operation, String(answer.status), answer.headers);
      refuseOddAnswer(operation, answer);
      if (asked !== '') this.#remembered.set(asked, answer);
      return answer;
    } catch (thrown) {
      if (thrown instanceof ForgeUnavailable || thrown instanceof Stalled) throw thrown;
      const answer = answerOf(thrown);
      const code = answer?.status ?? (isTimeout(thrown) ? 'timeout' : 'error');
      this.#tell(operation, String(code), answer?.headers ?? {});
      if (answer?.status === 304 && known) return known;
      throw this.#failure(thrown, operation, token);
    }
  }

  #refuseWhileQuiet(operation: string): void {
    const wait = this.#quietUntil - this.#now();
    if (wait <= 0) return;
    throw new ForgeUnavailable(
      `${operation}: not sent, since GitHub wants to be left alone for another ${Math.ceil(wait / 1000)} s`,
      wait,
    );
  }

  async #token(rejected?: string): Promise<string> {
    const token = (await this.#options.token(rejected)).trim();
    // Anything else is refused by fetch in an error that quotes it.
    if (/^[\x21-\x7e]+$/.test(token)) return token;
    throw new Stalled("GitHub's token is empty or holds characters that no token has: set it anew");
  }

  #tell(operation: string, code: string, headers: Record<string, unknown>): void {
    const remaining = headers['x-ratelimit-remaining'];
    this.#options.onRequest?.(
      operation,
      code,
      ...(remaining === undefined ? [] : [Number(remaining)]),
    );
  }

  #failure(thrown: unknown, operation: string, token: string): Error {
    const failure = failureOf(thrown, operation);
    failure.message = failure.message.replaceAll(token, '•••');
    if (failure instanceof ForgeUnavailable && failure.retryAfter !== undefined) {
      this.#quietUntil = Math.max(this.#quietUntil, this.#now() + failure.retryAfter);
    }
    return failure;
  }
}

/** Newest answers with an ETag, by URL; the least recently used are forgotten first. */
class RememberedAnswers {
  readonly #answers = new Map<string, Answer>();
  #size = 0;

  get(url: string): Answer | undefined {
    const answer = this.#answers.get(url);
    if (!answer) return undefined;
    this.#answers.delete(url);
    this.#answers.set(url, answer);
    return answer;
  }

  set(url: string, answer: Answer): void {
    this.#forget(url);
    if (answer.headers.etag === undefined) return;
    this.#answers.set(url, answer);
    this.#size += sizeOf(answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#size <= REMEMBERED) break;
      this.#forget(oldest);
    }
  }

  #forget(url: string): void {
    const answer = this.#answers.get(url);
    if (!answer) return;
    this.#answers.delete(url);
    this.#size -= sizeOf(answer);
  }
}

/** Bytes that an answer had on its way, as `boundedFetch` counted them. */
function sizeOf({ headers }: Answer): number {
  // Typed as a number, which it is not at run time.
  return Number(String(headers['content-length'] ?? 0));
}

/** Refuses what came with a good status and yet is no answer of the API's. */
function refuseOddAnswer(operation: string, { status, data }: Answer): void {
  if (status >= 300) {
    throw new Stalled(
      `${operation}: GitHub says that it is somewhere else now: if the repository was renamed or moved, ` +
        'set its new name; if this is an Enterprise server, check the base URL',
    );
  }
  if (status !== 204 && (typeof data !== 'object' || data === null)) {
    throw new ForgeUnavailable(
      `${operation}: what answered is not GitHub's API: check the base URL, and proxies on the way`,
    );
  }
}

/** A base URL without a slash at its end. Only this machine itself may be spoken to without TLS. */
function checkedUrl(baseUrl: string): string {
  const url = URL.parse(baseUrl);
  const local = ['127.0.0.1', '[::1]', 'localhost'].includes(url?.hostname ?? '');
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && local)) {
    return url.href.replace(/\/+$/, '');
  }
  throw new UserError(`GitHub's base URL must begin with https://, and "${baseUrl}" does not`);
}

function ignore(): void {}
