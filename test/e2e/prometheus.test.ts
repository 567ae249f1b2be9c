import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';

import { TestService } from '../support/service.ts';
import { needTool } from '../support/tools.ts';
import { eventually } from '../support/wait.ts';
import { pairPlan } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

const Answer = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: z.tuple([z.number(), z.string()]),
      }),
    ),
  }),
});

let world: World;
let service: TestService;

beforeEach(async () => {
  world = await World.create(pairPlan);
  service = await TestService.start(world);
  await service.synced();
});
afterEach(async () => {
  await service.stop();
  await world.remove();
});

test('promtool finds nothing to say about our metrics', async (context) => {
  const promtool = await needTool(context, 'promtool');
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  const child = spawn(promtool, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(metrics);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, said }).toEqual({ code: 0, said: '' });
});

test('a real Prometheus scrapes a running controller', async (context) => {
  const prometheus = await needTool(context, 'prometheus');
  const port = await freePort();
  const folder = join(world.root, 'prometheus');
  await mkdir(folder);
  const target = new URL(service.url).host;
  const config = `global: { scrape_interval: 1s }
scrape_configs: [{ job_name: trueup, static_configs: [{ targets: ["${target}"] }] }]
`;
  await writeFile(join(folder, 'prometheus.yml'), config);
  const child = spawn(
    prometheus,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  try {
    const query = async (text: string) => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(text)}`;
      return Answer.parse(await (await fetch(url)).json()).data.result;
    };
    await eventually('there were several scrapes', async () => {
      const [row] = await query('sum_over_time(up{job="trueup"}[1m])');
      return Number(row?.value[1]) >= 3;
    });
    const [synced] = await query('trueup_sites{state="synced"}');
    expect(synced?.value[1]).toBe('2');

    await world.edit('lisbon', 'group_vars/all.yml', 'motd: Welcome', 'motd: Hello');
    await service.proposal('lisbon');
    await eventually('Prometheus knows of the proposal', async () => {
      const [row] = await query('trueup_proposals{state="open"}');
      return row?.value[1] === '1';
    });
    const [drift] = await query('trueup_drift_open{kind="tree"}');
    expect(drift?.value[1]).toBe('1');
  } finally {
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('close', resolve));
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
