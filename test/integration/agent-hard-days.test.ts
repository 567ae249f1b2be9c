import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, onTestFinished, test } from 'vitest';

import { errorCode, messageOf } from '../../src/model/errors.ts';
import { AgentWorld, NTP } from '../support/agent-world.ts';
import { git } from '../support/git.ts';
import { skipFor } from '../support/tools.ts';

/** A full disk, a clock that is wrong, files that are damaged: it is said what is the matter, and nothing is lost. */

const run = promisify(execFile);
const YEAR = 365 * 86_400_000;
const ALL = 'group_vars/all.yml';

test(
  'a full disk is told of; with room again all goes on',
  { timeout: 180_000 },
  async (context) => {
    skipFor(context, whyNoMount());
    const all = await AgentWorld.start();
    await mkdir(all.data);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', all.data]);
    onTestFinished(async () => {
      await all.close();
      await run('umount', [all.data]);
    });
    await all.enrol();
    await all.open();
    await all.synced();

    const ballast = await fill(all.data);
    // The file keeps its block: an edit like this one is possible on a full disk, to record it is not.
    const edited = (await all.read(ALL)).replace('motd: Welcome', 'motd: Closed!!');
    await writeFile(join(all.tree, ALL), edited, { flag: 'r+' });
    await all.planClock('192.0.2.7');
    await all.until('both are told', async () => {
      const { troubles } = await all.agent!.view();
      return troubles.filter((one) => /ENOSPC|disk is full|No space left/.test(one)).length > 1;
    });
    expect(await all.read(ALL)).toBe(edited);

    await rm(ballast);
    await all.until('the new clock is applied', () =>
      all.driver.applied('lisbon', NTP)?.includes('192.0.2.7'),
    );
    expect((await all.service.proposal('lisbon')).body).toContain('Closed!!');
    await all.until('nothing troubles it', async () => {
      const { troubles } = await all.agent!.view();
      return troubles.length === 0;
    });
  },
);

test.each([
  ['behind', -3 * YEAR, undefined],
  ['ahead', 3 * YEAR, 'the bundle is refused: it expired'],
])('a clock that is three years %s', async (_how, ahead, trouble) => {
  const all = await AgentWorld.start();
  await all.enrol();
  await all.open();
  await all.synced();
  all.ahead = ahead;
  await all.planClock('192.0.2.7');
  await all.until('it is applied, or told why not', async () => {
    const { troubles } = await all.agent!.view();
    return trouble === undefined
      ? all.driver.applied('lisbon', NTP)?.includes('192.0.2.7')
      : troubles.some((one) => one.includes(trouble) && one.includes('the clock here says'));
  });
  all.ahead = 0;
  await all.until('the new clock is applied', () =>
    all.driver.applied('lisbon', NTP)?.includes('192.0.2.7'),
  );
  await all.synced();
  expect((await all.agent!.view()).troubles).toEqual([]);
});

test('a database that is damaged is moved away: the history tells where the site was', async () => {
  const all = await AgentWorld.start();
  await all.enrol();
  await all.open();
  await all.synced();
  await all.say(ALL, 'motd: Welcome', 'motd: Closed', { words: 'Holidays', author: 'nadia' });
  await all.close();
  await writeFile(join(all.data, 'agent.sqlite'), Buffer.alloc(8192, 'x'));
  await expect(all.open()).rejects.toThrow(/file is not a database\. If .* move it away/);
  await moveAway(all, 'agent.sqlite');
  await all.planClock('192.0.2.8');
  await all.open();
  await all.until('the new clock is applied', () =>
    all.driver.applied('lisbon', NTP)?.includes('192.0.2.8'),
  );
  expect(await all.read(ALL)).toContain('motd: Closed');
  const { body } = await all.service.proposal('lisbon');
  expect(body).toContain('Holidays');
  expect(body).toContain('nadia');
  expect(await all.service.store.drifts.open('lisbon')).toHaveLength(1);
});

test('a history that is damaged is moved away with the database: the files stay', async () => {
  const all = await AgentWorld.start();
  await all.enrol();
  await all.open();
  await all.synced();
  await all.close();
  const objects = join(all.data, 'sites.git/objects');
  for (const one of await readdir(objects, { recursive: true, withFileTypes: true })) {
    if (!one.isFile()) continue;
    const file = join(one.parentPath, one.name);
    await chmod(file, 0o600);
    await truncate(file, 10);
  }
  await all.edit(ALL, 'motd: Welcome', 'motd: Closed');
  expect(await troubled(all)).toMatch(/git .*(?:found no|corrupt|bad|not a valid|loose object)/s);
  await all.close();
  await moveAway(all, 'agent.sqlite', 'sites.git');
  await all.open();
  const { body } = await all.service.proposal('lisbon');
  expect(body).toContain('motd at lisbon: Welcome → Closed');
  expect(await all.read(ALL)).toContain('motd: Closed');
  await git(join(all.data, 'sites.git'), 'fsck', '--strict');
});

test.each([
  [
    'identity.json',
    '{"si',
    /identity\.json is damaged: move it away, and do `trueup agent enroll`/,
  ],
  ['key', '-----BEGIN', /the key .*key cannot be used/],
])(
  '%s that is damaged (%j) is moved away, and the site enrolled anew',
  async (file, text, told) => {
    const all = await AgentWorld.start();
    await all.enrol();
    await all.open();
    await all.synced();
    await all.close();
    await writeFile(join(all.data, file), text);
    await all.edit(ALL, 'motd: Welcome', 'motd: Closed');
    expect(await troubled(all)).toMatch(told);
    await all.close();
    await moveAway(all, file);
    await all.enrol();
    await all.open();
    expect((await all.service.proposal('lisbon')).body).toContain('Welcome → Closed');
    await all.until('all of it is told', async () => (await all.agent!.view()).owed === 0);
    expect((await all.agent!.view()).troubles).toEqual([]);
  },
);

test('the keys that it believes are damaged: it says so, and goes on once they are replaced', async () => {
  const all = await AgentWorld.start();
  await all.enrol();
  await all.open();
  await all.synced();
  const keys = join(all.data, 'allowed_signers');
  const before = await readFile(keys, 'utf8');
  await writeFile(keys, before.slice(0, 40));
  await all.planClock('192.0.2.7');
  await all.until('it is told', async () =>
    (await all.agent!.view()).troubles.some((one) => one.includes('allowed_signers:1: ')),
  );
  await writeFile(keys, before);
  await all.synced();
  expect(await all.read(NTP)).toContain('192.0.2.7');
});

test('the power fails while a tree is written: it is completed, and nothing of that is an edit', async () => {
  const all = await AgentWorld.start();
  await all.enrol();
  await all.open();
  await all.synced();
  const [clock, before] = [
    await all.read(NTP),
    (await all.agent!.store.sites.get('lisbon'))!.observedCommit,
  ];
  await all.planClock('192.0.2.7');
  await all.synced();
  await all.edit(ALL, 'motd: Welcome', 'motd: Closed');
  await all.service.proposal('lisbon');
  // As it stands after the first half: what is to be written is known, one file is as it was before, one half written.
  await all.agent!.store.sites.update('lisbon', { writingFrom: before });
  await all.close();
  await writeFile(join(all.tree, NTP), clock);
  const writing = join(all.tree, '../writing');
  await mkdir(writing);
  await writeFile(join(writing, 'half'), 'server 192');
  await all.open();
  await all.until('the tree is whole', async () => (await all.read(NTP)).includes('192.0.2.7'));
  expect((await all.agent!.view()).edited).toEqual([ALL]);
  await all.until('nothing half done is left', async () =>
    (await readdir(join(all.tree, '..'))).every((name) => name === 'tree'),
  );
  expect(await all.service.store.drifts.open('lisbon')).toHaveLength(1);
});

/** What an agent says that cannot do all of its work: at its start, or in its status. */
async function troubled(all: AgentWorld): Promise<string> {
  return all
    .open()
    .then((agent) => all.until('it is told', async () => (await agent.view()).troubles[0]), String);
}

/** Puts files of the agent where it does not find them, with those beside them. */
async function moveAway({ data, world }: AgentWorld, ...names: string[]): Promise<void> {
  for (const file of await readdir(data)) {
    if (names.some((name) => file.startsWith(name)))
      await rename(join(data, file), join(world.root, `damaged-${file}`));
  }
}

/** Writes until nothing fits any more. */
async function fill(folder: string): Promise<string> {
  const file = join(folder, 'ballast');
  for (let size = 1 << 20; size >= 1;) {
    try {
      await writeFile(file, Buffer.alloc(size), { flag: 'a' });
    } catch (error) {
      if (errorCode(error) !== 'ENOSPC') throw error;
      size >>= 4;
    }
  }
  return file;
}

/** Whether a small file system of its own can be had here. */
/** Why no disk of its own can be had here; undefined: it can. */
function whyNoMount(): string | undefined {
  if (process.getuid?.() !== 0) return 'a disk of its own needs root, to be mounted';
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], {
      stdio: 'ignore',
    });
    return undefined;
  } catch (error) {
    return `a disk cannot be mounted here: ${messageOf(error)}`;
  }
}
