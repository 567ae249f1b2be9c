import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { deliver, readRequest } from '../forge-http.ts';
import { Api } from './api.ts';
import { addComment } from './comments.ts';
import { Faults, type Fault, type FaultPlan } from './faults.ts';
import { answerGit, type GitUser } from './git-http.ts';
import {
  addLabels,
  closePull,
  findPull,
  type MergeMethod,
  mergePull,
  openPull,
  removeLabel,
  reopenPull,
} from './pulls.ts';
import { BareRepository } from './repository.ts';
import type { Comment, GitHubState, Pull, Status } from './state.ts';
import { type Delivery, type Hook, Webhooks } from './webhooks.ts';

export interface FakeGitHubOptions {
  owner: string;
  repo: string;
  /** The one token that is accepted, by the API and by git. */
  token: string;
  /** Where the API is: '' as on api.github.com (the default), '/api/v3' as on an Enterprise server. */
  apiPath?: string;
  /** An app that is installed for the repository, with its public key (PEM). */
  app?: { id: string; publicKey: string };
  /** Speaks TLS, with this key and certificate (PEM). */
  tls?: { key: string; cert: string };
}

/** A request of git's, by whom, and the status that it was answered with. */
export interface GitRequest extends GitUser {
  method: string;
  url: string;
  status: number;
}

/** A request as `watch` tells it: to the API (`POST /repos/{owner}/{repo}/pulls`, names filled in), or git's. */
export interface Call {
  what: string;
  /** Whether it changes anything: what is not asked by GET, and pushes. */
  writes: boolean;
}

/** Told of each request before it is carried out, once it is, and once it is answered; true: it is cut off there. */
export type Watcher = (call: Call, moment: 'before' | 'done' | 'answered') => boolean;

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
  gitRequests: readonly GitRequest[];
  pulls: readonly Pull[];
  comments: readonly Comment[];
  statuses: Status[];
  /** What accounts may do, what rules merging has, the app's tokens. */
  state: GitHubState;
  /** Webhooks so far. */
  deliveries: readonly Delivery[];
  /** Where webhooks go from now on; `send` carries one there, and tells the answer's status. */
  hook(hook: Hook, send?: (delivery: Delivery) => void): void;
  /** Tells webhooks of what was done to the repository directly. Resolves when they are delivered. */
  notice(): Promise<void>;
  fail(fault: Fault, plan?: FaultPlan): void;
  /** Has somebody see every request from now on; nobody, if not given. */
  watch(watcher?: Watcher): void;
  /** Opens the pull request of a branch that was pushed, as somebody would on its page. Returns its number. */
  openPull(branch: string, by?: string): number;
  /** Has a branch that was pushed be one of somebody's fork, with a pull request. */
  openForkPull(branch: string, owner: string): number;
  /** Presses the buttons of a pull request's page. */
  mergePull(number: number, by?: string, method?: MergeMethod): string;
  closePull(number: number, by?: string): void;
  reopenPull(number: number): void;
  deleteBranch(branch: string): void;
  /** Edits a pull request's text. */
  editPull(number: number, edit: (body: string) => string): void;
  comment(number: number, by: string, body: string): void;
  label(number: number, by: string, label: string): void;
  unlabel(number: number, by: string, label: string): void;
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
    issues: [],
    permissions: new Map([['maintainer', 'admin']]),
    requiredStatuses: [],
    autoMergeAllowed: false,
    app: {
      id: options.app?.id ?? '',
      slug: 'trueup-test',
      installation: 4711,
      publicKey: options.app?.publicKey ?? '',
      tokens: new Map(),
    },
    lastId: 0,
  };
  const webhooks = new Webhooks(state);
  let hook: Hook | undefined;
  let send: ((delivery: Delivery) => void) | undefined;
  let watcher: Watcher | undefined;
  const onTheWay = new Set<Promise<unknown>>();

  /** Makes the webhooks that are due; without a hook nothing is told. */
  function notice(): void {
    if (!hook) return;
    for (const delivery of webhooks.look(hook.secret)) {
      if (send) {
        send(delivery);
        continue;
      }
      const { headers, body } = delivery;
      // A receiver that is down has lost it, as with the service itself.
      const sent = fetch(hook.url, { method: 'POST', headers, body }).catch(() => {});
      onTheWay.add(sent);
      void sent.finally(() => onTheWay.delete(sent));
    }
  }
  const api = new Api(state, token, apiPath);
  const faults = new Faults();
  const requests: { method: string; path: string; status: number }[] = [];
  const gitRequests: GitRequest[] = [];

  async function answerApi(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    request.path = pathOf(request.path, apiPath);
    const what = `${request.method} ${request.path}`;
    const call = { what, writes: request.method !== 'GET' };
    if (watcher?.(call, 'before')) {
      outgoing.destroy();
      return;
    }
    const fault = faults.take(what);
    const answer = await api.answer(request, fault?.instead?.());
    requests.push({ method: request.method, path: request.path, status: answer.status });
    notice();
    const cutOff = watcher?.(call, 'done') ?? false;
    await deliver(answer, outgoing, cutOff ? 'lost' : fault?.delivery);
    watcher?.(call, 'answered');
  }

  /** Git's own requests: the end of one is told, and not when it is carried out. */
  function watchGit(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    const { method = '', url = '' } = incoming;
    if (!watcher || !/\.git\//.test(url)) return false;
    const call = { what: `git ${method} ${url}`, writes: url.endsWith('git-receive-pack') };
    if (watcher(call, 'before')) {
      outgoing.destroy();
      return true;
    }
    outgoing.on('finish', () => watcher?.(call, 'answered'));
    return false;
  }

  function serve(incoming: IncomingMessage, outgoing: ServerResponse): void {
    if (watchGit(incoming, outgoing)) return;
    const { method = '', url = '' } = incoming;
    const knows = (user: GitUser): boolean => {
      outgoing.on('close', () => {
        gitRequests.push({ ...user, method, url, status: outgoing.statusCode });
        notice();
      });
      return api.knowsGit(user);
    };
    if (answerGit({ root, knows }, incoming, outgoing)) return;
    answerApi(incoming, outgoing).catch((error: unknown) => {
      api.violations.push(`${incoming.method} ${incoming.url}: ${String(error)}`);
      outgoing.destroy();
    });
  }

  const server = options.tls ? createSecureServer(options.tls, serve) : createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port to listen on');
  state.origin = `${options.tls ? 'https' : 'http'}://127.0.0.1:${address.port}`;
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
    get violations() {
      return [...api.violations, ...webhooks.violations];
    },
    state,
    deliveries: webhooks.deliveries,
    hook(to, by) {
      hook = to;
      send = by;
      // What was before is not told.
      webhooks.look(to.secret);
      webhooks.deliveries.length = 0;
    },
    async notice() {
      notice();
      await Promise.all(onTheWay);
    },
    requests,
    gitRequests,
    pulls: state.pulls,
    comments: state.comments,
    statuses: state.statuses,
    fail: (fault, plan) => faults.add(fault, plan),
    watch(by) {
      watcher = by;
    },
    openPull(branch, by = 'maintainer') {
      const pull = openPull(state, { head: branch, base: 'main', title: `Change ${branch}` }, by);
      if (pull instanceof Response) throw new Error(`${branch} has no pull request`);
      notice();
      return pull.number;
    },
    openForkPull(branch, owner) {
      const draft = { head: branch, base: 'main', title: `Change ${branch}` };
      const pull = openPull(state, draft, owner);
      if (pull instanceof Response) throw new Error(`${branch} has no pull request`);
      pull.fork = owner;
      repository.git('update-ref', `refs/pull/${pull.number}/head`, pull.head);
      repository.deleteBranch(branch);
      notice();
      return pull.number;
    },
    mergePull(number, by = 'maintainer', method = 'merge') {
      const commit = mergePull(state, known(number), by, undefined, method);
      if (commit === undefined) throw new Error(`pull request #${number} has conflicts`);
      notice();
      return commit;
    },
    closePull(number, by = 'maintainer') {
      closePull(known(number), by);
      notice();
    },
    reopenPull(number) {
      if (!reopenPull(state, known(number))) throw new Error(`#${number} cannot be opened again`);
      notice();
    },
    deleteBranch(branch) {
      repository.deleteBranch(branch);
      // What that does to its pull request is found where one looks at it.
      for (const { number } of state.pulls) findPull(state, number);
      notice();
    },
    editPull(number, edit) {
      const pull = known(number);
      pull.body = edit(pull.body ?? '');
      notice();
    },
    comment(number, by, body) {
      addComment(state, number, by, body);
      notice();
    },
    label(number, by, label) {
      addLabels(known(number), [label], by);
      notice();
    },
    unlabel(number, by, label) {
      removeLabel(known(number), label, by);
      notice();
    },
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

function pathOf(pathname: string, apiPath: string): string {
  // An Enterprise server has GraphQL beside the API's version 3.
  if (apiPath !== '' && pathname === '/api/graphql') return '/graphql';
  return pathname.startsWith(`${apiPath}/`) ? pathname.slice(apiPath.length) : '/not-the-api';
}
