import { UserError } from '../model/errors.ts';

/** How long the controller may take to answer (ms). */
const TIMEOUT = 30_000;
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

  async get<T>(path: string): Promise<T> {
    return this.#ask<T>('GET', path);
  }

  async post<T>(path: string): Promise<T> {
    return this.#ask<T>('POST', path);
  }

  /** Every row of a paged list. */
  async *pages<T>(path: string): AsyncGenerator<T> {
    let after: string | undefined;
    do {
      const query = new URLSearchParams({
        limit: '500',
        ...(after === undefined ? {} : { after }),
      });
      const join = path.includes('?') ? '&' : '?';
      const page = await this.get<{ items: T[]; next: string | null }>(
        `${path}${join}${query.toString()}`,
      );
      yield* page.items;
      after = page.next ?? undefined;
    } while (after !== undefined);
  }

  async #ask<T>(method: string, path: string): Promise<T> {
    const url = `${this.#server}/api/v1${path}`;
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers: this.#token ? { authorization: `Bearer ${this.#token}` } : {},
        signal: AbortSignal.timeout(TIMEOUT),
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
    const text = await response.text();
    if (text.length > MAX_ANSWER)
      throw new UserError(`${url} answered with more than ${MAX_ANSWER} characters`);
    if (!response.ok) throw new UserError(problemText(response.status, text));
    return JSON.parse(text) as T;
  }
}

/** The sentence of an RFC 9457 problem document. */
function problemText(status: number, text: string): string {
  try {
    const problem = JSON.parse(text) as { title?: string; detail?: string };
    const said = problem.detail ?? problem.title;
    if (said) return status === 401 || status === 403 ? `${said} (set TRUEUP_TOKEN)` : said;
  } catch {
    // No problem document: the status has to do.
  }
  return `the controller answered with HTTP status ${status}`;
}
