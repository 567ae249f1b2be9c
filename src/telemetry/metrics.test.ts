import { readFile } from 'node:fs/promises';

import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

import { METRICS } from './definitions.ts';
import { createMetrics, type MetricsOptions } from './metrics.ts';

async function perSiteSeries(options: MetricsOptions, sites: string[]): Promise<string[]> {
  const metrics = createMetrics(options);
  for (const site of sites) {
    metrics.site(site, { state: 'synced', revision: 'c0ffee', lastAppliedAt: 5_000 });
  }
  return siteLines(await metrics.registry.metrics());
}

function siteLines(text: string): string[] {
  return text.split('\n').filter((line) => line.includes('site="'));
}

test('every metric is there, with the names and labels that dashboards rest on', async () => {
  const { registry } = createMetrics();
  const all = new Map(
    (await registry.getMetricsAsJSON()).map(({ name, type, help }) => [
      name,
      { type: String(type), help },
    ]),
  );
  for (const { name, type, help } of Object.values(METRICS)) {
    expect(all.get(name)).toEqual({ type, help });
  }
  expect(all.has('process_cpu_seconds_total')).toBe(true);
  expect(all.has('nodejs_eventloop_lag_seconds')).toBe(true);
});

test('names keep to what Prometheus asks of them', async () => {
  const { registry } = createMetrics();
  for (const { name, type, help } of await registry.getMetricsAsJSON()) {
    expect(help).not.toBe('');
    expect({ name, total: name.endsWith('_total') }).toEqual({
      name,
      total: String(type) === 'counter',
    });
  }
  for (const { name, type } of Object.values(METRICS)) {
    expect(name).toMatch(type === 'histogram' ? /^trueup_[a-z_]+_seconds$/ : /^trueup_[a-z_]+$/);
  }
});

test('two sets share nothing', async () => {
  const registry = new Registry();
  const one = createMetrics({ registry });
  const other = createMetrics();
  one.runs.inc({ kind: 'apply', driver: 'ansible', result: 'success' });
  const series = 'trueup_runs_total{kind="apply",driver="ansible",result="success"} 1';
  expect(one.registry).toBe(registry);
  expect(await registry.metrics()).toContain(series);
  expect(await other.registry.metrics()).not.toContain(series);
});

test("a site's series follow it, and go with it", async () => {
  const metrics = createMetrics();
  metrics.site('a', { state: 'pending', revision: null, lastAppliedAt: null });
  metrics.site('b', { state: 'synced', revision: 'c0ffee', lastAppliedAt: 5_500 });
  metrics.site('a', { state: 'failed', revision: null, lastAppliedAt: null });
  expect(siteLines(await metrics.registry.metrics())).toEqual([
    'trueup_site_info{site="a",state="failed",revision=""} 1',
    'trueup_site_info{site="b",state="synced",revision="c0ffee"} 1',
    'trueup_site_last_applied_timestamp_seconds{site="b"} 5.5',
  ]);
  metrics.removeSite('b');
  expect(siteLines(await metrics.registry.metrics())).toEqual([
    'trueup_site_info{site="a",state="failed",revision=""} 1',
  ]);
});

test('series per site: on, off, or up to a number of sites', async () => {
  const sites = ['a', 'b', 'c'];
  expect(await perSiteSeries({ perSite: 'off' }, sites)).toHaveLength(0);
  expect(await perSiteSeries({ perSite: 'on', perSiteLimit: 2 }, sites)).toHaveLength(6);
  expect(await perSiteSeries({ perSiteLimit: 3 }, sites)).toHaveLength(6);
  expect(await perSiteSeries({ perSiteLimit: 2 }, sites)).toHaveLength(0);

  const metrics = createMetrics({ perSiteLimit: 2 });
  for (const site of sites) {
    metrics.site(site, { state: 'synced', revision: null, lastAppliedAt: null });
  }
  expect(siteLines(await metrics.registry.metrics())).toHaveLength(0);
  metrics.removeSite('b');
  expect(siteLines(await metrics.registry.metrics())).toHaveLength(2);
});

test('docs/metrics.md lists every metric and no other', async () => {
  const text = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const listed = text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const expected = Object.values(METRICS).map(({ name, type, labels, help }) => [
    '',
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
    help,
    '',
  ]);
  expect(listed).toEqual(expected);
});
