import { rm } from 'node:fs/promises';

import { seededRandom } from '../random.ts';
import { generate, shrink, type Step } from './generate.ts';
import { expectKept, expectProposals, expectSettled } from './laws.ts';
import { SITES } from './plan.ts';
import { ScheduleWorld, type Tally } from './world.ts';

/** Decisions lead to what is told, and that to no more decisions: so often it may still go round. */
const ROUNDS = 4;
/** Share of the schedules with two sites: the others are cheaper. */
const TOGETHER = 0.25;
/** Shorter schedules that are tried for one that fails. */
const TRIES = 16;

/** What came of many schedules. */
export interface Played {
  schedules: number;
  steps: number;
  seconds: number;
  tally: Tally;
  broken: Broken[];
}

/** A schedule in which a law did not hold: what is left of it without what is not needed. */
export class Broken extends Error {
  override name = 'Broken';

  constructor(seed: string, steps: readonly Step[], cause: unknown) {
    const what = steps.map((step) => JSON.stringify(step)).join('\n');
    super(`TRUEUP_SEED=${seed} breaks a law, with no more than\n${what}\n${String(cause)}`, {
      cause,
    });
  }
}

/**
 * Plays schedules, and holds each to the laws. The seed of the first is `seed`, that of the others follows from it.
 * Those that break one are told with a shorter schedule that breaks it as well. A signal ends it early.
 */
export async function playSchedules(
  count: number,
  seed: number,
  onPlayed: (played: number, broken?: Broken) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Played> {
  const began = performance.now();
  const tally: Tally = {};
  const broken: Broken[] = [];
  let [played, steps] = [0, 0];
  const prepared = await ScheduleWorld.prepare();
  try {
    for (let at = 0; at < count; at += 1) {
      if (signal?.aborted) break;
      const own = String(seed + at);
      const schedule = generate(own);
      steps += schedule.length;
      played += 1;
      try {
        const counts = await playOne(prepared, own, schedule);
        for (const [what, times] of Object.entries(counts))
          tally[what] = (tally[what] ?? 0) + times;
        onPlayed(played);
      } catch (error) {
        const told = new Broken(own, await shortened(prepared, own, schedule), error);
        broken.push(told);
        onPlayed(played, told);
      }
    }
  } finally {
    await rm(prepared, { recursive: true, force: true, maxRetries: 10 });
  }
  return { schedules: played, steps, seconds: (performance.now() - began) / 1000, tally, broken };
}

function shortened(
  prepared: string,
  seed: string,
  schedule: readonly Step[],
): Promise<readonly Step[]> {
  let tries = 0;
  return shrink(schedule, async (steps) => {
    tries += 1;
    if (tries > TRIES) return false;
    return playOne(prepared, seed, steps).then(
      () => false,
      () => true,
    );
  });
}

/** Plays one schedule to its end. Throws where a law does not hold. */
async function playOne(prepared: string, seed: string, steps: readonly Step[]): Promise<Tally> {
  const random = seededRandom(`${seed} end`);
  const bySticks = random() < 0.3;
  const world = await ScheduleWorld.copyOf(prepared, random() < TOGETHER ? SITES : [SITES[0]]);
  try {
    for (const step of steps) await world.play(step);
    await world.heal(bySticks);
    await expectProposals(world);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const site of world.names)
        for (const proposal of await world.proposals(site))
          await world.decideOne(site, proposal, random() < 0.5);
      await world.centre.settle();
      await world.heal(bySticks);
      if ((await world.undecided()) === 0) break;
    }
    // What came by sticks alone, nobody has told the site that it arrived.
    await world.heal(false);
    await expectSettled(world);
    await world.close();
    await expectKept(world);
    return world.tally;
  } finally {
    await world.remove();
  }
}
