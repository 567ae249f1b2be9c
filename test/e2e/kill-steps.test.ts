import { afterEach, beforeEach, expect, test } from 'vitest';

import { seededRandom, seedOfRun } from '../support/random.ts';
import { lastLines, ServiceProcess } from '../support/service-process.ts';
import { pairPlan } from '../support/world-plan.ts';
import { expectSound, withStore } from '../support/world-state.ts';
import { Story } from '../support/world-story.ts';
import { World } from '../support/world.ts';

/** Law 12, step by step: killed just before or after something is made durable, everything ends as it must. */

/** The story takes about so many steps. */
const STEPS = 260;
/** Kills, spread over the story; TRUEUP_KILLS=260 takes every step. */
const KILLS = Number(process.env['TRUEUP_KILLS'] ?? 6);
const TIMEOUT = 240_000;

const seed = seedOfRun();
const random = seededRandom(`${seed}`);
/** At which step the first controller dies, and at which its successor does, if it lives that long. */
const points = Array.from({ length: KILLS }, (_, i): [number, number] => [
  Math.ceil(((i + random()) * STEPS) / KILLS),
  Math.ceil(random() * 60),
]);

let world: World;
let succession: Succession;

beforeEach(async () => {
  world = await World.create(pairPlan);
});
afterEach(async () => {
  await succession.kill();
  await world.remove();
});

test.each(points)(
  `killed at step %i, and at step %i of the next (seed ${seed})`,
  async (first, second) => {
    const story = new Story(world, { twoFiles: true });
    succession = new Succession(world, story, [first, second]);
    try {
      await Promise.race([story.play(), succession.fails]);
      await story.end();
      expect(await succession.end()).toBe(0);
    } catch (error) {
      const log = (await lastLines(world)).join('\n');
      throw new Error(`killed at steps ${first} and ${second}\n${log}`, { cause: error });
    }
    await expectSound(world);
    await expectTold(world);
  },
  TIMEOUT,
);

/** Controllers, each started when the one before has died; the last one lives. */
class Succession {
  /** Rejects if one ends otherwise. */
  readonly fails: Promise<never>;
  readonly #world: World;
  readonly #story: Story;
  #current: ServiceProcess | undefined;
  #over = false;

  constructor(world: World, story: Story, deaths: readonly number[]) {
    this.#world = world;
    this.#story = story;
    this.fails = this.#run(deaths);
    this.fails.catch(() => undefined);
  }

  /** Ends the one that lives; gives its exit code. */
  async end(): Promise<number | null> {
    this.#over = true;
    return (await this.#current?.stop()) ?? null;
  }

  /** Leaves none behind, whatever happened. */
  async kill(): Promise<void> {
    this.#over = true;
    await this.#current?.kill('group');
  }

  async #run(deaths: readonly number[]): Promise<never> {
    for (const dieAt of [...deaths, 0]) {
      const service = await ServiceProcess.start(this.#world, { dieAt });
      this.#current = service;
      if (this.#over) await service.kill('group');
      void this.#follow(service);
      await service.gone();
      if (this.#over) break;
    }
    throw new Error('the last controller ended');
  }

  async #follow(service: ServiceProcess): Promise<void> {
    try {
      this.#story.address = await service.listening;
    } catch {
      // It died before it listened; the next one tells its own.
    }
  }
}

async function expectTold(world: World): Promise<void> {
  await withStore(world, async (store) => {
    const proposals = await store.proposals.list({ limit: 10 });
    expect(proposals.map(({ site, state }) => `${site} ${state}`)).toEqual(
      expect.arrayContaining(['lisbon merged', 'porto closed']),
    );
  });
  expect(await world.bare('origin', 'rev-list', '--count', '--merges', 'main')).toBe('1');
}
