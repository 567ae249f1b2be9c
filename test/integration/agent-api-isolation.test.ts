import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { agentDirectory, readIdentity } from '../../src/agent/data-directory.ts';
import { enrolAgent } from '../../src/agent/enrol.ts';
import { Problem } from '../../src/server/wire.ts';
import { startAgentSites } from '../support/agent-sites.ts';
import { AgentWorld, NTP } from '../support/agent-world.ts';
import { vaulted } from '../support/ansible.ts';
import { site } from '../support/world-plan.ts';

const Document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({}))),
});

const SECRET = 'only-lisbon-knows';
const ADDRESS = '198.51.100.77';
/** Where no token is looked at: told of no site. */
const OPEN = ['/healthz', '/readyz'];

/** A site with things of its own that nobody else must see. */
function tellingSite(vault: string): string {
  return `apiVersion: trueup/v1
kind: Site
labels: { region: south }
delivery: agent
stacks: [base]
hosts: { lisbon: { ansible_connection: local, ansible_host: ${ADDRESS} } }
params:
  motd: ${SECRET}
  door_code: ${vault.replaceAll('\n', '\n  ')}
`;
}

/**
 * Two sites with real agents and bundles. Lisbon has a parameter, a host and a vault of its own, and sends an edit and
 * a run back; porto's token is used to look for them.
 */
async function startTelling() {
  const vault = vaulted('1234', 'a password');
  const all = await AgentWorld.start((files) => ({
    ...files,
    'sites/lisbon.yaml': tellingSite(vault),
    'sites/porto.yaml': site('porto').replace('stacks:', 'delivery: agent\nstacks:'),
  }));
  const { service, world } = all;
  await all.enrol();
  await all.open();
  await all.synced();
  await all.say(NTP, 'iburst', SECRET, { words: 'As only we know', author: 'nadia' });
  const proposal = await service.proposal('lisbon');
  const row = await all.until('all of it is at the centre', async () => {
    const { observedCommit, desiredCommit } = await service.site('lisbon');
    return observedCommit !== desiredCommit && (await service.site('lisbon'));
  });
  const [run] = await service.store.runs.list({ site: 'lisbon', limit: 1 });
  const data = join(world.root, 'spy');
  const { body } = await service.api('POST', '/sites/porto/enrollment', {});
  await enrolAgent({ data, server: service.url, code: body.code, version: '1.2.3' });
  const { token = '' } = (await readIdentity(agentDirectory(data)))!;
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${service.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    });
  const key = (await readFile(join(all.data, 'key.pub'), 'utf8')).split(' ')[1]!;
  const telling = [
    'lisbon',
    SECRET,
    ADDRESS,
    'nadia',
    'door_code',
    // Of the vault each line, but not how all vaults begin, nor a last one that may be but a few digits.
    ...vault
      .split('\n')
      .slice(2)
      .map((line) => line.trim())
      .filter(({ length }) => length > 16),
    key,
    run!.id,
    proposal.id,
    proposal.fingerprint,
    row.desiredCommit!,
    row.observedCommit!,
    row.desiredDigest!,
    row.observedDigest!,
  ];
  const found: string[] = [];
  /** @param told what came, as bytes or as text of one byte a character */
  const look = (where: string, told: Buffer | string): void => {
    const text = typeof told === 'string' ? told : told.toString('latin1');
    for (const word of telling) if (text.includes(word)) found.push(`${where} tells ${word}`);
  };
  return { all, service, world, ask, row, proposal, run: run!, telling, found, look };
}

type Telling = Awaited<ReturnType<typeof startTelling>>;

test('the token and the bundle of a site reveal nothing of another site', async () => {
  const telling = await startTelling();
  await lookAtAnswers(telling);
  await lookAtBundle(telling);
  expect(telling.found.filter((one) => !one.startsWith('own '))).toEqual([]);
  await lookAtAgent(telling);
});

/** Asks everything that can be asked, with the token of the other site. */
async function lookAtAnswers({ service, ask, found, look, proposal, run }: Telling): Promise<void> {
  const { body } = await service.api('GET', '/openapi.json');
  const { paths } = Document.parse(body);
  const seen = new Set<string>();
  for (const [path, operations] of Object.entries(paths)) {
    for (const method of [...Object.keys(operations), 'head', 'delete']) {
      for (const name of path.includes('{') ? ['lisbon', 'porto', 'nowhere'] : ['lisbon']) {
        const key = path.includes('proposals')
          ? proposal.id
          : path.includes('runs')
            ? run.id
            : name;
        // What is asked for is ours to know: an answer may name it, and so it is left out of what is looked at.
        const address = path.replace(/\{\w+\}/g, key);
        const response = await ask(address, {
          method: method.toUpperCase(),
          ...(method === 'post' && { body: '{}' }),
        });
        const text = Buffer.from(await response.arrayBuffer()).toString('latin1');
        const told = `${text}\n${[...response.headers].join('\n')}`.replaceAll(address, '');
        look(`${method} ${address}: ${response.status}`, told);
        if (response.ok) seen.add(path);
        if (OPEN.includes(path)) continue;
        // Whether there is such a site is not told either.
        if (name !== 'porto' && response.ok) found.push(`${method} ${address} is answered`);
      }
    }
  }
  expect([...seen].toSorted()).toEqual([
    '/api/v1/sites/{name}/bundle',
    '/api/v1/sites/{name}/nudge',
    '/api/v1/sites/{name}/signers',
    ...OPEN,
  ]);
  expect(found).toEqual([]);
  const status = async (name: string) => (await ask(`/api/v1/sites/${name}/nudge`)).status;
  expect([await status('lisbon'), await status('nowhere'), await status('p%6frto')]).toEqual([
    403, 403, 200,
  ]);
  // Metrics do tell of all sites: whoever is to read them has another token.
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toContain('trueup_site_info{site="lisbon"');
  expect((await ask('/metrics')).status).toBe(403);
}

/** Looks at every file and object that the agent of the first site has: nothing is there of the other site. */
async function lookAtAgent({ all, service }: Telling): Promise<void> {
  await all.close();
  const porto = await service.site('porto');
  const telling = ['porto', porto.desiredCommit!, porto.desiredDigest!];
  const files = await readdir(all.data, { recursive: true, withFileTypes: true });
  const held = new Map<string, Buffer>();
  for (const file of files.filter((entry) => entry.isFile()))
    held.set(file.name, await readFile(join(file.parentPath, file.name)));
  const { stdout } = await promisify(execFile)(
    'git',
    ['-C', join(all.data, 'sites.git'), 'cat-file', '--batch-all-objects', '--batch', '--buffer'],
    { encoding: 'buffer', maxBuffer: 2 ** 28 },
  );
  held.set('its objects', stdout);
  expect(stdout.includes(SECRET)).toBe(true);
  const found = [...held].flatMap(([where, bytes]) =>
    telling.filter((word) => bytes.includes(word)).map((word) => `${where} tells ${word}`),
  );
  expect(found).toEqual([]);
}

/** Looks at every byte of the other site's bundle, and at every object in it. */
async function lookAtBundle({
  all,
  service,
  world,
  ask,
  row,
  telling,
  found,
  look,
}: Telling): Promise<void> {
  const address = '/api/v1/sites/porto/bundle';
  const bytes = Buffer.from(await (await ask(address)).arrayBuffer());
  look('the bundle itself', bytes);
  const objects = await objectsOf(bytes, join(world.root, 'spy.git'));
  expect(objects.size).toBeGreaterThan(10);
  // Commits of another site are none to it: nothing is left out for them.
  const probing = await ask(`${address}?have=${row.desiredCommit!},${row.observedCommit!}`);
  const probed = Buffer.from(await probing.arrayBuffer());
  expect((await objectsOf(probed, join(world.root, 'probe.git'))).size).toBe(objects.size);
  for (const [id, content] of objects)
    look(`object ${id}`, Buffer.concat([Buffer.from(id), content]));
  expect(found).toEqual([]);

  // What there is, is no more than the site's desired commit leads to, and the tag.
  const { desiredCommit } = await service.site('porto');
  const reachable = await world.bare(
    'sites',
    'rev-list',
    '--objects',
    '--no-object-names',
    desiredCommit!,
  );
  const more = [...objects.keys()].filter((id) => !reachable.split('\n').includes(id));
  expect(more.map((id) => objects.get(id)!.toString().split('\n')[1])).toEqual(['type commit']);

  // The same look finds it all in the bundle of the site that it belongs to.
  const own = await service.api('GET', '/sites/lisbon');
  expect(own.status).toBe(200);
  const { token } = (await readIdentity(agentDirectory(all.data)))!;
  const theirs = await fetch(`${service.url}/api/v1/sites/lisbon/bundle`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const held = await objectsOf(
    Buffer.from(await theirs.arrayBuffer()),
    join(world.root, 'own.git'),
  );
  for (const content of held.values()) look('own', content);
  for (const word of ['lisbon', SECRET, ADDRESS, 'door_code', telling[5]!])
    expect(found).toContain(`own tells ${word}`);
}

/** Every object of a bundle's pack, by id, unpacked; those that nothing leads to as well. */
async function objectsOf(bundle: Buffer, directory: string): Promise<Map<string, Buffer>> {
  await promisify(execFile)('git', ['init', '-q', '--bare', directory]);
  const pack = join(directory, 'came.pack');
  await writeFile(pack, bundle.subarray(bundle.indexOf('\n\n') + 2));
  const run = (...args: string[]) =>
    promisify(execFile)('git', ['-C', directory, ...args], {
      encoding: 'buffer',
      maxBuffer: 2 ** 26,
    });
  await run('index-pack', '--strict', 'came.pack');
  const { stdout } = await run('verify-pack', '-v', 'came.idx');
  const lines = stdout.toString().matchAll(/^([0-9a-f]{40}) (commit|tree|blob|tag) /gm);
  const held = new Map<string, Buffer>();
  await mkdir(join(directory, 'objects/pack'), { recursive: true });
  for (const end of ['pack', 'idx'])
    await copyFile(
      join(directory, `came.${end}`),
      join(directory, `objects/pack/pack-${'0'.repeat(40)}.${end}`),
    );
  for (const [, id = '', type = ''] of lines)
    held.set(id, (await run('cat-file', type, id)).stdout);
  return held;
}

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

test('metrics can be closed to whoever has no token', async () => {
  const { service } = await startAgentSites({ config: { metrics: { access: 'token' } } });
  const ask = (headers: Record<string, string>) => fetch(`${service.url}/metrics`, { headers });
  const open = await ask({});
  expect([open.status, await open.text()]).toEqual([401, expect.not.stringContaining('lisbon')]);
  const { token } = await service.store.tokens.create('prometheus', 'viewer');
  const read = await ask({ authorization: `Bearer ${token}` });
  expect([read.status, await read.text()]).toEqual([
    200,
    expect.stringContaining('trueup_site_info{site="lisbon"'),
  ]);
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
