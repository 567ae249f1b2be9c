import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { AnsibleDriver } from '../../src/ansible/driver.ts';
import type { RunReport } from '../../src/model/run.ts';
import {
  ansibleCommand,
  localInventory,
  play,
  runRequest,
  siteTree,
  vaulted,
} from '../support/ansible.ts';

const VAULT = 'vault-password';
const PLAIN = 'plain-Secret-4711';
const KNOWN = 'known-Secret-0815';
const WANTED = {
  api_vip: { secret: false },
  nodes: { secret: false },
  token: { secret: true },
  reference: { secret: true },
  in_plain: { secret: true },
  known: { secret: false },
  large: { secret: false },
  deep: { secret: false },
  absent: { secret: false },
};

let folder: string;
let report: RunReport;
let events: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trueup-outputs-'));
  const vaultPasswordFile = join(folder, 'password');
  await writeFile(vaultPasswordFile, VAULT);
  const deep = `${'['.repeat(40)}${']'.repeat(40)}`;
  const stats = {
    api_vip: '192.0.2.10',
    nodes: [{ name: 'a', weight: 1.5 }],
    reference: 'vault:secret/control#token',
    in_plain: PLAIN,
    known: `user:${KNOWN}`,
    large: "{{ 'x' * 40000 }}",
    deep: JSON.parse(deep),
    unasked: 'nobody wants it',
  };
  const tree = siteTree({
    'inventory.yml': localInventory('one'),
    'group_vars/all.yml': `---\nvault_text: !unsafe |\n${vaulted('hidden', VAULT)
      .split('\n')
      .slice(1)
      .map((line) => `  ${line.trim()}`)
      .join('\n')}\n`,
    'base/playbooks/site.yml': play([
      { name: 'Gather', 'ansible.builtin.set_stats': { data: stats } },
      {
        name: 'Gather a reference',
        'ansible.builtin.set_stats': { data: { token: '{{ vault_text }}' } },
      },
      {
        name: 'Gather by host',
        'ansible.builtin.set_stats': { data: { absent: 'of one host' }, per_host: true },
      },
    ]),
  });
  const driver = new AnsibleDriver({
    workDirectory: join(folder, 'runs'),
    command: await ansibleCommand(),
    vaultPasswordFile,
  });
  const request = runRequest({ tree, outputs: WANTED, secrets: [KNOWN] });
  report = await driver.run(request);
  events = await readFile(join(driver.folderOf(request.id), 'events.jsonl'), 'utf8');
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

test('values that are asked for come with the report, others do not', () => {
  expect(report.reason).toBe('');
  expect(report.outputs).toEqual({
    api_vip: '192.0.2.10',
    nodes: [{ name: 'a', weight: 1.5 }],
    reference: 'vault:secret/control#token',
    token: expect.stringMatching(/^\$ANSIBLE_VAULT;1\.1;AES256\n[0-9a-f\n]+$/),
  });
  expect(events).not.toContain('nobody wants it');
});

test('values that cannot count are refused, each with its reason', () => {
  const reasons = Object.fromEntries(
    (report.outputFaults ?? []).map(({ name, reason }) => [name, reason]),
  );
  expect(reasons).toEqual({
    deep: 'it is nested more than 20 levels deep',
    in_plain: expect.stringContaining('it is marked secret, and came neither as vault text nor'),
    known: 'it holds a secret of the site in the clear',
    large: 'it is larger than 32768 characters',
  });
});

test('Secrets stay secret: no refused value leaves the process (law 11)', () => {
  const told = JSON.stringify(report) + events;
  expect(told).not.toContain(PLAIN);
  expect(told).not.toContain(KNOWN);
});
