import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';

import { agentSettingsSchema, loadAgentSettings } from './settings.ts';

const EXAMPLE = new URL('../../config/agent.example.yaml', import.meta.url);
const SCHEMA = new URL('../../config/schemas/agent.json', import.meta.url);

test('the example says what holds without it', async () => {
  expect(await loadAgentSettings(EXAMPLE.pathname)).toEqual(await loadAgentSettings());
});

test('config/schemas/agent.json is current (npm run schemas) and accepts the example', async () => {
  expect(JSON.parse(await readFile(SCHEMA, 'utf8'))).toEqual(agentSettingsSchema());
  const validate = new Ajv2020().compile(agentSettingsSchema());
  expect(validate(parse(await readFile(EXAMPLE, 'utf8')))).toBe(true);
  expect(validate({ apply: { policy: 'sometimes' } })).toBe(false);
});

test.each([
  ['apply: { policy: sometimes }', /agent\.yaml:1:\d+.*policy/],
  ['apply:\n  windows: mon 25:00-26:00\n', /agent\.yaml:2:\d+.*windows/],
  ['apply:\n  timeZone: Mars/Olympus\n', /agent\.yaml:2:\d+.*timeZone/],
  ['sink: {}', /agent\.yaml:1:1: "sink" is not a setting/],
  ['apply:\n  policy: window\n', /agent\.yaml:2:\d+.*no `windows` are named/],
  ['apply:\n  windows: abc 10:00-12:00\n', /agent\.yaml:2:\d+.*windows/],
  ['sync: [', /agent\.yaml/],
  ['sync:\0', /agent\.yaml/],
])('a fault in the settings is told with its place: %j', async (text, told) => {
  const folder = await mkdtemp(join(tmpdir(), 'trueup-settings-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  const file = join(folder, 'agent.yaml');
  await writeFile(file, text);
  await expect(loadAgentSettings(file)).rejects.toThrow(told);
});
