import { expect, test } from 'vitest';

import { type Edits, faultsOf, replace } from '../../test/support/edited-plan.ts';

const SCHEMA = 'stacks/compute/schema.json';

test.each<[string, Edits, string[]]>([
  [
    'several unknown keywords',
    { [SCHEMA]: '{ "foo": 1, "properties": { "a": { "bar": 1 }, "b": { "x y": 1 } } }' },
    [
      'stacks/compute/schema.json:1:10: not a valid JSON Schema: unknown keyword "foo"',
      'stacks/compute/schema.json:1:43: not a valid JSON Schema: unknown keyword "bar"',
      'stacks/compute/schema.json:1:62: not a valid JSON Schema: unknown keyword "x y"',
    ],
  ],
  [
    'x-secret that is neither true nor false',
    { [SCHEMA]: '{ "properties": { "a": { "x-secret": "yes" } } }' },
    ['stacks/compute/schema.json:1:1: not a valid JSON Schema: x-secret value must be ["boolean"]'],
  ],
  [
    'schema that is a list',
    { [SCHEMA]: '[]' },
    ['stacks/compute/schema.json:1:1: a JSON Schema must be an object'],
  ],
  [
    'deep schema',
    { [SCHEMA]: `${'{"items":'.repeat(200)}{}${'}'.repeat(200)}` },
    ['stacks/compute/schema.json:1:1: the schema is nested more than 100 levels deep'],
  ],
  [
    'schema that is no JSON',
    { [SCHEMA]: '{ "type": "object", }' },
    [
      'stacks/compute/schema.json:1:21: the file is not JSON (JSON has neither comments nor trailing commas, and its strings are in double quotes)',
    ],
  ],
  [
    'schema that is no schema',
    { [SCHEMA]: replace('"integer", "minimum"', '"integr", "minimum"') },
    [
      'stacks/compute/schema.json:6:22: not a valid JSON Schema: /properties/mtu/type must be equal to one of the allowed values',
    ],
  ],
  [
    'schema with unknown keywords',
    { [SCHEMA]: replace('"minimum"', '"minimun"') },
    ['stacks/compute/schema.json:6:44: not a valid JSON Schema: unknown keyword "minimun"'],
  ],
  [
    'schema of another draft',
    { [SCHEMA]: '{ "$schema": "http://json-schema.org/draft-07/schema#" }' },
    [
      'stacks/compute/schema.json:1:14: not a valid JSON Schema: $schema: only "https://json-schema.org/draft/2020-12/schema" is understood',
    ],
  ],
  [
    'schema with a reference to nowhere',
    { [SCHEMA]: '{ "properties": { "a": { "$ref": "http://127.0.0.1/x" } } }' },
    [
      "stacks/compute/schema.json:1:34: not a valid JSON Schema: can't resolve reference http://127.0.0.1/x from id #",
    ],
  ],
  [
    'schema with a pattern that cannot be read',
    { [SCHEMA]: '{ "properties": { "a": { "pattern": "(" } } }' },
    [
      'stacks/compute/schema.json:1:37: not a valid JSON Schema: Invalid regular expression: /(/u: Unterminated group',
    ],
  ],
])('%s', (_, edits, faults) => {
  expect(faultsOf(edits)).toEqual(faults);
});
