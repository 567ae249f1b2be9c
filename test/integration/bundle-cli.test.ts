import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { beforeEach, expect, test } from 'vitest';
import { z } from 'zod';

import { fingerprint } from '../../src/bundle/keys.ts';
import { applyBundle } from '../../src/cli/commands/bundle-apply.ts';
import { createBundle } from '../../src/cli/commands/bundle-create.ts';
import { verifyBundle } from '../../src/cli/commands/bundle.ts';
import { createKeys, openKeys, revokeKey, rotateKeys } from '../../src/cli/commands/key.ts';
import { Output } from '../../src/cli/output.ts';
import { git, temporaryFolder } from '../support/git.ts';
import { pairPlan } from '../support/world-plan.ts';
import { writeFolder } from '../support/write-folder.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const DAY = 86_400_000;
let folder: string;
let plan: string;
let keys: string;
let trust: string;

/** Keeps what a command tells programs. */
class Told extends Output {
  value: unknown;

  constructor() {
    super(true);
  }

  override document(value: unknown): void {
    this.value = value;
  }
  override note(): void {}
}

/** What a command tells programs; its exit code must be 0. */
async function told(command: (output: Output) => Promise<number>): Promise<unknown> {
  const output = new Told();
  expect(await command(output)).toBe(0);
  return output.value;
}

const Created = z.object({
  commit: z.string(),
  generation: z.number(),
  bytes: z.number().nullable(),
});

/** Makes a bundle for lisbon in the test's folder. */
async function create(
  name: string,
  options: { have?: string[]; generation?: number } = {},
): Promise<z.output<typeof Created>> {
  const of = { plan, key: keys, expires: 30 * DAY, out: join(folder, name), ...options };
  return Created.parse(await told((output) => createBundle('lisbon', of, output)));
}

function verify(name: string, more: { trust?: string; site?: string; data?: string } = {}) {
  return told((output) => verifyBundle(join(folder, name), { trust, ...more }, output));
}

async function changePlan(from: string, to: string): Promise<void> {
  const layer = join(plan, 'layers/common.yaml');
  await writeFile(layer, (await readFile(layer, 'utf8')).replace(from, to));
  await git(plan, 'commit', '-q', '-am', `${from} becomes ${to}`);
}

beforeEach(async () => {
  folder = await temporaryFolder();
  plan = join(folder, 'plan');
  await mkdir(join(folder, 'hosts/lisbon'), { recursive: true });
  writeFolder(plan, Object.entries(pairPlan(join(folder, 'hosts'))));
  await git(plan, 'init', '-q', '-b', 'main');
  await git(plan, 'add', '-A');
  await git(plan, 'commit', '-q', '-m', 'Begin');
  keys = join(folder, 'keys');
  trust = join(keys, 'allowed_signers');
  await told((output) => createKeys(keys, {}, output));
});

test('bundles are made, shown and verified; a newer one holds the difference alone', async () => {
  const first = await create('first.bundle');
  expect(first).toMatchObject({ generation: 1 });
  expect(await create('again.bundle')).toMatchObject({ commit: first.commit, generation: 1 });
  expect(await create('none.bundle', { have: [first.commit] })).toMatchObject({ bytes: null });

  await changePlan('Welcome', 'Bem-vindo');
  const full = await create('full.bundle');
  const newer = await create('newer.bundle', { have: [first.commit] });
  expect(newer).toMatchObject({ commit: full.commit, generation: 2 });
  expect(newer.bytes!).toBeLessThan(full.bytes! / 2);
  await expect(create('lower.bundle', { generation: 1 })).rejects.toThrow('let it be 3 or more');

  // As people call it.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [MAIN, 'bundle', 'show', join(folder, 'newer.bundle'), '--json'],
    { env: { ...process.env, NO_COLOR: '1' } },
  );
  expect(JSON.parse(stdout)).toMatchObject({
    kind: 'desired',
    site: 'lisbon',
    prerequisites: [first.commit],
    says: { Generation: '2', Desired: full.commit },
    fault: null,
  });

  expect(await verify('full.bundle')).toMatchObject({ generation: 2, commit: full.commit });
  await expect(verify('newer.bundle')).rejects.toThrow('builds on commits that are not here');
  // With what the site has, it is whole; where the site has it is what the store holds here.
  await git(
    join(plan, '.git/trueup/sites.git'),
    'update-ref',
    'refs/sites/lisbon/desired',
    first.commit,
  );
  const data = join(plan, '.git/trueup');
  expect(await verify('newer.bundle', { data })).toMatchObject({ commit: full.commit });
  await expect(verify('full.bundle', { site: 'porto' })).rejects.toThrow('site lisbon, not porto');
});

test('after a rotation both keys count, and after a revocation the new one alone', async () => {
  await create('old.bundle');
  const before = await openKeys(keys);
  await expect(createKeys(keys, {}, new Told())).rejects.toThrow('holds keys already');
  await told((output) => rotateKeys(keys, { overlap: 30 * DAY }, output));
  await verify('old.bundle');
  // What is desired is signed anew, though it is the same.
  expect(await create('new.bundle')).toMatchObject({ generation: 2 });

  const old = fingerprint(before.signer.publicKey);
  const after = await told((output) => revokeKey(keys, old, output));
  expect(after).toMatchObject({ keys: [{ state: 'current' }] });
  await expect(verify('old.bundle')).rejects.toThrow('not trusted here');
  await verify('new.bundle');
});

test('a bundle is applied with nothing but the file, and no edit is written over', async () => {
  const first = await create('first.bundle');
  const dir = join(folder, 'at');
  const apply = (name: string, more: { overwrite?: boolean } = {}) =>
    told((output) => applyBundle(join(folder, name), { trust, dir, ...more }, output));
  const motd = () => readFile(join(folder, 'hosts/lisbon/motd'), 'utf8');
  await apply('first.bundle');
  expect(await motd()).toBe('Welcome\n');

  await changePlan('Welcome', 'Bem-vindo');
  await create('newer.bundle', { have: [first.commit] });
  const file = join(folder, 'at/lisbon/base/files/ntp.conf');
  await writeFile(file, 'server 192.0.2.7 iburst\n');
  for (let again = 0; again < 2; again += 1)
    await expect(apply('newer.bundle')).rejects.toThrow('edited base/files/ntp.conf');
  expect(await motd()).toBe('Welcome\n');
  await apply('newer.bundle', { overwrite: true });
  expect(await motd()).toBe('Bem-vindo\n');
  const store = join(dir, 'sites.git');
  const kept = 'refs/sites/lisbon/observed';
  expect(await git(store, 'show', `${kept}:base/files/ntp.conf`)).toBe('server 192.0.2.7 iburst');
  expect(await git(store, 'rev-list', '--count', kept)).toBe('2');

  await expect(apply('first.bundle')).rejects.toThrow('generation 1');
});
