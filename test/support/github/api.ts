import { createHash, timingSafeEqual } from 'node:crypto';

import { Hono } from 'hono';

import type { ForgeRequest } from '../forge-http.ts';
import { appRoutes, isAppToken, isInstallationToken, permissionRoutes } from './access.ts';
import { notFound, refusal } from './answers.ts';
import { issueRoutes } from './comments.ts';
import { requestFaults, responseFaults } from './conformance.ts';
import type { GitUser } from './git-http.ts';
import { answerGraphQL } from './graphql.ts';
import { pullRoutes } from './pulls.ts';
import { accountShape, repositoryShape } from './shapes.ts';
import type { GitHubState } from './state.ts';
import { statusRoutes } from './statuses.ts';

const HOUR = 3600;

/** The API: who may ask, what is asked and answered by the description, what it costs. */
export class Api {
  /** What was asked or answered against GitHub's description. */
  readonly violations: string[] = [];
  readonly #state: GitHubState;
  readonly #token: string;
  readonly #routes: Hono;
  #remaining = 5000;

  /** `path`: where the API is below the server's origin, '' or '/api/v3'. */
  constructor(state: GitHubState, token: string, path: string) {
    this.#state = state;
    this.#token = token;
    const repository = `/repos/${state.owner}/${state.repo}`;
    this.#routes = new Hono()
      .basePath(path)
      .route('/', appRoutes(state))
      .route(`${repository}/collaborators`, permissionRoutes(state))
      .post('/graphql', async (c) => answerGraphQL(state, await c.req.json()))
      .get('/user', () => Response.json(accountShape(state)))
      .get(repository, () => Response.json(repositoryShape(state)))
      .route(`${repository}/pulls`, pullRoutes(state))
      .route(`${repository}/issues`, issueRoutes(state))
      .route(repository, statusRoutes(state))
      .notFound(notFound);
  }

  /** Carries a request out, or answers with `instead`. */
  async answer(request: ForgeRequest, instead?: Response): Promise<Response> {
    const answer = instead ?? (await this.#carryOut(request));
    const text = await answer.text();
    this.#holdToDescription(request, answer, text);
    return this.#asSent(request, answer, text);
  }

  async #carryOut(request: ForgeRequest): Promise<Response> {
    if (!request.headers.has('user-agent')) {
      return refusal(403, 'Request forbidden by administrative rules. Please give a User-Agent.');
    }
    const token = (request.headers.get('authorization') ?? '').replace(/^(?:bearer|token) /i, '');
    const ofApp = /^(?:\/app|\/repos\/[^/]+\/[^/]+\/installation)(?:\/|$)/.test(request.path);
    if (ofApp ? !isAppToken(this.#state, token) : !this.knows(token)) {
      return refusal(401, ofApp ? 'A JSON web token could not be decoded' : 'Bad credentials');
    }
    if (request.path === '/user' && isInstallationToken(this.#state, token)) {
      return refusal(403, 'Resource not accessible by integration');
    }
    const body: unknown = request.body === '' ? undefined : JSON.parse(request.body);
    // GraphQL has a description of its own.
    const graphql = request.path === '/graphql';
    const faults = graphql ? [] : requestFaults(request.method, request.path, request.query, body);
    if (faults.length > 0) {
      this.#violated(request, 'request', faults);
      return refusal(422, `Invalid request.\n\n${faults.join('\n')}`);
    }
    const query = request.query.size > 0 ? `?${request.query.toString()}` : '';
    return this.#routes.request(`${this.#state.apiUrl}${request.path}${query}`, {
      method: request.method,
      headers: request.headers,
      ...(request.body === '' ? {} : { body: request.body }),
    });
  }

  /** Whether git's requests are carried out: an installation's token goes with the name that GitHub asks for. */
  knowsGit({ name, password }: GitUser): boolean {
    if (isInstallationToken(this.#state, password)) return name === 'x-access-token';
    return this.knows(password);
  }

  /** Whether a token is accepted. */
  knows(text: string): boolean {
    if (isInstallationToken(this.#state, text)) return true;
    const given = Buffer.from(text);
    const token = Buffer.from(this.#token);
    return given.length === token.length && timingSafeEqual(given, token);
  }

  #holdToDescription(request: ForgeRequest, answer: Response, text: string): void {
    // A gateway's page is not the service's word.
    if (answer.headers.get('content-type')?.startsWith('text/html')) return;
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    if (request.path === '/graphql') {
      // Refusals have a type; what the schema does not allow has none.
      const { errors = [] }: { errors?: { message: string; type?: string }[] } = JSON.parse(text);
      const wrong = errors.filter(({ type }) => type === undefined);
      const told = wrong.map(({ message }) => message);
      this.#violated(request, 'question', told);
    }
    const faults = responseFaults(request.method, request.path, answer.status, body);
    this.#violated(request, `answer ${answer.status}`, faults);
  }

  #violated(request: ForgeRequest, what: string, faults: string[]): void {
    const where = `${request.method} ${request.path}`;
    this.violations.push(...faults.map((fault) => `${where}: ${what}: ${fault}`));
  }

  /** With ETag and rate limit; not modified since the client's copy costs nothing. */
  #asSent(request: ForgeRequest, answer: Response, text: string): Response {
    const headers = new Headers(answer.headers);
    let { status } = answer;
    if (request.method === 'GET' && status === 200) {
      const tag = `"${createHash('sha256').update(text).digest('hex')}"`;
      headers.set('etag', tag);
      const copy = request.headers.get('if-none-match')?.replace(/^W\//, '');
      if (copy === tag) status = 304;
    }
    if (status !== 304) this.#remaining -= 1;
    const reset = Math.ceil(Date.now() / 1000) + HOUR;
    const limits = { limit: 5000, remaining: this.#remaining, reset, resource: 'core' };
    for (const [name, value] of Object.entries(limits)) {
      if (!headers.has(`x-ratelimit-${name}`)) headers.set(`x-ratelimit-${name}`, String(value));
    }
    headers.set('x-github-request-id', `${this.#state.lastId}:${this.#remaining}`);
    const empty = status === 204 || status === 304;
    return new Response(empty ? null : text, { status, headers });
  }
}
