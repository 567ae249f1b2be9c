import { readFile } from 'node:fs/promises';

import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { loadConfig } from './load.ts';
import { configJsonSchema, settings } from './schema.ts';

const EXAMPLE = new URL('../../config/trueup.example.yaml', import.meta.url);
const SCHEMA = new URL('../../config/schemas/config.json', import.meta.url);

/** The example with the settings that are commented out (`#key: value`) as well. */
async function everySetting(): Promise<string> {
  return (await readFile(EXAMPLE, 'utf8')).replaceAll(/^( *)#(\w+: )/gm, '$1$2');
}

test('the example loads, and apart from the plan says what holds without it', async () => {
  const example = await loadConfig({ file: EXAMPLE.pathname, env: {} });
  const defaults = await loadConfig({ env: { TRUEUP_PLAN_URL: example.plan.url } });
  expect({ ...example, dataDir: defaults.dataDir }).toEqual(defaults);
});

test('the example shows every setting, with the variable that overrides it', async () => {
  const lines = (await everySetting()).split('\n');
  const all: unknown = parse(lines.join('\n'));
  for (const { path, variable } of settings) {
    expect(all).toHaveProperty(path.join('.'));
    const line = new RegExp(`^ *${path.at(-1)}: .* # ${variable}$`);
    expect(lines.filter((text) => line.test(text))).toHaveLength(1);
  }
  expect(settings.length).toBeGreaterThan(20);
});

test('config/schemas/config.json is current: `node scripts/write-schemas.ts` writes it', async () => {
  expect(JSON.parse(await readFile(SCHEMA, 'utf8'))).toEqual(configJsonSchema());
});

test('the JSON Schema accepts the example, describes every setting, and refuses others', async () => {
  const validate = new Ajv2020().compile(configJsonSchema());
  const example: unknown = parse(await everySetting());
  expect(validate(example)).toBe(true);
  expect(validate({ plan: { url: 'x', pollInterval: 60 } })).toBe(false);
  expect(validate({ plan: { url: 'x', other: 'x' } })).toBe(false);
  for (const { path } of settings) {
    const place = path.flatMap((key) => ['properties', key]);
    expect(configJsonSchema()).toHaveProperty([...place, 'description']);
  }
});
