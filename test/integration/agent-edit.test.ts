import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { expect, onTestFinished, test } from 'vitest';

import { askAgent, serveControl } from '../../src/agent/control.ts';
import { AgentWorld, NTP } from '../support/agent-world.ts';
import { git } from '../support/git.ts';

/** `trueup agent edit` against an agent that runs, and the talk between the two. */

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

interface Desk {
  all: AgentWorld;
  temporary: string;
  edit: (editor: string, ...args: string[]) => Promise<{ code: number | null; out: string }>;
  commits: () => Promise<string[]>;
}

async function desk(): Promise<Desk> {
  const all = await AgentWorld.start();
  await all.enrol();
  const agent = await all.open();
  const control = await serveControl(agent);
  onTestFinished(() => void control.close());
  await all.synced();
  const temporary = join(all.world.root, 'tmp');
  await mkdir(temporary);
  return {
    all,
    temporary,
    edit: async (editor, ...args) => {
      const file = join(all.world.root, 'editor.sh');
      await writeFile(file, `#!/bin/sh\ncd "$1"\n${editor}\n`);
      await chmod(file, 0o700);
      const child = spawn(process.execPath, [MAIN, 'agent', 'edit', '--data', all.data, ...args], {
        env: { ...process.env, VISUAL: file, TMPDIR: temporary },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const told = Promise.all([text(child.stdout), text(child.stderr)]);
      await once(child, 'exit');
      return { code: child.exitCode, out: (await told).join('') };
    },
    commits: async () =>
      (
        await git(
          join(all.data, 'sites.git'),
          'log',
          '--format=%an: %s',
          'refs/sites/lisbon/observed',
        )
      ).split('\n'),
  };
}

test('an edit is shown, tried, recorded in its author’s words and applied', async () => {
  const { all, temporary, edit, commits } = await desk();
  const before = all.driver.requests.length;
  const args = ['--message', 'The old clock died', '--author', 'nadia'];
  const { code, out } = await edit(`sed -i s/192.0.2.1/192.0.2.9/ ${NTP}`, ...args);
  expect({ code, out }).toMatchObject({ code: 0 });
  expect(out).toContain('+server 192.0.2.9 iburst');
  expect(out).toContain('recorded base/files/ntp.conf by nadia');
  expect(await all.read(NTP)).toContain('192.0.2.9');
  const [check, ...applies] = all.driver.requests.slice(before);
  expect(check?.kind).toBe('check');
  expect(check?.tree.get(NTP)?.content.toString()).toContain('192.0.2.9');
  expect(applies.some(({ playbooks }) => playbooks[0] === 'base/playbooks/site.yml')).toBe(true);
  expect((await commits())[0]).toBe('nadia: The old clock died');
  const proposal = await all.service.proposal('lisbon');
  expect(proposal.body).toContain('The old clock died');
  expect(await readdir(temporary)).toEqual([]);
});

test('an edit that is given up leaves nothing', async () => {
  const { all, temporary, edit, commits } = await desk();
  const [tree, had] = [await all.read(NTP), await commits()];
  const change = `sed -i s/192.0.2.1/192.0.2.9/ ${NTP}`;
  const nothing = async (how: string, editor: string, words: string, ...args: string[]) => {
    const { code, out } = await edit(editor, ...args);
    expect({ how, code, out }).toMatchObject({ out: expect.stringContaining(words) });
    expect({ how, tree: await all.read(NTP) }).toEqual({ how, tree });
    expect({ how, commits: await commits() }).toEqual({ how, commits: had });
    expect({ how, left: await readdir(temporary) }).toEqual({ how, left: [] });
    return code;
  };
  expect(await nothing('the editor fails', `${change}; exit 3`, 'ended with 3')).toBe(1);
  expect(await nothing('nothing is changed', 'true', 'nothing was changed')).toBe(0);
  expect(await nothing('nobody says why', change, 'say why with --message')).toBe(1);
  expect(
    await nothing('it is ended', `${change}; kill $PPID; sleep 5`, 'nothing was recorded'),
  ).toBe(1);
  all.driver.ends.set('lisbon', 'failed');
  const words = 'the check run ended otherwise (failed)';
  expect(await nothing('the check fails', change, words, '--message', 'Try')).toBe(1);
});

test('somebody else edits the same file meanwhile: nothing is done, and it is said', async () => {
  const { all, edit } = await desk();
  const there = join(all.tree, NTP);
  const editor = `sed -i s/192.0.2.1/192.0.2.9/ ${NTP}; sed -i s/iburst/burst/ '${there}'`;
  const { code, out } = await edit(editor, '--message', 'Both');
  expect({ code, out }).toMatchObject({ code: 1 });
  expect(out).toContain('changed at the site meanwhile. Nothing was done: edit again');
  expect(await all.read(NTP)).toContain('server 192.0.2.1 burst');
});

test.each([
  ['says nothing', ''],
  ['has begun to answer', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"si'],
])('an agent that ends when it %s is told as such', async (_when, begun) => {
  const folder = `/tmp/trueup-ask-${process.pid}`;
  await mkdir(folder, { recursive: true });
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  const socket = join(folder, 'agent.sock');
  const server = createServer((one) => {
    one.on('error', () => undefined);
    one.once('data', () => one.end(begun, () => one.destroy()));
  });
  server.listen(socket);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  await expect(askAgent(socket, { do: 'view' })).rejects.toThrow(
    'the agent ended while it was asked: ask again',
  );
});
