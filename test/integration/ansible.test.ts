import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { AnsibleDriver, type AnsibleDriverOptions } from '../../src/ansible/driver.ts';
import { InvalidInput, UserError } from '../../src/model/errors.ts';
import type { RunReport, TaskReport } from '../../src/model/run.ts';
import {
  ansibleCommand,
  localInventory,
  play,
  runRequest,
  siteTree,
  vaulted,
  vaultedFile,
} from '../support/ansible.ts';

let folder = '';
let hosts = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trueup-test-'));
  vi.stubEnv('TMPDIR', folder);
  hosts = join(folder, 'hosts');
  await mkdir(hosts);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

async function makeDriver(options: Partial<AnsibleDriverOptions> = {}): Promise<AnsibleDriver> {
  return new AnsibleDriver({
    command: await ansibleCommand(),
    workDirectory: join(folder, 'runs'),
    ...options,
  });
}

function task(report: RunReport, name: string): TaskReport {
  const found = report.tasks.find((one) => one.name === name);
  if (!found) throw new Error(`no task ${name} in ${JSON.stringify(report)}`);
  return found;
}

describe('a site is applied, checked, edited and checked again', () => {
  const password = 'vault pässword';
  const vaultSecret = `tr0ub4dor&3 "quoted"`;
  const fileSecret = 'wh0le-f1le';
  const plainSecret = 'correct-horse-battery';
  const reports: RunReport[] = [];
  const traces: string[] = [];
  let applied = '';

  const tasks = [
    { name: 'folder', file: { path: '{{ root }}', state: 'directory', mode: '0755' } },
    {
      name: 'motd',
      copy: { src: '{{ playbook_dir }}/../files/motd', dest: '{{ root }}/motd', mode: '0644' },
      notify: 'reload',
    },
    {
      name: 'credentials',
      copy: {
        content:
          'user=app\npassword={{ db_password }}\ntoken={{ token | b64encode }}\n{{ from_file }}\n',
        dest: '{{ root }}/credentials',
        mode: '0600',
      },
    },
    { name: 'talks', command: 'echo {{ db_password | quote }} {{ token }}', register: 'talk' },
    { name: 'fails', fail: { msg: '{{ talk }} {{ from_file }}' }, ignore_errors: true },
  ];
  const handlers = [{ name: 'reload', file: { path: '{{ root }}/reloaded', state: 'touch' } }];
  const inventory = localInventory('edge-0');
  const groupVars = (): string =>
    `root: ${hosts}/{{ inventory_hostname }}\ntoken: ${plainSecret}\ndb_password: ${vaulted(vaultSecret, password)}\n`;

  beforeAll(async () => {
    const vaultPasswordFile = join(folder, 'vault-password');
    await writeFile(vaultPasswordFile, password, { mode: 0o600 });
    const driver = await makeDriver({ vaultPasswordFile });
    const tree = siteTree({
      'inventory.yml': inventory,
      'group_vars/all.yml': groupVars(),
      'base/files/motd': 'welcome\n',
      'base/playbooks/secret.yml': vaultedFile(`from_file: ${fileSecret}\nport: 48151\n`, password),
      'base/playbooks/site.yml': play(tasks, { handlers, vars_files: ['secret.yml'] }),
      'store/playbooks/site.yml': play([{ name: 'says', debug: {} }]),
    });
    for (const step of ['apply', 'check', 'edited'] as const) {
      if (step === 'edited') {
        applied = await readFile(join(hosts, 'edge-0/credentials'), 'utf8');
        await writeFile(join(hosts, 'edge-0/motd'), 'hacked\n');
        await writeFile(join(hosts, 'edge-0/credentials'), 'user=app\npassword=older-secret\n');
      }
      const kind = step === 'apply' ? 'apply' : 'check';
      const playbooks = ['base/playbooks/site.yml', 'store/playbooks/site.yml'];
      if (kind === 'check') playbooks.pop();
      const request = runRequest({ kind, tree, playbooks, secrets: [plainSecret] });
      reports.push(await driver.run(request));
      for (const name of await readdir(driver.folderOf(request.id))) {
        traces.push(await readFile(join(driver.folderOf(request.id), name), 'utf8'));
      }
    }
  }, 120_000);

  test('applying changes the host and says so', () => {
    const [report] = reports;
    expect(report).toMatchObject({
      result: 'success',
      reason: '',
      kind: 'apply',
      driver: 'ansible',
    });
    expect(task(report!, 'fails')).toMatchObject({ status: 'failed', ignored: true });
    const counts = { ok: 7, changed: 5, failed: 0, unreachable: 0, skipped: 0 };
    expect(report!.hosts, 'of both playbooks').toEqual({ 'edge-0': counts });
    expect(task(report!, 'motd')).toMatchObject({
      status: 'changed',
      action: 'copy',
      playbook: 'base/playbooks/site.yml',
      path: expect.stringMatching(/^base\/playbooks\/site\.yml:\d+$/),
      diff: expect.stringContaining('\n+welcome'),
    });
    expect(task(report!, 'reload')).toMatchObject({ status: 'changed', handler: true });
    expect(task(report!, 'says').playbook).toBe('store/playbooks/site.yml');
    expect(applied).toContain(vaultSecret);
  });

  test('a check of an unchanged site finds nothing, and says what it cannot tell', () => {
    const [, report] = reports;
    expect(report).toMatchObject({ result: 'success', kind: 'check' });
    expect(report!.tasks.filter(({ status }) => status === 'changed')).toEqual([]);
    expect(task(report!, 'talks')).toMatchObject({
      status: 'unverifiable',
      message: expect.stringContaining('check mode'),
    });
  });

  test('a check shows what was edited on a host, and changes nothing there', async () => {
    const [, , report] = reports;
    const changed = report!.tasks.filter(({ status, handler }) => status === 'changed' && !handler);
    expect(changed.map(({ host, name }) => `${host} ${name}`)).toEqual([
      'edge-0 motd',
      'edge-0 credentials',
    ]);
    expect(changed[0]!.diff).toContain('-hacked\n+welcome');
    expect(await readFile(join(hosts, 'edge-0/motd'), 'utf8')).toBe('hacked\n');
  });

  test('law 11: no secret, vaulted or told, old or new, stands in any report, log or event', () => {
    const told = [...traces, ...reports.map((report) => JSON.stringify(report))].join('\n');
    for (const secret of [
      vaultSecret,
      fileSecret,
      plainSecret,
      password,
      'older-secret',
      'tr0ub4dor',
    ]) {
      expect(told).not.toContain(secret);
      expect(told).not.toContain(JSON.stringify(secret).slice(1, -1));
      expect(told).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
    }
    expect(task(reports[2]!, 'credentials').diff).toMatch(
      /-•••[^]*\+password=•••\n\+token=•••\n\+•••/,
    );
    expect(traces.length).toBeGreaterThanOrEqual(6);
  });

  test('nothing is left of a run but its log and events', async () => {
    for (const name of await readdir(join(folder, 'runs'))) {
      expect((await readdir(join(folder, 'runs', name))).toSorted()).toEqual([
        'events.jsonl',
        'run.log',
      ]);
      expect((await stat(join(folder, 'runs', name, 'run.log'))).mode & 0o777).toBe(0o600);
    }
  });
});

describe('what can go wrong is told', () => {
  test('a failed task ends the run; later playbooks are not begun, notified handlers are', async () => {
    const driver = await makeDriver();
    const secret = 'keep-me-quiet';
    const report = await driver.run(
      runRequest({
        secrets: [secret],
        tree: siteTree({
          'inventory.yml': localInventory('edge-0'),
          'base/playbooks/site.yml': play(
            [
              { name: 'notifies', command: 'true', notify: 'handler' },
              { name: 'goes on', command: 'false', ignore_errors: true },
              { name: 'hidden', command: `echo ${secret}`, no_log: true },
              { name: 'breaks', command: `sh -c 'echo ${secret} >&2; exit 3'` },
              { name: 'never', ping: {} },
            ],
            { handlers: [{ name: 'handler', ping: {} }] },
          ),
          'store/playbooks/site.yml': play([{ name: 'neither', ping: {} }]),
        }),
        playbooks: ['base/playbooks/site.yml', 'store/playbooks/site.yml'],
      }),
    );
    expect(report.result).toBe('failed');
    expect(report.reason).toMatch(
      /^task "breaks" \(base\/playbooks\/site\.yml:\d+\) failed on edge-0/,
    );
    expect(report.hosts['edge-0']).toMatchObject({ failed: 1, unreachable: 0 });
    expect(report.tasks.map(({ name }) => name)).toEqual([
      'notifies',
      'goes on',
      'hidden',
      'breaks',
      'handler',
    ]);
    expect(task(report, 'goes on')).toMatchObject({ status: 'failed', ignored: true });
    expect(task(report, 'hidden').message).toBe('hidden, as no_log asks');
    expect(task(report, 'breaks').message).toContain('•••');
    expect(JSON.stringify(report)).not.toContain(secret);
  });

  test('a host that does not answer is unreachable; its key is checked whatever the site says', async () => {
    const ssh = join(folder, 'ssh-that-tells');
    const told = join(folder, 'ssh-arguments');
    await writeFile(ssh, `#!/bin/sh\nprintf '%s\\n' "$@" > '${told}'\nexec ssh "$@"\n`, {
      mode: 0o755,
    });
    const host = {
      ansible_host: '127.0.0.1',
      ansible_port: 1,
      ansible_ssh_executable: ssh,
      ansible_host_key_checking: false,
      ansible_ssh_args: '-o StrictHostKeyChecking=no',
      ansible_ssh_common_args: '-o StrictHostKeyChecking=no',
      ansible_ssh_retries: 3,
    };
    const report = await (
      await makeDriver()
    ).run(
      runRequest({
        tree: siteTree({
          'inventory.yml': JSON.stringify({ all: { hosts: { far: host } } }),
          'base/playbooks/site.yml': play([{ name: 'ping', ping: {} }]),
        }),
      }),
    );
    expect(report).toMatchObject({
      result: 'unreachable',
      reason: expect.stringContaining("far can't be reached"),
      hosts: { far: { unreachable: 1 } },
      tasks: [{ host: 'far', status: 'unreachable' }],
    });
    const args = (await readFile(told, 'utf8')).split('\n');
    const checking = args.filter((arg) => arg.startsWith('StrictHostKeyChecking='));
    expect(checking[0]).toBe('StrictHostKeyChecking=yes');
    const control = args.find((arg) => arg.startsWith('ControlPath=')) ?? '';
    expect(control).toMatch(/^ControlPath=\/\S+\/%C$/);
    // %C is 40 characters, and ssh first binds a name with 17 more.
    expect(control.length - 'ControlPath=%C'.length + 40 + 17).toBeLessThan(104);
  });

  test('exit code 0 is no success where no host is meant', async () => {
    const report = await (
      await makeDriver()
    ).run(
      runRequest({
        tree: siteTree({
          'inventory.yml': localInventory('edge-0'),
          'base/playbooks/site.yml': play([{ ping: {} }], { hosts: 'databses' }),
        }),
      }),
    );
    expect(report).toMatchObject({
      result: 'error',
      reason: 'no host of the inventory matches any play',
    });
  });

  test('a broken inventory is an error, and is not run as a program', async () => {
    const ran = join(folder, 'inventory-ran');
    const tree = siteTree({
      'base/playbooks/site.yml': play([{ ping: {} }], { hosts: 'localhost' }),
    });
    const inventory = {
      mode: '100755' as const,
      content: Buffer.from(`#!/bin/sh\ntouch ${ran}\n`),
    };
    const report = await (
      await makeDriver()
    ).run(runRequest({ tree: new Map([...tree, ['inventory.yml', inventory]]) }));
    expect(report.result).toBe('error');
    expect(report.reason).toMatch(/inventory/i);
    await expect(stat(ran)).rejects.toThrow('ENOENT');
  });

  test('a playbook or inventory that is not there is told without starting anything', async () => {
    const driver = await makeDriver();
    const tree = siteTree({ 'inventory.yml': localInventory('edge-0') });
    expect(await driver.run(runRequest({ tree }))).toMatchObject({
      result: 'error',
      reason: 'playbook base/playbooks/site.yml is not in the site tree',
    });
    expect(await driver.run(runRequest({ tree, playbooks: [] }))).toMatchObject({
      reason: 'there is no playbook to run',
    });
    expect(await driver.run(runRequest({ tree: new Map() }))).toMatchObject({
      reason: 'inventory.yml is not in the site tree',
    });
  });

  test('no Ansible, or none that runs, is one clear error', async () => {
    const driver = await makeDriver({ command: join(folder, 'no-such-ansible') });
    await expect(driver.version()).rejects.toThrow(/no usable .*no-such-ansible found: install/);
    await expect(driver.run(runRequest({ tree: new Map() }))).rejects.toThrow(UserError);
    expect(await (await makeDriver()).version()).toMatch(/^2\.\d+/);
  });
});

describe('hostile input', () => {
  test.each(['../outside', '/etc/passwd', 'a/../../b', '-i', 'a\0b', 'x/.git/config', '~root/x'])(
    'a tree with the path %j is refused before anything is written',
    async (path) => {
      const driver = await makeDriver();
      const request = runRequest({ tree: siteTree({ 'inventory.yml': '', [path]: 'x' }) });
      await expect(driver.run({ ...request, playbooks: ['inventory.yml'] })).rejects.toThrow(
        InvalidInput,
      );
      await expect(stat(driver.folderOf(request.id))).rejects.toThrow('ENOENT');
    },
  );

  test('a file in the place of a folder, and an id that is a path, are refused', async () => {
    const driver = await makeDriver();
    const tree = siteTree({ 'inventory.yml': 'x', 'inventory.yml/x': 'x' });
    const request = runRequest({ tree, playbooks: ['inventory.yml'] });
    await expect(driver.run(request)).rejects.toThrow(/can't be written here/);
    await expect(stat(driver.folderOf(request.id))).rejects.toThrow('ENOENT');
    expect((await readdir(folder)).filter((name) => name.startsWith('trueup-ssh-'))).toEqual([]);
    await expect(driver.run({ ...request, id: '../run' })).rejects.toThrow(UserError);
  });

  test('names with markup, shell, template and terminal characters do no harm', async () => {
    const playbook = 'base/playbooks/$(touch pwned) {{ 1 }} <b>;.yml';
    const name = '<script>"\u001b[31m` \u202e $(touch pwned)';
    const report = await (
      await makeDriver()
    ).run(
      runRequest({
        site: '<b>site</b>',
        playbooks: [playbook],
        tree: siteTree({
          'inventory.yml': localInventory('ünïcode__proto__'),
          // Ours wins over what an edited site may have put here.
          'ansible.cfg':
            '[defaults]\nstdout_callback=minimal\nlog_path=/nonexistent/log\nforce_handlers=false\ninventory=/etc/hosts\n',
          [playbook]: play([{ name, command: 'printf "\\033[2J"' }]),
        }),
      }),
    );
    expect(report).toMatchObject({ result: 'success', site: '<b>site</b>' });
    expect(Object.keys(report.hosts)).toEqual(['ünïcode__proto__']);
    expect(report.tasks).toHaveLength(1);
    expect(report.tasks[0]!.name).toContain('<script>"␛[31m');
    expect(report.tasks[0]!.playbook).toBe(playbook);
  });
});
