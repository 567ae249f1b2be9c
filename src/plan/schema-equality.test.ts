import { expect, test } from 'vitest';

import { planFiles } from '../../test/support/plan-files.ts';
import { loadPlan } from './load.ts';

function faults(schema: object, value: unknown): string[] {
  const files = {
    'plan.yaml': 'apiVersion: trueup/v1\nkind: Plan\nname: p\nlayers: [layers/all.yaml]\n',
    'layers/all.yaml': `{"k": ${JSON.stringify(value)}}\n`,
    'sites/a.yaml': 'apiVersion: trueup/v1\nkind: Site\nstacks: [s]\nhosts: { h: {} }\n',
    'stacks/s/stack.yaml': 'playbooks: []\n',
    'stacks/s/schema.json': JSON.stringify({ type: 'object', properties: { k: schema } }),
  };
  return loadPlan(planFiles(files)).problems.map(({ message }) => message);
}

const unique = { type: 'array', uniqueItems: true };

test.each<[object, unknown, boolean]>([
  [unique, [{ a: 1 }, { a: 2 }], true],
  [
    unique,
    [
      { a: 1, b: [2] },
      { b: [2], a: 1 },
    ],
    false,
  ],
  [unique, [{ valueOf: 1 }, { toString: 1 }, { constructor: 1 }, { a: 1 }], true],
  [unique, [{ valueOf: 1 }, { valueOf: 1 }], false],
  [unique, [1, '1', true, 'true', null, 'null', [1], ['1'], { 1: 1 }], true],
  [unique, [1, 1.5, 1], false],
  [{ ...unique, uniqueItems: false }, [1, 1], true],
  [{ const: { a: [1, null] } }, { a: [1, null] }, true],
  [{ const: { a: 1, b: 2 } }, { b: 2, a: 1 }, true],
  [{ const: { a: 1 } }, { a: '1' }, false],
  [{ const: 'a' }, 'a', true],
  [{ const: ['a,b'] }, ['a', 'b'], false],
  [{ enum: [{ a: 1 }, 2] }, { a: 1 }, true],
  [{ enum: [{ a: 1 }, 2] }, 2, true],
  [{ enum: [{ a: 1 }, 2] }, '2', false],
  [{ propertyNames: { enum: ['a', 'b'] } }, { a: 1 }, true],
  [{ propertyNames: { enum: ['a', 'b'] } }, { c: 1 }, false],
])('%j and %j: fits is %s', (schema, value, fits) => {
  expect(faults(schema, value)).toHaveLength(fits ? 0 : 1);
});

test('what is refused is told in the words of the validator', () => {
  const by = '(by the schema of stack "s")';
  expect(faults(unique, ['a', 'b', 'a'])).toEqual([
    `the parameter "k" must NOT have duplicate items (items ## 0 and 2 are identical) ${by}`,
  ]);
  expect(faults({ const: 1 }, 2)).toEqual([`the parameter "k" must be equal to constant ${by}`]);
  expect(faults({ enum: ['a', 'b'] }, 'c')).toEqual([
    `the parameter "k" must be equal to one of the allowed values: "a", "b" ${by}`,
  ]);
  expect(faults({ enum: [] }, 1)[0]).toContain('enum must have non-empty array');
});

test('a long list of maps is told apart', { timeout: 60_000 }, () => {
  const items = Array.from({ length: 5_000 }, (_, a) => ({ a }));
  expect(faults(unique, items)).toEqual([]);
});
