import { expect, test } from 'vitest';
import { z } from 'zod';

import { Problem } from '../../src/server/wire.ts';
import { startAgentSites } from '../support/agent-sites.ts';
import { site } from '../support/world-plan.ts';

const Document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({}))),
});

const SECRET = 'only-porto-knows';
/** Where no token is needed, whatever one is sent: told of no site, or of all. */
const OPEN = ['/healthz', '/readyz', '/metrics'];

/** Two sites, of which porto has things of its own that lisbon must not see, and a way to look for them. */
async function startTelling() {
  const { enrol, service, world } = await startAgentSites();
  await world.commit('Give porto something of its own', {
    'sites/porto.yaml': site('porto', { motd: SECRET }).replace(
      'stacks:',
      'delivery: agent\nstacks:',
    ),
  });
  service.look();
  await service.until('porto has it', async () => (await service.site('porto')).generation === 2);
  const [lisbon, porto] = [await enrol('lisbon'), await enrol('porto')];
  await porto.pull();
  const edited = await porto.side.edit('base/files/ntp.conf', 'iburst', SECRET);
  await porto.push();
  const proposal = await service.proposal('porto');
  const row = await service.site('porto');
  const telling = [
    'porto',
    SECRET,
    edited,
    proposal.id,
    proposal.fingerprint,
    row.desiredCommit!,
    row.observedCommit!,
    row.desiredDigest!,
  ];
  const found: string[] = [];
  const look = (where: string, text: string): void => {
    for (const word of telling) if (text.includes(word)) found.push(`${where} tells ${word}`);
  };

  return { service, lisbon, row, edited, proposal, found, look };
}

test('the token of a site reveals nothing of another site, whatever it asks', async () => {
  const { service, lisbon, found, look, proposal } = await startTelling();
  const { body } = await service.api('GET', '/openapi.json');
  const { paths } = Document.parse(body);
  const seen = new Map<string, number>();
  for (const [path, operations] of Object.entries(paths)) {
    for (const method of [...Object.keys(operations), 'head', 'delete']) {
      for (const name of path.includes('{') ? ['porto', 'lisbon', 'nowhere'] : ['porto']) {
        const key = /proposals|runs/.test(path) ? proposal.id : name;
        // What is asked for is ours to know: an answer may name it, and so it is left out of what is looked at.
        const address = path.replace(/\{\w+\}/g, key);
        const response = await fetch(`${service.url}${address}`, {
          method: method.toUpperCase(),
          headers: { authorization: `Bearer ${lisbon.token}`, 'content-type': 'application/json' },
          ...(method === 'post' && { body: '{}' }),
        });
        const text = await response.text();
        if (OPEN.includes(path)) continue;
        const told = `${text}\n${[...response.headers].join('\n')}`.replaceAll(address, '');
        look(`${method} ${address}: ${response.status}`, told);
        if (response.ok) seen.set(path, (seen.get(path) ?? 0) + 1);
        // Whether there is such a site is not told either.
        if (name !== 'lisbon' && response.ok) found.push(`${method} ${address} is answered`);
      }
    }
  }
  expect([...seen.keys()].toSorted()).toEqual([
    '/api/v1/sites/{name}/bundle',
    '/api/v1/sites/{name}/nudge',
    '/api/v1/sites/{name}/signers',
  ]);
  expect(found).toEqual([]);
  const status = async (name: string) => (await lisbon.ask(`/sites/${name}/nudge`)).status;
  expect([await status('porto'), await status('nowhere'), await status('lis%62on')]).toEqual([
    403, 403, 200,
  ]);
});

test('the bundle of a site holds nothing of another site', async () => {
  const { lisbon, row, edited, found, look } = await startTelling();
  // Commits of another site are none to it: nothing is left out for them.
  const plain = await lisbon.fetchBundle();
  const probing = await lisbon.fetchBundle([row.desiredCommit!, edited]);
  expect((await probing.arrayBuffer()).byteLength).toBe((await plain.arrayBuffer()).byteLength);

  await lisbon.pull();
  const objects = (await lisbon.side.git('cat-file', '--batch-all-objects', '--batch-check')).split(
    '\n',
  );
  expect(objects.length).toBeGreaterThan(10);
  for (const object of objects) {
    const [id = '', type = ''] = object.split(' ');
    look(`object ${id}`, `${id}\n${await lisbon.side.git('cat-file', type, id)}`);
  }
  expect(found).toEqual([]);
});

test('what a site tells is taken for that site alone', async () => {
  const { enrol, service } = await startAgentSites();
  const [lisbon, porto] = [await enrol('lisbon'), await enrol('porto')];
  await lisbon.pull();
  await porto.pull();
  const foreign = await lisbon.send(new Uint8Array(await porto.side.bundle()));
  expect([foreign.status, Problem.parse(await foreign.json()).reason]).toEqual([422, 'wrong-site']);
  const other = await porto.ask('/sites/lisbon/bundle', {
    method: 'POST',
    body: new Uint8Array(await lisbon.side.bundle()),
  });
  expect(other.status).toBe(403);
  for (const name of ['lisbon', 'porto'])
    expect((await service.store.agents.get(name))?.lastSequence).toBe(0);
});

test('who asks too much waits, and keeps nobody else waiting', async () => {
  const { enrol } = await startAgentSites({ agentLimits: { perSecond: 1, burst: 3 } });
  const [lisbon, porto] = [await enrol('lisbon'), await enrol('porto')];
  const statuses = [];
  for (let asked = 0; asked < 5; asked += 1)
    statuses.push((await lisbon.ask('/sites/lisbon/nudge')).status);
  expect(statuses.slice(0, 3)).toEqual([200, 200, 200]);
  expect(statuses).toContain(429);
  expect((await porto.ask('/sites/porto/nudge')).status).toBe(200);
});
