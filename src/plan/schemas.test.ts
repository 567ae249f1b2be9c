import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';

import { durationMs, planJsonSchemas } from './schemas.ts';

const folder = join(import.meta.dirname, '../../config/schemas');

test.each([...planJsonSchemas()])(
  'config/schemas/%s.json is current (npm run schemas)',
  async (name, schema) => {
    const written: unknown = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'));
    // What cannot be written as JSON (`undefined`) is no difference.
    expect(written).toEqual(JSON.parse(JSON.stringify(schema)));
    expect(new Ajv2020().validateSchema(schema)).toBe(true);
  },
);

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
])('%s is %i ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});
