import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { findAnsible, isSupported } from './find.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trueup-test-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

/** An ansible-playbook that only tells a version, and counts how often it was asked. */
async function fake(place: string, version: string): Promise<string> {
  const path = join(folder, place, 'ansible-playbook');
  await mkdir(join(folder, place), { recursive: true });
  const answer = version === '' ? 'exit 127' : `echo 'ansible-playbook [core ${version}]'`;
  await writeFile(path, `#!/bin/sh\necho x >> ${path}.asked\n${answer}\n`);
  await chmod(path, 0o755);
  return path;
}

test('the first on the path that runs and is new enough is taken', async () => {
  await fake('broken', '');
  await fake('old', '2.13.9');
  const good = await fake('good', '2.14.18');
  await fake('later', '2.19.1');
  const path = ['relative', 'none', 'broken', 'old', 'good', 'later']
    .map((name) => (name === 'relative' ? name : join(folder, name)))
    .join(':');
  const options = { path, cache: join(folder, 'cache') };
  expect(await findAnsible(options)).toBe(good);
  expect(await findAnsible(options)).toBe(good);
  expect(await readFile(`${good}.asked`, 'utf8'), 'its version is remembered').toBe('x\n');
});

test('without one on the path it is ours, if that is there', async () => {
  const options = { path: join(folder, 'none'), cache: join(folder, 'cache') };
  expect(await findAnsible(options)).toBeUndefined();
  const ours = await fake('cache/bin', '2.19.1');
  expect(await findAnsible(options)).toBe(ours);
});

test('a configured command is taken or nothing is', async () => {
  const good = await fake('good', '2.19.1');
  const path = join(folder, 'good');
  const cache = join(folder, 'cache');
  expect(await findAnsible({ command: good, path: '', cache })).toBe(good);
  expect(await findAnsible({ command: 'ansible-playbook', path, cache })).toBe(good);
  expect(await findAnsible({ command: join(folder, 'x'), path, cache })).toBeUndefined();
});

test.each([
  ['2.14.0', true],
  ['2.13.13', false],
  ['2.9.27', false],
  ['3.0', true],
  ['2.21.0rc1', true],
])('ansible-core %s is supported: %s', (version, supported) => {
  expect(isSupported(version)).toBe(supported);
});
