import { createHmac, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Hono } from 'hono';

import { deliver, type ForgeRequest, readRequest } from '../forge-http.ts';
import { type Fault, type FaultPlan, Faults } from '../github/faults.ts';
import { answerGit, type GitUser } from '../github/git-http.ts';
import { BareRepository } from '../github/repository.ts';
import { notFound, refusal } from './answers.ts';
import { answerFaults, requestFaults } from './conformance.ts';
import { closePull, findPull, mergePull, pullRoutes } from './pulls.ts';
import { addComment, issueRoutes, repositoryRoutes } from './routes.ts';
import { repositoryShape, userShape } from './shapes.ts';
import type { GiteaState } from './state.ts';

export interface FakeGiteaOptions {
  owner: string;
  repo: string;
  /** The one token that is accepted, by the API and by git. */
  token: string;
}

/**
 * An emulation of the part of Gitea (and Forgejo) that we use, in front of a real repository. Every request and answer
 * is held to the routes, names and types of Gitea's published API.
 */
export interface FakeGitea {
  /** Base URL of the service, and of the repository for git. */
  url: string;
  gitUrl: string;
  gitDirectory: string;
  repository: BareRepository;
  /** Everything that it remembers; tests may change it. */
  state: GiteaState;
  /** What was asked or answered against the published API; empty where all is well. */
  violations: readonly string[];
  requests: readonly { method: string; path: string; status: number }[];
  fail(fault: Fault, plan?: FaultPlan): void;
  /** Presses the buttons of a pull request's page. */
  mergePull(number: number, by?: string): void;
  closePull(number: number, by?: string): void;
  comment(number: number, by: string, body: string): void;
  close(): Promise<void>;
}

const API = '/api/v1';

/** Starts an emulation on a free port of the loopback address, with a repository that holds one commit on `main`. */
export async function startGitea({ owner, repo, token }: FakeGiteaOptions): Promise<FakeGitea> {
  const root = mkdtempSync(join(tmpdir(), 'fake-gitea-'));
  mkdirSync(join(root, owner));
  const repository = new BareRepository(join(root, owner, `${repo}.git`));
  const state: GiteaState = {
    owner,
    repo,
    account: 'trueup-bot',
    origin: '',
    repository,
    pulls: [],
    comments: [],
    statuses: [],
    issues: [],
    labels: [],
    permissions: new Map([['trueup-bot', 'admin']]),
    requiredStatuses: [],
    autodetectManualMerge: true,
    lastId: 0,
  };
  const place = `/repos/${owner}/${repo}`;
  const routes = new Hono()
    .get('/user', () => Response.json(userShape(state, state.account)))
    .get(place, () => Response.json(repositoryShape(state)))
    .route(`${place}/pulls`, pullRoutes(state))
    .route(`${place}/issues`, issueRoutes(state))
    .route(place, repositoryRoutes(state))
    .notFound(notFound);
  const faults = new Faults();
  const violations: string[] = [];
  const requests: { method: string; path: string; status: number }[] = [];

  async function carryOut(request: ForgeRequest): Promise<Response> {
    const { method, path, query, headers, body } = request;
    if (headers.get('authorization') !== `token ${token}`) {
      return refusal(401, 'invalid username, password or token');
    }
    const violated = (what: string, found: string[]): void => {
      violations.push(...found.map((fault) => `${method} ${path}: ${what}: ${fault}`));
    };
    const parsed: unknown = body === '' ? undefined : JSON.parse(body);
    const wrong = requestFaults(method, path, query, parsed);
    violated('request', wrong);
    if (wrong.length > 0) return refusal(422, wrong.join('; '));
    const search = query.size > 0 ? `?${query.toString()}` : '';
    const answer = await routes.request(`${state.origin}${path}${search}`, {
      method,
      headers,
      ...(body === '' ? {} : { body }),
    });
    const text = await answer.clone().text();
    if (answer.ok) {
      violated('answer', answerFaults(method, path, text === '' ? undefined : JSON.parse(text)));
    }
    return answer;
  }

  async function answerApi(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    request.path = request.path.startsWith(API) ? request.path.slice(API.length) : '/not-the-api';
    const fault = faults.take(`${request.method} ${request.path}`);
    const answer = fault?.instead?.() ?? (await carryOut(request));
    requests.push({ method: request.method, path: request.path, status: answer.status });
    await deliver(answer, outgoing, fault?.delivery);
  }

  function knows({ password }: GitUser): boolean {
    return password === token;
  }

  const server = createServer((incoming, outgoing) => {
    if (answerGit({ root, knows }, incoming, outgoing)) return;
    answerApi(incoming, outgoing).catch((error: unknown) => {
      violations.push(`${incoming.method} ${incoming.url}: ${String(error)}`);
      outgoing.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port to listen on');
  state.origin = `http://127.0.0.1:${address.port}`;

  return {
    url: state.origin,
    gitUrl: `${state.origin}/${owner}/${repo}.git`,
    gitDirectory: repository.directory,
    repository,
    state,
    violations,
    requests,
    fail: (fault, plan) => faults.add(fault, plan),
    mergePull: (number, by = 'maintainer') => void mergePull(state, findPull(state, number)!, by),
    closePull: (number, by = 'maintainer') => closePull(findPull(state, number)!, by),
    comment: (number, by, body) => void addComment(state, number, by, body),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          rmSync(root, { recursive: true, force: true, maxRetries: 10 });
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** A webhook with the headers that Gitea sends; Forgejo sends them twice, under its own name too. */
export function signGitea(
  event: string,
  body: string,
  secret: string,
): { event: string; headers: Record<string, string>; body: string } {
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return {
    event,
    headers: {
      'content-type': 'application/json',
      'x-gitea-delivery': randomUUID(),
      'x-gitea-event': event,
      'x-gitea-event-type': event,
      'x-gitea-signature': signature,
      'x-hub-signature-256': `sha256=${signature}`,
    },
    body,
  };
}
