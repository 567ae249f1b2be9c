import { join } from 'node:path';

import { expect, onTestFinished, test, type TestContext } from 'vitest';

import { AnsibleDriver } from '../../src/ansible/driver.ts';
import { play, runRequest, siteTree } from '../support/ansible.ts';
import { Lab, needLab } from '../support/netns.ts';
import { eventually } from '../support/wait.ts';

/** Hosts of their own with real sshd, and playbooks that the link gives trouble to. */

async function labOf(context: TestContext, ...hosts: string[]): Promise<Lab> {
  await needLab(context);
  const lab = await Lab.up(hosts);
  onTestFinished(() => lab.down());
  return lab;
}

/** A site with these hosts over ssh; its one playbook begins, waits at each host for a word, and ends. */
function waitingTree(lab: Lab, hosts: readonly string[]) {
  const entries = hosts.map((name) => [
    name,
    { ansible_host: lab.host(name).address, ansible_user: 'root' },
  ]);
  return siteTree({
    'inventory.yml': JSON.stringify({ all: { hosts: Object.fromEntries(entries) } }),
    'base/playbooks/site.yml': play([
      { name: 'begins', raw: 'echo {{ inventory_hostname }} > /root/began' },
      { name: 'waits', raw: 'while [ ! -e /root/go ]; do sleep 0.1; done' },
      { name: 'ends', raw: 'cat /root/began > /root/ended' },
    ]),
  });
}

test(
  'a run over ssh bears a slow link and one that flaps; a link that is cut costs that host alone',
  { timeout: 180_000 },
  async (context) => {
    const hosts = ['steady', 'flapping', 'cut'];
    const lab = await labOf(context, ...hosts);
    const { knownHosts, privateKey } = lab;
    const driver = new AnsibleDriver({
      command: await lab.ansible(),
      workDirectory: join(lab.folder, 'runs'),
      knownHosts,
      privateKey,
    });
    const request = runRequest({ tree: waitingTree(lab, hosts) });
    const running = driver.run(request);
    for (const name of hosts)
      await eventually(`${name} has begun`, async () => lab.read(name, 'root/began'));
    await lab.slow('flapping', '64kbit');
    await lab.link('cut', 'down');
    await lab.flap('flapping', 4);
    for (const name of ['steady', 'flapping']) await lab.write(name, 'root/go', '');
    const first = await running;
    expect(first).toMatchObject({
      result: 'unreachable',
      hosts: {
        steady: { failed: 0, unreachable: 0 },
        flapping: { failed: 0, unreachable: 0 },
        cut: { unreachable: 1 },
      },
    });
    const ended = () => Promise.all(hosts.map((name) => lab.read(name, 'root/ended')));
    // Each to its own root, though it is the same path.
    expect(await ended()).toEqual(['steady\n', 'flapping\n', undefined]);

    await lab.link('cut', 'up');
    await lab.write('cut', 'root/go', '');
    const second = await driver.run(runRequest({ tree: waitingTree(lab, hosts) }));
    expect([second.result, second.reason]).toEqual(['success', '']);
    expect(await ended()).toEqual(['steady\n', 'flapping\n', 'cut\n']);
  },
);
