import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { expect, onTestFinished, test } from 'vitest';

import { Client } from '../../src/cli/client.ts';
import { downloadBundle } from '../../src/cli/commands/bundle-create.ts';
import { importBundle } from '../../src/cli/commands/bundle-import.ts';
import { Output } from '../../src/cli/output.ts';
import type { ProposalRow } from '../../src/store/rows.ts';
import { AgentWorld, NTP } from '../support/agent-world.ts';
import { git } from '../support/git.ts';
import { Link } from '../support/link.ts';

/** Laws 3, 6, 8 and 10: a site is alone for three weeks, and everybody goes on working. */

const DAY = 86_400_000;
const ALL = 'group_vars/all.yml';
const COMMON = 'layers/common.yaml';
const PARAMETERS = `banner: Authorised use only
dns: 192.0.2.53
log_level: info
mtu: 1500
retries: 3
zone: UTC
`;

const TEMPLATE = `# The clock of {{ site.name }}
driftfile /var/lib/ntp/drift
server {{ clock }} iburst
`;

interface Edit {
  by: string;
  file: string;
  from: string;
  to: string;
  words: string;
}

const EDITS = {
  clock: edit('nadia', NTP, 'server 192.0.2.1 iburst', 'server 192.0.2.9 iburst', 'Old clock died'),
  debug: edit('omar', ALL, 'log_level: info', 'log_level: debug', 'Debugging the uplink'),
  zone: edit('nadia', ALL, 'zone: UTC', 'zone: Europe/Lisbon', 'People here read local time'),
  calm: edit('omar', ALL, 'log_level: debug', 'log_level: info', 'Uplink is fine again'),
  dns: edit('omar', ALL, 'dns: 192.0.2.53', 'dns: 192.0.2.54', 'Resolver moved'),
  motd: edit('rita', ALL, 'motd: Welcome', 'motd: Closed for repairs', 'Works on the roof'),
  mtu: edit('rita', ALL, 'mtu: 1500', 'mtu: 1400', 'The radio link is narrow'),
  banner: edit('nadia', ALL, 'Authorised use only', 'Ask Nadia first', 'Visitors'),
  note: edit('omar', NTP, '# The clock of lisbon', '# The roof clock of lisbon', 'Which clock'),
} satisfies Record<string, Edit>;

/** Those that are to be proposed: the others are undone, or the plan came to the same meanwhile. */
const PROPOSED = ['clock', 'zone', 'motd', 'mtu', 'banner', 'note'] as const;
const REJECTED: readonly string[] = ['mtu', 'note'];

function edit(by: string, file: string, from: string, to: string, words: string): Edit {
  return { by, file, from, to, words };
}

/** What the site itself made, of all that these commits lead to: not what the plan desired there. */
async function own(repository: string, tips: readonly (string | null)[]): Promise<string[]> {
  const ids = tips.filter((id): id is string => id !== null);
  const list = await git(repository, 'rev-list', ...ids, '--not', 'refs/sites/lisbon/desired');
  return list.split('\n').toSorted();
}

/** Ids, times (s), authors and words of the edits that people made, the oldest first. */
async function editsOf(repository: string, tip: string): Promise<string[]> {
  const words = ['log', '--first-parent', '--reverse', '--format=%H %at %an: %s', tip];
  const lines = (await git(repository, ...words)).split('\n');
  return lines.filter((line) => /^\w+ \d+ (nadia|omar|rita): /.test(line));
}

/** Files of all reports of a results branch; each commit of it has but its own. */
async function reportsOf(repository: string, tip: string): Promise<string[]> {
  const objects = (await git(repository, 'rev-list', '--objects', tip)).split('\n');
  return objects.flatMap((line) => /runs\/.*\.json$/.exec(line) ?? []).toSorted();
}

class Quiet extends Output {
  override document(): void {}
  override line(): void {}
  override note(): void {}
}

test('three weeks alone: nothing is lost, six proposals, every decision carried out', async () => {
  const all = await AgentWorld.start((files) => ({
    ...files,
    [COMMON]: `${files[COMMON]}${PARAMETERS}`,
    'stacks/base/templates/ntp.conf.j2': TEMPLATE,
  }));
  const { world, service } = all;
  const link = await Link.to(service.url);
  onTestFinished(() => link.close());
  await all.enrol(link.url);
  await all.open();
  await all.synced();

  let revisions = 0;
  const plan = async (from: string, to: string): Promise<void> => {
    await world.pull();
    revisions += 1;
    const text = await world.planFile(COMMON);
    await world.commit(`Revision ${revisions}`, { [COMMON]: `${text}\n`.replace(from, to) });
    const commit = await world.git('rev-parse', 'HEAD');
    service.look();
    await all.until(`revision ${revisions} is desired`, async () => {
      const { goodRevision } = await service.store.plan.get();
      return goodRevision === commit;
    });
  };
  /** What was edited, and between which two looks at the site's clock. */
  const made: { name: keyof typeof EDITS; from: number; to: number }[] = [];
  const say = async (name: keyof typeof EDITS): Promise<void> => {
    const { by, file, from, to, words } = EDITS[name];
    const begun = Date.now() + all.ahead;
    await all.say(file, from, to, { author: by, words });
    made.push({ name, from: begun, to: Date.now() + all.ahead });
  };
  const days = (count: number): void => {
    all.ahead += count * DAY;
  };
  const client = new Client(service.url, service.service.token.reveal());
  const output = new Quiet(false);
  const stick = (name: string): string => join(world.root, name);

  // The first week: the link breaks; both ends go on.
  link.cut();
  days(1);
  await say('clock');
  await plan('retries: 3', 'retries: 4');
  days(1);
  await say('debug');
  await plan('retries: 4', 'retries: 5');
  await plan('dns: 192.0.2.53', 'dns: 192.0.2.54');
  days(2);
  await say('zone');
  await say('calm');
  await plan('retries: 5', 'retries: 6');

  // The second: somebody drives there with a stick, and back with another.
  days(4);
  await say('dns');
  await say('motd');
  await all.agent!.apply();
  expect(all.driver.applied('lisbon', ALL)).toContain('Closed for repairs');
  const there = stick('there.bundle');
  await downloadBundle('lisbon', { plan: '.', out: there }, client, output);
  expect(await all.agent!.import(there)).toBe(true);
  await all.until('what the stick brought is applied', async () =>
    all.driver.applied('lisbon', ALL)?.includes('retries: 6'),
  );
  const back = stick('back.bundle');
  expect(await all.agent!.export(back)).toBeDefined();
  expect(await importBundle(back, { data: all.data }, async () => client, output)).toBe(0);
  // What the stick told is proposed while the site is still alone.
  await all.until('three edits are proposed', async () => (await open()).length === 3);
  await plan('motd: Welcome', 'motd: Welcome back');
  await plan('retries: 6', 'retries: 7');

  // Power fails in the middle of an apply.
  days(3);
  await all.close();
  const mortal = fork(join(import.meta.dirname, '../support/mortal-agent.ts'), [
    all.data,
    String(all.ahead),
  ]);
  await once(mortal, 'message');
  mortal.kill('SIGKILL');
  await once(mortal, 'exit');
  await all.open();

  // The third week.
  await say('mtu');
  await plan('retries: 7', 'retries: 8');
  days(4);
  await say('banner');
  await plan('retries: 8', 'retries: 9');
  await plan('retries: 9', 'retries: 10');
  days(4);
  await say('note');
  await plan('retries: 10', 'retries: 11');
  await plan('retries: 11', 'retries: 12');
  days(2);
  await plan('retries: 12', 'retries: 13');
  expect({ revisions, edits: made.length, days: all.ahead / DAY }).toEqual({
    revisions: 12,
    edits: 9,
    days: 21,
  });

  link.mend();
  const proposals = await all.until('six edits are proposed', async () => {
    const rows = await open();
    return rows.length === PROPOSED.length && rows;
  });
  const byName = new Map<string, ProposalRow>();
  for (const name of PROPOSED) {
    const { words, by } = EDITS[name];
    const [row, ...others] = proposals.filter(({ body }) => body.includes(words));
    expect(others).toEqual([]);
    expect(row?.body).toContain(by);
    // The proposal tells when it was made, not when it arrived.
    const edited = made.find((one) => one.name === name)!;
    const times = [edited.from, edited.to].map((time) => new Date(time).toISOString());
    expect(times.some((time) => row!.body.includes(time.slice(0, 10)))).toBe(true);
    byName.set(name, row!);
  }
  expect((await service.site('lisbon')).hold).toContain(ALL);

  for (const [name, { id }] of byName) {
    const decision = REJECTED.includes(name) ? 'close' : 'merge';
    // With each merge the plan moves, and the others are brought up to date: one looks again.
    await all.until(`${name} is decided`, async () => {
      const { status } = await service.api('POST', `/proposals/${id}/${decision}`, {});
      return status === 200;
    });
    await service.ended(id, decision === 'close' ? 'closed' : 'merged');
    service.look();
  }
  await all.synced();
  const tree = `${await all.read(ALL)}${await all.read(NTP)}`;
  for (const name of PROPOSED) {
    const { from, to } = EDITS[name];
    // The plan had a word of its own about one of them.
    const wanted = REJECTED.includes(name) ? from : to;
    expect(tree).toContain(wanted);
  }
  expect(tree).toContain('retries: 13');
  const [overtaken, ...doubled] = (await service.store.proposals.list({ limit: 50 })).filter(
    ({ state }) => state === 'obsolete',
  );
  // The plan changed the very line of one that was proposed: it was proposed again, as it is since.
  expect(doubled).toEqual([]);
  expect(overtaken?.body).toContain(EDITS.motd.words);
  expect(await service.store.drifts.get(overtaken!.driftId)).toMatchObject({
    status: 'superseded',
  });

  // What was made there is what has arrived: no commit, edit or report less, and none more.
  const here = join(all.data, 'sites.git');
  const centre = join(world.data, 'sites.git');
  const refs = async (): Promise<string[]> =>
    (await git(here, 'for-each-ref', '--format=%(refname) %(objectname)', 'refs/sites/lisbon'))
      .split('\n')
      .flatMap((line) => {
        const [, ref, id = ''] = /^refs\/sites\/lisbon\/(\w+) (\w+)$/.exec(line) ?? [];
        return ref === 'observed' || ref === 'applied' || ref === 'results' ? [id] : [];
      });
  const arrived = await all.until('every commit has arrived', async () => {
    const { observed, applied, results } = (await service.store.agents.get('lisbon'))!;
    const told = await own(centre, [observed, applied, results]);
    return isDeepStrictEqual(told, await own(here, await refs())) && { observed, results, told };
  });
  expect(arrived.told.length).toBeGreaterThan(made.length);
  // Beside the site's own history stand what the plan brought there, and edits as they were decided.
  const edits = await editsOf(here, 'refs/sites/lisbon/observed');
  expect(await editsOf(centre, arrived.observed!)).toEqual(edits);
  expect(await editsOf(centre, 'refs/sites/lisbon/observed')).toEqual(edits);
  expect(edits.map((line) => line.replace(/^\w+ \d+ /, ''))).toEqual(
    made.map(({ name }) => `${EDITS[name].by}: ${EDITS[name].words}`),
  );
  for (const [index, { from, to }] of made.entries()) {
    const at = Number(edits[index]!.split(' ')[1]);
    // A commit's time is in whole seconds.
    expect([at >= Math.floor(from / 1000), at <= to / 1000]).toEqual([true, true]);
  }
  const runs = await all.agent!.store.runs.list({ site: 'lisbon', limit: 500 });
  const told = await service.store.runs.list({ site: 'lisbon', limit: 500 });
  expect(told.map(({ id }) => id).toSorted()).toEqual(
    runs.map(({ id }) => `lisbon:${id}`).toSorted(),
  );
  expect(await reportsOf(centre, arrived.results!)).toEqual(
    runs.map(({ id }) => `runs/${id}.json`).toSorted(),
  );

  function open(): Promise<ProposalRow[]> {
    return service.store.proposals.list({ state: 'open', site: 'lisbon', limit: 50 });
  }
}, 240_000);
