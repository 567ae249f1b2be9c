import { afterEach, beforeEach, expect, test } from 'vitest';

import { seededRandom } from '../support/random.ts';
import { lastLines, ServiceProcess } from '../support/service-process.ts';
import { pairPlan } from '../support/world-plan.ts';
import { expectSound, withStore } from '../support/world-state.ts';
import { Story } from '../support/world-story.ts';
import { World } from '../support/world.ts';

/** Law 12, step by step: killed just before or after something is made durable, everything ends as it must. */

/** The story takes about so many steps. */
const STEPS = 260;
/** Kills, spread over the story; TRUEUP_KILLS=260 takes every step. */
const KILLS = Number(process.env['TRUEUP_KILLS'] ?? 8);
const TIMEOUT = 120_000;

const seed = Number(process.env['TRUEUP_SEED'] ?? Date.now() % 1_000_000);
const random = seededRandom(`${seed}`);
const points = Array.from({ length: KILLS }, (_, i) => Math.ceil(((i + random()) * STEPS) / KILLS));

let world: World;

beforeEach(async () => {
  world = await World.create(pairPlan);
});
afterEach(() => world.remove());

test.each(points)(
  `killed at step %i (seed ${seed})`,
  async (point) => {
    const story = new Story(world, { twoFiles: true });
    let service = await ServiceProcess.start(world, { dieAt: point });
    const follow = async (): Promise<void> => {
      story.address = await service.listening;
    };
    const restart = async (): Promise<void> => {
      await follow().catch(() => undefined);
      await service.gone();
      service = await ServiceProcess.start(world, { dieAt: 0 });
      await follow();
    };
    const played = story.play();
    const restarted = restart();
    try {
      await Promise.race([played, restarted.then(() => played)]);
      await story.end();
      expect(await service.stop()).toBe(0);
      await restarted.catch(() => undefined);
      await expectSound(world);
      await expectTold(world);
    } catch (error) {
      const log = (await lastLines(world)).join('\n');
      throw new Error(`killed at step ${point}\n${log}`, { cause: error });
    } finally {
      await service.stop();
    }
  },
  TIMEOUT,
);

async function expectTold(world: World): Promise<void> {
  await withStore(world, async (store) => {
    const proposals = await store.proposals.list({ limit: 10 });
    expect(proposals.map(({ site, state }) => `${site} ${state}`)).toEqual(
      expect.arrayContaining(['lisbon merged', 'porto closed']),
    );
  });
  expect(await world.bare('origin', 'rev-list', '--count', '--merges', 'main')).toBe('1');
}
