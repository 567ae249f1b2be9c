import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

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

  /** Bytes of a bundle that is on its way. */
  async arrived(): Promise<number> {
    const folder = join(this.#data, 'transfer');
    const part = (await readdir(folder)).find((name) => name.endsWith('.part'));
    return part === undefined ? 0 : (await stat(join(folder, part))).size;
  }
}

test(
  'an agent that is killed in the middle of a bundle, and of a playbook, behind a link that flaps, comes to the end',
  { timeout: 180_000 },
  async (context) => {
    await needLab(context);
    const lab = await Lab.up(['host']);
    onTestFinished(() => lab.down());
    const world = await World.create((hosts) => planOf(lab, hosts));
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
      apply: { ansiblePlaybook: await ansibleCommand(), answerWithin: '30s' },
    };
    await writeFile(file, JSON.stringify(settings));
    const agent = new SiteAgent(lab, data, file);
    onTestFinished(() => agent.kill('SIGTERM'));
    const until = <T>(what: string, look: () => Promise<T | undefined | false>) =>
      eventually(what, look, { patience: 40_000, tell: () => agent.lines.slice(-20) });

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
