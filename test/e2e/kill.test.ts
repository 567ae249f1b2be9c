import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { seededRandom, seedOfRun } from '../support/random.ts';
import { lastLines, ServiceProcess } from '../support/service-process.ts';
import { eventually } from '../support/wait.ts';
import { makeHosts, pairPlan } from '../support/world-plan.ts';
import { expectSound, withStore } from '../support/world-state.ts';
import { type Stage, STAGES, Story } from '../support/world-story.ts';
import { World } from '../support/world.ts';

/** Law 12, for the whole thread: killed at any moment, on real Ansible and real git, everything ends as it must. */

/** Kills in each test. */
const KILLS = 4;
/** Of all moments a story can be killed from; with TRUEUP_KILLS set, every one. */
const FROM: readonly Stage[] =
  process.env['TRUEUP_KILLS'] === undefined
    ? ['start', 'edit', 'second edit']
    : ['start', 'commit', 'edit', 'merge', 'second edit'];
const TIMEOUT = 240_000;

const seed = seedOfRun();

let world: World;
let killer: Killer;

beforeAll(async () => {
  world = await World.create(pairPlan);
  await makeHosts(world);
  await world.keep();
});
afterAll(() => world.remove());
beforeEach(() => world.restore());
afterEach(() => killer.kill());

test.each(FROM)(
  `killed ${KILLS} times from the stage "%s" on, with seed ${seed}`,
  async (from) => {
    const story = new Story(world);
    killer = new Killer(world, story, seededRandom(`${seed} ${from}`));
    try {
      await Promise.all([story.play(), killer.run(from)]);
      await story.end();
      expect(await killer.end()).toBe(0);
    } catch (error) {
      const log = (await lastLines(world)).join('\n');
      throw new Error(`TRUEUP_SEED=${seed}, killed: ${killer.kills.join(', ')}\n${log}`, {
        cause: error,
      });
    }
    await expectSound(world);
    await expectTold(world);
  },
  TIMEOUT,
);

/** Keeps a controller running, but for the kills. */
class Killer {
  readonly kills: string[] = [];
  readonly #world: World;
  readonly #story: Story;
  readonly #random: () => number;
  #process: ServiceProcess | undefined;
  #over = false;

  constructor(world: World, story: Story, random: () => number) {
    this.#world = world;
    this.#story = story;
    this.#random = random;
  }

  async run(from: Stage): Promise<void> {
    await this.#start();
    await eventually(`the story is at "${from}"`, () => this.#reached(from), {
      patience: TIMEOUT,
    });
    while (this.kills.length < KILLS && !this.#over) {
      const process = this.#process!;
      // One in five comes while it starts, before it listens.
      if (this.#random() > 0.2) await process.listening;
      const delay = Math.round(this.#random() * 1500);
      await sleep(delay);
      const whom = this.#random() < 0.5 ? 'process' : 'group';
      this.kills.push(`${whom} after ${delay} ms at "${this.#story.stage}"`);
      await process.kill(whom);
      await this.#start();
    }
  }

  /** Ends the controller, if one runs; gives its exit code. */
  async end(): Promise<number | null> {
    this.#over = true;
    return (await this.#process?.stop()) ?? null;
  }

  /** Leaves none behind, whatever happened. */
  async kill(): Promise<void> {
    this.#over = true;
    await this.#process?.kill('group');
  }

  #reached(stage: Stage): boolean {
    return STAGES.indexOf(this.#story.stage) >= STAGES.indexOf(stage);
  }

  async #start(): Promise<void> {
    if (this.#over) return;
    const process = await ServiceProcess.start(this.#world);
    this.#process = process;
    void this.#follow(process);
  }

  async #follow(process: ServiceProcess): Promise<void> {
    try {
      this.#story.address = await process.listening;
    } catch {
      // It was killed before it listened; the next one tells its own.
    }
  }
}

/** What this story must have come to, beside what holds after any. */
async function expectTold(world: World): Promise<void> {
  await withStore(world, async (store) => {
    const proposals = await store.proposals.list({ limit: 10 });
    expect(proposals.map(({ site, state }) => `${site} ${state}`).toSorted()).toEqual([
      'lisbon merged',
      'porto closed',
    ]);
    expect(await store.drifts.list({ limit: 10 })).toHaveLength(2);
    expect(await store.pulls.list({ limit: 10 })).toHaveLength(2);
    const actions = (await store.audit.list(100)).map(({ action }) => action).toSorted();
    expect(actions).toEqual([
      'proposal.closed',
      'proposal.merged',
      'proposal.opened',
      'proposal.opened',
    ]);
  });
  const adopted = await world.bare('origin', 'log', '--format=%s', '-S', 'Back at noon', 'main');
  expect(adopted.split('\n')).toHaveLength(1);
  expect(
    (await world.bare('origin', 'grep', '-l', 'Back at noon', 'main')).split('\n'),
  ).toHaveLength(1);
  expect(await world.bare('origin', 'rev-list', '--count', '--merges', 'main')).toBe('1');
  expect(await world.bare('origin', 'grep', '192.0.2.9', 'main').catch(() => '')).toBe('');

  expect(await world.readSite('porto', 'base/files/ntp.conf')).toContain('192.0.2.2');
  const histories = await Promise.all(
    ['lisbon', 'porto'].map((site) =>
      world.bare('sites', 'log', '-p', '-m', `refs/sites/${site}/observed`),
    ),
  );
  expect(histories[0]!.includes('+motd: Back at noon')).toBe(true);
  expect(histories[1]!.includes('+server 192.0.2.9')).toBe(true);
  for (const [host, motd] of [
    ['lisbon', 'Back at noon\n'],
    ['porto', 'Welcome\n'],
  ] as const) {
    expect(await readFile(join(world.hosts, host, 'motd'), 'utf8')).toBe(motd);
    expect(await readFile(join(world.hosts, host, 'ntp.conf'), 'utf8')).toContain('192.0.2.2');
  }
}
