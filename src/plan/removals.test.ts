import { expect, test } from 'vitest';

import { examplePlan } from '../../test/support/example-plan.ts';
import { planFiles } from '../../test/support/plan-files.ts';
import { loadPlan } from './load.ts';
import type { Plan } from './plan.ts';
import { removals, removalText, tooMuch } from './removals.ts';

function planOf(source: Readonly<Record<string, string>>): Plan {
  const { plan, problems } = loadPlan(planFiles(source));
  if (!plan) throw new Error(problems[0]!.message);
  return plan;
}

const before = planOf(examplePlan);

test('sites, their hosts and files that are gone are counted; a moved file is still there', () => {
  expect(removals(before, before)).toEqual([]);
  const { 'sites/porto/porto-01.yaml': porto, ...rest } = examplePlan;
  expect(removals(before, planOf({ ...rest, 'sites/porto-01.yaml': porto! }))).toEqual([]);
  const files = Object.keys(examplePlan).length;
  expect(removals(before, planOf(rest))).toEqual([
    { what: 'sites', removed: 1, of: 3 },
    { what: 'hosts', removed: 1, of: 4 },
    { what: 'files', removed: 1, of: files },
  ]);
});

test('a host that its site has no more counts, also where the site stays', () => {
  const lisbon = examplePlan['sites/lisbon-07.yaml']!.replace(/ {2}compute-1: \{ ansible.*\n/, '')
    .replace('[compute-0, compute-1]', '[compute-0]')
    .replace(/hostParams: .*\n/, '');
  expect(removals(before, planOf({ ...examplePlan, 'sites/lisbon-07.yaml': lisbon }))).toEqual([
    { what: 'hosts', removed: 1, of: 4 },
  ]);
});

test('more than the share is too much, one alone never is', () => {
  const one = { what: 'sites', removed: 1, of: 2 } as const;
  const two = { what: 'hosts', removed: 2, of: 10 } as const;
  const three = { what: 'files', removed: 3, of: 10 } as const;
  expect(tooMuch([one, two, three], 0.2)).toEqual([three]);
  expect(tooMuch([one, two, three], 0)).toEqual([two, three]);
  expect(removalText([two, three])).toBe('2 of 10 hosts, 3 of 10 files');
});
