import { Octokit, type RestEndpointMethodTypes } from '@octokit/rest';

import { Stalled, UserError } from '../../model/errors.ts';
import { ForgeUnavailable } from '../errors.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { answerOf, failureOf, isTimeout } from './failure.ts';

export interface ClientOptions {
  /** The token to use now; asked before every request. It never shows in an error or log. */
  token: () => string | Promise<string>;
  /** `https://api.github.com` unless told otherwise; `https://<host>/api/v3` on an Enterprise server. */
  baseUrl?: string;
  userAgent?: string;
  /** Milliseconds for one request with its answer; 20 s unless told otherwise. */
  timeout?: number;
  /**
   * Told of every request: `GET /pulls/{pull_number}`, and the HTTP status, `timeout` or `error` where none came;
   * how many requests are left in the current period, where GitHub says it.
   */
  onRequest?: (operation: string, code: string, rateLimitRemaining?: number) => void;
  /** Milliseconds; only differences count. */
  now?: () => number;
}

/** Pull requests that are polled and remembered; each takes some 20 kB, and its body. */
const REMEMBERED = 200;
const POLLED = '/repos/{owner}/{repo}/pulls/{pull_number}';

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
 * wants to be left alone; polling what has not changed costs nothing of the rate limit; a failure is thrown as
 * `ForgeUnavailable` or `GitHubRefusal`. Throws `UserError` if the base URL would send the token in plain text.
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
  /** Newest answers by URL, with their ETags; the least recently used first. */
  readonly #remembered = new Map<string, { tag: string; answer: Answer }>();
  #quietUntil = -Infinity;

  constructor(octokit: Octokit, options: ClientOptions) {
    this.#octokit = octokit;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  async send(send: Send, request: RequestOptions): Promise<Answer> {
    const operation = `${request.method} ${request.url.replace('/repos/{owner}/{repo}', '') || '/'}`;
    this.#refuseWhileQuiet(operation);
    const token = await this.#token();
    const polled = request.method === 'GET' && request.url === POLLED;
    const url = polled ? this.#octokit.request.endpoint.parse(request).url : '';
    const known = this.#remembered.get(url);
    request.headers.authorization = `Bearer ${token}`;
    request.headers['x-github-api-version'] = '2022-11-28';
    if (known) request.headers['if-none-match'] = known.tag;
    request.request = {
      ...request.request,
      signal: AbortSignal.timeout(this.#options.timeout ?? 20_000),
    };
    try {
      const answer = await send(request);
      this.#tell(operation, String(answer.status), answer.headers);
      refuseOddAnswer(operation, answer);
      if (polled) this.#remember(url, answer);
      return answer;
    } catch (thrown) {
      if (thrown instanceof ForgeUnavailable || thrown instanceof Stalled) throw thrown;
      const answer = answerOf(thrown);
      const code = answer?.status ?? (isTimeout(thrown) ? 'timeout' : 'error');
      this.#tell(operation, String(code), answer?.headers ?? {});
      if (answer?.status === 304 && known) return this.#remember(url, known.answer);
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

  async #token(): Promise<string> {
    const token = (await this.#options.token()).trim();
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

  #remember(url: string, answer: Answer): Answer {
    this.#remembered.delete(url);
    const tag = answer.headers.etag;
    if (tag !== undefined) this.#remembered.set(url, { tag, answer });
    const [oldest = url] = this.#remembered.keys();
    if (this.#remembered.size > REMEMBERED) this.#remembered.delete(oldest);
    return answer;
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
