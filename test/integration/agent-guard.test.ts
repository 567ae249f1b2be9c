import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { AgentWorld } from '../support/agent-world.ts';
import { LOCK, LockableHosts } from '../support/lockable-hosts.ts';

/** The lock-out guard: law 12, and what both ends hear of it. */

const QUICK = { answerWithin: 300 };

async function worldWithHosts(): Promise<{ all: AgentWorld; folder: string }> {
  const all = await AgentWorld.start();
  const folder = join(all.world.root, 'ground');
  await mkdir(folder);
  await all.enrol();
  return { all, folder };
}

/** Waits until the centre tells what the guard did. */
async function heard(all: AgentWorld, words: string): Promise<void> {
  await all.until(`the centre hears: ${words}`, async () => {
    const { body } = await all.service.api('GET', '/sites/lisbon');
    return body.agent.guard?.includes(words);
  });
}

test('what locks the hosts out is undone, and both ends hear of it', async () => {
  const { all, folder } = await worldWithHosts();
  const hosts = new LockableHosts(folder);
  await all.open({ driver: hosts, apply: QUICK });
  await all.synced();
  const good = (await all.service.site('lisbon')).appliedCommit;

  await all.planClock(LOCK);
  await heard(all, 'went back to the last good tree');
  expect(hosts.host).toBe('192.0.2.1');
  const { status } = await all.agent!.view();
  expect(status).toMatchObject({ failed: true, applied: { commit: good } });
  expect(status!.guard).toContain('h1 is unreachable');
  expect(status!.hold).toContain('trueup agent apply');
  const row = await all.service.site('lisbon');
  expect(row.appliedCommit).toBe(good);
  const [way, ...before] = await all.service.store.runs.list({ site: 'lisbon', limit: 10 });
  expect(way).toMatchObject({ kind: 'apply', result: 'success' });
  expect(way!.cause).toContain('guard: ');
  expect(before).toHaveLength(2);

  // It is left alone until somebody asks, or the plan has another word.
  await all.agent!.work.handle('lisbon');
  expect(hosts.applies).toEqual(['192.0.2.1', LOCK, '192.0.2.1']);
  await all.agent!.apply();
  expect(hosts.applies.slice(3)).toEqual([LOCK, '192.0.2.1']);
  await all.planClock('192.0.2.7');
  await all.until('the new clock is applied', () => hosts.host === '192.0.2.7');
  await all.synced();
  expect((await all.agent!.view()).status!.guard).toBeNull();
});

test('a host that was dead before keeps nobody from going on', async () => {
  const { all, folder } = await worldWithHosts();
  const hosts = new LockableHosts(folder);
  await all.open({ driver: hosts, apply: QUICK });
  await all.synced();
  writeFileSync(join(folder, 'mute'), '');
  await all.planClock('192.0.2.7');
  await all.until('the new clock is applied', () => hosts.host === '192.0.2.7');
  await all.synced();
  expect(hosts.applies).toEqual(['192.0.2.1', '192.0.2.7']);
});

test('the agent is killed in the middle: its guard goes back, beside an agent that starts anew', async () => {
  const { all, folder } = await worldWithHosts();
  const hosts = new LockableHosts(folder);
  await all.open({ driver: hosts, apply: QUICK });
  await all.synced();
  await all.close();

  const child = fork(join(import.meta.dirname, '../support/guarded-agent.ts'), [
    'agent',
    all.data,
    folder,
    'apply',
    LOCK,
  ]);
  try {
    const locked = once(child, 'message');
    await all.planClock(LOCK);
    await locked;
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  // Nobody but the guard is there.
  await all.until('the hosts are back', () => hosts.host === '192.0.2.1');
  await all.open({ driver: hosts, apply: QUICK, patience: 20_000 });
  await heard(all, 'went back to the last good tree');
  expect(hosts.applies).toEqual(['192.0.2.1', LOCK, '192.0.2.1']);
  const restored = hosts.log.find((line) => /^begin apply \d+ 192.*1$/.test(line) && !mine(line));
  expect(restored).toBeDefined();
  expect(beside(hosts.log)).toEqual([]);
  const results = (await all.service.store.runs.list({ site: 'lisbon', limit: 10 })).map(
    ({ result }) => result,
  );
  expect(results).toEqual(['success', 'error', 'success']);
});

test('an agent that starts at once and the guard never both apply', async () => {
  const { all, folder } = await worldWithHosts();
  const hosts = new LockableHosts(folder);
  await all.open({ driver: hosts, apply: QUICK });
  await all.synced();
  await all.close();
  const child = fork(join(import.meta.dirname, '../support/guarded-agent.ts'), [
    'agent',
    all.data,
    folder,
    'apply',
    LOCK,
  ]);
  const locked = once(child, 'message');
  await all.planClock(LOCK);
  await locked;
  const opened = all.open({ driver: hosts, apply: QUICK, patience: 20_000 });
  child.kill('SIGKILL');
  await opened;
  await heard(all, 'went back to the last good tree');
  expect(hosts.applies).toEqual(['192.0.2.1', LOCK, '192.0.2.1']);
  expect(beside(hosts.log)).toEqual([]);
});

test.each([
  ['locks the hosts out', LOCK, ['192.0.2.1', LOCK, '192.0.2.1']],
  ['is good', '192.0.2.7', ['192.0.2.1', '192.0.2.7', '192.0.2.7']],
])(
  'the power fails between an apply and the look after it, for agent and guard at once: what %s is told apart',
  async (_what, clock, applies) => {
    const { all, folder } = await worldWithHosts();
    const hosts = new LockableHosts(folder);
    await all.open({ driver: hosts, apply: QUICK });
    await all.synced();
    const good = (await all.service.site('lisbon')).appliedCommit;
    await all.close();

    const child = fork(join(import.meta.dirname, '../support/guarded-agent.ts'), [
      'agent',
      all.data,
      folder,
      'look',
      clock,
    ]);
    const guard = new GuardProcess(join(folder, 'guard'));
    try {
      const there = once(child, 'message');
      await all.planClock(clock);
      await there;
      await all.until('the guard is there', () => guard.runs);
    } finally {
      // The guard first: it is there to outlive the agent.
      guard.kill();
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await all.until('the guard has ended', () => !guard.runs);
    expect(hosts.host).toBe(clock);
    expect(hosts.applies).toEqual(applies.slice(0, 2));

    await all.open({ driver: hosts, apply: QUICK });
    if (clock === LOCK) await heard(all, 'went back to the last good tree');
    else await all.synced();
    expect(hosts.applies).toEqual(applies);
    expect(hosts.host).toBe(applies[2]);
    const { status } = await all.agent!.view();
    const { appliedCommit, desiredCommit } = await all.service.site('lisbon');
    expect(status!.applied?.commit).toBe(appliedCommit);
    expect(appliedCommit).toBe(clock === LOCK ? good : desiredCommit);
    expect(status!.guard?.includes('h1 is')).toBe(clock === LOCK ? true : undefined);
  },
);

/** The process that stands by, as it tells of itself. */
class GuardProcess {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  get runs(): boolean {
    return existsSync(this.#file) && this.#signal(0);
  }

  kill(): void {
    if (existsSync(this.#file)) this.#signal('SIGKILL');
  }

  #signal(signal: NodeJS.Signals | 0): boolean {
    try {
      return process.kill(Number(readFileSync(this.#file, 'utf8')), signal);
    } catch {
      return false;
    }
  }
}

function mine(line: string): boolean {
  return line.includes(` ${process.pid} `);
}

/** Lines at which a run began while another one was under way; the one that was killed never ended. */
function beside(log: readonly string[]): string[] {
  const strange: string[] = [];
  let running: string | undefined;
  for (const line of log) {
    const [, edge, run] = /^(begin|end) (.*)$/.exec(line)!;
    if (edge === 'end') running = undefined;
    else {
      if (running !== undefined && !running.endsWith(LOCK)) strange.push(line);
      running = run;
    }
  }
  return strange;
}
