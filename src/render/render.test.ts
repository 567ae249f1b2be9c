import { expect, test } from 'vitest';

import { edited, type Edits } from '../../test/support/edited-plan.ts';
import { examplePlan } from '../../test/support/example-plan.ts';
import { planFiles } from '../../test/support/plan-files.ts';
import { InvalidInput, UserError } from '../model/errors.ts';
import type { Manifest } from '../model/manifest.ts';
import { formatProblem } from '../model/problem.ts';
import { treeDigest } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { loadPlanAndTemplates } from './open.ts';
import { playbooksOf, renderSite, withManifest } from './render.ts';

const NOT_RUN = { playbooks: [], outputs: {}, secrets: [] };

function planWith(edits: Edits = {}): Plan {
  const { plan, problems } = loadPlanAndTemplates(planFiles(edited(edits)));
  expect(problems.map(formatProblem)).toEqual([]);
  return plan!;
}

function fileAt(plan: Plan, site: string, path: string): string | undefined {
  return renderSite(plan, site).tree.get(path)?.content.toString();
}

/** What keeps a site from being rendered. */
function faultsAt(plan: Plan, site: string): string[] {
  try {
    renderSite(plan, site);
  } catch (error) {
    if (error instanceof InvalidInput) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

const TEMPLATES = 'stacks/compute/templates';
const LISBON = 'sites/lisbon-07.yaml';

test('the tree of a site is an Ansible project of known files', () => {
  const { tree, digest } = renderSite(planWith(), 'lisbon-07');
  expect([...tree].map(([path, { mode }]) => `${mode} ${path}`)).toEqual([
    '100644 README',
    '100644 ansible.cfg',
    '100755 apply.sh',
    '100644 compute/files/chrony.conf',
    '100644 compute/files/etc/agent.conf',
    '100644 compute/files/motd',
    '100644 compute/library/tool.py',
    '100644 compute/playbooks/site.yml',
    '100644 compute/playbooks/tune.yml',
    '100644 compute/roles/tuned/tasks/main.yml',
    '100644 group_vars/all.yml',
    '100644 group_vars/compute.yml',
    '100644 host_vars/compute-1.yml',
    '100644 inventory.yml',
  ]);
  expect(digest).toBe(treeDigest(tree));
});

test('inventory and variables hold the tokens of the plan', () => {
  const plan = planWith();
  expect(fileAt(plan, 'lisbon-07', 'inventory.yml')).toBe(`---
all:
  hosts:
    compute-0:
      ansible_host: 10.20.7.11
    compute-1:
      ansible_host: 10.20.7.12
  children:
    compute:
      hosts:
        compute-0: {}
        compute-1: {}
`);
  expect(fileAt(plan, 'lisbon-07', 'host_vars/compute-1.yml')).toBe(
    '---\nmaintenance: true\nlevel: 007\n',
  );
  expect(fileAt(plan, 'lisbon-07', 'group_vars/compute.yml')).toBe(
    '---\ntuned_profile: virtual-host\n',
  );
  expect(fileAt(plan, 'lisbon-07', 'group_vars/all.yml')).toMatch(/^mode: 0644\nversion: 1\.10$/m);
});

test('names that YAML reads as something else are quoted in the inventory', () => {
  const plan = planWith({
    'sites/porto/porto-01.yaml': (text) =>
      text
        .replace('compute-0: {', '"010": { 1e3: "yes", no: off, ')
        .replace('[compute-0]', '["010"]'),
  });
  expect(fileAt(plan, 'porto-01', 'inventory.yml')).toBe(`---
all:
  hosts:
    "010":
      1e3: "yes"
      no: off
      ansible_host: 10.20.8.11
  children:
    compute:
      hosts:
        "010": {}
`);
});

test('a site without hosts and stacks is a project that does nothing', () => {
  const plan = planWith({
    'sites/new.yaml': 'apiVersion: trueup/v1\nkind: Site\nlabels: { region: x, profile: y }\n',
  });
  expect(fileAt(plan, 'new', 'inventory.yml')).toBe('---\nall:\n  hosts: {}\n');
  expect(fileAt(plan, 'new', 'apply.sh')).toContain("\necho 'This site has no playbooks");
  expect(playbooksOf(plan, 'new')).toEqual([]);
});

test('README says in three lines what this is and how to apply it without trueup', () => {
  const text = fileAt(planWith(), 'lisbon-07', 'README')!;
  expect(text.trimEnd().split('\n')).toHaveLength(3);
  expect(text).toContain('./apply.sh');
});

test("ansible.cfg finds what the stacks bring, and is nobody else's", () => {
  const plan = planWith({
    'ansible.cfg': '[defaults]\nhost_key_checking = False\n',
    'library/evil.py': 'import os\n',
    'stacks/compute/ansible.cfg': '[defaults]\nhost_key_checking = False\n',
    'stacks/compute/filter_plugins/f.py': '\n',
    'stacks/control/roles/api/tasks/main.yml': '[]\n',
    'sites/madrid-01.yaml': (text) => text.replace('[control]', '[control, compute]'),
  });
  const text = fileAt(plan, 'madrid-01', 'ansible.cfg')!;
  expect(text).toContain('\nroles_path = control/roles:compute/roles\n');
  expect(text).toContain('\nlibrary = compute/library\n');
  expect(text).toContain('\nfilter_plugins = compute/filter_plugins\n');
  expect(text).toContain('\nhost_key_checking = True\n');
  const paths = [...renderSite(plan, 'madrid-01').tree.keys()];
  expect(paths.filter((path) => /ansible\.cfg|evil/.test(path))).toEqual(['ansible.cfg']);
});

test('two sites never share connections, whatever their addresses', () => {
  const plan = planWith();
  const [lisbon, porto] = ['lisbon-07', 'porto-01'].map(
    (site) => /control_path_dir = (\S+)/.exec(fileAt(plan, site, 'ansible.cfg')!)?.[1],
  );
  expect(lisbon).toMatch(/^~\/\.ansible\/cp\/[0-9a-f]{12}$/);
  expect(lisbon).not.toBe(porto);
});

test('playbooks are applied in the order of the stacks and of their lists', () => {
  const plan = planWith({
    'sites/madrid-01.yaml': (text) => text.replace('[control]', '[control, compute]'),
  });
  const playbooks = [
    'control/playbooks/site.yml',
    'compute/playbooks/site.yml',
    'compute/playbooks/tune.yml',
  ];
  expect(playbooksOf(plan, 'madrid-01')).toEqual(playbooks);
  expect(fileAt(plan, 'madrid-01', 'apply.sh')).toContain(
    `\nexec ansible-playbook "$@" ${playbooks.join(' ')}\n`,
  );
  expect(() => playbooksOf(plan, 'atlantis')).toThrow(UserError);
});

test('templates lose their ending, keep their mode, and may include others that give no file', () => {
  const plan = planWith({
    [`${TEMPLATES}/run.sh.j2`]: {
      mode: '100755',
      content: '#!/bin/sh\n{% include "parts/_body.j2" %}',
    },
    [`${TEMPLATES}/parts/_body.j2`]:
      'echo {{ domain }} {{ site.hosts["compute-0"].ansible_host }}\n',
    [`${TEMPLATES}/logo.bin`]: Buffer.from([0, 255, 10]),
  });
  const { tree } = renderSite(plan, 'lisbon-07');
  expect(tree.get('compute/files/run.sh')).toEqual({
    mode: '100755',
    content: Buffer.from('#!/bin/sh\necho eu.example.org 10.20.7.11\n'),
  });
  expect(tree.get('compute/files/logo.bin')?.content).toEqual(Buffer.from([0, 255, 10]));
  expect([...tree.keys()].filter((path) => path.includes('_body'))).toEqual([]);
});

test('templates reach no file outside of their stack', () => {
  for (const name of ['../stack.yaml', '../../control/templates/x.j2', '/etc/passwd']) {
    const plan = planWith({ [`${TEMPLATES}/x.j2`]: `{% include "${name}" %}` });
    expect(faultsAt(plan, 'lisbon-07')[0]).toMatch(/x\.j2:1:\d+: there is no template/);
  }
});

test('a stack sees what it imports, and of that only what is exported', () => {
  const plan = planWith({
    [`${TEMPLATES}/api.j2`]: '{{ imports.control.api.url }} {{ imports.control.vip }}',
  });
  expect(fileAt(plan, 'lisbon-07', 'compute/files/api')).toBe('https://10.10.1.10:6443 10.10.1.10');
  const hidden = planWith({ [`${TEMPLATES}/api.j2`]: '{{ imports.control.api.internal }}' });
  expect(faultsAt(hidden, 'lisbon-07')[0]).toMatch(/api\.j2:1:\d+: .*internal/);
  const unasked = planWith({
    'stacks/compute/stack.yaml': (text) => text.replace('imports: [control]', 'imports: []'),
  });
  expect(faultsAt(unasked, 'lisbon-07')[0]).toMatch(/agent\.conf\.j2:3:\d+: /);
});

test('a stack imports from the site itself where that has the other stack', () => {
  const plan = planWith({
    'sites/madrid-01.yaml': (text) => text.replace('[control]', '[control, compute]'),
  });
  expect(fileAt(plan, 'madrid-01', 'compute/files/etc/agent.conf')).toContain(
    'api=https://10.10.1.10:6443',
  );
});

test.each([
  ['vaulted', 'db_password', {}],
  [
    'marked in the schema',
    'token',
    { [LISBON]: (text: string) => text.replace('params:\n', 'params:\n  token: hunter22\n') },
  ],
])('a secret that is %s can be told from none, but not printed (law 11)', (_, name, edits) => {
  const safe = planWith({ ...edits, [`${TEMPLATES}/s.j2`]: `{{ ${name} is defined }}` });
  expect(fileAt(safe, 'lisbon-07', 'compute/files/s')).toBe('True');
  const leaky = planWith({ ...edits, [`${TEMPLATES}/s.j2`]: `x={{ ${name} }}` });
  const faults = faultsAt(leaky, 'lisbon-07');
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(/s\.j2:1:\d+: a secret/);
  expect(faults[0]).not.toMatch(/hunter22|ANSIBLE_VAULT/);
});

test('what another site marks as a secret stays one when it is imported (law 11)', () => {
  const plan = planWith({
    'stacks/control/schema.json':
      '{ "properties": { "vip": { "type": "string", "x-secret": true } } }',
    [`${TEMPLATES}/s.j2`]: '{{ imports.control.vip }}',
  });
  expect(faultsAt(plan, 'lisbon-07')[0]).toMatch(/s\.j2:1:\d+: a secret/);
});

test('everything that is wrong at a site is told at once', () => {
  const plan = planWith({
    [`${TEMPLATES}/a.j2`]: '{{ nothing }}',
    [`${TEMPLATES}/b.j2`]: '\n{{ domain.x.y }}',
    'overlays/lisbon-07/compute/files/motd/x': 'x',
  });
  expect(faultsAt(plan, 'lisbon-07').map((fault) => fault.split(': ')[0])).toEqual([
    'overlays/lisbon-07/compute/files/motd/x:1:1',
    expect.stringMatching(/a\.j2:1:4$/),
    expect.stringMatching(/b\.j2:2:\d+$/),
  ]);
  expect(faultsAt(plan, 'madrid-01')).toEqual([]);
  expect(() => renderSite(plan, 'atlantis')).toThrow(
    new UserError('the plan has no site "atlantis"'),
  );
});

test('an overlay replaces, adds and takes away files at one site alone', () => {
  const plan = planWith({
    'overlays/lisbon-07/compute/files/motd': { mode: '100755', content: 'ours\n' },
    'overlays/lisbon-07/notes/today.txt': 'added\n',
    'overlays/lisbon-07/__proto__': 'a name like any other\n',
    'overlays/lisbon-07/.trueup-absent.yaml':
      'apiVersion: trueup/v1\nkind: Absent\npaths: [compute/files/chrony.conf, not/there]\n',
  });
  const { tree } = renderSite(plan, 'lisbon-07');
  expect(tree.get('compute/files/motd')).toMatchObject({
    mode: '100755',
    content: Buffer.from('ours\n'),
  });
  expect(tree.get('notes/today.txt')?.content.toString()).toBe('added\n');
  expect(tree.has('compute/files/chrony.conf')).toBe(false);
  expect([...tree.keys()].filter((path) => path.includes('trueup'))).toEqual([]);
  const manifest = withManifest(renderSite(plan, 'lisbon-07'), {
    plan: 'p',
    revision: '',
    generation: 0,
    run: NOT_RUN,
  });
  expect(manifest.get('.trueup/manifest.json')?.content.toString()).toContain(
    '"__proto__":{"mode"',
  );
  expect(renderSite(plan, 'porto-01').digest).toBe(renderSite(planWith(), 'porto-01').digest);
});

test.each(['compute/files/CHRONY.conf', 'compute/files/motd/x', 'compute', 'Readme'])(
  'an overlay of %s is refused: it cannot stand beside what is rendered',
  (path) => {
    const plan = planWith({ [`overlays/lisbon-07/${path}`]: 'x' });
    expect(faultsAt(plan, 'lisbon-07')).toEqual([
      expect.stringMatching(/^overlays\/lisbon-07\/.*cannot stand in the site tree beside/),
    ]);
  },
);

test('requirements become the file that ansible-galaxy reads', () => {
  const plan = planWith({
    'stacks/compute/stack.yaml': (text) =>
      `${text}requirements:\n  collections: [{ name: ansible.posix, version: 1.5.4 }]\n`,
  });
  expect(fileAt(plan, 'lisbon-07', 'compute/requirements.yml')).toBe(
    '---\ncollections:\n  - name: ansible.posix\n    version: 1.5.4\n',
  );
});

test('the manifest is canonical, names every file, and is no part of the digest', () => {
  const rendered = renderSite(planWith(), 'lisbon-07');
  const about = { plan: 'acme-edge', revision: '1a2b3c4', generation: 7, run: NOT_RUN };
  const tree = withManifest(rendered, about);
  const text = tree.get('.trueup/manifest.json')!.content.toString();
  const manifest: Manifest = JSON.parse(text);
  expect(manifest).toMatchObject({
    ...about,
    site: 'lisbon-07',
    digest: rendered.digest,
    renderer: '2',
  });
  expect(Object.keys(manifest.files)).toEqual([...rendered.tree.keys()]);
  expect(text.startsWith('{"digest":"')).toBe(true);
  expect(text).not.toMatch(/\s/);
  expect(treeDigest(tree)).toBe(rendered.digest);
});

test("templates that cannot be compiled are told with the plan's other faults", () => {
  const source = { ...examplePlan, [`${TEMPLATES}/a.j2`]: '{% for %}', [LISBON]: 'kind: Site\n' };
  const { plan, problems } = loadPlanAndTemplates(planFiles(source));
  expect(plan).toBeUndefined();
  expect(problems.map(formatProblem).map((text) => text.split(': ')[0])).toEqual([
    'sites/lisbon-07.yaml:1:1',
    expect.stringMatching(/templates\/a\.j2:1:\d+$/),
  ]);
});
