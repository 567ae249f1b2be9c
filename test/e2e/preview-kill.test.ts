import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, expect, test } from 'vitest';

import { badGateway } from '../support/github/faults.ts';
import { PreviewWorld } from '../support/previews.ts';
import { site } from '../support/world-plan.ts';

const MORTAL = fileURLToPath(new URL('../support/mortal-service.ts', import.meta.url));

let previews: PreviewWorld | undefined;
afterEach(() => previews?.close());

/** Runs a controller that kills itself at a step; resolves when it is gone, or has done all there was to do. */
async function live(file: string, step: number, done: () => boolean): Promise<'killed' | 'done'> {
  const child = spawn(process.execPath, [MORTAL, file, String(step)], { stdio: 'ignore' });
  const gone = once(child, 'exit');
  const timer = setInterval(() => done() && child.kill('SIGTERM'), 50);
  const [, signal] = await gone;
  clearInterval(timer);
  return signal === 'SIGKILL' ? 'killed' : 'done';
}

test('Nothing lost: killed at any moment, a pull request has exactly one comment', async () => {
  previews = await PreviewWorld.create();
  const { github } = previews;
  await previews.service.stop();
  const file = join(previews.world.root, 'trueup.json');
  const settings = {
    ...previews.settings(),
    dataDir: previews.world.data,
    server: { port: 0 },
    log: { level: 'silent' },
  };
  await writeFile(file, JSON.stringify(settings));
  const { number, head } = await previews.open('clock', {
    'sites/porto.yaml': site('porto', { clock: '192.0.2.40' }),
  });
  const told = (): boolean => previews!.status(head) !== undefined;
  let killed = 0;
  // The steps of the start, and those on which the preview is stored and told.
  for (const step of [16, 28, 36, 42, 48]) {
    if ((await live(file, step, told)) === 'done') break;
    killed += 1;
  }
  await live(file, Infinity, told);
  expect(killed).toBeGreaterThan(0);
  expect(previews.comments(number)).toHaveLength(1);
  await previews.start();
  await previews.previewed(number, head);
  expect(previews.comments(number)).toHaveLength(1);
  expect(github.statuses.filter(({ commit }) => commit === head)).toHaveLength(1);
});

test('Level-triggered: a word on a broken commit that the forge lost is said again, once', async () => {
  previews = await PreviewWorld.create();
  const { github, world, service } = previews;
  github.fail(badGateway(), { on: /^POST .*\/statuses\//, times: 3 });
  const broken = await world.commit('Break it', { 'sites/faro.yaml': 'kind: Nothing\n' });
  service.look();
  await service.until('it is judged', async () => {
    return (await service.store.plan.get()).invalidRevision === broken;
  });
  await service.stop();
  await previews.start();
  await previews.service.until('it is told', () => previews!.status(broken)?.state === 'failure');
  previews.service.look();
  await world.commit('Mend it', { 'sites/faro.yaml': site('faro') });
  await previews.service.synced();
  expect(github.statuses.filter(({ commit }) => commit === broken)).toHaveLength(1);
});
