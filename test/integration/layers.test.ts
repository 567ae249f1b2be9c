import { glob, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { expect, test } from 'vitest';

/** A folder of src imports itself and the folders of later lines; never an earlier line, never a neighbour. */
const layers = [
  ['cli'],
  ['controller'],
  ['server'],
  ['reconcile', 'rollout', 'drift', 'proposals', 'preview'],
  ['agent'],
  ['runner'],
  ['backport'],
  ['render'],
  ['plan'],
  ['bundle'],
  ['git', 'ansible', 'forge', 'store'],
  ['loop'],
  ['telemetry'],
  ['config'],
  ['model'],
];

test('folders import downwards only', async () => {
  const level = new Map(layers.flatMap((names, i) => names.map((name) => [name, i] as const)));
  const wrong: string[] = [];
  let seen = 0;
  for await (const file of glob('src/**/*.ts', { exclude: ['src/ui/**'] })) {
    const from = relative('src', file).split('/')[0] ?? '';
    if (!level.has(from)) wrong.push(`${file} is in a folder that has no place in the layers`);
    for (const [, target = ''] of (await readFile(file, 'utf8')).matchAll(/from '(\.[^']+)'/g)) {
      // Tests beside the code may use what all tests share.
      if (file.endsWith('.test.ts') && target.includes('/test/support/')) continue;
      const to = relative('src', join(dirname(file), target)).split('/')[0] ?? '';
      seen += 1;
      if (from !== to && !((level.get(from) ?? Infinity) < (level.get(to) ?? -1))) {
        wrong.push(`${file} imports ${target}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(seen).toBeGreaterThan(0);
});

test('the browser shares nothing with the server but the types of what goes over the wire', async () => {
  const wrong: string[] = [];
  let seen = 0;
  for await (const file of glob('src/ui/**/*.{ts,tsx}')) {
    if (file.endsWith('.test.ts')) continue;
    for (const [line, target = ''] of (await readFile(file, 'utf8')).matchAll(
      /^(?:import|export)[^;]*? from '(\.[^']+)'/gm,
    )) {
      seen += 1;
      const to = relative('src', join(dirname(file), target));
      const isWire = /^server\/wire[\w-]*\.ts$/.test(to) && line.startsWith('import type ');
      if (!to.startsWith('ui/') && !isWire) wrong.push(`${file} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(seen).toBeGreaterThan(0);
});
