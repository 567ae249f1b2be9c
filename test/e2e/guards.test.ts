import { execFile } from 'node:child_process';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { ConfigInput } from '../../src/config/schema.ts';
import { TestService } from '../support/service.ts';
import { makeHosts, pairPlan, site } from '../support/world-plan.ts';
import { type Files, World } from '../support/world.ts';

const run = promisify(execFile);
const EXTRA = ['faro', 'braga', 'evora', 'tomar'];

let world: World;
let service: TestService;
afterEach(async () => {
  await service.stop();
  await world.remove();
});

async function start(config: ConfigInput = {}): Promise<void> {
  service = await TestService.start(world, { config });
}

/** Waits until a revision has been judged, whatever came of it. */
function judged(revision: string) {
  service.look();
  return service.until(`${revision} is judged`, () => service.store.revisions.get(revision));
}

async function key(name: string): Promise<void> {
  const file = join(world.root, name);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
}

async function allow(name: string): Promise<void> {
  const text = await readFile(join(world.root, `${name}.pub`), 'utf8');
  await appendFile(
    join(world.root, 'allowed-signers'),
    `${name}@example.org namespaces="git" ${text}`,
  );
}

/** Has git sign what is committed from now on, or not. */
async function signAs(name: string | undefined): Promise<void> {
  await world.git('config', 'commit.gpgsign', String(name !== undefined));
  await world.git('config', 'gpg.format', 'ssh');
  if (name) await world.git('config', 'user.signingkey', join(world.root, name));
}

const motd = (text: string): Files => ({ 'sites/lisbon.yaml': site('lisbon', { motd: text }) });
const without = (names: readonly string[]): Files =>
  Object.fromEntries(names.map((name) => [`sites/${name}.yaml`, null]));

describe('what is removed by accident', () => {
  beforeEach(async () => {
    world = await World.create((hosts) => ({
      ...pairPlan(hosts),
      ...Object.fromEntries(EXTRA.map((name) => [`sites/${name}.yaml`, site(name)])),
    }));
    await makeHosts(world, ['lisbon', 'porto', ...EXTRA]);
    await start();
    await service.synced();
  });

  test('a revision that removes too much is held until it is confirmed', async () => {
    const held = await world.commit('Remove some', without(['faro', 'braga']));
    expect(await judged(held)).toMatchObject({ result: 'held', completedAt: null });
    const { body } = await service.api('GET', '/status');
    expect(body.plan).toMatchObject({
      heldRevision: held,
      heldReason: 'removes 2 of 6 sites, 2 of 6 hosts',
    });
    expect(await service.store.pulls.statuses(held)).toMatchObject(
      [
        { context: 'trueup/render', state: 'pending', description: /^held: removes 2 of 6 sites/ },
      ].map((status) => ({ ...status, description: expect.stringMatching(status.description) })),
    );
    expect((await service.site('faro')).removedAt).toBeNull();

    // It stays held over a restart, and nobody else's word counts.
    await service.stop();
    await start();
    expect((await service.api('POST', '/revisions/1234567/confirm')).status).toBe(409);
    expect((await service.site('faro')).removedAt).toBeNull();
    const answer = await service.api('POST', `/revisions/${held.slice(0, 12)}/confirm`);
    expect(answer.status).toBe(200);
    await service.synced(held);
    expect((await service.site('faro')).removedAt).not.toBeNull();
    expect((await service.store.plan.get()).heldRevision).toBeNull();
    const [entry] = (await service.api('GET', '/events?limit=500')).body.items.filter(
      ({ action }: { action: string }) => action === 'revision.confirmed',
    );
    expect(entry).toMatchObject({ subject: held });
  });

  test('one that puts back what was missing comes into force by itself', async () => {
    const held = await world.commit('Remove some', without(['faro', 'braga']));
    await judged(held);
    const mended = await world.commit('Put them back', {
      'sites/faro.yaml': site('faro'),
      'sites/braga.yaml': site('braga'),
    });
    await service.synced(mended);
    expect((await service.store.plan.get()).heldRevision).toBeNull();
    expect((await service.site('faro')).removedAt).toBeNull();
  });

  test('one site may go, as long as the branch moves on; set elsewhere, not even that', async () => {
    const one = await world.commit('Remove one', without(['faro']));
    await service.synced(one);
    expect((await service.site('faro')).removedAt).not.toBeNull();

    await world.git('checkout', '-q', '--orphan', 'other');
    const other = await world.commit('All but one', without(['braga']), 'main', '--force');
    expect(await judged(other)).toMatchObject({ result: 'held' });
    expect((await service.store.plan.get()).heldReason).toMatch(
      /^does not follow the one in force, and would remove 1 of 5 sites/,
    );
    expect((await service.site('braga')).removedAt).toBeNull();
  });

  test('a deleted branch removes nothing', async () => {
    const { goodRevision } = await service.store.plan.get();
    await world.bare('origin', 'update-ref', '-d', 'refs/heads/main');
    service.look();
    await service.until('it is noticed', () =>
      service.lines.some((line) => line.includes('has no branch')),
    );
    expect((await service.store.plan.get()).goodRevision).toBe(goodRevision);
    expect(await service.store.sites.names()).toHaveLength(6);
  });
});

describe('verified history', () => {
  let signers: string;
  beforeEach(async () => {
    world = await World.create(pairPlan);
    await makeHosts(world);
    signers = join(world.root, 'allowed-signers');
    await writeFile(signers, '');
    await key('olga');
    await allow('olga');
  });

  test('only commits signed by a trusted key count, and others are told why not', async () => {
    await signAs('olga');
    const first = await world.commit('Signed', motd('one'));
    await start({ plan: { allowedSigners: signers } });
    await service.synced(first);

    await signAs(undefined);
    const unsigned = await world.commit('Not signed', motd('two'));
    expect(await judged(unsigned)).toMatchObject({ result: 'invalid' });
    const told = await service.store.pulls.statuses(unsigned);
    expect(told[0]?.description).toContain('it has no signature');
    expect((await service.store.plan.get()).goodRevision).toBe(first);

    await key('mallory');
    await signAs('mallory');
    const foreign = await world.commit('Signed by another', motd('three'));
    expect(await judged(foreign)).toMatchObject({ result: 'invalid' });
    expect((await service.store.plan.get()).problems[0]?.message).toContain(
      'key that is not trusted',
    );

    // Once the key is trusted, so is what it signed.
    await allow('mallory');
    await service.synced(foreign);
  });

  test('the local forge, which cannot sign, merges nothing, and takes a signed merge for one', async () => {
    await signAs('olga');
    const first = await world.commit('Signed', motd('one'));
    await start({ plan: { allowedSigners: signers } });
    await service.synced(first);
    await world.edit('lisbon', 'group_vars/all.yml', 'clock: 192.0.2.1', 'clock: 192.0.2.9');
    const { id, branch } = await service.proposal('lisbon');
    const refused = await service.api('POST', `/proposals/${id}/merge`);
    expect(refused.status).toBe(409);
    expect(refused.body.detail).toContain('only signed commits of the plan count');
    expect(await world.bare('origin', 'rev-parse', 'main')).toBe(first);

    await world.git('fetch', '-q', 'origin', branch);
    await world.git('merge', '-q', '--no-ff', '-S', '-m', 'Take the clock', 'FETCH_HEAD');
    await world.git('push', '-q', 'origin', 'HEAD:main');
    service.look();
    await service.ended(id, 'merged');
    expect(await world.planFile('sites/lisbon.yaml')).toContain('192.0.2.9');
  });

  test('OpenPGP signatures are judged by a keyring of its own', async () => {
    const [home, trusted] = [join(world.root, 'gnupg'), join(world.root, 'trusted')];
    for (const folder of [home, trusted]) await mkdir(folder, { mode: 0o700 });
    const gpg = (folder: string, ...args: string[]) =>
      run('gpg', ['--homedir', folder, '--batch', '--quiet', ...args]);
    const user = 'Olga Operator <olga@example.org>';
    await gpg(home, '--passphrase', '', '--quick-generate-key', user, 'ed25519', 'sign', 'never');
    const keys = join(world.root, 'olga.asc');
    await gpg(home, '--armor', '--output', keys, '--export', 'olga@example.org');
    await world.git('config', 'user.signingkey', 'olga@example.org');
    await world.git('config', 'commit.gpgsign', 'true');
    const wrapper = join(world.root, 'gpg.sh');
    await writeFile(wrapper, `#!/bin/sh\nexec gpg --homedir '${home}' "$@"\n`, { mode: 0o755 });
    await world.git('config', 'gpg.program', wrapper);
    const signed = await world.commit('Signed', motd('one'));
    await start({ plan: { openpgpHome: trusted } });
    expect(await judged(signed)).toMatchObject({ result: 'invalid' });
    await gpg(trusted, '--import', keys);
    await service.synced(signed);
    await run('gpgconf', ['--homedir', home, '--kill', 'all']);
    await run('gpgconf', ['--homedir', trusted, '--kill', 'all']);
  });
});
