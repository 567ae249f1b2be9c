import { execFile } from 'node:child_process';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { TestService } from '../support/service.ts';
import { pairPlan } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const ALL = 'group_vars/all.yml';

let world: World;
let service: TestService;

beforeEach(async () => {
  world = await World.create(pairPlan);
  service = await TestService.start(world, { config: { drift: { maxOpenProposals: 1 } } });
  await service.synced();
});
afterEach(async () => {
  await service.stop();
  await world.remove();
});

/** Runs `trueup proposals …` in a process of its own, with the operator's token. */
function proposals(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = {
    ...process.env,
    NO_COLOR: '1',
    TRUEUP_TOKEN: service.service.token.reveal(),
  };
  const argv = [MAIN, 'proposals', ...args, '--server', service.url];
  return new Promise((resolve) => {
    execFile(process.execPath, argv, { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

test('proposals are listed, shown, chosen otherwise and merged by commands', async () => {
  await world.edit('lisbon', ALL, 'motd: Welcome', 'motd: Hello');
  const { id, basis } = await service.proposal('lisbon');
  await world.edit('porto', ALL, 'clock: 192.0.2.1', 'clock: 192.0.2.7');
  await service.until('the second waits', async () => {
    return (await service.api('GET', '/waiting')).body.items[0]?.why;
  });

  const listed = await proposals();
  expect(listed.out).toContain('#1  open  motd at lisbon: Welcome → Hello');
  expect(listed.out).toMatch(/^waits {2}group_vars\/all\.yml at porto since .*maxOpenProposals/m);
  const [waits] = JSON.parse((await proposals('waiting', '--json')).out);
  expect(waits).toMatchObject({ sites: ['porto'], count: 1, paths: [ALL] });
  expect((await proposals('show', '1')).out).toContain('rendered again: matches byte for byte');

  expect(await proposals('choose', '1', '9')).toMatchObject({ code: 1, out: '' });
  expect((await proposals('choose', '1', 'two')).err).toContain('"two" is no option');
  const chosen = await proposals('choose', '1', '2');
  expect(chosen.out).toContain('chosen: motd in layers/common.yaml');
  await service.until('its branch has followed', async () => {
    const row = (await service.store.proposals.get(id))!;
    const pull = await service.store.pulls.get(row.number!);
    return row.basis !== basis && pull?.head === row.commit && pull.body === row.body;
  });
  expect(await proposals('merge', '1')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^merged/),
  });
  await service.ended(id, 'merged');
  expect(await world.planFile('layers/common.yaml')).toContain('motd: Hello');
  expect((await proposals('merge', '1')).err).toContain('merged already');

  // Now the one that waited has its turn, and goes back.
  const second = await service.proposal('porto');
  expect((await proposals('close', String(second.number))).out).toContain('porto goes back');
  await service.ended(second.id, 'closed');
  await service.synced();
  expect(await world.readSite('porto', ALL)).toContain('clock: 192.0.2.1');
});
