import { expect, test } from 'vitest';

import { planFiles } from '../../test/support/plan-files.ts';
import { gathered, stacksPlan, VAULT_TEXT } from '../../test/support/stacks-plan.ts';
import { formatProblem } from '../model/problem.ts';
import { NotGathered } from '../plan/exports.ts';
import { loadPlan, withGathered } from '../plan/load.ts';
import type { Plan } from '../plan/plan.ts';
import { parseYaml } from '../plan/yaml/parse.ts';
import { nodeAt, toValue } from '../plan/yaml/value.ts';
import { playbooksOf, renderSite } from './render.ts';

function planWith(edits: Record<string, string> = {}, values = gathered()): Plan {
  const loaded = loadPlan(planFiles({ ...stacksPlan, ...edits }), { gathered: values });
  if (!loaded.plan) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded.plan;
}

function textOf(plan: Plan, site: string, path: string): string | undefined {
  return renderSite(plan, site).tree.get(path)?.content.toString();
}

/** One site with both stacks. */
const SINGLE = `apiVersion: trueup/v1
kind: Site
stacks: [control, compute]
hosts: { one: { ansible_connection: local } }
params: { api: { port: 1 }, region_name: here }
`;

test('a stack sees parameters, files and gathered values that it imports by name', () => {
  expect(textOf(planWith(), 'lisbon-07', 'compute/files/agent.conf')).toBe(
    'api=192.0.2.10:6443\nCA of madrid-01 in madrid\n',
  );
});

test('the tree says what it was rendered with, secrets as references alone', () => {
  const text = textOf(planWith(), 'lisbon-07', '.trueup/imports.yml')!;
  const root = parseYaml('imports.yml', text).document!.root;
  const imports = toValue(nodeAt(root, ['imports', 'control'])!);
  expect(imports).toEqual(
    new Map<string, unknown>([
      ['api', new Map([['port', 6443]])],
      ['api_vip', '192.0.2.10'],
      ['token', expect.objectContaining({ tag: '!vault', text: VAULT_TEXT })],
      ['ca', 'CA of madrid-01 in madrid\n'],
    ]),
  );
});

test('Isolation: no byte of a tree is of an export that the site does not import (law 10)', () => {
  const { tree } = renderSite(planWith(), 'lisbon-07');
  const all = Buffer.concat(
    [...tree].flatMap(([path, { content }]) => [Buffer.from(path), content]),
  );
  for (const other of ['never-imported', 'unwanted', 'region_name', 'internal'])
    expect(all.includes(other)).toBe(false);
});

test('Purity: the tree hangs on the gathered values that are imported, and on no others (law 1)', () => {
  const plan = planWith();
  const { digest } = renderSite(plan, 'lisbon-07');
  expect(renderSite(withGathered(plan, gathered({ unwanted: 'x' })), 'lisbon-07').digest).toBe(
    digest,
  );
  const other = withGathered(plan, gathered({ api_vip: '192.0.2.11' }));
  expect(renderSite(other, 'lisbon-07').digest).not.toBe(digest);
  expect(renderSite(planWith({}, gathered()), 'lisbon-07').digest).toBe(digest);
});

test('a site waits for what was not gathered, with the place of the import', () => {
  const plan = planWith({}, new Map());
  expect(() => renderSite(plan, 'lisbon-07')).toThrow(NotGathered);
  expect(() => renderSite(plan, 'lisbon-07')).toThrow(
    'stacks/compute/stack.yaml:3:27: lisbon-07 waits for madrid-01/control: api_vip, which no run has gathered yet',
  );
  expect(() => renderSite(plan, 'madrid-01')).not.toThrow();
});

test('a site that is to gather for itself is rendered in two steps', () => {
  const edits = { 'sites/single.yaml': SINGLE };
  const before = planWith(edits, new Map());
  const paths = [...renderSite(before, 'single').tree.keys()];
  expect(paths.some((path) => path.startsWith('compute/'))).toBe(false);
  expect(playbooksOf(before, 'single')).toEqual(['control/playbooks/site.yml']);
  const values = new Map([['single/control', gathered().get('madrid-01/control')!]]);
  const after = planWith(edits, values);
  expect(textOf(after, 'single', 'compute/files/agent.conf')).toBe(
    'api=192.0.2.10:1\nCA of single in here\n',
  );
  expect(playbooksOf(after, 'single')).toHaveLength(2);
});

test('a secret import may be tested but never printed', () => {
  const template = '{{ imports.control.token }}';
  const plan = planWith({ 'stacks/compute/templates/t.j2': template });
  expect(() => renderSite(plan, 'lisbon-07')).toThrow(/stacks\/compute\/templates\/t\.j2:1:\d+/);
});

test('an exported file that is too large is an error where it stands', () => {
  const large = `${'x'.repeat(300_000)}\n`;
  const plan = planWith({ 'stacks/control/templates/ca.pem.j2': large });
  expect(() => renderSite(plan, 'lisbon-07')).toThrow(
    'stacks/control/templates/ca.pem.j2:1:1: the file that madrid-01/control exports is larger than 262144 bytes',
  );
});

test('a plan that imports only parameters, by the stack, has no file of imports', () => {
  const plan = planWith({
    'stacks/control/stack.yaml': 'playbooks: [playbooks/site.yml]\nexports: [api.port]\n',
    'stacks/compute/stack.yaml': 'playbooks: [playbooks/site.yml]\nimports: [control]\n',
    'stacks/compute/templates/agent.conf.j2': '{{ imports.control.api.port }}',
  });
  expect(textOf(plan, 'lisbon-07', '.trueup/imports.yml')).toBeUndefined();
});
