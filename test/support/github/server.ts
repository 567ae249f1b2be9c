import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Api, type ApiRequest } from './api.ts';
import { addComment } from './comments.ts';
import { Faults, type Fault, type FaultPlan } from './faults.ts';
import { answerGit } from './git-http.ts';
import { closePull, findPull, mergePull } from './pulls.ts';
import { BareRepository } from './repository.ts';
import type { Comment, GitHubState, Pull, Status } from './state.ts';

export interface FakeGitHubOptions {
  owner: string;
  repo: string;
  /** The one token that is accepted, by the API and by git. */
  token: string;
  /** Where the API is: '' as on api.github.com (the default), '/api/v3' as on an Enterprise server. */
  apiPath?: string;
}

/** An emulation of the part of GitHub that we use, in front of a real repository. Held to GitHub's description. */
export interface FakeGitHub {
  /** Base URL of the API, and of the repository for git. */
  url: string;
  gitUrl: string;
  /** The bare repository itself. */
  gitDirectory: string;
  repository: BareRepository;
  /** What was asked or answered against GitHub's description; empty where all is well. */
  violations: readonly string[];
  /** Requests to the API so far; `path` is the one that GitHub's documentation gives, names filled in. */
  requests: readonly { method: string; path: string; status: number }[];
  pulls: readonly Pull[];
  comments: readonly Comment[];
  statuses: readonly Status[];
  fail(fault: Fault, plan?: FaultPlan): void;
  /** Presses the buttons of a pull request's page. */
  mergePull(number: number, by?: string): string;
  closePull(number: number, by?: string): void;
  comment(number: number, by: string, body: string): void;
  close(): Promise<void>;
}

/** Starts an emulation on a free port of the loopback address, with a repository that holds one commit on `main`. */
export async function startGitHub(options: FakeGitHubOptions): Promise<FakeGitHub> {
  const { owner, repo, token, apiPath = '' } = options;
  const root = mkdtempSync(join(tmpdir(), 'fake-github-'));
  mkdirSync(join(root, owner));
  const repository = new BareRepository(join(root, owner, `${repo}.git`));
  const state: GitHubState = {
    owner,
    repo,
    repository,
    account: 'trueup-bot',
    origin: '',
    apiUrl: '',
    pulls: [],
    comments: [],
    statuses: [],
    lastId: 0,
  };
  const api = new Api(state, token, apiPath);
  const faults = new Faults();
  const requests: { method: string; path: string; status: number }[] = [];

  async function answerApi(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming, apiPath);
    const fault = faults.take(`${request.method} ${request.path}`);
    const answer = await api.answer(request, fault?.instead?.());
    requests.push({ method: request.method, path: request.path, status: answer.status });
    await deliver(answer, outgoing, fault?.delivery);
  }

  const server = createServer((incoming, outgoing) => {
    if (answerGit({ root, token }, incoming, outgoing)) return;
    answerApi(incoming, outgoing).catch((error: unknown) => {
      api.violations.push(`${incoming.method} ${incoming.url}: ${String(error)}`);
      outgoing.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port to listen on');
  state.origin = `http://127.0.0.1:${address.port}`;
  state.apiUrl = `${state.origin}${apiPath}`;

  function known(number: number): Pull {
    const pull = findPull(state, number);
    if (!pull) throw new Error(`there is no pull request #${number}`);
    return pull;
  }

  return {
    url: state.apiUrl,
    gitUrl: `${state.origin}/${owner}/${repo}.git`,
    gitDirectory: repository.directory,
    repository,
    violations: api.violations,
    requests,
    pulls: state.pulls,
    comments: state.comments,
    statuses: state.statuses,
    fail: (fault, plan) => faults.add(fault, plan),
    mergePull(number, by = 'maintainer') {
      const commit = mergePull(state, known(number), by);
      if (commit === undefined) throw new Error(`pull request #${number} has conflicts`);
      return commit;
    },
    closePull: (number, by = 'maintainer') => closePull(known(number), by),
    comment: (number, by, body) => void addComment(state, number, by, body),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          rmSync(root, { recursive: true, force: true });
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function readRequest(incoming: IncomingMessage, apiPath: string): Promise<ApiRequest> {
  const url = new URL(incoming.url ?? '/', 'http://localhost');
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  const { pathname } = url;
  return {
    method: incoming.method ?? '',
    path: pathname.startsWith(`${apiPath}/`) ? pathname.slice(apiPath.length) : '/not-the-api',
    query: url.searchParams,
    headers,
    body: Buffer.concat(chunks).toString(),
  };
}

async function deliver(
  answer: Response,
  outgoing: ServerResponse,
  delivery: Fault['delivery'],
): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  if (delivery === 'held') return;
  if (delivery === 'lost') {
    outgoing.destroy();
    return;
  }
  const headers = Object.fromEntries(answer.headers);
  if (delivery === 'cut') {
    outgoing.writeHead(answer.status, { ...headers, 'content-length': body.length });
    outgoing.write(body.subarray(0, body.length / 2), () => outgoing.destroy());
    return;
  }
  outgoing.writeHead(answer.status, headers).end(body);
}
