// Writes many site trees and moves their refs, and says what that costs: `node bench/git.ts [SITES…]`.
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { writeCommits } from '../src/git/fast-import.ts';
import { readFiles } from '../src/git/read-files.ts';
import { Repository } from '../src/git/repository.ts';
import { type SiteCommit, SiteStore } from '../src/git/site-store.ts';
import type { SiteTree, TreeFile } from '../src/model/tree.ts';

const FILES = 25;
/** Files of a tree that no other site has; the rest are the same at all sites. */
const OWN = 5;
const TICKS_PER_SECOND = 100;
const MIB = 1024 * 1024;

const shared = new Map<string, TreeFile>(
  Array.from({ length: FILES - OWN }, (_, index) => [
    `compute/roles/role-${index}/tasks/main.yml`,
    fileOf(`- name: shared ${index}\n`.repeat(60)),
  ]),
);

function treeOf(site: string): SiteTree {
  const own = Array.from({ length: OWN }, (_, index): [string, TreeFile] => [
    `host_vars/host-${index}.yml`,
    fileOf(`site: ${site}\nhost: ${index}\n`.repeat(30)),
  ]);
  return new Map([...shared, ...own]);
}

function commitOf(site: string, parents: string[], generation: number): SiteCommit {
  return {
    site,
    files: treeOf(`${site} ${generation}`),
    parents,
    message: `Render ${site}\n\nGeneration: ${generation}\n`,
    author: { name: 'trueup', email: 'trueup@localhost' },
    time: 1_700_000_000_000 + generation * 1000,
  };
}

/** Seconds that this process and the children it has waited for have used. */
function cpuSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}

function residentMiB(pid: string): number {
  try {
    const kib = /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) / 1024;
  } catch {
    return 0; // it has ended
  }
}

/** MiB in use by this process and by its children. */
function residentMemory(): { own: number; children: number } {
  const children = readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return {
    own: residentMiB('self'),
    children: children.reduce((sum, pid) => sum + residentMiB(pid), 0),
  };
}

async function measure<T>(what: string, work: () => Promise<T>): Promise<T> {
  const peak = { own: 0, children: 0 };
  const sample = (): void => {
    const now = residentMemory();
    peak.own = Math.max(peak.own, now.own);
    peak.children = Math.max(peak.children, now.children);
  };
  const sampler = setInterval(sample, 25);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = cpuSeconds();
  const wall = performance.now();
  const result = await work();
  const seconds = (performance.now() - wall) / 1000;
  sample();
  clearInterval(sampler);
  delay.disable();
  console.log(
    `${what.padEnd(34)} ${seconds.toFixed(2).padStart(7)} s wall ` +
      `${(cpuSeconds() - cpu).toFixed(2).padStart(7)} s CPU ` +
      `${peak.own.toFixed(0).padStart(5)} MiB node ${peak.children.toFixed(0).padStart(4)} MiB git ` +
      `${(delay.max / 1e6).toFixed(0).padStart(4)} ms longest turn`,
  );
  return result;
}

async function bench(count: number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'trueup-bench-'));
  const store = await SiteStore.open({ directory });
  const sites = Array.from({ length: count }, (_, index) => `site-${index}`);
  console.log(`${count} sites, ${FILES} files each, ${FILES - OWN} of them shared`);
  const commits = sites.map((site) => commitOf(site, [], 1));
  const ids = await measure('commits', () => store.writeCommits(commits));
  await measure('refs', () =>
    store.moveRefs(sites.map((site, i) => ({ site, ref: 'desired', to: ids[i]!, from: null }))),
  );
  await measure('list refs', () => store.allRefs());
  await measure('read all trees', () => store.readTrees(ids));
  const next = await measure('one-site commit and ref', async () => {
    const [id] = await store.writeCommits([commitOf('site-0', [ids[0]!], 2)]);
    await store.moveRefs([{ site: 'site-0', ref: 'desired', to: id!, from: ids[0]! }]);
    return id!;
  });
  await measure('read one tree', () => store.readTree(next));
  await measure('maintain', () => store.maintain());
  await store.close();
  await benchPlan(count, directory);
  await rm(directory, { recursive: true });
}

function fileOf(text: string): TreeFile {
  return { mode: '100644', content: Buffer.from(text) };
}

/** A plan with one file a site, read whole, and again after a commit of one file. */
async function benchPlan(count: number, directory: string): Promise<void> {
  const repository = await Repository.open({ directory });
  const words = { message: 'Plan\n', author: { name: 'a', email: 'a' }, time: 0 };
  const files = new Map(
    Array.from({ length: count }, (_, i) => [`sites/s${i}.yaml`, fileOf(`n: ${i}\n`.repeat(60))]),
  );
  const [first = ''] = await writeCommits(repository, [
    { parents: [], content: { edits: files }, ...words },
  ]);
  const edits = new Map([['sites/s7.yaml', fileOf('changed')]]);
  const [second = ''] = await writeCommits(repository, [
    { parents: [first], content: { edits }, ...words },
  ]);
  const previous = await measure('read a plan of as many files', () =>
    readFiles(repository.objects, first),
  );
  await measure('read it after a one-file commit', () =>
    readFiles(repository.objects, second, { previous }),
  );
  await repository.close();
}

const counts = process.argv.slice(2).map(Number);
for (const count of counts.length > 0 ? counts : [1000, 10_000]) await bench(count);
console.log(`peak of node: ${((process.resourceUsage().maxRSS * 1024) / MIB).toFixed(0)} MiB`);
