import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { AnsibleDriver } from '../../src/ansible/driver.ts';
import type { SiteTree } from '../../src/model/tree.ts';
import {
  ansibleCommand,
  commandLines,
  localInventory,
  play,
  runRequest,
  siteTree,
  until,
} from '../support/ansible.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trueup-test-'));
  vi.stubEnv('TMPDIR', folder);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

async function makeDriver(name: string): Promise<AnsibleDriver> {
  return new AnsibleDriver({
    command: await ansibleCommand(),
    workDirectory: join(folder, name),
    limits: { grace: 500 },
  });
}

/** Sleeps on two hosts at once, once each has made a file, in programs told by the folder in their arguments. */
function sleeper(name: string): { tree: SiteTree; sleeping: () => boolean; sleepers: string } {
  const marks = ['edge-0', 'edge-1'].map((host) => join(folder, `${name}-${host}`));
  const command = `touch ${folder}/${name}-{{ inventory_hostname }}; trap '' INT; sleep 600; : ${name}`;
  return {
    tree: siteTree({
      'inventory.yml': localInventory('edge-0', 'edge-1'),
      'base/playbooks/site.yml': play([{ name: 'sleeps', shell: command }]),
    }),
    sleeping: () => marks.every((mark) => existsSync(mark)),
    sleepers: `${folder}/${name}-`,
  };
}

test('a cancelled run leaves no process and no folder behind', async () => {
  const driver = await makeDriver('cancel');
  const { tree, sleeping, sleepers } = sleeper('cancel');
  const abort = new AbortController();
  const request = runRequest({ tree, signal: abort.signal });
  const running = driver.run(request);
  await until('both hosts sleep', sleeping);
  expect(commandLines(sleepers)).not.toEqual([]);
  abort.abort();
  expect(await running).toMatchObject({ result: 'cancelled', reason: 'cancelled' });
  expect(commandLines(sleepers)).toEqual([]);
  expect(commandLines(driver.folderOf(request.id))).toEqual([]);
  expect(await readdir(driver.folderOf(request.id))).not.toContain('tree');
});

test('a run that takes too long is ended with everything it started', async () => {
  const driver = await makeDriver('late');
  const { tree, sleepers } = sleeper('late');
  const request = runRequest({ tree, timeout: 3 });
  expect(await driver.run(request)).toMatchObject({
    result: 'timeout',
    reason: expect.stringContaining('ended after 3 s'),
  });
  expect(commandLines(sleepers)).toEqual([]);
  expect(commandLines(driver.folderOf(request.id))).toEqual([]);
});

test('a run that was cancelled before it began starts nothing', async () => {
  const driver = await makeDriver('early');
  const { tree, sleeping } = sleeper('early');
  const report = await driver.run(runRequest({ tree, signal: AbortSignal.abort() }));
  expect(report).toMatchObject({ result: 'cancelled', tasks: [] });
  expect(sleeping()).toBe(false);
});

test('law 12: what a killed process of ours left running is ended at the next start', async () => {
  const driver = await makeDriver('killed');
  const { tree, sleeping, sleepers } = sleeper('killed');
  const request = runRequest({ tree });
  const script = `
    const { AnsibleDriver } = await import(process.argv[1]);
    const { options, request } = JSON.parse(process.argv[2]);
    const tree = new Map(request.tree.map(([path, file]) =>
      [path, { ...file, content: Buffer.from(file.content) }]));
    await new AnsibleDriver(options).run({ ...request, tree });`;
  const module = new URL('../../src/ansible/driver.ts', import.meta.url).href;
  const options = { command: await ansibleCommand(), workDirectory: join(folder, 'killed') };
  const order = JSON.stringify({ options, request: { ...request, tree: [...tree] } });
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, module, order], {
    stdio: 'inherit',
  });
  await until('both hosts sleep', sleeping);

  await driver.cleanUp();
  expect(commandLines(sleepers), 'runs of a living process are left alone').not.toEqual([]);

  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(commandLines(sleepers)).not.toEqual([]);
  await driver.cleanUp();
  expect(commandLines(sleepers)).toEqual([]);
  expect(commandLines(driver.folderOf(request.id))).toEqual([]);
  expect(await readdir(join(folder, 'killed'))).toEqual([]);
  const controls = (await readdir(folder)).filter((name) => name.startsWith('trueup-ssh-'));
  expect(controls).toEqual([]);
});
