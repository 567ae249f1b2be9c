import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { secretForms } from '../../src/model/redact.ts';
import { sha256 } from '../../src/model/tree.ts';
import { slowTemplates } from '../support/hostile-plans.ts';
import { MARKUP, shown } from '../support/markdown.ts';
import { PreviewWorld } from '../support/previews.ts';
import { pairPlan, site } from '../support/world-plan.ts';
import type { Files } from '../support/world.ts';

const SECRET = 'hunter2-of-lisbon';
const OUTSIDE = 'nobody-of-the-plan-reads-this';
const TEMPLATE = 'stacks/base/templates/ntp.conf.j2';

let previews: PreviewWorld;
/** A file that only code of a pull request would make; and one that only a link would lead to. */
let canary: string;
let outside: string;
beforeAll(async () => {
  previews = await PreviewWorld.create(
    (hosts) => ({
      ...pairPlan(hosts),
      'sites/lisbon.yaml': site('lisbon', { password: SECRET }),
      'stacks/base/schema.json': JSON.stringify({
        type: 'object',
        properties: { password: { type: 'string', 'x-secret': true } },
      }),
    }),
    { preview: { timeout: '5s' } },
  );
  canary = join(previews.world.root, 'canary');
  outside = join(previews.world.root, 'outside');
  await writeFile(outside, OUTSIDE);
  // These refs follow what was applied.
  await previews.service.until('all has come to rest', async () => {
    const refs = await previews.world.bare('sites', 'for-each-ref', 'refs/sites/*/applied');
    return refs.split('\n').length === 2;
  });
});
afterAll(() => previews.close());

/**
 * All that a pull request must not touch: every byte of the working copies, the hosts and what lies around them, refs
 * other than those that pull requests bring, and the rows of the sites.
 */
async function standing(): Promise<Record<string, unknown>> {
  const { world, service } = previews;
  const all: Record<string, unknown> = {};
  for (const entry of await readdir(world.root, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const name = relative(world.root, file);
    // Git's objects and the database are what refs and rows say; the clone is the operator's.
    if (/^(?:clone|data\/[^/]+\.git|data\/trueup\.sqlite[^/]*)(?:\/|$)/.test(name)) continue;
    const { mode } = await lstat(file);
    all[name] = [mode, entry.isFile() ? sha256(await readFile(file)) : ''];
  }
  const kept = ['for-each-ref', '--format=%(refname) %(objectname)'];
  all['origin'] = await world.bare('origin', ...kept, 'refs/heads/main', 'refs/heads/trueup');
  all['sites'] = await world.bare('sites', ...kept);
  all['plan'] = await world.bare('plan', ...kept, 'refs/remotes/origin/main', 'refs/heads');
  const sites = await service.store.sites.list({ limit: 9 });
  // When a site was last looked at is no change of it.
  all['rows'] = sites.map((row) => ({ ...row, updatedAt: 0 }));
  const { goodRevision, headRevision, confirmedRevision } = await service.store.plan.get();
  all['revisions'] = [goodRevision, headRevision, confirmedRevision];
  all['runs'] = (await service.store.runs.list({ limit: 99 })).map(({ id }) => id);
  all['drifts'] = await service.store.drifts.list({ limit: 9 });
  all['proposals'] = await service.store.proposals.list({ limit: 9 });
  return all;
}

/** What holds whatever a pull request holds: nothing ran, and no secret was told. */
async function expectNothingRan(): Promise<void> {
  const { service, driver, github } = previews;
  await expect(lstat(canary)).rejects.toThrow('ENOENT');
  expect(driver.requests.every(({ kind }) => kind === 'apply')).toBe(true);
  const told = JSON.stringify([github.comments, github.statuses, service.lines]);
  const kept = JSON.stringify(await service.store.previews.list({ limit: 100 }));
  for (const form of [...secretForms(SECRET), ...secretForms(OUTSIDE)]) {
    for (const text of [told, kept]) expect(text.includes(form)).toBe(false);
  }
}

/** Waits until a pull request has its one comment and its status, and holds both to what they must say. */
async function expectRefused(
  { number, head }: { number: number; head: string },
  description: string,
  headline: string,
  ...faults: string[]
): Promise<void> {
  await previews.previewed(number, head);
  expect(previews.status(head)).toMatchObject({ state: 'failure', description });
  expect(previews.comments(number)).toEqual([
    [
      '<!-- trueup:preview -->',
      `## This does not render: ${headline}`,
      '',
      `What merging \`${head.slice(0, 12)}\` into \`main\` would change, rendered as it would be applied.`,
      '',
      ...faults.map((fault) => `- ${fault}`),
      '',
      `[Everything on one page](${previews.service.url}/api/v1/previews/${number}/page)`,
    ].join('\n'),
  ]);
}

const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
for (let i = 1; i < 10; i += 1)
  bomb.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`);

const plugin = (): string =>
  `import pathlib\npathlib.Path(${JSON.stringify(canary)}).write_text('here')\n`;

const WORK = 'the template does too much work (more than 3000000 steps)';
const BOTH = '0 sites change, 0 stay as they are, 2 do not render';
const ONE = '1 fault';
const AT_BOTH = 'at `lisbon`, `porto`';
const evil = 'layers/<img src=x onerror=alert(1)> @acme`.yaml';

/** What it tries, the files, the status, and the comment: its headline and its lines. */
test.each<[string, () => Files, string, string, ...string[]]>([
  [
    'a template that loops',
    () => ({
      [TEMPLATE]: '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}',
    }),
    `${TEMPLATE}:1:35: ${WORK} (2 sites do not render)`,
    BOTH,
    `\`${TEMPLATE}:1:35: ${WORK} (loop over less, or split the file)\` ${AT_BOTH}`,
  ],
  [
    'a template that grows',
    () => ({
      [TEMPLATE]: `{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}`,
    }),
    `${TEMPLATE}:1:77: ${WORK} (2 sites do not render)`,
    BOTH,
    `\`${TEMPLATE}:1:77: ${WORK} (loop over less, or split the file)\` ${AT_BOTH}`,
  ],
  [
    'a template that looks behind its values',
    () => ({ [TEMPLATE]: "{{ ''.__class__.__mro__ }}\n{{ motd.constructor }}\n" }),
    `${TEMPLATE}:1:4: .__class__ of text is not available (2 sites do not render)`,
    BOTH,
    `\`${TEMPLATE}:1:4: .__class__ of text is not available (for a key of that name write ['__class__'])\` ${AT_BOTH}`,
  ],
  [
    'a template that asks for a file',
    () => ({ [TEMPLATE]: `{{ lookup('file', '${outside}') }}\n` }),
    `${TEMPLATE}:1:4: "lookup" is undefined (2 sites do not render)`,
    BOTH,
    `\`${TEMPLATE}:1:4: "lookup" is undefined (templates look up nothing outside of the plan; define a parameter)\` ${AT_BOTH}`,
  ],
  [
    'a template that includes one from elsewhere',
    () => ({ [TEMPLATE]: "{% include '../../../outside' %}\n" }),
    `${TEMPLATE}:1:12: there is no template "../../../outside" (2 sites do not render)`,
    BOTH,
    `\`${TEMPLATE}:1:12: there is no template "../../../outside"\` ${AT_BOTH}`,
  ],
  [
    'a YAML bomb',
    () => ({ 'layers/common.yaml': bomb.join('\n') }),
    'layers/common.yaml:4:45: aliases and merge keys add more than 10000 nodes',
    ONE,
    '`layers/common.yaml:4:45: aliases and merge keys add more than 10000 nodes`',
  ],
  [
    'YAML without a bottom',
    () => ({ 'layers/common.yaml': `motd: ${'['.repeat(100_000)}\n` }),
    'layers/common.yaml:1:136: nested more than 64 levels deep',
    ONE,
    '`layers/common.yaml:1:136: nested more than 64 levels deep`',
  ],
  [
    'a pattern that backtracks',
    () => ({
      'stacks/base/schema.json': JSON.stringify({
        type: 'object',
        properties: { motd: { type: 'string', pattern: '^(a|a|aa)+$|^Welcome$' } },
      }),
      'sites/porto.yaml': site('porto', { motd: `${'a'.repeat(60)}!` }),
    }),
    'sites/porto.yaml:1:1: to hold the parameters of site "porto" against the schema of stack "base" takes too long',
    ONE,
    '`sites/porto.yaml:1:1: to hold the parameters of site "porto" against the schema of stack "base" takes too long (a pattern in the schema is the likely cause: write it without nested repetitions)`',
  ],
  [
    'an ansible.cfg of its own, and plugins',
    () => ({
      'stacks/base/ansible.cfg': '[defaults]\nhost_key_checking = False\n',
      'stacks/base/filter_plugins/evil.py': plugin(),
    }),
    'stacks/base/ansible.cfg:1:1: an ansible.cfg of the plan counts nowhere: each site gets one that trueup writes',
    ONE,
    '`stacks/base/ansible.cfg:1:1: an ansible.cfg of the plan counts nowhere: each site gets one that trueup writes (take it out; an overlay can replace the one of a site)`',
  ],
  [
    'a secret echoed through a template',
    () => ({ [TEMPLATE]: '{{ password }}\nserver {{ clock }} iburst\n' }),
    `${TEMPLATE}:1:4: a secret may not be used in a template (2 sites do not render)`,
    BOTH,
    `\`\`${TEMPLATE}:1:4: a secret may not be used in a template (keep it in the variables, for Ansible to decrypt; only \`is defined\` and \`default\` work on it here)\`\` at \`lisbon\``,
    `\`${TEMPLATE}:1:4: "password" is undefined\` at \`porto\``,
  ],
  [
    'a path that leaves by its names',
    () => ({ 'plan.yaml': previewsPlan('layers/../../../outside') }),
    'plan.yaml:4:30: the layer "layers/../../../outside" contains ".."',
    ONE,
    '`plan.yaml:4:30: the layer "layers/../../../outside" contains ".."`',
  ],
  [
    'markup in names',
    () => ({ [evil]: 'a: [\n' }),
    `${evil}:2:1: flow sequence in block collection must be sufficiently indented and end with a ]`,
    ONE,
    `\`\`${evil}:2:1: flow sequence in block collection must be sufficiently indented and end with a ] (check the indentation)\`\``,
  ],
])('%s gets a red status with its reason, and touches nothing', async (name, files, ...told) => {
  const before = await standing();
  const pull = await previews.open(name.replaceAll(/\W+/g, '-'), files());
  await expectRefused(pull, ...told);
  expect(await standing()).toEqual(before);
  await expectNothingRan();
});

function previewsPlan(layer: string): string {
  return `apiVersion: trueup/v1\nkind: Plan\nname: pair\nlayers: [layers/common.yaml, "${layer}"]\n`;
}

const PLAIN = '(a plan holds plain files only)';

/** What no working copy can hold; where it is, and why it is refused. */
test.each<[string, () => string, string, string]>([
  [
    'a symbolic link',
    () => `120000 blob ${blob(outside)}\tlink.yaml`,
    'link.yaml',
    'is a symbolic link',
  ],
  [
    'a symbolic link in a folder',
    () => `040000 tree ${tree(`120000 blob ${blob(outside)}\tb.yaml`)}\tlayers2`,
    'layers2/b.yaml',
    'is a symbolic link',
  ],
  [
    'a path out of the folder',
    () => `040000 tree ${tree(`100644 blob ${blob('x')}\t..`)}\tlayers2`,
    'layers2/..',
    'contains ".."',
  ],
  [
    'a repository inside',
    () => `040000 tree ${tree(`100644 blob ${blob('x')}\tconfig`)}\t.git`,
    '.git',
    'contains ".git"',
  ],
  [
    'a repository inside, for a file system without case',
    () => `040000 tree ${tree(`100644 blob ${blob('x')}\tconfig`)}\t.GIT`,
    '.GIT',
    'contains ".git"',
  ],
  [
    'a backslash',
    () => `100644 blob ${blob('x')}\t..\\outside`,
    '..\\outside',
    'contains a backslash',
  ],
  [
    'an option of a program',
    () => `100644 blob ${blob('x')}\t-rf`,
    '-rf',
    'has a part that starts with "-"',
  ],
  ['a submodule', () => `160000 commit ${'1'.repeat(40)}\tmodule`, 'module', 'is a submodule'],
])('%s gets a red status with its reason, and touches nothing', async (name, entry, file, why) => {
  const before = await standing();
  const pull = await previews.openRaw(name.replaceAll(/\W+/g, '-'), [entry()]);
  const fault = `${file}:1:1: ${JSON.stringify(file)} is refused: ${why}`;
  await expectRefused(pull, fault, ONE, `\`${fault} ${PLAIN}\``);
  expect(await standing()).toEqual(before);
  await expectNothingRan();
});

test('plugins of its own are shown and not run', async () => {
  const before = await standing();
  const { number, head } = await previews.open('plugins', {
    'stacks/base/filter_plugins/evil.py': plugin(),
    'stacks/base/lookup_plugins/evil.py': plugin(),
    [TEMPLATE]: 'server {{ clock }} iburst\n',
  });
  const { report } = await previews.previewed(number, head);
  expect(previews.status(head)).toMatchObject({
    state: 'success',
    description: '2 of 2 sites change',
  });
  const files = report.groups.flatMap((group) => group.files.map(({ path }) => path));
  // The cfg is ours: it names the folders.
  expect([...new Set(files)].toSorted()).toEqual([
    'ansible.cfg',
    'base/files/ntp.conf',
    'base/filter_plugins/evil.py',
    'base/lookup_plugins/evil.py',
  ]);
  expect(await standing()).toEqual(before);
  await expectNothingRan();
});

test('a secret that the pull request would have be none any more is shown in no form', async () => {
  const before = await standing();
  const { number, head } = await previews.open('no-secret', {
    'stacks/base/schema.json': '{}',
    [TEMPLATE]:
      "server {{ clock }} iburst\n{% if site.name == 'lisbon' %}\n{{ password }}\n{{ password | b64encode }}\n{{ password | urlencode }}\n{% endif %}\n",
  });
  await previews.previewed(number, head);
  expect(previews.status(head)).toMatchObject({
    state: 'success',
    description: '2 of 2 sites change',
  });
  expect(previews.comments(number)[0]).toContain('### 1 site: ');
  expect(await standing()).toEqual(before);
  await expectNothingRan();
});

test('markup in what it holds is text in the comment, and nothing else', async () => {
  const before = await standing();
  const name = `<img src=x> @acme/all "#1" [y](https:evil.example) \`\` <!-- trueup:end --> <details>.j2`;
  const { number, head } = await previews.open('markup', {
    'sites/porto.yaml': site('porto', { motd: MARKUP, '@acme [z](https://evil.example)': MARKUP }),
    [`stacks/base/templates/${name.replaceAll('/', '')}`]: `${MARKUP}\n\`\`\`\n</details>\n# head @acme\n<!-- trueup:preview -->\n- [x] @olga\n`,
  });
  await previews.previewed(number, head);
  expect(previews.status(head)).toMatchObject({
    state: 'success',
    description: '2 of 2 sites change',
  });
  const [comment, ...more] = previews.comments(number);
  expect(more).toEqual([]);
  for (const part of ['fixes #1 @acme/all', '<img src=x onerror=alert(1)>', '</details></summary>'])
    expect(comment).toContain(part);
  const { elements, hidden, links, prose } = shown(comment!);
  expect(hidden).toEqual(['<!-- trueup:preview -->']);
  expect(links).toEqual([`${previews.service.url}/api/v1/previews/${number}/page`]);
  expect(new Set(elements)).toEqual(
    new Set(['h2', 'p', 'code', 'h3', 'details', 'summary', 'pre', 'a']),
  );
  const closed = (comment!.match(/^<\/details>$/gm) ?? []).length;
  expect(elements.filter((one) => one === 'details').length).toBe(closed);
  expect(prose).not.toMatch(/@|#\d|evil|olga|\/trueup|head/);
  expect(await standing()).toEqual(before);
  await expectNothingRan();
});

test('what does not render in its time is not checked either, and nobody waits for it', async () => {
  const { github, service } = previews;
  const before = await standing();
  github.state.permissions.set('olga', 'write');
  const { number, head } = await previews.open('endless', slowTemplates('base'));
  const slow = 'rendering the site lisbon took longer than 5 s and was ended';
  await expectRefused(
    { number, head },
    slow,
    ONE,
    `\`${slow} (a pattern in a schema, or the size of what is rendered, is the likely cause)\``,
  );
  github.comment(number, 'olga', '/trueup check');
  const answer = await service.until('olga is told', async () => {
    service.service.controller.nudge({ pullRequest: number });
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    const { check, told } = (await service.store.previews.get(number))!;
    return told !== null && check?.state === 'refused' && check;
  });
  expect(answer.reason).toContain('Asked for by olga, but its preview is red');
  expect(previews.comments(number)[0]).toContain('Check run: refused');
  expect(previews.status(head, 'trueup/check')).toMatchObject({ state: 'failure' });
  // Nor where somebody asks at the dashboard.
  const asked = await service.api('POST', `/previews/${number}/check`, {});
  expect(asked.status).toBe(409);
  expect(asked.body.detail).toContain('its preview is red');
  expect(await standing()).toEqual(before);
  await expectNothingRan();
});

function blob(text: string): string {
  return previews.hash('blob', text);
}

function tree(...entries: string[]): string {
  return previews.hash('tree', entries.map((entry) => `${entry}\n`).join(''));
}

test('a push takes the place of one that would render for long: nothing of that is told', async () => {
  // On a busy machine a push may take longer than a preview has in the other tests.
  await previews.service.stop();
  await previews.start({ preview: { timeout: '60s' } });
  // To render these takes longer than anything may.
  const slow = slowTemplates('base');
  const { number, head } = await previews.open('slow', slow);
  const said = (word: string): boolean =>
    previews.service.lines.some((line) => line.includes(head) && line.includes(word));
  previews.service.service.controller.nudge({ pullRequest: number });
  await previews.service.until('it is rendered', () => said('rendering a pull request'));
  const next = await previews.push('slow', {
    ...Object.fromEntries(Object.keys(slow).map((path) => [path, null])),
    'sites/porto.yaml': site('porto', { motd: 'Here' }),
  });
  await previews.previewed(number, next);
  expect(previews.status(head)).toBeUndefined();
  expect(previews.comments(number)).toHaveLength(1);
  expect(said('superseded')).toBe(true);
  expect(previews.comments(number)[0]).toContain(`merging \`${next.slice(0, 12)}\``);
  expect(previews.status(next)).toMatchObject({ description: '1 of 2 sites change' });
});
