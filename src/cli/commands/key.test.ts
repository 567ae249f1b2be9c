import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { Output } from '../output.ts';
import { createKeys, revokeKey, rotateKeys, showKeys } from './key.ts';

const DAY = 86_400_000;
const Keys = z.object({
  allowedSigners: z.string(),
  keys: z.array(
    z.object({
      fingerprint: z.string(),
      publicKey: z.string(),
      state: z.string(),
      validBefore: z.string().nullable(),
    }),
  ),
});
const OneKey = z.object({
  file: z.string(),
  publicKey: z.string(),
  fingerprint: z.string(),
  allowedSigners: z.string(),
});

/** Keeps what a command tells programs. */
class Told extends Output {
  value: unknown;

  constructor() {
    super(true);
  }

  override document(value: unknown): void {
    this.value = value;
  }
}

let folder: string;
let keys: string;

async function told<T>(
  schema: z.ZodType<T>,
  command: (output: Output) => Promise<number>,
): Promise<T> {
  const output = new Told();
  expect(await command(output)).toBe(0);
  return schema.parse(output.value);
}

const create = () => told(Keys, (output) => createKeys(keys, {}, output));
const show = () => told(Keys, (output) => showKeys(keys, output));
const rotate = (overlap: number) => told(Keys, (output) => rotateKeys(keys, { overlap }, output));
const revoke = (which: string) => told(Keys, (output) => revokeKey(keys, which, output));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trueup-keys-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  keys = join(folder, 'keys');
});

test('a folder of keys begins with one, which nobody else may read', async () => {
  const made = await create();
  expect(made.keys).toMatchObject([{ state: 'current', validBefore: null }]);
  expect(made.allowedSigners).toContain(made.keys[0]!.publicKey.split(' ')[1]);
  expect(await readFile(join(keys, 'allowed_signers'), 'utf8')).toBe(made.allowedSigners);
  expect((await stat(keys)).mode & 0o777).toBe(0o700);
  expect((await stat(join(keys, 'current'))).mode & 0o777).toBe(0o600);
  expect(await show()).toEqual(made);
  await expect(create()).rejects.toThrow('holds keys already');
  expect(await show()).toEqual(made);
});

test('a key in a file is made once, and shown with the line that trusts it', async () => {
  const file = join(folder, 'alone');
  const made = await told(OneKey, (output) => createKeys(file, { file: true }, output));
  expect(made.allowedSigners).toMatch(/^trueup .*ssh-ed25519 /);
  expect(await told(OneKey, (output) => showKeys(file, output))).toEqual(made);
  const before = await readFile(file);
  await expect(createKeys(file, { file: true }, new Told())).rejects.toThrow(file);
  expect(await readFile(file)).toEqual(before);
});

test('a rotation leaves two keys trusted, the earlier one until the overlap ends', async () => {
  const first = (await create()).keys[0]!;
  const before = Date.now();
  const { keys: both, allowedSigners } = await rotate(30 * DAY);
  expect(both.map(({ state }) => state).toSorted()).toEqual(['current', 'earlier']);
  const earlier = both.find(({ state }) => state === 'earlier')!;
  expect(earlier.fingerprint).toBe(first.fingerprint);
  // The list tells whole seconds.
  const until = Date.parse(earlier.validBefore!) - 30 * DAY;
  expect(until).toBeGreaterThanOrEqual(before - 1000);
  expect(until).toBeLessThanOrEqual(Date.now());
  expect(allowedSigners.trim().split('\n')).toHaveLength(2);
  expect(allowedSigners.match(/valid-before=/g)).toHaveLength(1);
});

test('each rotation keeps the end that a key was given before', async () => {
  const first = (await create()).keys[0]!;
  const end = (await rotate(DAY)).keys.find(({ state }) => state === 'earlier')!.validBefore;
  const { keys: three } = await rotate(60 * DAY);
  expect(three).toHaveLength(3);
  expect(three.find((key) => key.fingerprint === first.fingerprint)!.validBefore).toBe(end);
});

test('without an overlap the earlier key has expired at once', async () => {
  const first = (await create()).keys[0]!;
  const { keys: both } = await rotate(0);
  expect(both.find((key) => key.fingerprint === first.fingerprint)!.state).toBe('expired');
});

test('a revoked key is gone from the list, and so is its file', async () => {
  const first = (await create()).keys[0]!;
  const current = (await rotate(30 * DAY)).keys.find(({ state }) => state === 'current')!;
  expect((await readdir(keys)).filter((name) => name.startsWith('earlier-'))).toHaveLength(1);
  const left = await revoke(first.fingerprint.slice(0, 20));
  expect(left.keys).toMatchObject([{ fingerprint: current.fingerprint, state: 'current' }]);
  expect(left.allowedSigners).not.toContain(first.publicKey.split(' ')[1]);
  expect((await readdir(keys)).filter((name) => name.startsWith('earlier-'))).toEqual([]);
  expect(await show()).toEqual(left);
});

test('neither the current key nor an unknown or unclear one can be revoked', async () => {
  const current = (await create()).keys[0]!;
  await expect(revoke(current.fingerprint)).rejects.toThrow('rotate it first');
  await expect(revoke('SHA256:nobody')).rejects.toThrow('of 0 keys');
  await rotate(DAY);
  const before = await show();
  await expect(revoke('SHA256:')).rejects.toThrow('of 2 keys');
  expect(await show()).toEqual(before);
});

test('a folder without keys is not taken for one', async () => {
  await expect(show()).rejects.toThrow('holds no keys');
  await expect(rotate(DAY)).rejects.toThrow('trueup key create');
  await expect(revoke('SHA256:x')).rejects.toThrow('holds no keys');
});
