import { blobId, type TrackedFile } from '../src/model/tree.ts';
import { changedSites } from '../src/plan/changes.ts';
import type { Plan, PlanFiles } from '../src/plan/plan.ts';
import { loadPlanAndTemplates } from '../src/render/open.ts';
import { renderSite } from '../src/render/render.ts';
import { planFiles } from '../test/support/plan-files.ts';
import { syntheticPlan } from '../test/support/synthetic-plan.ts';

// CPU and memory of reading and rendering a whole plan, and of commits that touch one site or one layer.
// Usage: npm run bench:render -- [SITES…]

const counts = process.argv.slice(2).map(Number);
for (const sites of counts.length > 0 ? counts : [1_000, 5_000, 10_000, 20_000]) measure(sites);

function measure(sites: number): void {
  const files = planFiles(syntheticPlan({ sites, layers: 6, templates: 8, leaves: 200 }));
  console.log(`${sites} sites, ${files.size} plan files`);
  const plan = timed('  read and validate', () => loaded(files));
  let trees = 0;
  timed('  render all', () => {
    for (const site of plan.sites.keys()) trees += renderSite(plan, site).tree.size;
  });
  console.log(
    `  ${trees} files in trees; ${Math.round(process.memoryUsage().rss / 1e6)} MB resident`,
  );

  const name = [...plan.sites.keys()][sites >> 1]!;
  commit(plan, plan.sites.get(name)!.file, 'address: 10.', 'address: 11.');
  commit(plan, 'layers/label0/v3.yaml', 'number: ', 'number: 1');
  commit(plan, 'stacks/edge/templates/service1.conf.j2', '# service', '# the service');
}

/** One edit of one file: read the plan again, find the sites that it changes, render them. */
function commit(before: Plan, path: string, from: string, to: string): void {
  const content = Buffer.from(before.files.get(path)!.content.toString().replace(from, to));
  const file: TrackedFile = { mode: '100644', content, hash: blobId(content) };
  const files = new Map(before.files).set(path, file);
  const label = `  commit to ${path}`;
  const changed = timed(label, () => {
    const after = loaded(files, before);
    const names = changedSites(before, after);
    for (const site of names) renderSite(after, site);
    return names.size;
  });
  console.log(`    changes ${changed} sites`);
}

function loaded(files: PlanFiles, previous?: Plan): Plan {
  const { plan, problems } = loadPlanAndTemplates(files, previous ? { previous } : {});
  if (!plan) throw new Error(problems[0]!.message);
  return plan;
}

function timed<Result>(label: string, work: () => Result): Result {
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  const result = work();
  const { user, system } = process.cpuUsage(cpu);
  const spent = ((user + system) / 1000).toFixed(0);
  console.log(`${label}: ${spent} ms CPU, ${(performance.now() - start).toFixed(0)} ms`);
  return result;
}
