import { rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Position } from '../../src/model/problem.ts';
import { git, gitWith, writeRawTree } from '../support/git.ts';
import { TestService } from '../support/service.ts';
import { pairPlan, site } from '../support/world-plan.ts';
import { World } from '../support/world.ts';

let world: World;
let service: TestService;
let good: string;

beforeEach(async () => {
  world = await World.create(pairPlan);
  service = await TestService.start(world);
  await service.synced();
  good = await world.bare('origin', 'rev-parse', 'main');
});
afterEach(async () => {
  await service.stop();
  await world.remove();
});

/** Waits until a revision was refused; gives what the API tells of it. */
async function refusal(revision: string): Promise<string> {
  service.look();
  const { body } = await service.until('the revision is refused', async () => {
    const answer = await service.api('GET', '/status');
    return answer.body.plan.invalidRevision === revision && answer;
  });
  expect(body.plan.goodRevision).toBe(good);
  return body.plan.problems
    .map(({ message, position }: { message: string; position?: Position }) =>
      position ? `${position.file}:${position.line}:${position.column}: ${message}` : message,
    )
    .join('\n');
}

test.each<[string, Record<string, string>, RegExp]>([
  ['broken YAML', { 'layers/common.yaml': 'motd: [\n' }, /^layers\/common\.yaml:\d+:\d+: /m],
  [
    'an unknown key',
    { 'sites/porto.yaml': `${site('porto')}stakcs: [base]\n` },
    /^sites\/porto\.yaml:7:1: .*stakcs/m,
  ],
  [
    'an alias bomb',
    {
      'layers/common.yaml': `a: &a [x, x, x, x, x, x, x, x, x, x]\n${'bcdefgh'
        .split('')
        .map((name, i) => {
          const below = 'abcdefg'[i]!;
          return `${name}: &${name} [${Array.from({ length: 10 }, () => `*${below}`).join(', ')}]`;
        })
        .join('\n')}\n`,
    },
    /layers\/common\.yaml:\d+:\d+: .*alias/i,
  ],
  [
    'a template that does not compile',
    { 'stacks/base/templates/ntp.conf.j2': 'server {{ clock\n' },
    /^stacks\/base\/templates\/ntp\.conf\.j2:1:\d+: /m,
  ],
])(
  '%s leaves the last good revision in force, and says where the fault is',
  async (_name, files, told) => {
    const bad = await world.commit('Break it', files);
    expect(await refusal(bad)).toMatch(told);
    const mended = await world.commit('Mend it', { ...pairPlan(world.hosts), ...restored(files) });
    await service.synced(mended);
  },
);

/** The files of a change as they were in the plan, with a change of our own. */
function restored(files: Record<string, string>): Record<string, string> {
  const before = pairPlan(world.hosts);
  return Object.fromEntries(Object.keys(files).map((path) => [path, `${before[path]}\n`]));
}

test('links out of the plan are refused', async () => {
  await symlink('/etc/passwd', join(world.clone, 'layers/link.yaml'));
  const bad = await world.commit('Link out', {});
  const told = await refusal(bad);
  expect(told).toContain('layers/link.yaml');
  expect(told).not.toContain('root:');
});

test('a submodule is refused', async () => {
  await world.git('update-index', '--add', '--cacheinfo', `160000,${good},layers/sub`);
  await world.git('commit', '-q', '-m', 'Add a submodule');
  expect(await refusal(await world.push())).toContain('layers/sub');
});

test('a path that would lead out of the plan is refused', async () => {
  const { origin } = world;
  const text = await gitWith(origin, 'motd: pwned\n', 'hash-object', '-w', '--stdin');
  const above = await writeRawTree(origin, [{ mode: '100644', name: 'up.yaml', id: text }]);
  const root = await git(origin, 'rev-parse', `${good}^{tree}`);
  const list = (await git(origin, 'ls-tree', root)).split('\n').map((line) => {
    const [, mode = '', , id = '', name = ''] = /^(\S+) (\S+) (\S+)\t(.*)$/.exec(line) ?? [];
    return { mode: mode === '040000' ? '40000' : mode, name, id };
  });
  const tree = await writeRawTree(origin, [{ mode: '40000', name: '..', id: above }, ...list]);
  const bad = await git(origin, 'commit-tree', tree, '-p', good, '-m', 'Climb');
  await git(origin, 'update-ref', 'refs/heads/main', bad);
  expect(await refusal(bad)).toMatch(/\.\.\/up\.yaml|contains "\.\."/);
});

test('Isolation: a template that would never end is stopped, and holds its site alone', async () => {
  const range = 'range(100000)';
  const revision = await world.commit('Count to infinity', {
    'stacks/slow/stack.yaml': 'apiVersion: trueup/v1\nkind: Stack\nplaybooks: [site.yml]\n',
    'stacks/slow/site.yml': '- { hosts: all, tasks: [] }\n',
    'stacks/slow/templates/bomb.j2': `{% for a in ${range} %}{% for b in ${range} %}{% for c in ${range} %}{% endfor %}{% endfor %}{% endfor %}\n`,
    'sites/porto.yaml': site('porto').replace('[base]', '[base, slow]'),
    'sites/lisbon.yaml': site('lisbon', { motd: 'Hello' }),
  });
  service.look();
  await service.until('lisbon goes on', async () => {
    const row = await service.site('lisbon');
    return row.appliedRevision === revision && row.state === 'synced';
  });
  const porto = await service.until('porto is held', async () => {
    const row = await service.site('porto');
    return row.state === 'held' && row;
  });
  expect(porto.desiredRevision).toBe(good);
  expect(porto.hold).toMatch(/stacks\/slow\/templates\/bomb\.j2:1:\d+: /);
});

test('Isolation: a site that does not render is held and told; the others go on', async () => {
  const revision = await world.commit('Use what only Porto has', {
    'stacks/base/templates/ntp.conf.j2': 'server {{ clock }}\n# {{ only_porto }}\n',
    'sites/porto.yaml': site('porto', { only_porto: 'yes' }),
  });
  service.look();
  const porto = await service.until('porto goes on', async () => {
    const row = await service.site('porto');
    return row.desiredRevision === revision && row.state === 'synced' && row;
  });
  expect(porto.appliedRevision).toBe(revision);
  const lisbon = await service.until('lisbon is held', async () => {
    const row = await service.site('lisbon');
    return row.state === 'held' && row;
  });
  expect(lisbon.desiredRevision).toBe(good);
  expect(lisbon.hold).toMatch(/stacks\/base\/templates\/ntp\.conf\.j2:2:\d+: .*only_porto/);
});

test('Isolation: a site whose applies fail delays no other', async () => {
  service.driver.ends.set('lisbon', 'failed');
  const revision = await world.commit('Greet', {
    'layers/common.yaml': pairPlan(world.hosts)['layers/common.yaml']!.replace('Welcome', 'Hello'),
  });
  service.look();
  await service.until('porto is applied', async () => {
    const row = await service.site('porto');
    return row.appliedRevision === revision;
  });
  await service.until(
    'lisbon has failed',
    async () => (await service.site('lisbon')).state === 'failed',
  );
  service.driver.ends.delete('lisbon');
  expect((await service.api('POST', '/sites/lisbon/retry')).status).toBeLessThan(300);
  await service.synced(revision);
});

test('a branch that is set back by force is the desired state again', async () => {
  const newer = await world.commit('Greet', {
    'sites/porto.yaml': site('porto', { motd: 'Hello' }),
  });
  await service.synced(newer);
  await world.git('reset', '-q', '--hard', good);
  await world.push('main', '--force');
  await service.synced(good);
  expect(await world.readSite('porto', 'group_vars/all.yml')).toContain('motd: Welcome');
});

test('a merge that the branch was set back from is asked for no more, once the site is back too', async () => {
  await world.edit('lisbon', 'group_vars/all.yml', 'motd: Welcome', 'motd: Hello');
  const { id, number, commit } = await service.proposal('lisbon');
  // Merged, and thrown away before the controller could look.
  await service.store.pulls.update(number!, {
    state: 'merged',
    mergeCommit: commit,
    decidedBy: 'olga',
  });
  await world.edit('lisbon', 'group_vars/all.yml', 'motd: Hello', 'motd: Welcome');
  await service.ended(id, 'obsolete');
  await service.synced(good);
  expect(await service.store.drifts.open('lisbon')).toEqual([]);
});

test('a branch that is gone is told; the plan in force stays until it is back', async () => {
  await world.bare('origin', 'update-ref', '-d', 'refs/heads/main');
  service.look();
  await service.until('the loss is told', () =>
    service.lines.some((line) => line.includes('has no branch') && line.includes('push it')),
  );
  await world.edit('lisbon', 'group_vars/all.yml', 'motd: Welcome', 'motd: Hello');
  await service.until(
    'the edit is recorded',
    async () => (await service.site('lisbon')).state === 'drifted',
  );
  expect((await service.store.plan.get()).goodRevision).toBe(good);
  await world.push();
  await service.proposal('lisbon');
});

test('a plan repository that is gone for a while changes nothing', async () => {
  await rename(world.origin, `${world.origin}.away`);
  service.look();
  await service.until('the fetch fails', () =>
    service.lines.some(
      (line) =>
        (line.includes('"loop":"plan"') && line.includes('failed, will retry')) ||
        line.includes('cannot go on'),
    ),
  );
  expect(await service.site('lisbon')).toMatchObject({ state: 'synced' });
  await rename(`${world.origin}.away`, world.origin);
  const newer = await world.commit('Greet', {
    'sites/porto.yaml': site('porto', { motd: 'Hello' }),
  });
  await service.synced(newer);
});

test('a site that leaves the plan keeps its tree and history; nothing is applied there any more', async () => {
  const revision = await world.commit('Close Porto', { 'sites/porto.yaml': null });
  service.look();
  await service.until('the revision is in force', async () => {
    const { goodRevision } = await service.store.plan.get();
    return goodRevision === revision;
  });
  expect(await service.store.sites.names()).toEqual(['lisbon']);
  expect(await world.readSite('porto', 'group_vars/all.yml')).toContain('motd: Welcome');
  expect(await world.bare('sites', 'rev-parse', 'refs/sites/porto/desired')).toMatch(
    /^[0-9a-f]{40}$/,
  );
});

test('a second controller on the same data directory is refused with a clear word', async () => {
  await expect(TestService.start(world)).rejects.toThrow(
    /another trueup controller uses the data directory/,
  );
});

test('markup in what people write stays text in the API', async () => {
  const revision = await world.commit('<script>alert(1)</script>', {
    'sites/porto.yaml': site('porto', { motd: '<img src=x onerror=alert(1)>' }),
  });
  await service.synced(revision);
  const response = await fetch(`${service.url}/api/v1/revisions`);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
});
