import { expect, test } from 'vitest';

import { examplePlan } from '../../../test/support/example-plan.ts';
import { planFiles } from '../../../test/support/plan-files.ts';
import { UserError } from '../../model/errors.ts';
import type { Plan } from '../../plan/plan.ts';
import { loadPlanAndTemplates } from '../open.ts';
import { renderSite } from '../render.ts';
import { explainFile, explainKeyOf } from './explain.ts';
import { parsePath, pathName } from './show.ts';

const SITE = 'lisbon-07';

function planWith(more: Record<string, string> = {}): Plan {
  return loadPlanAndTemplates(planFiles({ ...examplePlan, ...more })).plan!;
}

/** What each source of a key says: state and value, highest first. */
function sourcesOf(key: string, plan = planWith()): string[] {
  const { sources } = explainKeyOf(plan, SITE, key).value;
  return sources.map(({ file, position, state, value }) =>
    `${file}${position ? `:${position.line}` : ''} ${state} ${value ?? ''}`.trim(),
  );
}

test('a key is told with what it shadows, and with the layers that lack it', () => {
  expect(sourcesOf('ntp_servers[0]')).toEqual([
    'sites/lisbon-07.yaml:11 wins 10.20.7.1',
    'layers/profile/store.yaml silent',
    'layers/region/eu-west.yaml silent',
    'layers/common.yaml:3 shadowed [10.0.0.1, 10.0.0.2]',
    'stacks/compute/schema.json silent',
  ]);
  expect(explainKeyOf(planWith(), SITE, 'ntp_servers[0]').value).toMatchObject({
    value: '10.20.7.1',
    position: { file: 'sites/lisbon-07.yaml', line: 11, column: 17 },
  });
});

test('a layer file that does not exist is told in its place', () => {
  const { value } = explainKeyOf(planWith(), 'porto-01', 'domain');
  expect(value.sources.map(({ file, state }) => `${file} ${state}`)).toEqual([
    'sites/porto/porto-01.yaml silent',
    'layers/profile/lab.yaml missing',
    'layers/region/eu-west.yaml wins',
    'layers/common.yaml shadowed',
    'stacks/compute/schema.json silent',
  ]);
});

test('a tombstone is told as what takes a key away', () => {
  expect(explainKeyOf(planWith(), SITE, 'banner').value.value).toBeNull();
  expect(sourcesOf('banner')[0]).toBe('sites/lisbon-07.yaml:12 unsets !unset');
});

test("a default stands where the stack's schema gives it", () => {
  expect(explainKeyOf(planWith(), SITE, 'mtu').value).toMatchObject({
    value: '1500',
    position: { file: 'stacks/compute/schema.json', line: 6 },
  });
});

test('of merged lists each element is told with its own place', () => {
  const { value } = explainKeyOf(planWith(), SITE, 'packages');
  expect(value.merge).toBe('unique');
  expect(value.leaves.map(({ value: text, position }) => `${text} ${position!.file}`)).toEqual([
    'curl layers/common.yaml',
    'git layers/common.yaml',
    'rsync layers/region/eu-west.yaml',
    'tills layers/profile/store.yaml',
  ]);
  const shells = explainKeyOf(planWith(), SITE, 'users').value.leaves;
  expect(shells.find(({ name }) => name === 'users[1].shell')).toMatchObject({
    value: '/bin/zsh',
    position: { file: 'layers/profile/store.yaml' },
  });
});

test('of an element it is told which layer gave it; of one merged by key, for each field', () => {
  expect(sourcesOf('packages[2]')).toMatchInlineSnapshot(`
    [
      "sites/lisbon-07.yaml silent",
      "layers/profile/store.yaml silent",
      "layers/region/eu-west.yaml:2 wins rsync",
      "layers/common.yaml silent",
      "stacks/compute/schema.json silent",
    ]
  `);
  expect(sourcesOf('users[1].shell')).toMatchInlineSnapshot(`
    [
      "sites/lisbon-07.yaml silent",
      "layers/profile/store.yaml:5 wins /bin/zsh",
      "layers/region/eu-west.yaml silent",
      "layers/common.yaml:11 shadowed /bin/bash",
      "stacks/compute/schema.json silent",
    ]
  `);
  expect(sourcesOf('users[1].name')).toMatchInlineSnapshot(`
    [
      "sites/lisbon-07.yaml silent",
      "layers/profile/store.yaml:5 wins ops",
      "layers/region/eu-west.yaml silent",
      "layers/common.yaml:11 shadowed ops",
      "stacks/compute/schema.json silent",
    ]
  `);
  expect(sourcesOf('users[1]')).toMatchInlineSnapshot(`
    [
      "sites/lisbon-07.yaml silent",
      "layers/profile/store.yaml:5 joins { name: ops, shell: /bin/zsh }",
      "layers/region/eu-west.yaml silent",
      "layers/common.yaml:11 joins { name: ops, shell: /bin/bash }",
      "stacks/compute/schema.json silent",
    ]
  `);
  // An equal element higher up changes nothing.
  const plan = planWith({ 'layers/profile/store.yaml': 'packages: [git, tills]\n' });
  expect(sourcesOf('packages[1]', plan)).toMatchInlineSnapshot(`
    [
      "sites/lisbon-07.yaml silent",
      "layers/profile/store.yaml:1 shadowed git",
      "layers/region/eu-west.yaml:2 shadowed git",
      "layers/common.yaml:8 wins git",
      "stacks/compute/schema.json silent",
    ]
  `);
});

test('something else than a map on the way hides what lower layers say', () => {
  const plan = planWith({
    'layers/common.yaml': `${examplePlan['layers/common.yaml']}log: { level: info }\n`,
    'layers/region/eu-west.yaml': `${examplePlan['layers/region/eu-west.yaml']}log: off\n`,
    'layers/profile/store.yaml': `${examplePlan['layers/profile/store.yaml']}log: { keep: 7 }\n`,
  });
  expect(sourcesOf('log.level', plan)).toMatchInlineSnapshot(`
    [
      "sites/lisbon-07.yaml silent",
      "layers/profile/store.yaml silent",
      "layers/region/eu-west.yaml:4 hides off",
      "layers/common.yaml:18 shadowed info",
      "stacks/compute/schema.json silent",
    ]
  `);
  expect(sourcesOf('log.keep', plan)[1]).toMatch(/^layers\/profile\/store.yaml:\d+ wins 7$/);
});

test('playbooks and roles that mention a key are told, and so are templates that do not render', () => {
  const plan = planWith({
    'stacks/compute/playbooks/site.yml':
      "- hosts: all\n  tasks:\n    - debug: { msg: '{{ mtu }} {{ mtu_max }} {{ mtu }}' }\n",
    'stacks/compute/roles/base/defaults/main.yml': 'mtu_max: 9000\n',
    'stacks/compute/templates/broken.j2': '{{ mtu }}\n{{ missing }}\n',
  });
  const { mentions, failed, uses } = explainKeyOf(plan, SITE, 'mtu');
  const file = 'stacks/compute/playbooks/site.yml';
  expect(mentions).toEqual([{ file, position: { file, line: 3, column: 25 }, count: 2 }]);
  // The others are told all the same.
  expect(uses.map(({ file }) => file)).toEqual(['compute/files/etc/agent.conf']);
  expect(failed).toEqual([
    {
      file: 'compute/files/broken',
      template: 'stacks/compute/templates/broken.j2',
      reason: expect.stringMatching(/broken\.j2:2:4: .*missing/),
    },
  ]);
});

test('templates that read a key are told with their places', () => {
  expect(explainKeyOf(planWith(), SITE, 'ntp_servers').uses).toMatchObject([
    { file: 'compute/files/chrony.conf', kind: 'loop', position: { line: 1, column: 1 } },
    { kind: 'value', expression: 'server', position: { line: 2, column: 11 } },
  ]);
  expect(explainKeyOf(planWith(), SITE, 'version').uses).toEqual([]);
});

test('variables of hosts and groups are told as Ansible takes them', () => {
  expect(explainKeyOf(planWith(), SITE, 'host:compute-1.level').value).toMatchObject({
    value: '007',
    position: { file: 'sites/lisbon-07.yaml', line: 13 },
  });
  const ofGroup = explainKeyOf(planWith(), SITE, 'host:compute-1.tuned_profile').value;
  expect(ofGroup.sources.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
    'host silent',
    'inventory silent',
    'group wins',
    'params silent',
  ]);
  expect(explainKeyOf(planWith(), SITE, 'group:compute.domain').value.value).toBe('eu.example.org');
  expect(() => explainKeyOf(planWith(), SITE, 'host:compute-9.level')).toThrow(/did you mean/);
  expect(() => explainKeyOf(planWith(), SITE, 'host:compute-1.levle')).toThrow(
    'did you mean "host:compute-1.level"?',
  );
});

test('what is unknown is refused with what was probably meant', () => {
  const plan = planWith();
  expect(() => explainKeyOf(plan, SITE, 'domian')).toThrow('did you mean "domain"?');
  expect(() => explainKeyOf(plan, SITE, 'ntp_servers[7]')).toThrow(UserError);
  expect(() => explainKeyOf(plan, SITE, 'a..b')).toThrow(/is no key/);
  expect(() => explainKeyOf(plan, 'atlantis', 'domain')).toThrow(UserError);
  expect(() => explainFile(plan, SITE, 'group_vars/al.yml')).toThrow(
    'did you mean "group_vars/all.yml"?',
  );
  expect(() => explainFile(plan, SITE, 'compute/files/chrony.conf', 2)).toThrow(
    'has no line 2: it has 1 line',
  );
  expect(() => explainFile(plan, SITE, 'compute/files/chrony.conf', 0)).toThrow(/no line 0/);
});

test('law 11: secrets are told neither by key nor by line, shadowed ones neither', () => {
  const plan = planWith({
    'layers/common.yaml': `${examplePlan['layers/common.yaml']}token: lower-s3cret\n`,
    'layers/region/eu-west.yaml': `${examplePlan['layers/region/eu-west.yaml']}db_password: in-the-cl3ar\ntoken: upper-s3cret\n`,
  });
  const lines = renderSite(plan, SITE).tree.get('group_vars/all.yml')!.content.toString();
  const told = [
    explainKeyOf(plan, SITE, 'token'),
    explainKeyOf(plan, SITE, 'db_password'),
    ...lines
      .trimEnd()
      .split('\n')
      .map((_, index) => explainFile(plan, SITE, 'group_vars/all.yml', index + 1)),
    explainFile(plan, SITE, 'group_vars/all.yml'),
  ];
  expect(told[0]).toMatchObject({ value: { value: '(secret)' } });
  expect(JSON.stringify(told)).not.toMatch(/s3cret|cl3ar|ANSIBLE_VAULT|66386439/);
});

const PIECES = `{% macro line(name) %}
name = {{ name }}
{% endmacro %}
{% set greeting = domain | upper %}
{% if mtu > 9000 %}
jumbo
{% elif enabled %}
{{ line(domain) }}{% else %}
none
{% endif %}
{{ greeting }} {{ imports.control.vip }} {{ site.labels.region }}
{% include '_part.j2' %}
`;

test('the pieces of a line are told with their templates, conditions and parameters', () => {
  const plan = planWith({
    'stacks/compute/templates/all.j2': PIECES,
    'stacks/compute/templates/_part.j2': 'part of {{ site.name }}\n',
  });
  const pieces = (line: number): string[] =>
    explainFile(plan, SITE, 'compute/files/all', line).pieces.map(
      ({ kind, depth, text, position, detail, reads }) =>
        `${depth} ${kind} ${JSON.stringify(text)} ${position.file.split('/').at(-1)}:${position.line} ${detail ?? ''} ${reads.map(({ name, value }) => `${name}=${value}`).join()}`,
    );
  expect(pieces(1)).toMatchInlineSnapshot(`
    [
      "0 if "name = eu.example.org\\n" all.j2:5 elif: enabled mtu=1500,enabled=yes",
      "1 macro "name = eu.example.org\\n" all.j2:8  domain=eu.example.org",
      "2 text "name = " all.j2:2  ",
      "2 value "eu.example.org" all.j2:2  domain=eu.example.org",
      "3 argument "eu.example.org" all.j2:8 name ",
      "2 text "\\n" all.j2:2  ",
    ]
  `);
  expect(pieces(2)).toMatchInlineSnapshot(`
    [
      "0 value "EU.EXAMPLE.ORG" all.j2:11  domain=eu.example.org",
      "1 set "EU.EXAMPLE.ORG" all.j2:4 greeting ",
      "0 text " " all.j2:11  ",
      "0 value "10.10.1.10" all.j2:11  imports.control.vip=10.10.1.10",
      "0 text " " all.j2:11  ",
      "0 value "eu-west" all.j2:11  site.labels.region=eu-west",
      "0 text "\\n" all.j2:11  ",
    ]
  `);
  expect(pieces(3)).toMatchInlineSnapshot(`
    [
      "0 include "part of lisbon-07\\n" all.j2:12 stacks/compute/templates/_part.j2 ",
      "1 text "part of " _part.j2:1  ",
      "1 value "lisbon-07" _part.j2:1  site.name=lisbon-07",
      "1 text "\\n" _part.j2:1  ",
    ]
  `);
});

test('what a filter block or a set block made its text of is told, for the lines asked for', () => {
  const plan = planWith({
    'stacks/compute/templates/all.j2': `{% filter upper %}
search {{ domain }}
mtu {{ mtu }}
{% endfilter %}
{% set both %}
one {{ site.name }}
two {{ enabled }}
{% endset %}
{{ both }}`,
  });
  const pieces = (line: number): string[] =>
    explainFile(plan, SITE, 'compute/files/all', line).pieces.map(
      ({ kind, depth, text, position, reads }) =>
        `${depth} ${kind} ${JSON.stringify(text)} ${position.line}:${position.column} ${reads.map(({ name }) => name).join()}`,
    );
  expect(pieces(2)).toMatchInlineSnapshot(`
    [
      "0 filter "MTU 1500\\n" 1:1 ",
      "1 text "mtu " 3:1 ",
      "1 value "1500" 3:8 mtu",
      "1 text "\\n" 3:14 ",
    ]
  `);
  expect(pieces(3)).toMatchInlineSnapshot(`
    [
      "0 value "one lisbon-07\\n" 9:4 ",
      "1 set "one lisbon-07\\n" 6:1 ",
      "2 text "one " 6:1 ",
      "2 value "lisbon-07" 6:8 site.name",
      "2 text "\\n" 6:20 ",
    ]
  `);
  const { uses } = explainKeyOf(plan, SITE, 'mtu');
  const own = uses.filter(({ file }) => file === 'compute/files/all');
  expect(
    own.map(({ kind, position, expression }) => `${position.line} ${kind} ${expression}`),
  ).toEqual(['3 value mtu']);
});

test('what a template reads of the site is told with its source', () => {
  const plan = planWith({ 'stacks/compute/templates/all.j2': '{{ site.labels.region }}\n' });
  expect(explainFile(plan, SITE, 'compute/files/all').values[0]).toMatchObject({
    name: 'site.labels.region',
    sources: [{ kind: 'site', file: 'sites/lisbon-07.yaml', state: 'wins', value: 'eu-west' }],
  });
});

test('a file that the overlay leaves out is told as left out', () => {
  const plan = planWith({
    'overlays/lisbon-07/.trueup-absent.yaml':
      'apiVersion: trueup/v1\nkind: Absent\npaths: [compute/files/chrony.conf]\n',
  });
  expect(() => explainFile(plan, SITE, 'compute/files/chrony.conf')).toThrow(
    'goes without "compute/files/chrony.conf": its overlay says so',
  );
  expect(explainKeyOf(plan, SITE, 'ntp_servers')).toMatchObject({ uses: [], failed: [] });
});

test('each other kind of file is told for what it is', () => {
  const plan = planWith({ 'overlays/lisbon-07/compute/files/motd': 'ours\n' });
  const of = (file: string, line?: number) => explainFile(plan, SITE, file, line);
  expect(of('README', 1)).toMatchObject({ origin: 'trueup', position: null });
  expect(of('.trueup/manifest.json')).toMatchObject({ origin: 'trueup' });
  expect(of('compute/files/motd', 1)).toMatchObject({
    origin: 'overlay',
    text: 'ours',
    position: { file: 'overlays/lisbon-07/compute/files/motd', line: 1 },
  });
  expect(of('compute/playbooks/site.yml', 3)).toMatchObject({
    origin: 'copied',
    position: { file: 'stacks/compute/playbooks/site.yml', line: 3 },
  });
  expect(of('host_vars/compute-1.yml', 3)).toMatchObject({
    origin: 'data',
    text: 'level: 007',
    values: [{ name: 'host:compute-1.level', value: '007' }],
  });
  expect(of('group_vars/compute.yml', 2).values[0]!.name).toBe('group:compute.tuned_profile');
  expect(of('inventory.yml', 5)).toMatchObject({
    text: '      ansible_host: 10.20.7.11',
    position: { file: 'sites/lisbon-07.yaml', line: 7 },
  });
  expect(of('inventory.yml').values.map(({ name, value }) => `${name}=${value}`))
    .toMatchInlineSnapshot(`
    [
      "hosts.compute-0.ansible_host=10.20.7.11",
      "hosts.compute-1.ansible_host=10.20.7.12",
      "groups.compute=[compute-0, compute-1]",
    ]
  `);
  expect(of('group_vars/all.yml', 1).values).toEqual([]);
  expect(of('compute/files/chrony.conf').values.map(({ name }) => name)).toEqual([
    'ntp_servers',
    'ntp_servers[0]',
  ]);
});

test('keys that are no plain words are written so that they are read again', () => {
  const path = ['sysctl', 'net.ipv4.ip_forward', 0, 'a b'];
  expect(pathName(path)).toBe('sysctl["net.ipv4.ip_forward"][0]["a b"]');
  expect(parsePath(pathName(path))).toEqual(path);
  for (const text of ['', '.a', 'a..b', 'a[', 'a b', 'a[x]'])
    expect(parsePath(text)).toBeUndefined();
});
