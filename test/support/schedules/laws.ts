import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { treeDigest } from '../../../src/model/tree.ts';
import { KEYS, lineOf, SECRET, type SiteName, SITES } from './plan.ts';
import type { ScheduleWorld } from './world.ts';

const run = promisify(execFile);

/** Whoever looks at the centre finds each edit that stands, once, in its author's words: and nothing else (laws 3, 7). */
export async function expectProposals(world: ScheduleWorld): Promise<void> {
  const { model } = world;
  for (const site of world.names) {
    const proposals = await world.proposals(site);
    const found = new Map<string, (typeof proposals)[number]>();
    for (const proposal of proposals) {
      const [[key, value] = [], ...others] = proposal.edits;
      assert.deepEqual(others, [], `one proposal at ${site} is about several edits`);
      assert(key !== undefined, `a proposal at ${site} is about nothing`);
      assert(!found.has(key), `${key} of ${site} is proposed twice`);
      found.set(key, proposal);
      const edit = model.standing[site].get(key);
      assert.equal(value, edit?.value, `${key} of ${site} is proposed`);
      assert(proposal.message.includes(edit!.words), `"${proposal.message}" lacks ${edit!.words}`);
      assert(proposal.author.includes(edit!.author), `${proposal.author} is not ${edit!.author}`);
      assert(!proposal.message.includes(SECRET), 'a proposal tells a secret');
    }
    for (const [key, edit] of model.proposable(site)) {
      if (found.has(key)) continue;
      // The plan came to it before it was made, or after: both are right.
      assert(edit.either, `${key}: ${edit.value} stands at ${site} and is not proposed`);
      model.standing[site].delete(key);
    }
  }
}

/** Both ends have come to the same, everybody's decisions are carried out, and nothing is lost (laws 6, 8, 12). */
export async function expectSettled(world: ScheduleWorld): Promise<void> {
  const { model, centre } = world;
  for (const name of world.names) {
    const site = world.sites[name];
    for (const key of KEYS)
      assert.equal(await site.value(key), model.planned(name, key), `${key} at ${name}`);
    const there = await site.agent.store.sites.get(name);
    const here = await centre.store.sites.get(name);
    const desired = here!.desiredCommit;
    for (const [where, row] of [
      ['there', there],
      ['here', here],
    ] as const) {
      const { hold, writingFrom, desiredCommit, appliedCommit, baseCommit, applyForced } = row!;
      assert.deepEqual(
        { hold, writingFrom, desiredCommit, appliedCommit, baseCommit, applyForced },
        {
          hold: null,
          writingFrom: null,
          desiredCommit: desired,
          appliedCommit: desired,
          baseCommit: desired,
          applyForced: false,
        },
        `${where}, the row of ${name}`,
      );
      assert.equal(row!.observedDigest, row!.desiredDigest, `${where}, what stands at ${name}`);
      assert.equal(row!.appliedDigest, row!.desiredDigest, `${where}, what is applied at ${name}`);
    }
    const applied = world.drivers[name].requests.findLast(
      ({ kind, playbooks }) => kind === 'apply' && playbooks[0]?.startsWith('base/'),
    );
    // Nothing was applied since the beginning, or this was.
    const digest = applied && treeDigest(applied.tree);
    assert.equal(digest ?? there!.desiredDigest, there!.desiredDigest, `the hosts of ${name}`);
    assert.deepEqual(await centre.store.drifts.open(name), []);
    assert.deepEqual(await centre.store.agents.undelivered(name), []);
    assert.deepEqual(await centre.store.agents.unconfirmed(name), []);
    assert.deepEqual((await centre.store.agents.get(name))!.conflicts, []);
    assert.equal((await site.agent.view()).owed, 0, `${name} owes something`);
    await expectReports(world, name);
  }
  const twice = model.made.filter(({ value }, at) =>
    model.made.some((other, index) => index !== at && other.value === value),
  );
  const once = model.decided.filter(
    (one) => !twice.some(({ site, key, value }) => one === `${site} ${key} ${value}`),
  );
  assert.deepEqual(once, [...new Set(once)], 'something was decided twice');
}

/** Each report made at the site is at the centre, and no other. */
async function expectReports(world: ScheduleWorld, name: SiteName): Promise<void> {
  const made = await world.sites[name].agent.store.runs.list({ site: name, limit: 500 });
  const told = await world.centre.store.runs.list({ site: name, limit: 500 });
  assert.deepEqual(
    told.map(({ id }) => id).toSorted(),
    made.map(({ id }) => `${name}:${id}`).toSorted(),
    `the reports of ${name}`,
  );
}

/** What is on disk when all has ended: each edit in its history, nothing of other sites, no secret (laws 6, 10, 11). */
export async function expectKept(world: ScheduleWorld): Promise<void> {
  const { model, root } = world;
  const here = join(root, 'centre/sites.git');
  await Promise.all(
    world.names.map(async (name) => {
      const there = join(root, name, 'sites.git');
      // With --objects, what is named but not there is an error.
      const [commits, arrived, log] = await Promise.all([
        git(there, 'rev-list', '--all', '--objects', '--no-object-names'),
        git(here, 'rev-list', '--glob', `refs/sites/${name}/*`, '--objects', '--no-object-names'),
        git(
          here,
          'log',
          '-p',
          '-U0',
          '--first-parent',
          '--diff-merges=off',
          '--format=%x01%an%n%B',
          `refs/sites/${name}/observed`,
        ),
      ]);
      const known = new Set(arrived.split('\n'));
      const lost = commits.split('\n').filter((commit) => !known.has(commit));
      assert.deepEqual(lost, [], `objects of ${name} that did not arrive`);
      const records = log.split('\u0001').filter((text) => /^Edit .+ at \S+$/m.test(text));
      assert.equal(records.length, model.recorded[name], `edits recorded at ${name}`);
      for (const { site, key, value, words, author } of model.made) {
        if (site !== name) continue;
        const kept = records.some(
          (text) =>
            text.includes(`+${lineOf(key, value)}\n`) &&
            text.includes(words) &&
            text.startsWith(author),
        );
        assert(kept, `${key}: ${value} of ${name}, "${words}" by ${author}, is in no history`);
      }
      if (world.names.length > 1) await expectOwnAlone(there, name);
    }),
  );
  assert.deepEqual(
    world.lines.filter((line) => line.includes(SECRET)),
    [],
    'the log tells a secret',
  );
  for (const folder of ['centre', ...world.names]) {
    const files = (await readdir(join(root, folder))).filter((file) => file.includes('.sqlite'));
    for (const file of files)
      assert(!(await readFile(join(root, folder, file))).includes(SECRET), `${file} has a secret`);
  }
}

/** The site's store has nothing of another site, referred to or not. */
async function expectOwnAlone(repository: string, name: SiteName): Promise<void> {
  const objects = await git(repository, 'cat-file', '--batch', '--batch-all-objects');
  assert(objects.includes(`mark-of-${name}`));
  for (const other of SITES)
    if (other !== name)
      assert(!objects.includes(`mark-of-${other}`), `${name} has something of ${other}`);
}

async function git(repository: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', ['-C', repository, ...args], {
    maxBuffer: 2 ** 27,
    encoding: 'latin1',
  });
  return stdout.trim();
}
