import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { expect, onTestFinished, test } from 'vitest';

import { writeWhole } from './whole-file.ts';

test('a file is written whole, or what was there stays', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trueup-whole-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  const file = join(folder, 'lisbon.bundle');
  await writeFile(file, 'before');
  await expect(writeWhole(file, Readable.from(cutOff()))).rejects.toThrow('the line went dead');
  expect(await readFile(file, 'utf8')).toBe('before');
  expect(await readdir(folder)).toEqual(['lisbon.bundle']);

  await writeWhole(file, Readable.from(['all ', 'of it']), 0o600);
  expect(await readFile(file, 'utf8')).toBe('all of it');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['lisbon.bundle']);
});

async function* cutOff(): AsyncGenerator<string> {
  yield 'half';
  throw new Error('the line went dead');
}
