import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { Redactor } from '../model/redact.ts';
import { BoundedLog } from './log.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trueup-test-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

test('pieces become whole lines, without secrets, sources apart', async () => {
  const log = new BoundedLog(join(folder, 'log'), 1000, new Redactor(['hunter22']));
  log.line('begin');
  log.write('stdout', 'password hun');
  log.write('stderr', 'warning\n');
  log.write('stdout', 'ter22\nrest');
  await log.close();
  expect(await readFile(join(folder, 'log'), 'utf8')).toBe('begin\nwarning\npassword •••\nrest\n');
  expect(log.tail()).toBe('warning\npassword •••');
});

test('a log stops at its limit, and says so', async () => {
  const log = new BoundedLog(join(folder, 'log'), 100, new Redactor([]));
  for (let i = 0; i < 100; i += 1) log.write('stdout', `line ${i}\n`);
  await log.close();
  const text = await readFile(join(folder, 'log'), 'utf8');
  expect(text.length).toBeLessThan(200);
  expect(text).toMatch(/^line 0\n[^]*\n… the rest is left out\n$/);
  expect(log.tail()).toContain('line 99');
});

test('a folder that is not there does not end the run', async () => {
  const log = new BoundedLog(join(folder, 'gone/log'), 100, new Redactor([]));
  log.line('x');
  await expect(log.close()).resolves.toBeUndefined();
});
