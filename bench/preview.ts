import { commentOf } from '../src/preview/comment.ts';
import { digestsOf, reportOf, summaryOf } from '../src/preview/report.ts';
import { UntrustedRenderer } from '../src/render/worker/untrusted-renderer.ts';
import { planFiles } from '../test/support/plan-files.ts';
import { syntheticPlan } from '../test/support/synthetic-plan.ts';

// Time and CPU of a preview that touches every site: both plans read and rendered, compared, and told.
// Usage: npm run bench:preview -- [SITES…]

const counts = process.argv.slice(2).map(Number);
for (const sites of counts.length > 0 ? counts : [1_000, 10_000]) await measure(sites);

async function measure(sites: number): Promise<void> {
  const before = syntheticPlan({ sites, layers: 4, templates: 8, leaves: 200 });
  const common = before.get('layers/common.yaml')!;
  const after = new Map(before).set(
    'layers/common.yaml',
    `${common.replace('ntp0.example.org', 'ntp9.example.org')}added: 7\n`,
  );
  const renderer = new UntrustedRenderer();
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  const result = await renderer.run({
    plan: { files: planFiles(after) },
    base: { files: planFiles(before) },
    tell: 'differences',
    timeout: 120_000,
  });
  const report = reportOf(result, 0.2);
  const comment = commentOf({
    report,
    head: '0'.repeat(40),
    base: 'main',
    url: 'https://trueup.example/api/v1/previews/1/page',
    check: null,
  });
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `${sites} sites: ${elapsed.toFixed(0)} ms, ${((user + system) / 1000).toFixed(0)} ms CPU; ${summaryOf(report)}; ` +
      `${report.groups.length} kinds of change, ${digestsOf(result).size} digests, ` +
      `a comment of ${comment.length} characters, a report of ${JSON.stringify(report).length}`,
  );
  await renderer.close();
}
