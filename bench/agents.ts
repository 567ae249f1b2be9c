/**
 * Agents that ask one controller, over real HTTP with a real store: `npm run bench:agents -- 1000`. The agents are in a
 * process of their own; what is told of CPU and memory is the controller's alone. At the end, how soon a connected agent
 * has applied what was merged (`agent-latency.ts`).
 */
import { fork, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadConfig } from '../src/config/load.ts';
import { Agents } from '../src/controller/agents/agents.ts';
import { SiteStore } from '../src/git/site-store.ts';
import { createAuthenticator } from '../src/server/auth.ts';
import { createServer } from '../src/server/server.ts';
import { ChangeFeed } from '../src/server/stream.ts';
import { openStore } from '../src/store/store.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';

const SECONDS = 10;
const COMMIT = 'c'.repeat(40);

const count = Number(process.argv[2] ?? 1000);
if (process.argv[3] === 'agents') await beAgents();
else await beController();

async function refuse(): Promise<never> {
  throw new Error('the bench does not decide');
}

async function beController(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'trueup-bench-'));
  const log = createLogger({ level: 'error', format: 'json' });
  const metrics = createMetrics();
  const store = await openStore({ file: join(folder, 'trueup.sqlite') });
  const trees = await SiteStore.open({ directory: join(folder, 'sites.git') });
  const config = await loadConfig({
    env: {},
    overrides: { dataDir: folder, plan: { url: folder } },
  });
  const agents = await Agents.open({
    directory: folder,
    config: config.agents,
    store,
    trees,
    tools: {
      key: '',
      sign: undefined,
      allowedSigners: () => 'trueup ssh-ed25519 AAAA\n',
      signatures: () => [],
      create: refuse,
      intake: refuse,
    },
    plan: () => undefined,
    log,
    metrics,
    now: Date.now,
    onSite: () => undefined,
  });
  const names = Array.from({ length: count }, (_, index) => `site-${index}`);
  await store.sites.upsertMany(
    names.map((name) => ({
      name,
      labels: {},
      stacks: ['compute'],
      delivery: 'agent' as const,
      generation: 1,
      desiredCommit: COMMIT,
      desiredDigest: 'd',
      desiredRevision: 'r',
    })),
  );
  const tokens = await store.transaction(async (tx) => {
    const made: string[] = [];
    for (const name of names) {
      const { token, row } = await tx.tokens.create(`agent:${name}`, `site:${name}`);
      await tx.agents.put(name, { tokenId: row.id, publicKey: 'k', enrolledAt: 0 });
      made.push(token);
    }
    return made;
  });
  const never = async (): Promise<never> => refuse();
  const server = createServer({
    host: '127.0.0.1',
    port: 0,
    version: 'bench',
    log,
    store,
    metrics: { contentType: '', text: async () => '' },
    health: () => ({ ok: true, message: '' }),
    ready: async () => ({ ready: true, checks: {} }),
    siteDiff: never,
    inspect: { files: never, file: never, imports: never, explain: () => undefined },
    changes: new ChangeFeed(() => store.changeCount()),
    decisions: {
      merge: never,
      close: never,
      choose: never,
      retry: never,
      confirm: never,
      check: never,
    },
    waiting: never,
    auth: createAuthenticator({ token: () => undefined, tokens: store.tokens }),
    agents,
    // Each asks as often as it can here, and all come from one address.
    agentLimits: { perSecond: 1e6, burst: 1e6 },
  });
  const { url } = await server.start();
  const child = fork(import.meta.filename, [String(count), 'agents']);
  child.send({ url, tokens });
  for (const step of ['poll', 'wait'] as const) {
    await message(child);
    const [cpu, at] = [process.cpuUsage(), performance.now()];
    child.send(step);
    if (step === 'wait') {
      // All of them wait: then something changes at every site at once.
      await message(child);
      const idle = process.cpuUsage(cpu);
      console.log(
        `${count} wait ${SECONDS} s: ${percent(idle, at)} of a core, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
      );
      const desired = names.map((name) => ({
        name,
        generation: 2,
        desiredCommit: 'e'.repeat(40),
        desiredDigest: 'e',
        desiredRevision: 'e',
      }));
      await store.sites.setDesired(desired);
      const woken = performance.now();
      for (const { name, desiredCommit } of desired) agents.desired(name, desiredCommit);
      child.send('woken');
      await message(child);
      console.log(`told all of them something new in ${Math.round(performance.now() - woken)} ms`);
      continue;
    }
    const told: any = await message(child);
    const used = process.cpuUsage(cpu);
    const seconds = (performance.now() - at) / 1000;
    console.log(
      `${count} ask whether there is anything new: ${Math.round(told.answers / seconds)} requests/s, ` +
        `p50 ${told.p50.toFixed(1)} ms, p99 ${told.p99.toFixed(1)} ms, ${told.failed} failed, ` +
        `${percent(used, at)} of a core, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
    );
  }
  child.kill();
  await server.stop(0);
  await agents.stop();
  await trees.close();
  await store.close();
  await rm(folder, { recursive: true });
  const latency = join(import.meta.dirname, 'agent-latency.ts');
  process.exitCode = spawnSync(process.execPath, [latency], { stdio: 'inherit' }).status ?? 1;
}

function percent({ user, system }: NodeJS.CpuUsage, since: number): string {
  return `${Math.round((user + system) / 10 / (performance.now() - since))} %`;
}

function message(child: NodeJS.EventEmitter): Promise<unknown> {
  return new Promise((resolve) => child.once('message', resolve));
}

async function beAgents(): Promise<void> {
  const { url, tokens }: any = await message(process);
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const ask = (index: number, path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${tokens[index]}` };
      request(`${url}/api/v1/sites/site-${index}/${path}`, { agent, headers }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      })
        .once('error', reject)
        .end();
    });
  process.send!('ready');
  await message(process);
  const times: number[] = [];
  let failed = 0;
  const until = performance.now() + SECONDS * 1000;
  await Promise.all(
    tokens.map(async (_: string, index: number) => {
      while (performance.now() < until) {
        const at = performance.now();
        const status = await ask(index, `bundle?have=${COMMIT}`).catch(() => 0);
        if (status !== 204) failed += 1;
        times.push(performance.now() - at);
      }
    }),
  );
  times.sort((a, b) => a - b);
  const quantile = (share: number) => times[Math.floor(times.length * share)];
  process.send!({ answers: times.length, p50: quantile(0.5), p99: quantile(0.99), failed });
  process.send!('ready');
  await message(process);
  const all = Promise.all(
    tokens.map((_: string, index: number) => ask(index, `nudge?desired=${COMMIT}&wait=60`)),
  );
  setTimeout(() => process.send!('waiting'), SECONDS * 1000);
  await message(process);
  await all;
  process.send!('told');
  await message(process);
}
