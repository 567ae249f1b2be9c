import { afterEach, beforeEach, expect, test } from 'vitest';

import { badGateway, lostAnswer } from '../support/github/faults.ts';
import { PreviewWorld } from '../support/previews.ts';
import { eventually } from '../support/wait.ts';
import { site } from '../support/world-plan.ts';

let previews: PreviewWorld;
beforeEach(async () => {
  previews = await PreviewWorld.create();
});
afterEach(() => previews.close());

test('a pull request gets one comment, edited in place, and a status on its commit', async () => {
  const { world } = previews;
  const common = await world.planFile('layers/common.yaml');
  const changed = common.replace('192.0.2.1', '192.0.2.9');
  const { number, head } = await previews.open('clock', { 'layers/common.yaml': changed });
  const row = await previews.previewed(number, head);
  expect(row.report).toMatchObject({ total: 2, changed: 2, failing: [], problems: [] });
  expect(previews.status(head)).toMatchObject({
    state: 'success',
    description: '2 of 2 sites change',
  });
  const [comment] = previews.comments(number);
  expect(comment).toContain('### 2 sites: `clock`\n\n`lisbon`, `porto`');
  expect(comment).toContain('-server 192.0.2.1 iburst\n+server 192.0.2.9 iburst');
  expect(comment).toContain(`/api/v1/previews/${number}/page)`);

  const next = await previews.push('clock', {
    'sites/lisbon.yaml': site('lisbon', { motd: 'Here' }),
  });
  await previews.previewed(number, next);
  expect(previews.comments(number)).toHaveLength(1);
  expect(previews.comments(number)[0]).toContain('### 1 site: `clock`, `motd`');
  expect(previews.status(next)?.state).toBe('success');
  // Nothing was touched.
  expect(previews.driver.requests.filter(({ cause }) => !cause.startsWith('revision'))).toEqual([]);
  expect(await world.readSite('lisbon', 'base/files/ntp.conf')).toContain('192.0.2.1');
});

test('Level-triggered: told again, asked again or restarted, nothing is said twice', async () => {
  const { number, head } = await previews.open('clock', {
    'sites/lisbon.yaml': site('lisbon', { clock: '192.0.2.7' }),
  });
  await previews.previewed(number, head);
  const writes = () => previews.github.requests.filter(({ method }) => method !== 'GET').length;
  const before = writes();
  for (let i = 0; i < 3; i += 1) previews.service.service.controller.nudge({ pullRequest: number });
  await previews.service.stop();
  await previews.start();
  await previews.previewed(number, head);
  previews.service.service.controller.nudge({ pullRequest: number });
  await previews.service.synced();
  expect(writes()).toBe(before);
  expect(previews.comments(number)).toHaveLength(1);
});

test.each([
  ['a lost answer to the comment', lostAnswer, /^POST .*\/comments$/],
  ['a lost answer to the status', lostAnswer, /^POST .*\/statuses\//],
  ['a bad gateway', badGateway(), /^POST .*\/comments$/],
])('%s doubles nothing', async (_name, fault, on) => {
  previews.github.fail(fault, { on, times: 2 });
  const { number, head } = await previews.open('clock', {
    'sites/lisbon.yaml': site('lisbon', { clock: '192.0.2.7' }),
  });
  await previews.previewed(number, head);
  expect(previews.comments(number)).toHaveLength(1);
  expect(previews.github.statuses.filter(({ commit }) => commit === head)).toHaveLength(1);
});

test('what does not render is red, with file and line; mended, it is green', async () => {
  const template = 'stacks/base/templates/ntp.conf.j2';
  const { number, head } = await previews.open('clock', {
    [template]: '# The clock\nserver {{ clocks }} iburst\n',
  });
  await previews.previewed(number, head);
  const told = previews.status(head)!;
  expect(told.state).toBe('failure');
  expect(told.description).toMatch(/^stacks\/base\/templates\/ntp\.conf\.j2:2:\d+: /);
  expect(previews.comments(number)[0]).toContain('2 do not render');
  const next = await previews.push('clock', { [template]: '# Clock\nserver {{ clock }} iburst\n' });
  await previews.previewed(number, next);
  expect(previews.status(next)?.state).toBe('success');
});

test('one that conflicts is told so; merged results are what is shown', async () => {
  const { number, head } = await previews.open('clock', {
    'sites/lisbon.yaml': site('lisbon', { clock: '192.0.2.7' }),
  });
  await previews.previewed(number, head);
  await previews.world.commit('Meanwhile', {
    'sites/lisbon.yaml': site('lisbon', { clock: '192.0.2.8' }),
  });
  await previews.service.synced();
  await eventually('the conflict is told', () => {
    previews.service.service.controller.nudge({ pullRequest: number });
    return previews.status(head)?.state === 'failure';
  });
  expect(previews.status(head)!.description).toContain('conflicts with main in sites/lisbon.yaml');
});

test('a closed pull request is forgotten', async () => {
  const { number, head } = await previews.open('clock', {
    'sites/lisbon.yaml': site('lisbon', { clock: '192.0.2.7' }),
  });
  await previews.previewed(number, head);
  previews.github.closePull(number);
  await previews.service.until('it is forgotten', async () => {
    return (await previews.service.store.previews.get(number)) === undefined;
  });
  expect([...(await previews.service.store.previews.digests(number))]).toEqual([]);
});

test('What was reviewed is what is applied: the revision says so', async () => {
  const { service, github } = previews;
  const { number, head } = await previews.open('clock', {
    'sites/lisbon.yaml': site('lisbon', { clock: '192.0.2.7' }),
  });
  await previews.previewed(number, head);
  const merge = github.mergePull(number);
  await service.synced(merge);
  const review = await service.until('it is compared', async () => {
    return (await service.store.revisions.get(merge))?.review;
  });
  expect(review).toEqual({ pulls: [number], same: 1, different: 0, examples: [] });
});

test('What was reviewed is what is applied: where they differ, the revision says that', async () => {
  const { service, github, world } = previews;
  const { number, head } = await previews.open('clock', {
    'sites/lisbon.yaml': site('lisbon', { clock: '192.0.2.7' }),
  });
  await previews.previewed(number, head);
  await service.stop();
  // While nobody looks, the plan moves on below the pull request, and it is merged.
  const common = await world.planFile('layers/common.yaml');
  await world.commit('Meanwhile', { 'layers/common.yaml': common.replace('Welcome', 'Hello') });
  const merge = github.mergePull(number);
  await previews.start();
  await previews.service.synced(merge);
  const review = await previews.service.until('it is compared', async () => {
    return (await previews.service.store.revisions.get(merge))?.review;
  });
  expect(review).toMatchObject({ pulls: [number], same: 0, different: 2 });
  expect(review?.examples).toEqual(['lisbon', 'porto']);
  expect(previews.service.lines.join('\n')).toContain('differs from what was reviewed');
});
