import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';

import { Client } from '../../src/cli/client.ts';
import { pageOf, Proposal, ProposalDetail, Status } from '../../src/server/wire.ts';
import { seededRandom, seedOfRun } from '../support/random.ts';
import { lastLines, ServiceProcess, TOKEN } from '../support/service-process.ts';
import { eventually } from '../support/wait.ts';
import { editAll, regionPlan, SOUTH, WEST } from '../support/world-fleet.ts';
import { makeHosts } from '../support/world-plan.ts';
import { expectSound, withStore } from '../support/world-state.ts';
import { World } from '../support/world.ts';

/** Laws 7 and 12, for one edit at many sites: killed at any moment, it comes to one pull request and one decision. */

const KILLS = 4;
const TIMEOUT = 240_000;
const seed = seedOfRun();

let world: World;
let running: ServiceProcess;

beforeEach(async () => {
  world = await World.create(regionPlan);
  await makeHosts(world, [...SOUTH, ...WEST]);
});
afterEach(async () => {
  await running.kill('group');
  await world.remove();
});

/** Kills the controller at random moments, and starts it anew each time. */
async function killAndRestart(random: () => number): Promise<void> {
  for (let kills = 0; kills < KILLS; kills += 1) {
    if (random() > 0.2) await running.listening;
    await sleep(Math.round(random() * 2000));
    await running.kill(random() < 0.5 ? 'process' : 'group');
    running = await ServiceProcess.start(world);
  }
}

async function until(what: string, look: (client: Client) => Promise<boolean>): Promise<void> {
  await eventually(what, async () => look(new Client(await running.listening, TOKEN)), {
    patience: TIMEOUT / 2,
  });
}

async function synced(client: Client): Promise<boolean> {
  const { sites } = await client.get('/status', Status);
  return sites.total === 6 && sites.byState.synced === 6;
}

async function explainsAll(client: Client): Promise<boolean> {
  const { items } = await client.get('/proposals?state=open', pageOf('Page', Proposal));
  return items[0]?.sites.join() === [...SOUTH].toSorted().join();
}

test(
  `killed ${KILLS} times while sites join a proposal, with seed ${seed}`,
  async () => {
    running = await ServiceProcess.start(world);
    await until('everything is applied', synced);
    try {
      await Promise.all([
        killAndRestart(seededRandom(String(seed))),
        editAll(world, SOUTH, 'group_vars/all.yml', 'motd: Welcome', 'motd: Hello'),
      ]);
      await until('one proposal explains them all', explainsAll);
      const random = seededRandom(`${seed} merge`);
      await Promise.all([
        killAndRestart(random),
        until('it is merged', async (client) => {
          const { items } = await client.get('/proposals', pageOf('Page', Proposal));
          const { id, state, commit } = items[0]!;
          if (state === 'open') {
            const row = await client.get(`/proposals/${id}`, ProposalDetail);
            if (row.sites.length === SOUTH.length)
              await client.post(`/proposals/${id}/merge`, z.unknown(), { commit });
          }
          return state === 'merged';
        }),
      ]);
      await until('the merge is applied', synced);
      expect(await running.stop()).toBe(0);
    } catch (error) {
      const log = (await lastLines(world)).join('\n');
      throw new Error(`TRUEUP_SEED=${seed}\n${log}`, { cause: error });
    }
    await expectSound(world);
    await withStore(world, async (store) => {
      const proposals = await store.proposals.list({ limit: 10 });
      expect(proposals.map(({ state }) => state)).toEqual(['merged']);
      expect(await store.pulls.list({ limit: 10 })).toHaveLength(1);
      const drifts = await store.drifts.list({ limit: 10 });
      expect(drifts.map(({ status }) => status)).toEqual(SOUTH.map(() => 'adopted'));
    });
    expect(await world.bare('origin', 'rev-list', '--count', '--merges', 'main')).toBe('1');
    expect(await world.planFile('layers/region/south.yaml')).toContain('motd: Hello');
  },
  TIMEOUT,
);
