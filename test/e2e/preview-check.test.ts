import { afterAll, beforeAll, expect, test } from 'vitest';

import { PreviewWorld } from '../support/previews.ts';
import { site } from '../support/world-plan.ts';

let previews: PreviewWorld;
beforeAll(async () => {
  previews = await PreviewWorld.create();
  previews.github.state.permissions.set('olga', 'write').set('rita', 'read');
});
afterAll(() => previews.close());

const checks = () => previews.driver.requests.filter(({ kind }) => kind === 'check');

async function open(branch: string, clock: string) {
  const pull = await previews.open(branch, { 'sites/porto.yaml': site('porto', { clock }) });
  await previews.previewed(pull.number, pull.head);
  return pull;
}

function checked(number: number, head: string) {
  const { service } = previews;
  return service.until(`#${number} is checked`, async () => {
    service.service.controller.nudge({ pullRequest: number });
    const { check, told } = (await service.store.previews.get(number))!;
    return told !== null && check?.head === head && check.state !== 'running' && check;
  });
}

test('asked for by a comment of who may write, the merged plan is checked at hosts', async () => {
  const { number, head } = await open('asked', '192.0.2.30');
  const before = checks().length;
  previews.github.comment(number, 'rita', '/trueup check');
  previews.github.comment(number, 'olga', 'Looks good.\n\n/trueup check\n');
  expect(await checked(number, head)).toMatchObject({
    state: 'done',
    askedBy: 'olga',
    sites: [{ site: 'porto', result: 'success', changed: 1 }],
    left: 0,
  });
  const [run, ...others] = checks().slice(before);
  expect(others).toEqual([]);
  expect(run!.tree.get('base/files/ntp.conf')!.content.toString()).toContain('192.0.2.30');
  expect(previews.status(head, 'trueup/check')).toMatchObject({ state: 'success' });
  expect(previews.comments(number)).toHaveLength(1);
  expect(previews.comments(number)[0]).toContain('- `porto`: 1 task would change something');
  // Looked at again, nobody asks any more.
  previews.service.service.controller.nudge({ pullRequest: number });
  await previews.service.synced();
  expect(checks()).toHaveLength(before + 1);
});

test('who may only read asks in vain', async () => {
  const { number, head } = await open('stranger', '192.0.2.31');
  const before = checks().length;
  previews.github.comment(number, 'rita', '/trueup check');
  await previews.service.until('the comment was read', async () => {
    previews.service.service.controller.nudge({ pullRequest: number });
    return (await previews.service.store.previews.get(number))?.lastAsk;
  });
  expect(checks()).toHaveLength(before);
  expect(previews.status(head, 'trueup/check')).toBeUndefined();
  expect((await previews.service.store.previews.get(number))?.check).toBeNull();
});

test('the label asks for one run; a failing one is red', async () => {
  const { number, head } = await open('label', '192.0.2.32');
  // On GitHub those who triage may label, and not write.
  previews.github.label(number, 'rita', 'trueup/check');
  expect(await checked(number, head)).toMatchObject({ state: 'refused' });
  previews.github.label(number, 'olga', 'trueup/check');
  previews.driver.ends.set('porto', 'failed');
  const done = await previews.service.until('it is checked', async () => {
    previews.service.service.controller.nudge({ pullRequest: number });
    const { check } = (await previews.service.store.previews.get(number))!;
    return check?.state === 'done' && check;
  });
  expect(done).toMatchObject({
    sites: [{ result: 'failed' }],
  });
  previews.driver.ends.clear();
  expect(previews.status(head, 'trueup/check')).toMatchObject({ state: 'failure' });
  expect(previews.github.pulls.find((pull) => pull.number === number)!.labels).toEqual([]);
});

test('a fork’s pull request is shown, and nothing of it runs without somebody’s word', async () => {
  const { github, driver, service } = previews;
  const head = await previews.push('theirs', {
    'sites/porto.yaml': site('porto', { clock: '192.0.2.33' }),
    'stacks/base/playbooks/site.yml': '- hosts: all\n  tasks: [{ ansible.builtin.raw: id }]\n',
  });
  const number = github.openForkPull('theirs', 'mallory');
  await previews.previewed(number, head);
  expect(previews.comments(number)[0]).toContain('`clock`');
  const runs = driver.requests.length;
  // Neither its author, nor a label, nor one who may write and does not name the commit.
  github.comment(number, 'mallory', `/trueup check ${head}`);
  await previews.label(number, 'trueup/check');
  expect(await checked(number, head)).toMatchObject({ state: 'refused' });
  expect(previews.status(head, 'trueup/check')).toMatchObject({ state: 'failure' });
  github.comment(number, 'olga', '/trueup check');
  await service.until('olga is told', () => {
    service.service.controller.nudge({ pullRequest: number });
    return /Asked for by `?olga/.test(previews.comments(number)[0]!);
  });
  expect(driver.requests).toHaveLength(runs);
  github.comment(number, 'olga', `/trueup check ${head}`);
  await service.until('it is checked', async () => {
    service.service.controller.nudge({ pullRequest: number });
    return (await service.store.previews.get(number))?.check?.state === 'done';
  });
  expect(driver.requests.slice(runs).map(({ kind }) => kind)).toEqual(['check', 'check']);
  expect(previews.status(head, 'trueup/check')).toMatchObject({ state: 'success' });
});
