import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { backport } from '../src/backport/backport.ts';
import { blobId, type SiteTree, type TrackedFile } from '../src/model/tree.ts';
import { loadPlan } from '../src/plan/load.ts';
import type { Plan, PlanFiles } from '../src/plan/plan.ts';
import { renderSite } from '../src/render/render.ts';
import { planFiles } from '../test/support/plan-files.ts';
import { syntheticPlan } from '../test/support/synthetic-plan.ts';

/** CPU time to work back each value of each rendered file of the four-site example plan, edited alone. */
export function smallTimes(): void {
  const plan = loaded(readPlan('examples/edge'));
  const times = new Map<string, number[]>();
  for (let round = 0; round < 3; round += 1) {
    for (const site of plan.sites.keys()) {
      const desired = renderSite(plan, site).tree;
      for (const [path, lines] of editableLines(desired)) {
        for (const at of lines) {
          const observed = withLine(desired, path, at, (line) =>
            line.replace(/[^\s"'\]}]+(?=["'\]}]?$)/, '7'),
          );
          const { result, ms } = timed(() =>
            backport({ plan, revision: '', site, observed, place: 'auto' }),
          );
          // The first round warms the machine up.
          if (round === 0) continue;
          const kind = result.proposals[0]?.kind ?? 'unexplained';
          times.set(kind, [...(times.get(kind) ?? []), ms]);
        }
      }
    }
  }
  console.log('examples/edge, every line of every file edited alone');
  for (const [kind, all] of times) console.log(`  ${kind}: ${spread(all)}`);
  console.log(`  all: ${spread([...times.values()].flat())}`);
}

function editableLines(tree: SiteTree): [path: string, lines: number[]][] {
  return [...tree].map(([path, { content }]) => {
    const lines = content.toString().split('\n');
    return [path, [...lines.keys()].filter((at) => /[^\s"'\]}:]["'\]}]?$/.test(lines[at]!))];
  });
}

/** CPU time to work a few edits back on a plan of many sites. */
export function largeTimes(number: number): void {
  const files = planFiles(syntheticPlan({ sites: number, layers: 6, templates: 8, leaves: 200 }));
  const plan = loaded(files);
  const site = [...plan.sites.keys()][number >> 1]!;
  console.log(
    `${number} sites, ${files.size} plan files: an edit at one site, to proposals with exact blast radius`,
  );
  const all = 'group_vars/all.yml';
  for (const [name, path, from, to] of [
    ['a value of the site', all, /^title: .*/m, 'title: "Other"'],
    [
      'a value of a layer that a twentieth of the sites share, where it is edited',
      all,
      /name: label0-\d+/,
      'name: other',
    ],
    ['a value of the layer of all sites, where it is edited', all, 'hard: 2001', 'hard: 9001'],
    [
      'a value in one of two texts that show it',
      'edge/files/service0.conf',
      /address = .*/,
      'address = 10.99.9.9',
    ],
    [
      'a value of the layer of all sites, in a text',
      'edge/files/service1.conf',
      '10.0.1.2',
      '10.0.1.99',
    ],
    ['a line that becomes an overlay', 'edge/playbooks/site.yml', 'tasks: []', 'tasks: [x]'],
  ] as const) {
    const desired = renderSite(plan, site).tree;
    const observed = withText(desired, path, (text) => text.replace(from, to));
    const runs = Array.from({ length: 7 }, () =>
      timed(() => backport({ plan, revision: '', site, observed, place: 'auto' })),
    );
    const reach = runs[0]!.result.proposals.map(
      ({ kind, placement, blastRadius }) =>
        `${kind} at ${placement} (${count(blastRadius.length, 'site')})`,
    );
    console.log(`  ${name}: ${spread(runs.slice(1).map(({ ms }) => ms))}; ${reach.join(', ')}`);
  }
  console.log(`  ${Math.round(process.memoryUsage().rss / 1e6)} MB resident`);
}

function withLine(
  tree: SiteTree,
  path: string,
  at: number,
  edit: (line: string) => string,
): SiteTree {
  return withText(tree, path, (text) =>
    text
      .split('\n')
      .map((line, index) => (index === at ? edit(line) : line))
      .join('\n'),
  );
}

function withText(tree: SiteTree, path: string, edit: (text: string) => string): SiteTree {
  const { mode, content } = tree.get(path)!;
  const text = edit(content.toString());
  return new Map(tree).set(path, { mode, content: Buffer.from(text) });
}

function readPlan(folder: string): Map<string, TrackedFile> {
  const files = new Map<string, TrackedFile>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const full = join(entry.parentPath, entry.name);
    const content = readFileSync(full);
    files.set(full.slice(folder.length + 1), { mode: '100644', content, hash: blobId(content) });
  }
  return files;
}

function loaded(files: PlanFiles): Plan {
  const { plan, problems } = loadPlan(files);
  if (!plan) throw new Error(problems[0]!.message);
  return plan;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function timed<Result>(work: () => Result): { result: Result; ms: number } {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  return { result, ms: (user + system) / 1000 };
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1);
  return `median ${at(0.5)} ms, p99 ${at(0.99)} ms CPU, ${times.length} runs`;
}
