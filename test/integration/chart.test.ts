import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { CHART, helmRun, type Manifest, only, renderChart, valuesFiles } from '../support/chart.ts';
import { needTool } from '../support/tools.ts';

const ALWAYS = ['ConfigMap', 'Deployment', 'Service'];
const KINDS: Record<string, string[]> = {
  'minimal.yaml': [...ALWAYS, 'PersistentVolumeClaim', 'ServiceAccount'],
  'github.yaml': [...ALWAYS, 'PersistentVolumeClaim', 'ServiceAccount'],
  'gitea.yaml': [...ALWAYS, 'PersistentVolumeClaim', 'ServiceAccount'],
  'ephemeral.yaml': [...ALWAYS, 'ServiceAccount'],
  'everything.yaml': [...ALWAYS, 'ConfigMap', 'NetworkPolicy', 'PrometheusRule', 'ServiceMonitor'],
};

const run = promisify(execFile);

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'trueup-chart-'));
});
afterAll(() => rm(home, { recursive: true, force: true, maxRetries: 10 }));

const files = await valuesFiles();

test('every values file is checked', () => {
  expect([...files.keys()].toSorted()).toEqual(Object.keys(KINDS).toSorted());
});

describe.each([...files])('the chart with %s', (name, file) => {
  test('passes helm lint --strict', async (context) => {
    const helm = await needTool(context, 'helm');
    const told = await helmRun(helm, home, ['lint', '--strict', CHART, '--values', file]);
    expect(told).toContain('1 chart(s) linted, 0 chart(s) failed');
    expect(told).not.toMatch(/WARNING|ERROR/);
  });

  test('makes these objects, each named once and labelled', async (context) => {
    const manifests = await renderChart(await needTool(context, 'helm'), home, ['-f', file]);
    const kinds: string[] = manifests.map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(KINDS[name]!.toSorted());
    const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { apiVersion, metadata } of manifests) {
      expect(apiVersion).toMatch(/^([a-z0-9.]+\/)?v\d/);
      expect(metadata.namespace).toBe('prod');
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/name': 'trueup',
        'app.kubernetes.io/instance': 'edge-1',
      });
    }
  });

  test('runs one locked-down pod', async (context) => {
    const manifests = await renderChart(await needTool(context, 'helm'), home, ['-f', file]);
    const { replicas, strategy, template } = only(manifests, 'Deployment').spec;
    expect({ replicas, strategy }).toEqual({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(template.spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    for (const account of manifests.filter(({ kind }) => kind === 'ServiceAccount')) {
      expect(account.automountServiceAccountToken).toBe(false);
    }
    const [container, ...others] = template.spec.containers;
    expect(others).toEqual([]);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.resources.limits.memory).toBeTruthy();
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
    for (const probe of ['startupProbe', 'livenessProbe']) {
      expect(container[probe].httpGet).toEqual({ path: '/healthz', port: 'http' });
    }
  });

  test('refers only to what is there', async (context) => {
    const manifests = await renderChart(await needTool(context, 'helm'), home, ['-f', file]);
    const { selector, template } = only(manifests, 'Deployment').spec;
    const pod = template.spec;
    const [container] = pod.containers;
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    expect(container.volumeMounts.map((mount: Manifest) => mount.name).toSorted()).toEqual(
      pod.volumes.map((volume: Manifest) => volume.name).toSorted(),
    );

    const service = only(manifests, 'Service');
    expect(template.metadata.labels).toMatchObject(service.spec.selector);
    expect(service.spec.ports[0].targetPort).toBe(container.ports[0].name);
    for (const monitor of manifests.filter(({ kind }) => kind === 'ServiceMonitor')) {
      expect(service.metadata.labels).toMatchObject(monitor.spec.selector.matchLabels);
      expect(monitor.spec.endpoints[0].port).toBe(service.spec.ports[0].name);
      // everything.yaml alone has one.
      expect(monitor.spec.endpoints[0].authorization).toEqual({
        credentials: { name: 'prometheus-token', key: 'token' },
      });
    }
    for (const policy of manifests.filter(({ kind }) => kind === 'NetworkPolicy')) {
      expect(template.metadata.labels).toMatchObject(policy.spec.podSelector.matchLabels);
    }

    const there = new Set(manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
    there.add('PersistentVolumeClaim/edge-data'); // everything.yaml brings its own
    const { persistentVolumeClaim: claim } = volume(pod, 'data');
    const used = [`ConfigMap/${volume(pod, 'config').configMap.name}`];
    if (claim !== undefined) used.push(`PersistentVolumeClaim/${claim.claimName}`);
    expect(used.filter((each) => !there.has(each))).toEqual([]);
  });

  test('writes a configuration that the controller takes', async (context) => {
    const manifests = await renderChart(await needTool(context, 'helm'), home, ['-f', file]);
    const [container] = only(manifests, 'Deployment').spec.template.spec.containers;
    const config = await loadLocally(manifests, join(home, name));
    expect(container.ports[0].containerPort).toBe(config.server.port);
    expect(container.volumeMounts).toContainEqual({ name: 'data', mountPath: config.dataDir });
    expect(config.server.host).not.toMatch(/^127\.|localhost/);
  });
});

test("the Secret's keys are what the configuration points at", async (context) => {
  const helm = await needTool(context, 'helm');
  const manifests = await renderChart(helm, home, ['-f', files.get('github.yaml')!]);
  const config = await loadLocally(manifests, join(home, 'secrets'));
  expect(config.server.token?.reveal()).toBe('server-token-0123456789abcdef');
  expect(config.forge.github.token?.reveal()).toBe('github-token-0123456789abcdef');
  expect(configText(manifests)).toContain('vaultPasswordFile: /etc/trueup/secrets/vault-password');
  const { secret } = volume(only(manifests, 'Deployment').spec.template.spec, 'secrets');
  expect(secret).toMatchObject({ secretName: 'trueup-tokens', defaultMode: 0o440 });
});

test("the Secret's keys go to the forge that is used", async (context) => {
  const helm = await needTool(context, 'helm');
  const gitea = parse(configText(await renderChart(helm, home, ['-f', files.get('gitea.yaml')!])));
  expect(gitea.forge.gitea).toMatchObject({
    tokenFile: '/etc/trueup/secrets/forge-token',
    webhookSecretFile: '/etc/trueup/secrets/webhook-secret',
  });
  const app = ['--set', 'secret.keys.appPrivateKey=key', '--set', 'config.forge.github.app.id=17'];
  const args = ['-f', files.get('github.yaml')!, ...app];
  const { github } = parse(configText(await renderChart(helm, home, args))).forge;
  expect(github.app).toEqual({
    id: 17,
    privateKeyFile: '/etc/trueup/secrets/app-private-key',
  });
  expect(github).not.toHaveProperty('tokenFile');
});

test('the configuration of the values wins over what the chart would write', async (context) => {
  const helm = await needTool(context, 'helm');
  const manifests = await renderChart(helm, home, ['-f', files.get('everything.yaml')!]);
  expect(parse(configText(manifests))).toEqual({
    ...parse(await readFile(files.get('everything.yaml')!, 'utf8')).config,
    plan: { url: 'ssh://git@git.example.com/acme/edge.git', branch: 'main' },
    server: { host: '::', port: 8443, tokenFile: '/etc/trueup/secrets/server-token' },
  });
});

test('a changed configuration restarts the pod', async (context) => {
  const helm = await needTool(context, 'helm');
  const checksum = async (...args: string[]) => {
    const all = await renderChart(helm, home, ['-f', files.get('minimal.yaml')!, ...args]);
    return only(all, 'Deployment').spec.template.metadata.annotations['checksum/config'];
  };
  const first = await checksum();
  expect(await checksum('--set', 'service.port=81')).toBe(first);
  expect(await checksum('--set', 'config.log.level=debug')).not.toBe(first);
});

test.for<[string, string[], RegExp]>([
  ['no plan', ['--set', 'config.plan.url='], /config\.plan\.url is needed/],
  ['an unknown value', ['--set', 'imagge.tag=x'], /'imagge' not allowed/],
  ['a token in the ConfigMap', ['--set', 'config.server.token=abc'], /\/config\/server/],
  [
    "the forge's token in the ConfigMap",
    ['--set', 'config.forge.github.token=abc'],
    /\/config\/forge\/github/,
  ],
  [
    "webhooks' secret in the ConfigMap",
    ['--set', 'config.forge.gitea.webhookSecret=abc'],
    /\/config\/forge\/gitea/,
  ],
  [
    "an app's key in the ConfigMap",
    ['--set', 'config.forge.github.app.privateKey=abc'],
    /\/config\/forge\/github/,
  ],
  [
    "a password in the plan's address",
    ['--set', 'config.plan.url=https://me:secret@git.example.com/p.git'],
    /\/config\/plan\/url/,
  ],
  ['a loopback address', ['--set', 'config.server.host=127.0.0.1'], /\/config\/server\/host/],
  ['a port that needs root', ['--set', 'config.server.port=80'], /\/config\/server\/port/],
  ['a claim that many may not write', ['--set', 'persistence.accessModes={Often}'], /accessModes/],
])('the chart refuses %s', async ([, args, reason], context) => {
  const helm = await needTool(context, 'helm');
  await expect(
    renderChart(helm, home, ['-f', files.get('minimal.yaml')!, ...args]),
  ).rejects.toMatchObject({ stderr: expect.stringMatching(reason) });
});

test('the package holds the chart and none of its tests', async (context) => {
  const helm = await needTool(context, 'helm');
  await helmRun(helm, home, ['package', CHART, '--destination', home]);
  const { stdout } = await run('tar', ['-tzf', join(home, 'trueup-0.1.0.tgz')]);
  const packed = stdout.trim().split('\n');
  expect(packed).toContain('trueup/alerts/trueup.rules.yaml');
  expect(packed).toContain('trueup/dashboards/trueup.json');
  expect(packed).toContain('trueup/README.md');
  expect(packed.filter((path) => /\.test\.|\/ci\//.test(path))).toEqual([]);
});

function volume(pod: Manifest, name: string): Manifest {
  return pod.volumes.find((each: Manifest) => each.name === name);
}

/** Loads the ConfigMap's trueup.yaml with the Secret's files laid below `root`, each holding its key's name. */
async function loadLocally(manifests: Manifest[], root: string): Promise<Config> {
  const secrets = join(root, 'etc/trueup/secrets');
  await mkdir(secrets, { recursive: true });
  const pod = only(manifests, 'Deployment').spec.template.spec;
  for (const item of pod.volumes.flatMap((each: Manifest) => each.secret?.items ?? [])) {
    await writeFile(join(secrets, item.path), `${item.key}-0123456789abcdef\n`, { mode: 0o600 });
  }
  const file = join(root, 'trueup.yaml');
  await writeFile(file, configText(manifests).replaceAll('/etc/trueup/secrets', secrets));
  return loadConfig({ file, env: {} });
}

function configText(manifests: Manifest[]): string {
  const texts = manifests.flatMap((each) => each.data?.['trueup.yaml'] ?? []);
  expect(texts).toHaveLength(1);
  return texts[0];
}
