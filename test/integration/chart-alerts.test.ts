import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';

import { METRICS } from '../../src/telemetry/definitions.ts';
import { CHART, only, renderChart, valuesFiles } from '../support/chart.ts';
import { needTool } from '../support/tools.ts';

interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook_url: string };
}

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  targets?: { expr: string }[];
}

const run = promisify(execFile);
const alerts = join(CHART, 'alerts');
const rulesFile = join(alerts, 'trueup.rules.yaml');
const rules: Rule[] = parse(await readFile(rulesFile, 'utf8')).groups[0].rules;
const dashboard: { panels: Panel[] } = JSON.parse(
  await readFile(join(CHART, 'dashboards', 'trueup.json'), 'utf8'),
);
const expressions = dashboard.panels
  .flatMap((panel) => panel.targets ?? [])
  .map(({ expr }) => expr);

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'trueup-alerts-'));
});
afterAll(() => rm(home, { recursive: true, force: true, maxRetries: 10 }));

test('promtool takes the rules', async (context) => {
  const promtool = await needTool(context, 'promtool');
  const { stdout } = await run(promtool, ['check', 'rules', rulesFile]);
  expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`);
});

test('the rules fire when they should, and only then', async (context) => {
  const promtool = await needTool(context, 'promtool');
  const tests = (await readdir(alerts)).filter((file) => file.endsWith('.test.yaml')).toSorted();
  const { stdout } = await run(promtool, ['test', 'rules', ...tests], { cwd: alerts });
  expect(stdout.match(/SUCCESS/g)).toHaveLength(tests.length);
});

test('every alert is seen to fire and to keep still', async () => {
  const seen = { fires: new Set<string>(), still: new Set<string>() };
  for (const file of (await readdir(alerts)).filter((name) => name.endsWith('.test.yaml'))) {
    const { tests } = parse(await readFile(join(alerts, file), 'utf8'));
    for (const { alert_rule_test: cases } of tests) {
      for (const { alertname, exp_alerts: expected } of cases) {
        (expected.length > 0 ? seen.fires : seen.still).add(alertname);
      }
    }
  }
  const names = rules.map((rule) => rule.alert);
  expect(names.filter((name) => !seen.fires.has(name))).toEqual([]);
  expect(names.filter((name) => !seen.still.has(name))).toEqual([]);
});

test('every alert says what it means and where to read on', async () => {
  const runbook = await readFile(
    fileURLToPath(new URL('../../docs/alerts.md', import.meta.url)),
    'utf8',
  );
  const sections = [...runbook.matchAll(/^## (\w+)$/gm)].map(([, title]) => title);
  expect(sections).toEqual(rules.map((rule) => rule.alert));
  for (const { alert, annotations, labels, for: lasting } of rules) {
    expect(annotations.summary).toMatch(/^[A-Z].*\.$/);
    expect(annotations.description).toMatch(/\.$/);
    expect(annotations.runbook_url).toBe(`docs/alerts.md#${alert.toLowerCase()}`);
    expect(['info', 'warning', 'critical']).toContain(labels.severity);
    expect(lasting).toMatch(/^\d+[mhd]$/);
  }
});

test('the PrometheusRule is the rule file, with the labels of the values', async (context) => {
  const helm = await needTool(context, 'helm');
  const values = (await valuesFiles()).get('everything.yaml')!;
  const made = only(await renderChart(helm, home, ['-f', values]), 'PrometheusRule');
  const expected = rules
    .filter((rule) => rule.alert !== 'TrueupProposalsWaiting')
    .map((rule) => ({
      ...rule,
      labels: { severity: 'page', team: 'edge' },
      annotations: {
        ...rule.annotations,
        runbook_url: `https://git.example.com/acme/trueup/blob/main/${rule.annotations.runbook_url}`,
      },
    }));
  expect(made.spec.groups).toEqual([{ name: 'trueup', rules: expected }]);
});

test('rules and dashboard use metrics that there are, with labels that they have', () => {
  const labels = new Map<string, readonly string[]>();
  for (const { name, type, labels: own } of Object.values(METRICS)) {
    labels.set(name, own);
    if (type === 'histogram') labels.set(`${name}_bucket`, [...own, 'le']);
  }
  const wrong: string[] = [];
  let seen = 0;
  for (const expr of [...rules.map((rule) => rule.expr), ...expressions]) {
    for (const [, name = '', matchers = ''] of expr.matchAll(/(trueup_\w+)(?:\{([^}]*)\})?/g)) {
      seen += 1;
      const own = labels.get(name);
      if (own === undefined) wrong.push(`${name} in ${expr}`);
      for (const [, label = ''] of matchers.matchAll(/(\w+)\s*(?:=|!=|=~|!~)"/g)) {
        if (!['job', 'namespace', ...(own ?? [])].includes(label))
          wrong.push(`${label} in ${expr}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(seen).toBeGreaterThan(40);
});

test('the dashboard is whole, and Prometheus takes each of its expressions', async (context) => {
  const ids = dashboard.panels.map((panel) => panel.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const panel of dashboard.panels.filter(({ type }) => type !== 'row')) {
    expect(panel.title).toBeTruthy();
    expect(panel.description).toBeTruthy();
    expect(panel.targets?.length).toBeGreaterThan(0);
  }
  const promtool = await needTool(context, 'promtool');
  const file = join(home, 'dashboard.rules.json');
  const recorded = expressions.map((expr, i) => ({
    record: `panel:${i}`,
    expr: expr.replaceAll('$__rate_interval', '5m'),
  }));
  await writeFile(file, JSON.stringify({ groups: [{ name: 'panels', rules: recorded }] }));
  const { stdout } = await run(promtool, ['check', 'rules', file]);
  expect(stdout).toContain(`SUCCESS: ${expressions.length} rules found`);
});

test('the dashboard of the chart is the file', async (context) => {
  const helm = await needTool(context, 'helm');
  const values = (await valuesFiles()).get('everything.yaml')!;
  const manifests = await renderChart(helm, home, ['-f', values]);
  const [text] = manifests.flatMap((each) => each.data?.['trueup.json'] ?? []);
  expect(JSON.parse(text)).toEqual(dashboard);
});
