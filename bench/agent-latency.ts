import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { enrolAgent } from '../src/agent/enrol.ts';
import { Client } from '../src/cli/client.ts';
import { Enrollment } from '../src/server/wire-agents.ts';
import { pageOf, Run, Site } from '../src/server/wire.ts';
import { ansibleCommand } from '../test/support/ansible.ts';
import { lastLines, ServiceProcess, TOKEN } from '../test/support/service-process.ts';
import { eventually } from '../test/support/wait.ts';
import { makeHosts, pairPlan } from '../test/support/world-plan.ts';
import { World } from '../test/support/world.ts';

/**
 * From a commit of the plan until a connected agent has applied it and the centre has heard of it: a controller and an
 * agent as processes of their own, over HTTP, with real Ansible. Counted from when the revision is in force, since how
 * soon it is fetched is a matter of webhooks. Run: `npm run bench:agent-latency -- [commits]`.
 */
const COMMITS = Number(process.argv[2] ?? 10);
const MAIN = join(import.meta.dirname, '../src/cli/main.ts');

const world = await World.create((hosts) => {
  const files = pairPlan(hosts);
  const lisbon = 'sites/lisbon.yaml';
  return { ...files, [lisbon]: files[lisbon]!.replace('stacks:', 'delivery: agent\nstacks:') };
});
await makeHosts(world);
const service = await ServiceProcess.start(world);
const client = new Client(await service.listening, TOKEN);
const data = join(world.root, 'agent');
await eventually('the site is known', () => client.get('/sites/lisbon', Site));
const { code } = await client.post('/sites/lisbon/enrollment', Enrollment, {});
await enrolAgent({ data, server: await service.listening, code: code!, version: 'bench' });
const settings = join(world.root, 'agent.yaml');
await writeFile(settings, JSON.stringify({ apply: { ansiblePlaybook: await ansibleCommand() } }));
const agent = spawn(
  process.execPath,
  [MAIN, 'agent', 'run', '--data', data, '--config', settings],
  {
    stdio: 'ignore',
  },
);
try {
  await synced();
  const waits: number[] = [];
  const others: number[] = [];
  for (let n = 2; n < COMMITS + 2; n += 1) {
    const text = await world.planFile('layers/common.yaml');
    const clock = text.replace(/^clock: .*$/m, `clock: 192.0.2.${n}`);
    await world.commit(`The clock is ${n}`, { 'layers/common.yaml': `${clock}\n` });
    await synced();
    const now = Date.now();
    const lines = await lastLines(world, 400);
    const inForce = lines.findLast((line) =>
      line.includes('a new revision of the plan is in force'),
    );
    waits.push(now - Date.parse(JSON.parse(inForce!).time));
    const [run] = (await client.get('/sites/lisbon/runs?limit=1', pageOf('RunPage', Run))).items;
    others.push(waits.at(-1)! - (Date.parse(run!.endedAt!) - Date.parse(run!.startedAt)));
  }
  console.log(
    `${COMMITS} commits, from in force to applied and known at the centre: ${told(waits)}; ` +
      `without the apply, but with the two looks whether the hosts answer: ${told(others)}`,
  );
} finally {
  agent.kill('SIGTERM');
  await once(agent, 'exit');
  await service.stop();
  await world.remove();
}

async function synced(): Promise<void> {
  await eventually(
    'lisbon is in sync',
    async () => {
      const head = await world.bare('origin', 'rev-parse', 'main');
      const { state, applied } = await client.get('/sites/lisbon', Site);
      return state === 'synced' && applied?.revision === head;
    },
    { patience: 120_000 },
  );
}

function told(times: number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  return `median ${sorted[sorted.length >> 1]} ms, at most ${sorted.at(-1)} ms`;
}
