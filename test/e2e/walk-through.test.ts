import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { ansibleCommand } from '../support/ansible.ts';
import { git } from '../support/git.ts';

/** The walk-through of the documentation, typed as it stands there by somebody new. */

const ROOT = join(import.meta.dirname, '../..');
const GUIDE = join(ROOT, 'docs/disconnected.md');
const MARK = '@@@ block';
/** For all of it, on a busy machine (ms). */
const PATIENCE = 150_000;

/** Every fenced block, in order; all of them are to be typed. */
async function guide(): Promise<string[]> {
  const text = await readFile(GUIDE, 'utf8');
  const blocks = [...text.matchAll(/^```(.*)\n((?:.*\n)*?)^```$/gm)];
  expect(blocks.map(([, kind]) => kind)).toEqual(blocks.map(() => 'sh'));
  return blocks.map(([, , block = '']) => block);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('there is no port');
  return address.port;
}

/** What a newcomer has: git with a name, Ansible, trueup, and the repository as the folder to begin in. */
async function newcomer(folder: string): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const trueup = join(bin, 'trueup');
  const main = join(ROOT, 'src/cli/main.ts');
  await writeFile(trueup, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  await chmod(trueup, 0o755);
  const { TRUEUP_TOKEN: _, TRUEUP_SERVER: __, ...env } = process.env;
  return {
    ...env,
    PATH: [bin, dirname(await ansibleCommand()), process.env['PATH']].join(delimiter),
    HOME: folder,
    // Whoever is new starts each command but once without it.
    NODE_COMPILE_CACHE: join(homedir(), '.cache/trueup'),
    NO_COLOR: '1',
    GIT_AUTHOR_NAME: 'Olga Operator',
    GIT_AUTHOR_EMAIL: 'olga@example.org',
    GIT_COMMITTER_NAME: 'Olga Operator',
    GIT_COMMITTER_EMAIL: 'olga@example.org',
    WORK: join(folder, 'walk'),
    PORT: `${await freePort()}`,
  };
}

/** Types the blocks into one shell; returns what each of them printed. Ends all that it began, however it ends. */
async function type(blocks: readonly string[], env: NodeJS.ProcessEnv): Promise<string[]> {
  const script = blocks.map((block) => `echo '${MARK}'\n${block}`).join('');
  const shell = spawn('sh', ['-eu', '-c', script], {
    cwd: ROOT,
    env,
    // A group of its own: what it leaves in the background ends with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => endGroup(shell));
  let printed = '';
  let complaints = '';
  shell.stdout.on('data', (text) => (printed += String(text)));
  shell.stderr.on('data', (text) => (complaints += String(text)));
  const timer = setTimeout(() => endGroup(shell), PATIENCE);
  const [code]: unknown[] = await once(shell, 'exit');
  clearTimeout(timer);
  if (code !== 0) {
    const logs = ['controller.log', 'madrid.log', 'status.txt'].map((name) =>
      readFile(join(env['WORK']!, name), 'utf8').catch(() => ''),
    );
    const told = (await Promise.all(logs)).map((log) => log.slice(-3000)).join('\n');
    // What was typed last, and what it said, stands last.
    throw new Error(`${told}\n${printed}\nended with ${String(code)}: ${complaints}`);
  }
  return printed.split(`${MARK}\n`).slice(1);
}

function endGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, 'SIGKILL');
  } catch {
    // All of them have ended.
  }
}

test(
  'the walk-through works as it stands: one node, a site by stick, an edit alone, the decision back',
  { timeout: PATIENCE + 30_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'trueup-walk-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
    const env = await newcomer(folder);
    const work = env['WORK']!;
    const told = await type(await guide(), env);
    const [, plan, centre, madrid, joins, keys, stick, imports, edit, back, proposal, decision] =
      told;
    expect(plan).toContain('valid: stacks, 1 site, 2 stacks');
    expect(centre).toContain('madrid-01: waits for its agent');
    const [, cluster = ''] = /^cluster=([0-9a-f]{16})$/m.exec(madrid!) ?? [];
    expect(cluster).not.toBe('');
    expect(joins).toContain('imports  madrid-01/control: cluster_id');
    expect(keys).toContain('the keys to believe there');
    expect(stick).toContain('lisbon-07  in sync at generation 1');
    expect(stick).toContain(`site=lisbon-07\nserver=192.0.2.10:6443\ncluster=${cluster}\nlog=info`);
    expect(imports).toContain(`cluster_id: ${cluster}`);
    expect(imports).not.toMatch(/admin_port|9443/);
    expect(edit).toContain('recorded compute/files/agent.conf, group_vars/all.yml by Rita');
    expect(edit).toMatch(/^log=debug$/m);
    expect(back).toContain('#1  open  log_level at lisbon-07: info → debug');
    for (const words of ['The uplink drops at night', 'Rita', 'merged: the plan learns it'])
      expect(proposal).toContain(words);
    expect(decision).toContain('1 decision on the way');
    expect(decision).toMatch(/2 synced\nproposals {2}0 open/);

    // The plan has learnt it for that site alone, and both have what the plan says.
    const origin = join(work, 'plan.git');
    expect(await git(origin, 'show', 'main:sites/lisbon-07.yaml')).toContain('log_level: debug');
    const conf = (host: string) => readFile(join(work, 'hosts', host, 'agent.conf'), 'utf8');
    expect(await conf('lisbon-07-a')).toContain('log=debug');
    expect(await conf('madrid-01-a')).toContain('log=info');
    const last = decision!.slice(decision!.lastIndexOf('lisbon-07  in sync'));
    expect(last).not.toContain('edited');
  },
);
