import { openAsBlob } from 'node:fs';
import { Readable } from 'node:stream';

import { z } from 'zod';

import { UserError } from '../model/errors.ts';
import { writeWhole } from './whole-file.ts';

/** How long the controller may take to answer (ms). */
const TIMEOUT = 30_000;
/** How long a file may take, either way (ms). */
const FILE_TIMEOUT = 30 * 60_000;
const MAX_ANSWER = 32 * 1024 * 1024;
export const DEFAULT_SERVER = 'http://127.0.0.1:7440';

/** Speaks to a controller's API. Errors are told in the words of the controller. */
export class Client {
  readonly #server: string;
  readonly #token: string | undefined;

  constructor(server: string, token: string | undefined) {
    this.#server = server.replace(/\/+$/, '');
    this.#token = token;
  }

  async get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return this.#ask('GET', path, schema);
  }

  async post<T>(path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    return this.#ask('POST', path, schema, body);
  }

  /** Every row of a paged list. */
  async *pages<T>(path: string, schema: z.ZodType<T>): AsyncGenerator<T> {
    const pageSchema = z.object({ items: z.array(schema), next: z.string().nullable() });
    let after: string | undefined;
    do {
      const query = new URLSearchParams({
        limit: '500',
        ...(after === undefined ? {} : { after }),
      });
      const join = path.includes('?') ? '&' : '?';
      const page = await this.get(`${path}${join}${query.toString()}`, pageSchema);
      yield* page.items;
      after = page.next ?? undefined;
    } while (after !== undefined);
  }

  /** Writes what is at a path into a file, which is there whole or not at all. False: there is nothing. */
  async download(path: string, file: string): Promise<boolean> {
    const response = await this.#fetch('GET', path, { timeout: FILE_TIMEOUT });
    if (!response.ok) throw new UserError(problemText(response.status, await response.text()));
    if (response.status === 204 || response.body === null) return false;
    await writeWhole(file, Readable.fromWeb(response.body));
    return true;
  }

  /** Sends a file, which is read as it goes. */
  async upload<T>(path: string, file: string, type: string, schema: z.ZodType<T>): Promise<T> {
    const body = await openAsBlob(file, { type });
    return this.#answer(
      path,
      await this.#fetch('POST', path, { body, timeout: FILE_TIMEOUT }),
      schema,
    );
  }

  async #fetch(
    method: string,
    path: string,
    { body, timeout = TIMEOUT }: { body?: unknown; timeout?: number } = {},
  ): Promise<Response> {
    try {
      return await fetch(`${this.#server}/api/v1${path}`, {
        method,
        headers: {
          ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
          ...(body === undefined || body instanceof Blob
            ? {}
            : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeout),
        redirect: 'error',
      });
    } catch (error) {
      const cause =
        error instanceof Error && error.cause instanceof Error
          ? error.cause.message
          : String(error);
      throw new UserError(
        `no controller answers at ${this.#server} (${cause}): start one, or name it with --server`,
      );
    }
  }

  async #ask<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    return this.#answer(path, await this.#fetch(method, path, { body }), schema);
  }

  async #answer<T>(path: string, response: Response, schema: z.ZodType<T>): Promise<T> {
    const url = `${this.#server}/api/v1${path}`;
    const text = await response.text();
    if (text.length > MAX_ANSWER)
      throw new UserError(`${url} answered with more than ${MAX_ANSWER} characters`);
    if (!response.ok) throw new UserError(problemText(response.status, text));
    const answer = schema.safeParse(parse(text));
    if (answer.success) return answer.data;
    throw new UserError(`${url} did not answer as a controller of this version does: is it one?`);
  }
}

const ProblemText = z.object({ title: z.string().optional(), detail: z.string().optional() });

/** The sentence of an RFC 9457 problem document. */
function problemText(status: number, text: string): string {
  const problem = ProblemText.safeParse(parse(text)).data;
  const said = problem?.detail ?? problem?.title;
  if (!said) return `the controller answered with HTTP status ${status}`;
  return status === 401 || status === 403 ? `${said} (set TRUEUP_TOKEN)` : said;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
