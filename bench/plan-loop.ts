import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

import type { Forge } from '../src/forge/forge.ts';
import { PlanRepository } from '../src/git/plan-repository.ts';
import { SiteStore } from '../src/git/site-store.ts';
import { PlanLoop } from '../src/reconcile/plan-loop.ts';
import { openStore } from '../src/store/store.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { syntheticPlan } from '../test/support/synthetic-plan.ts';
import { writeFolder } from '../test/support/write-folder.ts';

// What the controller's plan loop costs from a commit of the plan to the last ref: fetch, read, validate, render,
// commit to the store, write down, move refs. First all sites, then a restart, then commits of one site and one layer.
// CPU seconds are of this process and of all the git processes that it started.
// Usage: npm run bench:plan-loop -- [--turns] [SITES…]
// With --turns, the longest turn is told by the CPU that the thread had for it, which other work on the machine does not
// lengthen; the CPU seconds told then are too many, for the loop never sleeps.

/** Commits of each kind after the first. */
const AGAIN = 10;
/** First argument of the process that makes the plan. */
const MAKE = '--make';
const TURNS = process.argv.includes('--turns');
const AUTHOR = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost'];

async function measure(sites: number): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'trueup-bench-'));
  const clone = join(root, 'plan');
  const origin = join(root, 'plan.git');
  try {
    // In a process of its own: the peak of memory is to be that of the loop alone.
    execFileSync(process.execPath, [import.meta.filename, MAKE, root, String(sites)]);
    console.log(`${sites} sites of 25 files`);

    let parts = await open(root, origin);
    const handle = async (): Promise<void> => {
      await parts.loop.handle();
      await parts.trees.refsMoved();
    };
    await timed('  cold: every site rendered, committed, refs moved', handle);
    await parts.close();
    await timed('  restart: the plan read again, nothing rendered', async () => {
      parts = await open(root, origin);
      await parts.loop.handle();
    });
    const edit = async (label: string, path: string, key: string): Promise<void> => {
      const costs: Cost[] = [];
      for (let time = 0; time <= AGAIN; time += 1) {
        const file = join(clone, path);
        const text = readFileSync(file, 'utf8');
        writeFileSync(file, text.replace(new RegExp(`(${key}: )\\d+`), `$1${20 + time}`));
        push(clone, origin);
        const cost = await costOf(handle);
        if (time === 0) tell(`  ${label}, the first`, cost);
        else costs.push(cost);
      }
      tell(`  ${label}, the median of ${AGAIN} more`, median(costs));
    };
    const name = String(sites >> 1).padStart(5, '0');
    await edit('a commit that changes one site', `sites/site-${name}.yaml`, 'address');
    await edit('a commit that changes a layer of a twentieth', 'layers/label0/v3.yaml', 'number');
    await parts.close();
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Makes the plan and the repository that it is fetched from. */
function makePlan(root: string, sites: number): void {
  const clone = join(root, 'plan');
  const origin = join(root, 'plan.git');
  writeFolder(clone, syntheticPlan({ sites, layers: 6, templates: 8, leaves: 200 }));
  git(root, 'init', '-q', '--bare', '-b', 'main', origin);
  git(clone, 'init', '-q', '-b', 'main');
  push(clone, origin);
}

interface Parts {
  loop: PlanLoop;
  trees: SiteStore;
  close: () => Promise<void>;
}

async function open(root: string, origin: string): Promise<Parts> {
  const store = await openStore({ file: join(root, 'trueup.sqlite') });
  const trees = await SiteStore.open({ directory: join(root, 'sites.git') });
  const directory = join(root, 'mirror.git');
  const repository = await PlanRepository.open({ directory, url: origin, branch: 'main' });
  const loop = new PlanLoop({
    repository,
    path: '',
    branch: 'main',
    pollInterval: 60_000,
    trees,
    store,
    forge,
    log: createLogger({ level: 'error', format: 'json' }),
    metrics: createMetrics({ perSite: 'off', perSiteLimit: 0 }),
    now: Date.now,
    random: Math.random,
    maxRemoved: 0.2,
    onSites: () => undefined,
    onSiteRemoved: () => undefined,
    onRevision: () => undefined,
  });
  const close = async (): Promise<void> => {
    await trees.close();
    await repository.close();
    await store.close();
  };
  return { loop, trees, close };
}

/** Nobody to tell: what a forge costs is not measured here. */
// oxlint-disable-next-line no-unsafe-type-assertion -- the plan loop asks no more of it
const forge = { setCommitStatus: async () => undefined } as unknown as Forge;

function push(clone: string, origin: string): void {
  git(clone, 'add', '-A');
  git(clone, ...AUTHOR, 'commit', '-q', '-m', 'Change');
  git(clone, 'push', '-q', origin, 'HEAD:main');
}

function git(directory: string, ...args: string[]): string {
  return execFileSync('git', ['-C', directory, ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });
}

/** CPU in seconds, all else in milliseconds. */
interface Cost {
  own: number;
  gits: number;
  wall: number;
  longest: number;
  /** Of CPU; undefined where that is not measured. */
  longestCpu: number | undefined;
  mostWithin: number;
  collection: number;
}

async function timed(label: string, work: () => Promise<void>): Promise<void> {
  tell(label, await costOf(work));
}

async function costOf(work: () => Promise<void>): Promise<Cost> {
  let collection = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collection = Math.max(collection, duration);
  });
  observer.observe({ entryTypes: ['gc'] });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const turn = TURNS ? longestTurn() : undefined;
  const before = cpu();
  const start = performance.now();
  await work();
  const wall = performance.now() - start;
  const after = cpu();
  delay.disable();
  const longestCpu = turn?.();
  await new Promise(setImmediate);
  observer.disconnect();
  return {
    own: after.own - before.own,
    gits: after.git - before.git,
    wall,
    longest: delay.max / 1e6,
    longestCpu,
    mostWithin: delay.percentile(99.9) / 1e6,
    collection,
  };
}

/** Of each figure the median, but of turns and collections the longest. */
function median(costs: readonly Cost[]): Cost {
  const middle = (of: (cost: Cost) => number): number =>
    costs.map(of).toSorted((a, b) => a - b)[costs.length >> 1]!;
  const most = (of: (cost: Cost) => number): number => Math.max(...costs.map(of));
  return {
    own: middle(({ own }) => own),
    gits: middle(({ gits }) => gits),
    wall: middle(({ wall }) => wall),
    longest: most(({ longest }) => longest),
    longestCpu: TURNS ? most(({ longestCpu = 0 }) => longestCpu) : undefined,
    mostWithin: most(({ mostWithin }) => mostWithin),
    collection: most(({ collection }) => collection),
  };
}

function tell(label: string, cost: Cost): void {
  const { own, gits, wall, longest, longestCpu, mostWithin, collection } = cost;
  const cpuOfIt = longestCpu === undefined ? '' : ` (${ms(longestCpu)} of CPU)`;
  console.log(
    `${label}: ${(own + gits).toFixed(2)} s CPU (${gits.toFixed(2)} of it git), ` +
      `${(wall / 1000).toFixed(2)} s; longest turn ${ms(longest)}${cpuOfIt}, ` +
      `99.9 % within ${ms(mostWithin)}, longest garbage collection ${ms(collection)}; ` +
      `peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`,
  );
}

/** Watches each turn of the event loop until what it gives is called, which tells the longest, in ms of CPU. */
function longestTurn(): () => number {
  let [longest, watching] = [0, true];
  let before = threadCpu();
  const onTurn = (): void => {
    longest = Math.max(longest, threadCpu() - before);
    before = threadCpu();
    if (watching) setImmediate(onTurn);
  };
  setImmediate(onTurn);
  return () => {
    watching = false;
    return longest;
  };
}

function threadCpu(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

/** CPU seconds of this process, and of those it has waited for (proc(5): cutime, cstime, in hundredths). */
function cpu(): { own: number; git: number } {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .map(Number);
  const { user, system } = process.cpuUsage();
  return { own: (user + system) / 1e6, git: (fields[13]! + fields[14]!) / 100 };
}

const [first, ...rest] = process.argv.slice(2).filter((word) => word !== '--turns');
if (first === MAKE) makePlan(rest[0]!, Number(rest[1]));
else {
  const counts = first === undefined ? [1000, 10_000] : [first, ...rest].map(Number);
  for (const count of counts) await measure(count);
}
