import PQueue from 'p-queue';
import { z } from 'zod';

import { messageOf, Stalled, UserError } from '../../model/errors.ts';
import { boundedFetch } from '../bounded-fetch.ts';
import { ForgeUnavailable } from '../errors.ts';
import { fitLine } from '../text.ts';

export interface GiteaClientOptions {
  /** Where Gitea or Forgejo is, without `/api/v1`: `https://git.example.org`. */
  baseUrl: string;
  /** The token to use now; asked before every request. It never shows in an error or log. */
  token: () => string | Promise<string>;
  /** Milliseconds for one request with its answer; 20 s unless told otherwise. */
  timeout?: number;
  /** Told of every request: `GET /pulls/{}`, and the HTTP status, `timeout` or `error` where none came. */
  onRequest?: (operation: string, code: string) => void;
  /** Milliseconds; only differences count. */
  now?: () => number;
}

export interface GiteaRequest<T> {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Parts of the path below `/api/v1`; each is escaped. */
  path: readonly (string | number)[];
  query?: Record<string, string | number>;
  body?: object;
  /** What must be in the answer; nothing is read of one that has none. */
  answer?: z.ZodType<T>;
}

/** Gitea understood a request and said no. */
export class GiteaRefusal extends Error {
  override name = 'GiteaRefusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What a token must be allowed to do. */
export const NEEDED_ACCESS =
  'it needs the scopes write:repository, write:issue and read:user, and its account may write to the repository';

/** Gitea hands out no more than this at once unless its administrator allows more. */
const PER_PAGE = 50;
const USUAL_WAIT = 60_000;
const LONGEST_WAIT = 3_600_000;

/** Parts of paths that are the API's own. */
const WORDS = new Set<string | number>(
  'assignees collaborators comments commits compare files issues labels merge permission pulls statuses timeline user'.split(
    ' ',
  ),
);

const Words = z.object({ message: z.string() });

/**
 * Gitea's and Forgejo's REST API, version 1. Answers are held to what we read of them; a failure is thrown as
 * `ForgeUnavailable` or `GiteaRefusal`. One request that changes something at a time. Throws `UserError` if the base
 * URL would send the token in plain text.
 */
export class GiteaClient {
  readonly #options: GiteaClientOptions;
  readonly #baseUrl: string;
  readonly #writes = new PQueue({ concurrency: 1 });
  readonly #now: () => number;
  #quietUntil = -Infinity;

  constructor(options: GiteaClientOptions) {
    this.#options = options;
    this.#baseUrl = checkedUrl(options.baseUrl);
    this.#now = options.now ?? (() => performance.now());
  }

  /** Sends one request; returns what the answer says and its status. */
  async send<T>(request: GiteaRequest<T>): Promise<{ status: number; data: T; total: number }> {
    const work = () => this.#send(request);
    return request.method === 'GET' ? work() : this.#writes.add(work);
  }

  async read<T>(
    path: readonly (string | number)[],
    answer: z.ZodType<T>,
    query: Record<string, string | number> = {},
  ): Promise<T> {
    return (await this.send({ method: 'GET', path, query, answer })).data;
  }

  /**
   * Reads a list page by page, as the server's own limit cuts it.
   * @param enough looked at after each page: whether what is there will do
   * @param most entries that are read at all, about
   */
  async readAll<T>(
    path: readonly (string | number)[],
    entry: z.ZodType<T>,
    {
      query = {},
      most,
      enough = () => false,
    }: {
      query?: Record<string, string | number>;
      most: number;
      enough?: (all: readonly T[]) => boolean;
    },
  ): Promise<T[]> {
    const all: T[] = [];
    for (let page = 1; all.length < most; page += 1) {
      const { data, total } = await this.send({
        method: 'GET',
        path,
        query: { ...query, page, limit: PER_PAGE },
        answer: z.array(entry),
      });
      all.push(...data);
      if (data.length === 0 || all.length >= total || enough(all)) break;
    }
    return all;
  }

  async #send<T>(request: GiteaRequest<T>): Promise<{ status: number; data: T; total: number }> {
    const { method, path, query = {}, body } = request;
    const operation = `${method} /${pathName(path)}`;
    this.#refuseWhileQuiet(operation);
    const token = await this.#token();
    const search = new URLSearchParams(
      Object.entries(query).map(([key, value]) => [key, String(value)]),
    );
    const place = path.map((part) => encodeURIComponent(part)).join('/');
    const url = `${this.#baseUrl}/api/v1/${place}${search.size > 0 ? `?${search.toString()}` : ''}`;
    let answer: Response;
    let text: string;
    try {
      answer = await boundedFetch(url, {
        method,
        headers: {
          authorization: `token ${token}`,
          accept: 'application/json',
          'user-agent': 'trueup',
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(this.#options.timeout ?? 20_000),
      });
      text = await answer.text();
    } catch (thrown) {
      const late = thrown instanceof Error && thrown.name === 'TimeoutError';
      this.#options.onRequest?.(operation, late ? 'timeout' : 'error');
      const reason = late ? 'no answer in time' : fitLine(messageOf(thrown), 300);
      throw new ForgeUnavailable(`${operation}: Gitea can't be reached: ${reason}`);
    }
    this.#options.onRequest?.(operation, String(answer.status));
    if (!answer.ok) throw this.#failure(operation, answer, text, token);
    const total = Number(answer.headers.get('x-total-count') ?? Infinity);
    return { status: answer.status, total, data: read(operation, text, request.answer) };
  }

  #failure(operation: string, answer: Response, text: string, token: string): Error {
    const { status, headers } = answer;
    if (status === 429 || status >= 500) {
      const wait = waitOf(headers, status);
      if (wait !== undefined) this.#quietUntil = Math.max(this.#quietUntil, this.#now() + wait);
      return new ForgeUnavailable(`${operation}: Gitea answered ${status}`, wait);
    }
    if (status >= 300 && status < 400) {
      return new Stalled(
        `${operation}: Gitea says that it is somewhere else now: if the repository was renamed or moved, set its ` +
          'new name; else check the base URL',
      );
    }
    return new GiteaRefusal(status, wordsOf(text).replaceAll(token, '•••'));
  }

  #refuseWhileQuiet(operation: string): void {
    const wait = this.#quietUntil - this.#now();
    if (wait <= 0) return;
    throw new ForgeUnavailable(
      `${operation}: not sent, since Gitea wants to be left alone for another ${Math.ceil(wait / 1000)} s`,
      wait,
    );
  }

  async #token(): Promise<string> {
    const token = (await this.#options.token()).trim();
    // Anything else is refused by fetch in an error that quotes it.
    if (/^[\x21-\x7e]+$/.test(token)) return token;
    throw new Stalled("Gitea's token is empty or holds characters that no token has: set it anew");
  }
}

/** A path as metrics name it: names of branches, accounts and the like are left out. */
function pathName(path: readonly (string | number)[]): string {
  const below = path[0] === 'repos' ? path.slice(3) : path;
  return below.map((part) => (WORDS.has(part) ? part : '{}')).join('/');
}

function read<T>(operation: string, text: string, schema: z.ZodType<T> | undefined): T {
  let value: unknown;
  try {
    value = schema && JSON.parse(text);
  } catch {
    // Not JSON, as below.
  }
  const { data, success } = (schema ?? z.custom<T>(() => true)).safeParse(value);
  if (success) return data;
  throw new ForgeUnavailable(
    `${operation}: what answered is not Gitea's API: check the base URL, and proxies on the way`,
  );
}

/** Milliseconds that an answer asks to wait; a busy server that names no time may be asked again as usual. */
function waitOf(headers: Headers, status: number): number | undefined {
  const after = headers.get('retry-after');
  if (after === null) return status === 429 ? USUAL_WAIT : undefined;
  const seconds = Number(after);
  const wait = Number.isNaN(seconds) ? Date.parse(after) - Date.now() : seconds * 1000;
  return Number.isNaN(wait) ? USUAL_WAIT : Math.min(Math.max(wait, 1000), LONGEST_WAIT);
}

function wordsOf(text: string): string {
  try {
    return fitLine(Words.parse(JSON.parse(text)).message, 500) || 'no reason given';
  } catch {
    return 'no reason given';
  }
}

/** A base URL without a slash at its end. Only this machine itself may be spoken to without TLS. */
function checkedUrl(baseUrl: string): string {
  const url = URL.parse(baseUrl);
  const local = ['127.0.0.1', '[::1]', 'localhost'].includes(url?.hostname ?? '');
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && local)) {
    return url.href.replace(/\/+$/, '').replace(/\/api\/v1$/, '');
  }
  throw new UserError(`Gitea's base URL must begin with https://, and "${baseUrl}" does not`);
}
