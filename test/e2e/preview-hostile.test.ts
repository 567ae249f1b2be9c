import { access } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { slowTemplates } from '../support/hostile-plans.ts';
import { PreviewWorld } from '../support/previews.ts';
import { pairPlan, site } from '../support/world-plan.ts';
import type { Files } from '../support/world.ts';

const SECRET = 'hunter2-of-lisbon';
const TEMPLATE = 'stacks/base/templates/ntp.conf.j2';

let previews: PreviewWorld;
let canary: string;
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
});
afterAll(() => previews.close());

/** What holds whatever a pull request holds: nothing ran, nothing changed, no secret was told. */
async function untouched(): Promise<void> {
  const { service, driver, github } = previews;
  expect(driver.requests.every(({ kind }) => kind === 'apply')).toBe(true);
  expect(driver.requests.every(({ cause }) => cause.startsWith('revision'))).toBe(true);
  await expect(access(canary)).rejects.toThrow('ENOENT');
  const { goodRevision, headRevision } = await service.store.plan.get();
  expect(goodRevision).toBe(headRevision);
  const told = JSON.stringify([github.comments, github.statuses, service.lines]);
  expect(told).not.toContain('hunter2');
  expect(JSON.stringify(await service.store.previews.list({ limit: 100 }))).not.toContain(
    'hunter2',
  );
}

const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
for (let i = 1; i < 10; i += 1)
  bomb.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`);

const plugin = (): string =>
  `import pathlib\npathlib.Path(${JSON.stringify(canary)}).write_text('here')\n`;

test.each<[string, () => Files, RegExp]>([
  [
    'a template that loops',
    () => ({
      [TEMPLATE]: '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}',
    }),
    /ntp\.conf\.j2:1:\d+: /,
  ],
  [
    'a template that grows',
    () => ({
      [TEMPLATE]: `{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}`,
    }),
    /ntp\.conf\.j2:1:\d+: /,
  ],
  [
    'a YAML bomb',
    () => ({ 'layers/common.yaml': bomb.join('\n') }),
    /layers\/common\.yaml:\d+:\d+: /,
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
    /^sites\/porto\.yaml:1:1: .* takes too long/,
  ],
  [
    'an ansible.cfg of its own',
    () => ({ 'stacks/base/ansible.cfg': '[defaults]\nhost_key_checking = False\n' }),
    /^stacks\/base\/ansible\.cfg:1:1: /,
  ],
  [
    'a secret echoed through a template',
    () => ({ [TEMPLATE]: '{{ password }}\nserver {{ clock }} iburst\n' }),
    /ntp\.conf\.j2:1:\d+: a secret may not be used/,
  ],
  ['markup in names', () => ({ 'layers/<img src=x onerror=alert(1)> @acme`.yaml': 'a: [\n' }), /</],
])('%s gets a red status with its reason, and touches nothing', async (name, files, reason) => {
  const branch = name.replaceAll(/\W+/g, '-');
  const { number, head } = await previews.open(branch, files());
  await previews.previewed(number, head);
  expect(previews.status(head)).toMatchObject({
    state: 'failure',
    description: expect.stringMatching(reason),
  });
  const [comment] = previews.comments(number);
  expect(comment).toContain('This does not render');
  expect(comment).not.toMatch(/^[^`]*<img/m);
  await untouched();
});

test.each<[string, () => string[], RegExp]>([
  [
    'a symbolic link',
    () => [`120000 blob ${blob('/etc/passwd')}\tlink.yaml`],
    /link\.yaml.*symbolic link/,
  ],
  [
    'a path out of the folder',
    () => [`040000 tree ${tree(`100644 blob ${blob('x')}\t..`)}\tlayers2`],
    /contains/,
  ],
  ['a submodule', () => [`160000 commit ${'1'.repeat(40)}\tmodule`], /module.*submodule/],
])('%s gets a red status with its reason', async (name, entries, reason) => {
  const { number, head } = await previews.openRaw(name.replaceAll(/\W+/g, '-'), entries());
  await previews.previewed(number, head);
  expect(previews.status(head)).toMatchObject({
    state: 'failure',
    description: expect.stringMatching(reason),
  });
  await untouched();
});

test('plugins of its own are shown and not run', async () => {
  const { number, head } = await previews.open('plugins', {
    'stacks/base/filter_plugins/evil.py': plugin(),
    'stacks/base/lookup_plugins/evil.py': plugin(),
  });
  const { report } = await previews.previewed(number, head);
  expect(JSON.stringify(report)).toContain('filter_plugins/evil.py');
  await untouched();
});

test('what does not render in its time is not checked either, and nobody waits for it', async () => {
  const { github, service } = previews;
  github.state.permissions.set('olga', 'write');
  const { number, head } = await previews.open('endless', slowTemplates('base'));
  await previews.previewed(number, head);
  expect(previews.status(head)).toMatchObject({
    state: 'failure',
    description: expect.stringContaining('took longer than 5 s'),
  });
  github.comment(number, 'olga', '/trueup check');
  const refused = await service.until('olga is told', async () => {
    service.service.controller.nudge({ pullRequest: number });
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    const { check, told } = (await service.store.previews.get(number))!;
    return told !== null && check?.state === 'refused' && check;
  });
  expect(refused.reason).toContain('Asked for by olga, but its preview is red');
  expect(previews.comments(number)[0]).toContain('Check run: refused');
  expect(previews.status(head, 'trueup/check')).toMatchObject({ state: 'failure' });
  // Nor where somebody asks at the dashboard.
  const asked = await service.api('POST', `/previews/${number}/check`, {});
  expect(asked.status).toBe(409);
  expect(asked.body.detail).toContain('its preview is red');
  await untouched();
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
});
