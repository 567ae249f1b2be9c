import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, expect, onTestFinished, test } from 'vitest';

import { Agent } from '../../src/agent/agent.ts';
import { initAgent } from '../../src/agent/enrol.ts';
import { loadAgentSettings } from '../../src/agent/settings.ts';
import { allowedKey } from '../../src/bundle/allowed-keys.ts';
import { intakeDesired } from '../../src/bundle/desired.ts';
import { type BundleFault, InvalidBundle } from '../../src/bundle/invalid-bundle.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { badBundles } from '../support/bad-bundles.ts';
import { BundleWorld, DAY, NOW } from '../support/bundles.ts';
import { removableFolder } from '../support/git.ts';
import { FakeDriver } from '../support/service.ts';
import { folderState, repositoryState } from '../support/snapshot.ts';

const { folder, remove } = await removableFolder();
const world = await BundleWorld.create(folder);
const first = await world.desire('lisbon', 1);
const second = await world.desire('lisbon', 2, { parents: [first], changed: 'once more' });
const { good, bad } = badBundles(world, { first, second });

afterAll(async () => {
  await world.close();
  await remove();
});

test.each(bad)('a bundle $what is refused and changes nothing', async (of) => {
  const { reason, words, intake = {} } = of;
  const file = await of.file();
  const before = await stateOf();
  const error = await intakeDesired({
    repository: world.site.repository,
    site: 'lisbon',
    file,
    trusted: world.trusted,
    generation: 0,
    now: NOW,
    ...intake,
    ...(intake.trusted && {
      trusted: [allowedKey('trueup', world.signer.publicKey, { validBefore: NOW - 10 * DAY })],
    }),
  }).catch((caught: unknown) => caught);
  if (!(error instanceof InvalidBundle)) throw new Error('it was not refused', { cause: error });
  const { reason: code, message } = error;
  expect({ code, message }).toEqual({ code: reason, message: expect.stringMatching(words) });
  expect(message).toMatch(/^the bundle is refused: /);
  expect(await stateOf()).toEqual(before);
});

/** Every byte of the site's store, and what git says is in it. */
async function stateOf() {
  const { directory } = world.site.repository;
  return { files: await folderState(directory), ...(await repositoryState(directory)) };
}

test('an agent refuses each with the same reason: its row, copy and history stay as they are', async () => {
  const data = world.path('agent');
  const trust = `trueup namespaces="git" ${world.signer.publicKey}\n`;
  await initAgent({ data, site: 'lisbon', trust });
  const settings = await loadAgentSettings();
  settings.apply.policy = 'manual';
  const agent = await Agent.open({
    data,
    settings,
    version: '1.2.3',
    driver: new FakeDriver(),
    standBy: { begin: async () => undefined, end: async () => undefined },
    log: createLogger({ level: 'silent', format: 'json' }),
    now: () => NOW,
  });
  onTestFinished(() => agent.stop());
  // Of another line: bundles that build on the first commit lack it here as well.
  const own = await world.desire('lisbon', 1, { changed: 'at the agent' });
  expect(await agent.import(await good('own', { commit: own }))).toBe(true);
  await agent.work.handle('lisbon');
  await writeFile(join(data, 'copy/lisbon/tree/group_vars/all.yml'), 'word: not recorded yet\n');

  const state = async () => ({
    row: await agent.store.sites.get('lisbon'),
    runs: await agent.store.runs.list({ site: 'lisbon', limit: 10 }),
    guard: await agent.store.memory.get('guard'),
    newest: await agent.store.memory.get('newestTime'),
    copy: await folderState(join(data, 'copy')),
    transfer: await folderState(join(data, 'transfer')),
    history: await repositoryState(join(data, 'sites.git')),
  });
  const refused = async (file: string): Promise<unknown> => {
    const before = await state();
    expect(before).toMatchObject({ row: { observedCommit: own } });
    const error = await agent.import(file).catch((caught: unknown) => caught);
    expect(await state()).toEqual(before);
    return error instanceof InvalidBundle ? error.reason : error;
  };
  for (const { what, reason, file } of bad.filter(({ intake }) => !intake))
    expect([what, await refused(await file())]).toEqual([what, reason]);

  // What is good is taken in after all of that, and from then on what is older is not.
  expect(await agent.import(await good('newer'))).toBe(true);
  await agent.work.handle('lisbon');
  const newer = (await state()).row!;
  expect(newer).toMatchObject({ desiredCommit: second, generation: 2 });
  const replayed = await good('replay', { commit: first });
  const error = await agent.import(replayed).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ reason: 'older' });
  expect((await state()).row).toEqual(newer);
});

/** Bundles that broke others, each with what refuses it here. */
const FIELD: Record<string, [row: string, reason: BundleFault][]> = {
  'wrong key': [
    ['signed by another key', 'untrusted-key'],
    ['with a commit that another key signed', 'untrusted-key'],
    ['with an unsigned commit', 'unsigned'],
  ],
  'other site': [
    ['for another site', 'other-site'],
    ["with another site's commit under this site's name", 'other-site'],
  ],
  'replayed older generation': [['of an earlier generation', 'older']],
  expired: [['expired', 'expired']],
  truncated: [
    ['cut off', 'truncated'],
    ['cut off in its header', 'truncated'],
  ],
  'bit-flipped': [
    ['with one bit turned', 'corrupt'],
    ['with one bit turned and its checksum made right', 'corrupt'],
  ],
  'objects of another site': [['with objects of another site', 'foreign-objects']],
  'a ref outside its own': [['with a ref outside its own', 'foreign-ref']],
  symlinks: [['with a symbolic link', 'bad-tree']],
  'submodules, gitlinks': [['with a submodule', 'bad-tree']],
  'odd modes': [['with a device', 'fsck']],
  '../': [['that fsck finds malformed', 'fsck']],
  'absolute paths': [['with an absolute path', 'fsck']],
  '.git': [['with a repository within', 'fsck']],
  'leading -': [['with a name that options begin with', 'bad-tree']],
  'leading ~': [['with a name that a shell makes a home of', 'bad-tree']],
  'markup and control characters': [['with a name that paints a terminal', 'bad-tree']],
  'huge files': [
    ['too large', 'too-large'],
    ['too large when unpacked', 'too-large'],
    ['with an endless header', 'too-large'],
  ],
};

test.each(Object.entries(FIELD))('what broke others is refused here: %s', (_what, rows) => {
  for (const [row, reason] of rows)
    expect(bad.filter(({ what }) => what === row)).toMatchObject([{ reason }]);
});
