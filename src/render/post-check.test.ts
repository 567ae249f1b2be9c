import { expect, test } from 'vitest';

import { planFiles } from '../../test/support/plan-files.ts';
import { gathered, stacksPlan } from '../../test/support/stacks-plan.ts';
import { formatProblem } from '../model/problem.ts';
import { loadPlan } from '../plan/load.ts';
import type { Gathered, Plan } from '../plan/plan.ts';
import { parseYaml } from '../plan/yaml/parse.ts';
import { nodeAt, toValue } from '../plan/yaml/value.ts';
import { renderSite } from './render.ts';
import { runPlan } from './run-plan.ts';

const CHECKED = {
  'stacks/control/stack.yaml': `${stacksPlan['stacks/control/stack.yaml']}postCheck: { playbook: playbooks/site.yml, timeout: 30s }\n`,
  'stacks/compute/stack.yaml': `${stacksPlan['stacks/compute/stack.yaml']}postCheck: { command: [check, "it's\\u2028: #1", 'on'], timeout: 15s }\n`,
  'sites/madrid-01.yaml': stacksPlan['sites/madrid-01.yaml']!.replace(
    '[control]',
    '[control, compute]',
  ),
};

function planWith(edits: Record<string, string>, values: Gathered = gathered()): Plan {
  const loaded = loadPlan(planFiles({ ...stacksPlan, ...edits }), { gathered: values });
  if (!loaded.plan) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded.plan;
}

test('the manifest says which post-checks there are, in the order of the stacks, and their time', () => {
  expect(runPlan(planWith(CHECKED), 'madrid-01')).toMatchObject({
    postCheck: ['control/playbooks/site.yml', '.trueup/post-check/compute.yml'],
    postCheckTimeout: 45,
  });
  const without = runPlan(planWith({}), 'madrid-01');
  expect(Object.keys(without)).toEqual(['playbooks', 'outputs', 'secrets']);
});

test('a stack that waits to be rendered has no post-check yet', () => {
  const run = runPlan(planWith(CHECKED, new Map()), 'madrid-01');
  expect(run).toMatchObject({ postCheck: ['control/playbooks/site.yml'], postCheckTimeout: 30 });
});

test('a command is run as it stands, where Ansible runs, by a playbook of the tree', () => {
  const { tree } = renderSite(planWith(CHECKED), 'lisbon-07');
  const text = tree.get('.trueup/post-check/compute.yml')!.content.toString();
  const { root } = parseYaml('p.yml', `plays:\n${text.replace('---\n', '')}`).document!;
  const at = (...path: (string | number)[]) => toValue(nodeAt(root, ['plays', 0, ...path])!);
  expect(at('hosts')).toBe('localhost');
  expect(at('tasks', 0, 'timeout')).toBe(15);
  expect(at('tasks', 0, 'ansible.builtin.command', 'argv')).toEqual([
    'check',
    "it's\u2028: #1",
    'on',
  ]);
});

test('a post-check is part of the tree: another one, or another time, is another tree', () => {
  const readme = (edits: Record<string, string>) =>
    renderSite(planWith(edits), 'madrid-01').tree.get('README')!.content.toString();
  expect(readme(CHECKED)).toContain(
    'After an apply this must pass, within 45 seconds: ansible-playbook control/playbooks/site.yml .trueup/post-check/compute.yml\n',
  );
  expect(readme({})).not.toContain('After');
  const { digest } = renderSite(planWith(CHECKED), 'madrid-01');
  const longer = CHECKED['stacks/control/stack.yaml'].replace('30s', '31s');
  expect(
    renderSite(planWith({ ...CHECKED, 'stacks/control/stack.yaml': longer }), 'madrid-01').digest,
  ).not.toBe(digest);
});
