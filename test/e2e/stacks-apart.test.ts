import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { Tagged } from '../../src/plan/yaml/node.ts';
import { parseYaml } from '../../src/plan/yaml/parse.ts';
import { nodeAt, toValue } from '../../src/plan/yaml/value.ts';
import { GATHERED, GatheringDriver } from '../support/gathering-driver.ts';
import { TestService } from '../support/service.ts';
import { stacksPlan, VAULT_TEXT } from '../support/stacks-plan.ts';
import { World } from '../support/world.ts';

let world: World;
let service: TestService;
let driver: GatheringDriver;
beforeEach(async () => {
  world = await World.create(stacksPlan);
  driver = new GatheringDriver();
  service = await TestService.start(world, { driver });
  await service.synced();
});
afterEach(async () => {
  await service.stop();
  await world.remove();
});

const desired = (site: string) => `refs/sites/${site}/desired`;

function status(site: string): Promise<string> {
  const main = join(import.meta.dirname, '../../src/cli/main.ts');
  const env = {
    ...process.env,
    NO_COLOR: '1',
    TRUEUP_SERVER: service.url,
    TRUEUP_TOKEN: service.service.token.reveal(),
  };
  return promisify(execFile)(process.execPath, [main, 'status', site], { env }).then(
    ({ stdout }) => stdout,
  );
}

function again(site: string): Promise<unknown> {
  return service.api('POST', `/sites/${site}/retry`);
}

test('what exports is applied first; others have what they import, and no byte more (law 10)', async () => {
  const order = driver.requests.map(({ site }) => site);
  for (const site of ['lisbon-07', 'porto-01'])
    expect(order.indexOf('madrid-01')).toBeLessThan(order.indexOf(site));
  expect(
    await world.bare('sites', 'show', `${desired('lisbon-07')}:compute/files/agent.conf`),
  ).toBe('api=192.0.2.10:6443\nCA of madrid-01 in madrid');
  // Every object that a bundle of the site could hold, its own history and all.
  const listed = await world.bare('sites', 'rev-list', '--objects', desired('lisbon-07'));
  const ids = listed.split('\n').map((line) => line.split(' ')[0]!);
  expect(ids.length).toBeGreaterThan(8);
  for (const id of ids) {
    const type = await world.bare('sites', 'cat-file', '-t', id);
    const content = await world.bare('sites', 'cat-file', type === 'tree' ? '-p' : type, id);
    for (const other of ['never-imported', 'unwanted', 'region_name', 'porto', 'faro'])
      expect(content.includes(other)).toBe(false);
  }
  // What came vaulted stays as it came.
  const imports = await world.bare('sites', 'show', `${desired('lisbon-07')}:.trueup/imports.yml`);
  const { root } = parseYaml('imports.yml', imports).document!;
  const token = toValue(nodeAt(root, ['imports', 'control', 'token'])!);
  expect(token).toEqual(new Tagged('!vault', VAULT_TEXT));
});

test('a value that changed reaches those that import it, and nobody else', async () => {
  const before = await service.store.sites.list({ limit: 10 });
  const runs = driver.requests.length;
  driver.values = { ...GATHERED, api_vip: '192.0.2.11', unwanted: 'another' };
  await again('madrid-01');
  await service.until('lisbon and porto have it', () =>
    ['lisbon-07', 'porto-01'].every((site) =>
      driver.applied(site, 'compute/files/agent.conf')?.startsWith('api=192.0.2.11:'),
    ),
  );
  await service.synced();
  const later = driver.requests.slice(runs).map(({ site }) => site);
  expect(later.toSorted()).toEqual(['lisbon-07', 'madrid-01', 'porto-01']);
  for (const { name, generation } of before) {
    const moved = ['lisbon-07', 'porto-01'].includes(name) ? 1 : 0;
    expect([name, (await service.site(name)).generation]).toEqual([name, generation + moved]);
  }
});

test('imports that are stale show as such, and why', async () => {
  const stale = async (site: string) =>
    (await service.api('GET', `/sites/${site}`)).body.imports[0]?.stale;
  expect(await stale('lisbon-07')).toBeNull();
  driver.values = { ...GATHERED, api_vip: 'no address' };
  await again('madrid-01');
  await service.until('it is stale', async () => (await stale('lisbon-07')) !== null);
  expect(await stale('lisbon-07')).toMatch(/^api_vip: it must match pattern/);
  const told = await status('lisbon-07');
  expect(told).toContain('imports  madrid-01/control: api_vip, token');
  expect(told).toMatch(/stale: api_vip: it must match pattern/);
  const metrics = await service.until('it is counted', async () => {
    const response = await fetch(`${service.url}/metrics`);
    const text = await response.text();
    return /^trueup_stale_imports\{reason="value"\} 2$/m.test(text) && text;
  });
  expect(metrics).toMatch(/^trueup_stale_imports\{reason="failed"\} 0$/m);
  // What it has stays; and mended, it is stale no more.
  expect((await service.site('lisbon-07')).state).toBe('synced');
  driver.values = GATHERED;
  await again('madrid-01');
  await service.until('it is mended', async () => (await stale('lisbon-07')) === null);
});

test('a circle keeps a revision out, and is named where it begins', async () => {
  const revision = await world.commit('Go round', {
    'sites/madrid-01.yaml': `${stacksPlan['sites/madrid-01.yaml']!.replace('[control]', '[control, compute]')}imports: { alone: lisbon-07 }\n`,
    'sites/lisbon-07.yaml': stacksPlan['sites/lisbon-07.yaml']!.replace(
      '[compute]',
      '[compute, alone]',
    ),
  });
  service.look();
  await service.until('it is judged', () => service.store.revisions.get(revision));
  const { body } = await service.api('GET', '/status');
  expect(JSON.stringify(body.plan)).toContain(
    'sites import from each other in a circle: lisbon-07 → madrid-01 (control) → lisbon-07 (alone)',
  );
  expect(JSON.stringify(body.plan)).toMatch(/"sites\/lisbon-07\.yaml[:"]/);
  expect(body.plan.goodRevision).not.toBe(revision);
});
