import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { agentSettingsSchema } from '../src/agent/settings.ts';
import { configJsonSchema } from '../src/config/schema.ts';
import { planJsonSchemas } from '../src/plan/schemas.ts';

// Writes the JSON Schemas of the plan's files and of the settings, by which editors complete and check them.
const folder = join(import.meta.dirname, '../config/schemas');
await mkdir(folder, { recursive: true });
const schemas = [
  ...planJsonSchemas(),
  ['config', configJsonSchema()] as const,
  ['agent', agentSettingsSchema()] as const,
];
for (const [name, schema] of schemas) {
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(schema, null, 2)}\n`);
}
