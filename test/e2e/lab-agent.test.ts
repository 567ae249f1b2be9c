import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, onTestFinished, test } from 'vitest';

import { enrolAgent } from '../../src/agent/enrol.ts';
import { ansibleCommand } from '../support/ansible.ts';
import { Lab, needLab } from '../support/netns.ts';
import { TestService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';
import { pairPlan } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

/** A real agent at a site of its own, behind a cable to the centre that is slow and breaks. */

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
/** Bytes of a file that no bundle makes smaller: with 1 Mbit/s they take three seconds. */
const SIZE = 375_000;
const PLAYBOOK = `- name: What the host has
  hosts: all
  gather_facts: false
  tasks:
    - name: Begins
      ansible.builtin.raw: echo began >> /root/began
    - name: Waits
      ansible.builtin.raw: while [ ! -e /root/go ]; do sleep 0.1; done
    - name: The message is set
      ansible.builtin.raw: printf '%s\\n' {{ motd | quote }} > /etc/motd
`;

/** What a stack of its own finds wrong with what was applied, once it has looked as long as it takes. */
const CHECK = `- name: The message is one that people may read
  hosts: all
  gather_facts: false
  tasks:
    - name: Looks
      ansible.builtin.raw: echo looked >> /root/looked; while [ ! -e /root/look ]; do sleep 0.1; done
    - name: The message is no bad one
      ansible.builtin.raw: grep -v Locked /etc/motd
`;

function planOf(lab: Lab, hosts: string): Record<string, string> {
  const options = [`UserKnownHostsFile=${lab.knownHosts}`, `IdentityFile=${lab.privateKey}`];
  return {
    ...pairPlan(hosts),
    'stacks/base/playbooks/site.yml': PLAYBOOK,
    'stacks/base/templates/firmware': randomBytes(SIZE).toString('base64'),
    'sites/lisbon.yaml': `apiVersion: trueup/v1
kind: Site
labels: { region: south }
delivery: agent
stacks: [base]
hosts:
  host:
    ansible_host: ${lab.host('host').address}
    ansible_user: root
    ansible_python_interpreter: /usr/bin/python3
    ansible_ssh_extra_args: ${options.map((option) => `-o ${option}`).join(' ')}
params: {}
`,
  };
}

/** The agent as a process of its own, at the site. */
class SiteAgent {
  readonly #lab: Lab;
  readonly #data: string;
  readonly #config: string;
  readonly lines: string[] = [];
  #child: ChildProcess | undefined;

  constructor(lab: Lab, data: string, config: string) {
    this.#lab = lab;
    this.#data = data;
    this.#config = config;
  }

  start(): void {
    const words = ['agent', 'run', '--data', this.#data, '--config', this.#config];
    const child = spawn(...this.#lab.within(process.execPath, MAIN, ...words), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (text) => this.lines.push(String(text)));
    child.stderr.on('data', (text) => this.lines.push(String(text)));
    this.#child = child;
  }

  /** Ends it without a word; what it started goes on. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Ends it and its guard at once, as a power cut does. */
  async cutPower(): Promise<void> {
    const pid = this.#child!.pid!;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const guards: number[] = [];
    for (const child of children.trim().split(' ').map(Number)) {
      const words = (await readFile(`/proc/${child}/cmdline`, 'utf8')).split('\0');
      if (words.includes('guard')) guards.push(child);
    }
    if (guards.length !== 1) throw new Error(`there are ${guards.length} guards`);
    // It is there to outlive the agent: it goes first.
    process.kill(guards[0]!, 'SIGKILL');
    await this.kill();
  }

  /** What `trueup agent status` says at the site. */
  async status(): Promise<string> {
    const words = ['agent', 'status', '--data', this.#data];
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...words]);
    return stdout;
  }

  /** Bytes of a bundle that is on its way. */
  async arrived(): Promise<number> {
    const folder = join(this.#data, 'transfer');
    const part = (await readdir(folder)).find((name) => name.endsWith('.part'));
    return part === undefined ? 0 : (await stat(join(folder, part))).size;
  }
}

/** A lab with one host, a controller beside it, and an agent at the site that is enrolled and not started yet. */
async function startSite(
  answerWithin: string,
  change: (files: Record<string, string>) => Record<string, string> = same,
) {
  const lab = await Lab.up(['host']);
  onTestFinished(() => lab.down());
  const world = await World.create((hosts) => change(planOf(lab, hosts)));
  onTestFinished(() => world.remove());
  const config = { server: { host: lab.centre, port: 0 } };
  const service = await TestService.start(world, { config });
  onTestFinished(() => service.stop());
  await service.until(
    'something is desired',
    async () => (await service.site('lisbon')).desiredCommit ?? false,
  );
  const { body } = await service.api('POST', '/sites/lisbon/enrollment', {});
  const data = join(world.root, 'agent');
  await enrolAgent({ data, server: service.url, code: body.code, version: '1.2.3' });
  const file = join(world.root, 'agent.yaml');
  const settings = {
    sync: { interval: '1s', wait: '5s' },
    apply: { ansiblePlaybook: await ansibleCommand(), answerWithin },
  };
  await writeFile(file, JSON.stringify(settings));
  const agent = new SiteAgent(lab, data, file);
  onTestFinished(() => agent.kill('SIGTERM'));
  const until = <T>(what: string, look: () => Promise<T | undefined | false>) =>
    eventually(what, look, { patience: 40_000, tell: () => agent.lines.slice(-20) });
  return { lab, world, service, agent, until };
}

function same<T>(value: T): T {
  return value;
}

test(
  'an agent that is killed in the middle of a bundle, and of a playbook, behind a link that flaps, comes to the end',
  { timeout: 180_000 },
  async (context) => {
    await needLab(context);
    const { lab, service, agent, until } = await startSite('30s');

    await lab.slow('centre', '1mbit');
    agent.start();
    await until('some of the bundle is there', async () => (await agent.arrived()) > SIZE / 10);
    await lab.flap('centre', 2);
    const before = await agent.arrived();
    await agent.kill();
    agent.start();
    await until('the rest is on its way', async () => (await agent.arrived()) > before);
    await lab.flap('centre', 3);
    await until('the playbook has begun', () => lab.read('host', 'root/began'));
    // The first transfer was cut off by the kill; the second one fetched no more than what lacked.
    const transfers = service.lines.filter(
      (line) => line.includes('/sites/lisbon/bundle') && line.includes('"GET"'),
    );
    expect(transfers.some((line) => line.includes('206'))).toBe(true);

    await agent.kill();
    await lab.link('centre', 'down');
    agent.start();
    await until(
      'the playbook has begun once more',
      async () => (await lab.read('host', 'root/began'))!.length > 'began\n'.length,
    );
    await lab.write('host', 'root/go', '');
    await until('it is applied', async () => (await lab.read('host', 'etc/motd')) === 'Welcome\n');
    expect((await service.site('lisbon')).appliedCommit).toBeNull();
    await lab.link('centre', 'up');
    await until('the centre knows it', async () => {
      const { appliedCommit, desiredCommit } = await service.site('lisbon');
      return appliedCommit !== null && appliedCommit === desiredCommit;
    });
  },
);

test(
  "a stack's own check that fails sends a real host back, also after a power cut in its middle; both ends hear of it",
  { timeout: 180_000 },
  async (context) => {
    await needLab(context);
    const stack = 'stacks/base/stack.yaml';
    const { lab, world, service, agent, until } = await startSite('8s', (files) => ({
      ...files,
      [stack]: `${files[stack]}postCheck: { playbook: playbooks/check.yml, timeout: 20s }\n`,
      'stacks/base/playbooks/check.yml': CHECK,
      'stacks/base/templates/firmware': 'none\n',
    }));
    const motd = (text: string) => async () => (await lab.read('host', 'etc/motd')) === `${text}\n`;
    for (const file of ['go', 'look']) await lab.write('host', `root/${file}`, '');
    agent.start();
    await until('the first tree is applied', motd('Welcome'));
    const good = await until('the centre knows it', async () => {
      const { appliedCommit } = await service.site('lisbon');
      return appliedCommit ?? false;
    });

    // The power fails while the check looks at what was applied: nobody knows yet what it would have said.
    await lab.remove('host', 'root/look');
    await lab.write('host', 'root/looked', '');
    await world.commit('Nobody may read this', {
      'layers/common.yaml': (await world.planFile('layers/common.yaml')).replace(
        'motd: Welcome',
        'motd: Locked',
      ),
    });
    service.look();
    await until('the check looks', async () => (await lab.read('host', 'root/looked')) !== '');
    expect(await motd('Locked')()).toBe(true);
    await agent.cutPower();
    await lab.write('host', 'root/look', '');
    agent.start();

    await until('the last good tree is back', motd('Welcome'));
    const heard = await until('the centre hears of it', async () => {
      const { body } = await service.api('GET', '/sites/lisbon');
      const { guard } = body.agent;
      return typeof guard === 'string' && guard.startsWith('went back') && guard;
    });
    expect(heard).toContain('the post-check failed: ');
    expect(await agent.status()).toContain(heard);
    const { appliedCommit, desiredCommit } = await service.site('lisbon');
    expect([appliedCommit, desiredCommit === good]).toEqual([good, false]);
    const [back] = await service.store.runs.list({ site: 'lisbon', limit: 1 });
    expect(back).toMatchObject({ kind: 'apply', result: 'success' });
    expect(back!.cause).toContain('guard: the post-check failed');
    expect(await motd('Welcome')()).toBe(true);
  },
);
