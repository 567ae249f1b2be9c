import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';

import { onTestFinished } from 'vitest';

import { Secret } from '../../src/config/secret.ts';
import { UserError } from '../../src/model/errors.ts';
import { EnrollRefused } from '../../src/server/agent-options.ts';
import { createAuthenticator } from '../../src/server/auth.ts';
import type { ServerOptions } from '../../src/server/options.ts';
import { createServer } from '../../src/server/server.ts';
import { ChangeFeed } from '../../src/server/stream.ts';
import type { ProposalRow } from '../../src/store/rows.ts';
import type { Store } from '../../src/store/store.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { COMMIT, drift, emptyStore, preview, proposal, run, site } from './store.ts';

export const OPERATOR = 'the-token-of-the-configuration';

export interface Api {
  url: string;
  options: ServerOptions;
  store: Store;
  /** What was decided, in order. */
  decided: string[];
  /** Lines of the server's log. */
  log: string[];
  get: (path: string, init?: RequestInit) => Promise<Response>;
  /** Posts with the operator's token. */
  post: (path: string, body?: unknown) => Promise<Response>;
}

/** A server on a free port of this machine, in front of a real store, gone when the test is over. */
export async function startApi(change: Partial<ServerOptions> = {}): Promise<Api> {
  const { store } = await emptyStore();
  const decided: string[] = [];
  const log: string[] = [];
  const options: ServerOptions = {
    host: '127.0.0.1',
    port: 0,
    version: '1.2.3',
    log: createLogger({ level: 'debug', format: 'json', write: (line) => void log.push(line) }),
    store,
    metrics: { contentType: 'text/plain; version=0.0.4', text: async () => 'trueup_leader 1\n' },
    health: () => ({ ok: true, message: 'well' }),
    ready: async () => ({ ready: true, checks: { store: { ok: true, message: 'answers' } } }),
    siteDiff: async (name) => `--- a/${name}\n+++ b/${name}\n`,
    inspect: {
      files: async () => ({ commit: COMMIT, files: [] }),
      file: async (_site, path) => ({ path, executable: false, size: 0, text: '', cut: false }),
      imports: async () => [],
      explain: (name) => ({
        kind: 'key',
        site: name,
        value: NO_VALUE,
        uses: [],
        mentions: [],
        failed: [],
      }),
    },
    changes: new ChangeFeed(() => store.changeCount()),
    decisions: {
      merge: (id, by) => decide(store, decided, `merge ${id} by ${by}`, id, 'merged'),
      close: (id, by) => decide(store, decided, `close ${id} by ${by}`, id, 'closed'),
      choose: async (id, option, by) => {
        decided.push(`choose ${option} of ${id} by ${by}`);
        return (await store.proposals.get(id))!;
      },
      retry: async (name, by) => {
        decided.push(`retry ${name} by ${by}`);
        await store.sites.update(name, { applyForced: true, applyReason: `asked for by ${by}` });
      },
      confirm: async (revision, by) => void decided.push(`confirm ${revision} by ${by}`),
      check: async (number, commit, by) =>
        void decided.push(`check ${number} at ${commit} by ${by}`),
    },
    waiting: async () => [],
    agents: noAgents(),
    auth: createAuthenticator({ token: () => new Secret(OPERATOR), tokens: store.tokens }),
    ...change,
  };
  const server = createServer(options);
  const { url } = await server.start();
  onTestFinished(() => server.stop(0));
  const get: Api['get'] = (path, init) => fetch(`${url}${path}`, { redirect: 'error', ...init });
  const post: Api['post'] = (path, body) =>
    get(path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${OPERATOR}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return { url, options, store, decided, log, get, post };
}

/** In the place of what serves the agents, for tests that are about others. */
export function noAgents(): ServerOptions['agents'] {
  return {
    state: async (site) => ({
      site,
      desired: COMMIT,
      generation: 1,
      observed: null,
      applied: null,
      results: null,
      sequence: 0,
      now: 5_000,
      signers: '',
    }),
    contact: () => undefined,
    changed: async () => true,
    bundle: async () => undefined,
    receive: async () => {
      throw new UserError('no agent is known here');
    },
    signers: async () => ({ allowedSigners: '', signatures: [] }),
    enroll: async () => {
      throw new EnrollRefused();
    },
    invite: async () => ({ code: 'CODE', expiresAt: 5_000, allowedSigners: '' }),
    revoke: async () => undefined,
    views: async () => new Map(),
  };
}

const NO_VALUE = { name: 'x', value: null, position: null, merge: null, sources: [], leaves: [] };

/** A site with a run, an edit, its proposal and what is told of them. */
export async function seed(store: Store): Promise<void> {
  await store.plan.update({ headRevision: 'f00d'.padEnd(40, '0'), goodRevision: COMMIT });
  await store.plan.update({
    invalidRevision: 'f00d'.padEnd(40, '0'),
    problems: [
      { message: 'unknown key', position: { file: 'plan.yaml', line: 3, column: 1 }, hint: 'no' },
    ],
    fetchedAt: 5_000,
  });
  await store.revisions.record({
    revision: COMMIT,
    subject: 'Raise the limit',
    author: 'Alice',
    committedAt: 1_000,
    seenAt: 2_000,
    result: 'pending',
    changedSites: 1,
    completedAt: null,
  });
  await store.sites.upsertMany([
    site('lisbon-07', { desiredCommit: COMMIT, desiredRevision: COMMIT, lastAppliedAt: 4_000 }),
    site('madrid-01', { hold: 'two edits of one line' }),
  ]);
  await store.runs.insert(run('run-1'));
  await store.runs.finish('run-1', {
    endedAt: 9_000,
    result: 'failed',
    reason: 'a task failed',
    report: {
      kind: 'apply',
      driver: 'ansible',
      site: 'lisbon-07',
      digest: 'd1',
      startedAt: 2_000,
      endedAt: 9_000,
      result: 'failed',
      reason: 'a task failed',
      hosts: { 'compute-0': { ok: 3, changed: 1, failed: 1, unreachable: 0, skipped: 0 } },
      tasks: [
        {
          host: 'compute-0',
          playbook: 'compute/playbooks/site.yml',
          name: 'Write the configuration',
          path: 'compute/playbooks/site.yml:4',
          action: 'template',
          status: 'failed',
          duration: 0.25,
          message: 'no space left',
          diff: '-a\n+b\n',
        },
      ],
    },
  });
  await store.previews.put(preview(12), new Map([['lisbon-07', 'd'.repeat(64)]]));
  await store.drifts.insertIfAbsent(drift('edit-1'));
  await store.proposals.insertIfAbsent(
    proposal('proposal-1', {
      driftId: 'edit-1',
      commit: COMMIT,
      result: {
        site: 'lisbon-07',
        revision: COMMIT,
        proposals: [
          {
            kind: 'param',
            placement: 'site',
            title: 'ntp_servers at lisbon-07',
            edits: [{ file: 'sites/lisbon-07.yaml', mode: '100644', patch: '-a\n+b\n' }],
            explains: ['group_vars/all.yml'],
            blastRadius: [{ site: 'lisbon-07', files: ['group_vars/all.yml'] }],
            verified: true,
            notes: ['rendered again'],
          },
        ],
        unexplained: [{ path: 'README', reason: 'a comment' }],
      },
    }),
  );
  await store.drifts.setProposal('edit-1', 'proposal-1');
  await store.proposals.update('proposal-1', {
    state: 'open',
    number: 7,
    url: 'https://git.example.com/acme/edge/pulls/7',
    openedAt: 5_000,
  });
  await store.audit.append({
    at: 6_000,
    actor: 'alice',
    action: 'site.retried',
    subject: 'lisbon-07',
    detail: { reason: 'why not' },
  });
}

/** Sends a request exactly as given: fetch would tidy up paths, and choose the host itself. */
export function sendRaw(
  url: string,
  options: { method?: string; path: string; headers?: Record<string, string>; body?: string },
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }> {
  const { method = 'GET', path, headers = {}, body } = options;
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Writes bytes to the server's socket, and reads what comes until it closes. */
export function sendBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(bytes);
  });
}

async function decide(
  store: Store,
  decided: string[],
  what: string,
  id: string,
  state: 'merged' | 'closed',
): Promise<ProposalRow> {
  const { state: before } = (await store.proposals.get(id))!;
  if (before !== 'open') throw new UserError(`proposal ${id} is ${before} already`);
  decided.push(what);
  return store.proposals.update(id, { state, decidedAt: 7_000, decidedBy: 'operator' });
}
