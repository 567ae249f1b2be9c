import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { loadConfig } from '../src/config/load.ts';
import { Controller } from '../src/controller/controller.ts';
import { createForgeCredentials } from '../src/controller/forge-credentials.ts';
import type { Driver } from '../src/model/driver.ts';
import { treeDigest } from '../src/model/tree.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { syntheticPlan } from '../test/support/synthetic-plan.ts';
import { writeFolder } from '../test/support/write-folder.ts';

// A controller on a plan of many sites: real git, SQLite, working copies and loops; only Ansible is left out.
// Tells CPU seconds (of git, too) and peak memory from the start until every site is in sync, then for a commit that
// touches one site, and the time from an edit at a site to its open proposal.
// Usage: npm run bench:controller -- [SITES…]

let since = performance.now();
async function measure(sites: number): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'trueup-bench-'));
  const clone = join(root, 'plan');
  const origin = join(root, 'plan.git');
  try {
    writeFolder(clone, syntheticPlan({ sites, layers: 6, templates: 8, leaves: 200 }));
    git(root, 'init', '-q', '--bare', '-b', 'main', origin);
    git(clone, 'init', '-q', '-b', 'main');
    push(clone, origin, 'Start');
    console.log(`${sites} sites`);
    const config = await loadConfig({
      env: {},
      overrides: { dataDir: join(root, 'data'), plan: { url: origin, pollInterval: '1h' } },
    });
    const controller = await timed('  all rendered, committed, written and in sync', async () => {
      const started = await Controller.start({
        config,
        log: createLogger({ level: 'error', format: 'json' }),
        metrics: createMetrics(),
        credentials: createForgeCredentials({ config, onSecret: () => {} }),
        proposalUrl: String,
        previewUrl: String,
        driver: instantDriver,
      });
      await until(async () => (await started.store.plan.get()).goodRevision !== null);
      console.log(
        `    desired state committed after ${elapsed()} s, ${(cpu().own + cpu().children).toFixed(1)} CPU s of this process and its children so far`,
      );
      await until(async () => (await started.store.sites.countByState()).synced === sites);
      return started;
    });
    try {
      const [name] = (await controller.store.sites.names()).slice(sites >> 1);
      await timed('  a commit that touches one site', async () => {
        const file = join(clone, `sites/${name}.yaml`);
        writeFileSync(file, readFileSync(file, 'utf8').replace('address: 10.', 'address: 11.'));
        const revision = push(clone, origin, 'Change one site');
        reset();
        controller.nudge({ plan: true });
        await until(async () => {
          const row = await controller.store.sites.get(name!);
          return row?.desiredRevision === revision && row.state === 'synced';
        });
      });
      await timed('  an edit at a site, until its proposal is open', async () => {
        const file = join(controller.copies.directoryOf(name!), 'group_vars/all.yml');
        writeFileSync(file, readFileSync(file, 'utf8').replace(/address: .*/, 'address: 12.0.0.1'));
        await until(async () => (await controller.store.proposals.countByState()).open === 1);
      });
    } finally {
      await controller.stop();
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Reports success at once: what is measured is everything but Ansible. */
const instantDriver: Driver = {
  name: 'instant',
  version: async () => '1',
  cleanUp: async () => undefined,
  run: async ({ kind, site, tree }) => {
    const now = Date.now();
    const counts = { ok: 1, changed: 0, failed: 0, unreachable: 0, skipped: 0 };
    return {
      kind,
      site,
      driver: 'instant',
      digest: treeDigest(tree),
      startedAt: now,
      endedAt: now,
      result: 'success',
      reason: '',
      hosts: { host: counts },
      tasks: [],
    };
  },
};

function push(clone: string, origin: string, message: string): string {
  git(clone, 'add', '-A');
  git(
    clone,
    '-c',
    'user.name=bench',
    '-c',
    'user.email=bench@localhost',
    'commit',
    '-q',
    '-m',
    message,
  );
  git(clone, 'push', '-q', origin, 'HEAD:main');
  return git(clone, 'rev-parse', 'HEAD').trim();
}

function git(directory: string, ...args: string[]): string {
  return execFileSync('git', ['-C', directory, ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });
}

function reset(): void {
  since = performance.now();
}
function elapsed(): string {
  return ((performance.now() - since) / 1000).toFixed(2);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function timed<T>(label: string, work: () => Promise<T>): Promise<T> {
  const before = cpu();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  reset();
  const result = await work();
  delay.disable();
  const after = cpu();
  console.log(
    `${label}: ${elapsed()} s; CPU ${(after.own - before.own).toFixed(2)} s, of children ${(after.children - before.children).toFixed(2)} s; ` +
      `peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB; event loop held up for at most ${Math.round(delay.max / 1e6)} ms`,
  );
  return result;
}

/** CPU seconds of this process, and of those it has waited for (proc(5): utime, stime, cutime, cstime). */
function cpu(): { own: number; children: number } {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .map(Number);
  return { own: (fields[11]! + fields[12]!) / 100, children: (fields[13]! + fields[14]!) / 100 };
}

const counts = process.argv.slice(2).map(Number);
for (const sites of counts.length > 0 ? counts : [1_000, 10_000]) await measure(sites);
