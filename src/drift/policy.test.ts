import { expect, test } from 'vitest';

import { examplePlan } from '../../test/support/example-plan.ts';
import { planFiles } from '../../test/support/plan-files.ts';
import { loadPlan } from '../plan/load.ts';
import type { Plan } from '../plan/plan.ts';
import { sortByPolicy } from './policy.ts';

function planWith(drift: string): Plan {
  const text = examplePlan['plan.yaml']!.replace(/^drift:[\s\S]*?(?=^rollout:)/m, `${drift}\n`);
  const { plan, problems } = loadPlan(planFiles({ ...examplePlan, 'plan.yaml': text }));
  if (!plan) throw new Error(JSON.stringify(problems));
  return plan;
}

const ALL = 'group_vars/all.yml';
const sort = (plan: Plan, site: string, path: string, params: string[] = []) => {
  const { propose, revert, ignore } = sortByPolicy(plan, site, [path], () => params);
  return propose.length > 0
    ? 'propose'
    : revert.length > 0
      ? 'revert'
      : ignore.length > 0
        ? 'ignore'
        : '';
};

test('edits are proposed unless the plan says otherwise', () => {
  const plan = planWith('');
  expect(sort(plan, 'lisbon-07', ALL, ['domain'])).toBe('propose');
});

test('a path rule fits below every stack’s folder', () => {
  const plan = planWith('drift:\n  rules:\n    - { paths: ["files/motd"], action: ignore }');
  expect(sort(plan, 'lisbon-07', 'compute/files/motd')).toBe('ignore');
  expect(sort(plan, 'lisbon-07', 'files/motd')).toBe('ignore');
  expect(sort(plan, 'lisbon-07', 'compute/files/motd2')).toBe('propose');
});

test('a parameter rule decides only where all changed parameters are its own', () => {
  const plan = planWith('drift:\n  rules:\n    - { params: ["kernel.**"], action: revert }');
  expect(sort(plan, 'lisbon-07', ALL, ['kernel.swappiness'])).toBe('revert');
  expect(sort(plan, 'lisbon-07', ALL, ['kernel.swappiness', 'domain'])).toBe('propose');
  expect(sort(plan, 'lisbon-07', ALL, [])).toBe('propose');
});

test('a rule holds for the sites that it selects', () => {
  const plan = planWith(
    'drift:\n  default: ignore\n  rules:\n    - { sites: "profile=store", action: revert }',
  );
  expect(sort(plan, 'lisbon-07', ALL, ['domain'])).toBe('revert');
  expect(sort(plan, 'madrid-01', ALL, ['domain'])).toBe('ignore');
});

test('the first rule that fits decides', () => {
  const plan = planWith(
    'drift:\n  rules:\n    - { paths: ["**/motd"], action: revert }\n    - { paths: ["**"], action: ignore }',
  );
  expect(sort(plan, 'lisbon-07', 'compute/files/motd')).toBe('revert');
  expect(sort(plan, 'lisbon-07', ALL)).toBe('ignore');
});
