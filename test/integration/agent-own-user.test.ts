import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { expect, onTestFinished, test } from 'vitest';

import { Client } from '../../src/cli/client.ts';
import { AgentWorld, NTP } from '../support/agent-world.ts';
import { skipFor } from '../support/tools.ts';

/** An agent as a user of its own, and root who commands it: as the unit has it that is shipped. */

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const AGENT = join(import.meta.dirname, '../support/own-user-agent.ts');
/** A user that no machine has. */
const UID = 64_242;
const AS_USER = ['--reuid', `${UID}`, '--regid', `${UID}`, '--clear-groups', process.execPath];

/** Why nobody else's process can be had here; undefined: it can. */
function whyNoUser(): string | undefined {
  if (process.getuid?.() !== 0) return 'to be another user needs root';
  const { status, error, stderr } = spawnSync('setpriv', [...AS_USER, MAIN, '--version']);
  if (error) return `setpriv is missing: install util-linux (${error.message})`;
  if (status === 0) return undefined;
  return `another user cannot run this program: ${stderr.toString().slice(0, 500)}`;
}

test(
  'an agent that is not root works, takes sticks from root, and keeps its directory its own',
  { timeout: 180_000 },
  async (context) => {
    skipFor(context, whyNoUser());
    const all = await AgentWorld.start();
    const { root } = all.world;
    const { data } = all;
    await chmod(root, 0o711);
    await mkdir(data, { mode: 0o700 });
    await chown(data, UID, UID);
    const { body } = await all.service.api('POST', '/sites/lisbon/enrollment', {});
    const way = ['--server', all.service.url, '--code', body.code];
    const asUser = ['setpriv', ...AS_USER, MAIN, 'agent'];
    const asRoot = [process.execPath, MAIN, 'agent'];
    const ask = async ([program = '', ...before]: string[], ...args: string[]) => {
      const child = spawn(program, [...before, ...args, '--data', data], {
        env: { ...process.env, HOME: data },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const told = Promise.all([text(child.stdout), text(child.stderr)]);
      await once(child, 'exit');
      return { code: child.exitCode, out: (await told).join('') };
    };

    expect(await ask(asRoot, 'enroll', ...way)).toMatchObject({
      code: 1,
      out: expect.stringContaining(`belongs to uid-${UID}, and this is root`),
    });
    expect(await ask(asUser, 'enroll', ...way)).toMatchObject({ code: 0 });
    expect(await ask(asRoot, 'status')).toMatchObject({
      code: 1,
      out: expect.stringContaining('do it as that user'),
    });

    const agent = spawn('setpriv', [...AS_USER, AGENT, data], { stdio: 'inherit' });
    const ended = once(agent, 'exit');
    onTestFinished(async () => {
      agent.kill('SIGTERM');
      await ended;
    });
    await all.until('the centre knows that it is applied', async () => {
      const row = await all.service.store.sites.get('lisbon');
      return row?.appliedCommit !== null && row?.appliedCommit === row?.desiredCommit;
    });
    const edited = (await all.read(NTP)).replace('192.0.2.1', '192.0.2.9');
    await writeFile(join(all.tree, NTP), edited, { flag: 'r+' });
    const { body: proposal } = await all.service.proposal('lisbon');
    expect(proposal).toContain('192.0.2.9');

    // Where the agent can neither read nor write.
    const stick = join(root, 'stick');
    await mkdir(stick, { mode: 0o700 });
    const [there, back] = [join(stick, 'lisbon.bundle'), join(stick, 'back.bundle')];
    await new Client(all.service.url, all.service.service.token.reveal()).download(
      '/sites/lisbon/bundle',
      there,
    );
    await chmod(there, 0o600);
    expect(await ask(asRoot, 'import', there)).toMatchObject({
      code: 0,
      out: expect.stringContaining('the site has it already'),
    });
    expect(await ask(asRoot, 'export', '--full', back)).toMatchObject({ code: 0 });
    expect((await readFile(back)).subarray(0, 15).toString()).toBe('# v2 git bundle');
    expect(await readdir(stick)).toEqual(['back.bundle', 'lisbon.bundle']);

    expect(await foreign(data)).toEqual([]);
    expect(await readdir(join(data, 'transfer'))).toEqual([]);
  },
);

/** What in a folder is not the agent's. */
async function foreign(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if ((await lstat(path).catch(() => undefined))?.uid === UID) continue;
    // Git removes what it is done with while we look.
    if (await lstat(path).catch(() => undefined)) found.push(path);
  }
  return found;
}
