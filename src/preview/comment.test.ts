import { afterAll, beforeAll, expect, test } from 'vitest';

import { examplePlan } from '../../test/support/example-plan.ts';
import { planFiles, type PlanSource } from '../../test/support/plan-files.ts';
import type { PreviewReport } from '../model/preview.ts';
import { type JobResult, UntrustedRenderer } from '../render/worker/untrusted-renderer.ts';
import { commentOf } from './comment.ts';
import { digestsOf, reportOf, subjectsOf, summaryOf } from './report.ts';

const renderer = new UntrustedRenderer();
// The thread starts while nothing else is timed.
beforeAll(() => render(examplePlan), 30_000);
afterAll(() => renderer.close());

const HEAD = 'a'.repeat(40);
const FACTS = { head: HEAD, base: 'main', check: null, url: 'https://t.example/1' };

function render(plan: PlanSource, base: PlanSource = examplePlan): Promise<JobResult> {
  return renderer.run({
    plan: { files: planFiles(plan) },
    base: { files: planFiles(base) },
    tell: 'differences',
  });
}

async function reported(plan: PlanSource, base?: PlanSource): Promise<PreviewReport> {
  return reportOf(await render(plan, base), 0.2);
}

function withText(path: string, from: string, to: string): Record<string, string> {
  const text = examplePlan[path];
  if (!text?.includes(from)) throw new Error(`${path} holds no ${from}`);
  return { ...examplePlan, [path]: text.replace(from, to) };
}

test('Blast radius: sites are grouped by identical change, the parameters named', async () => {
  const plan = withText('layers/region/eu-west.yaml', 'eu.example.org', 'edge.example.org');
  const report = await reported(plan);
  expect(report).toMatchObject({ total: 3, changed: 3, failing: [], added: [], removed: [] });
  expect(report.groups).toHaveLength(1);
  expect(report.groups[0]!.sites).toEqual(['lisbon-07', 'madrid-01', 'porto-01']);
  expect(subjectsOf(report.groups[0]!)).toEqual(['domain']);
  expect(summaryOf(report)).toBe('3 of 3 sites change');
  const comment = commentOf({ report, ...FACTS });
  expect(comment).toContain('## Preview: 3 sites change, 0 stay as they are');
  expect(comment).toContain('### 3 sites: `domain`');
  expect(comment).toContain('-domain: eu.example.org\n+domain: edge.example.org\n');
  expect(comment).toContain('[Everything on one page](https://t.example/1)');
  expect(commentOf({ report: await reported(plan), ...FACTS })).toBe(comment);
});

test('a change of one template and one of the site are two groups', async () => {
  const plan = {
    ...withText('stacks/compute/templates/chrony.conf.j2', 'iburst', 'iburst prefer'),
    'sites/lisbon-07.yaml': examplePlan['sites/lisbon-07.yaml']!.replace(
      '[10.20.7.1]',
      '[10.20.7.9]',
    ),
  };
  const { groups } = await reported(plan);
  expect(groups.map(({ sites }) => sites)).toEqual([['lisbon-07'], ['porto-01']]);
  expect(groups.map(subjectsOf)).toEqual([['ntp_servers'], ['compute/files/chrony.conf']]);
});

test('What was reviewed is what is applied: the digests shown are those of the sites that change', async () => {
  const result = await render(withText('sites/lisbon-07.yaml', '[10.20.7.1]', '[10.20.7.9]'));
  const digests = digestsOf(result);
  expect([...digests.keys()]).toEqual(['lisbon-07']);
  expect(digests.get('lisbon-07')).toMatch(/^[0-9a-f]{64}$/);
});

test('sites that come and go are named, and a large removal is told', async () => {
  const { 'sites/lisbon-07.yaml': _gone, 'sites/porto/porto-01.yaml': _too, ...rest } = examplePlan;
  const report = await reported({
    ...rest,
    'sites/faro.yaml': examplePlan['sites/madrid-01.yaml']!,
  });
  expect(report.added).toEqual(['faro']);
  expect(report.removed).toEqual(['lisbon-07', 'porto-01']);
  expect(report.removals).toEqual([
    { what: 'sites', removed: 2, of: 3 },
    { what: 'hosts', removed: 3, of: 4 },
  ]);
  const comment = commentOf({ report, ...FACTS });
  expect(comment).toContain('This removes 2 of 3 sites, 3 of 4 hosts.');
  expect(comment).toContain('**2 sites go:** `lisbon-07`, `porto-01`');
});

test('a site that does not render is told with file and line, the others all the same', async () => {
  const plan = {
    ...withText('stacks/compute/templates/chrony.conf.j2', 'iburst', 'iburst {{ missing }}'),
    'sites/madrid-01.yaml': examplePlan['sites/madrid-01.yaml']!.replace(
      'vip: 10.10.1.10',
      'vip: 10.10.1.11',
    ),
  };
  const report = await reported(plan);
  expect(report.failing.map(({ sites }) => sites)).toEqual([['lisbon-07', 'porto-01']]);
  expect(report.groups.map(({ sites }) => sites)).toEqual([['madrid-01']]);
  expect(summaryOf(report)).toMatch(/^stacks\/compute\/templates\/chrony\.conf\.j2:2:\d+: /);
  expect(commentOf({ report, ...FACTS })).toMatch(
    /## This does not render: 1 site changes, 0 stay as they are, 2 do not render[^]*- `stacks\/compute\/templates\/chrony\.conf\.j2:2:/,
  );
});

test('a plan that is not valid is told as a whole', async () => {
  const report = await reported({ ...examplePlan, 'plan.yaml': 'kind: [\n' });
  expect(report.problems.length).toBeGreaterThan(0);
  expect(summaryOf(report)).toMatch(/^plan\.yaml:\d/);
  expect(commentOf({ report, ...FACTS })).toContain('- `plan.yaml:');
});

test('Secrets stay secret: that they change is all that is told', async () => {
  const base = withText('sites/lisbon-07.yaml', 'params:\n', 'params:\n  token: hunter2-old\n');
  const plan = {
    ...base,
    'sites/lisbon-07.yaml': base['sites/lisbon-07.yaml']!.replace('-old', '-new'),
    'layers/common.yaml': base['layers/common.yaml']!.replace('66386439', '11111111'),
  };
  const report = await reported(plan, base);
  const all = JSON.stringify(report) + commentOf({ report, ...FACTS });
  for (const secret of ['hunter2', '66386439', '11111111']) expect(all).not.toContain(secret);
  const lisbon = report.groups.find(({ sites }) => sites.includes('lisbon-07'))!;
  expect(lisbon.files[0]).toMatchObject({ secret: true, params: ['db_password', 'token'] });
  expect(lisbon.files[0]!.patch).toMatch(/^-token: •••$[^]*^\+token: •••$/m);
  expect(commentOf({ report, ...FACTS })).toContain('A secret changes.');
});

test('Secrets stay secret: one that is a secret no more by this very change is none yet', async () => {
  const base = withText('sites/lisbon-07.yaml', 'params:\n', 'params:\n  token: hunter2-old\n');
  const report = await reported(
    {
      ...base,
      'stacks/compute/schema.json': base['stacks/compute/schema.json']!.replace(
        ', "x-secret": true',
        '',
      ),
      'stacks/compute/templates/chrony.conf.j2': '{{ token | default("none") }}\n',
    },
    base,
  );
  expect(report.changed).toBe(2);
  expect(JSON.stringify(report)).not.toContain('hunter2');
});

test('markup in names, values and faults stays text', async () => {
  const nasty = '</details><script>alert(1)</script> @acme/ops ```` #1 ![x](http://x) -->';
  const report = await reported({
    ...withText('layers/common.yaml', 'mode: 0644', `mode: ${JSON.stringify(nasty)}`),
    [`stacks/compute/templates/<b>\`x\`.conf`]: '```\n</details>\n',
  });
  const comment = commentOf({ report, ...FACTS });
  expect(outsideCode(comment)).not.toMatch(/script|@acme|<b>|!\[x\]|-->/);
  expect(outsideCode(comment).match(/<details>/g)?.length).toBe(
    outsideCode(comment).match(/<\/details>/g)?.length,
  );
});

test('10,000 sites that all change otherwise fit into a comment', () => {
  const sites = Array.from({ length: 10_000 }, (_, i) => `site-${i}`);
  const result: JobResult = {
    ended: 'done',
    problems: [],
    contents: new Map(),
    contentsCut: false,
    total: 10_000,
    removals: [],
    sites: sites.map((site, i) => ({
      site,
      digest: 'd'.repeat(64),
      baseDigest: 'e'.repeat(64),
      problems: [],
      changes: [],
      differences: [i],
    })),
    differences: sites.map((site) => ({
      path: 'group_vars/all.yml',
      before: '100644',
      after: '100644',
      patch: `@@ -1,1 +1,1 @@\n-address: ${site}\n+address: ${'x'.repeat(900)}\n`,
      added: 1,
      removed: 1,
      cut: false,
      binary: false,
      secret: false,
      params: ['address'],
    })),
  };
  const report = reportOf(result, 0.2);
  expect(report).toMatchObject({ changed: 10_000, cut: true });
  expect(JSON.stringify(report).length).toBeLessThan(2 * 2 ** 20);
  const comment = commentOf({ report, ...FACTS });
  expect(comment.length).toBeLessThan(65_400);
  expect(comment).toContain('left out here');
});

/** What is not in a fence or a code span, by the rules of CommonMark. */
function outsideCode(markdown: string): string {
  return markdown
    .replaceAll(/^(`{3,})[^`\n]*\n[^]*?^\1$/gm, '')
    .replaceAll(/(?<!`)(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, '');
}
