import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Driver, RunRequest } from '../model/driver.ts';
import { UserError } from '../model/errors.ts';
import type { RunReport } from '../model/run.ts';
import { Runner, type RunChange } from './runner.ts';

let runs = 0;

function request(site: string, more: Partial<RunRequest> = {}): RunRequest {
  runs += 1;
  return {
    id: `run-${runs}`,
    kind: 'apply',
    site,
    tree: new Map(),
    playbooks: [],
    secrets: [],
    timeout: 60,
    cause: 'test',
    ...more,
  };
}

/** Ends a run when told to, or when it is cancelled. */
class FakeDriver implements Driver {
  readonly name = 'fake';
  readonly begun: RunRequest[] = [];
  readonly #endings = new Map<string, (fault?: Error) => void>();

  run(asked: RunRequest): Promise<RunReport> {
    this.begun.push(asked);
    const { kind, site } = asked;
    const report = { kind, driver: this.name, site, digest: '', startedAt: 0, endedAt: 0 };
    return new Promise((resolve, reject) => {
      const end = (result: 'success' | 'cancelled'): void =>
        resolve({ ...report, result, reason: '', hosts: {}, tasks: [] });
      asked.signal?.addEventListener('abort', () => end('cancelled'));
      this.#endings.set(asked.id, (fault) => (fault ? reject(fault) : end('success')));
    });
  }

  end(id: string, fault?: Error): void {
    this.#endings.get(id)?.(fault);
    this.#endings.delete(id);
  }

  get underWay(): RunRequest[] {
    return this.begun.filter(({ id }) => this.#endings.has(id));
  }

  version(): Promise<string> {
    return Promise.resolve('1');
  }

  cleanUp(): Promise<void> {
    return Promise.resolve();
  }
}

/** Lets everything that is ready go on. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('runs of one site go one after the other, in order; others go beside them', async () => {
  const driver = new FakeDriver();
  const runner = new Runner({ driver, concurrency: 2 });
  const requests = ['a', 'a', 'a', 'b', 'c'].map((site) => request(site));
  const [a1, a2, , b, c] = requests;
  const reports = requests.map((one) => runner.submit(one));
  await settle();
  expect(driver.underWay.map(({ id }) => id)).toEqual([a1!.id, b!.id]);
  expect(runner.active.map(({ site }) => site)).toEqual(['a', 'b']);
  expect(runner.waiting).toBe(3);
  driver.end(b!.id);
  await settle();
  expect(
    driver.underWay.map(({ id }) => id),
    'a waits for itself only',
  ).toEqual([a1!.id, c!.id]);
  driver.end(a1!.id);
  await settle();
  expect(driver.underWay.map(({ id }) => id)).toEqual([c!.id, a2!.id]);
  for (const { id } of requests) {
    driver.end(id);
    await settle();
  }
  expect((await Promise.all(reports)).map(({ result }) => result)).toEqual(
    requests.map(() => 'success'),
  );
  await runner.drain();
  expect([runner.active, runner.waiting]).toEqual([[], 0]);
});

test('property: never two runs of a site, never more than the limit, and all of them end', async () => {
  const sites = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(sites, fc.integer({ min: 1, max: 4 }), fc.infiniteStream(fc.nat()), play),
    { numRuns: 50 },
  );
});

async function play(names: string[], concurrency: number, picks: Iterator<number>): Promise<void> {
  const driver = new FakeDriver();
  const runner = new Runner({ driver, concurrency });
  const reports = Promise.all(names.map((site) => runner.submit(request(site))));
  for (let i = 0; i < names.length; i += 1) {
    await settle();
    const underWay = driver.underWay;
    expect(underWay.length).toBeGreaterThan(0);
    expect(underWay.length).toBeLessThanOrEqual(concurrency);
    expect(new Set(underWay.map(({ site }) => site)).size).toBe(underWay.length);
    const pick = Number(picks.next().value) % underWay.length;
    driver.end(underWay[pick]!.id);
  }
  expect(await reports).toHaveLength(names.length);
}

test('stopping cancels what runs and what waits, and refuses more', async () => {
  const driver = new FakeDriver();
  const runner = new Runner({ driver, concurrency: 1 });
  const reports = ['a', 'a', 'b'].map((site) => runner.submit(request(site)));
  await settle();
  await runner.stop();
  expect((await Promise.all(reports)).map(({ result }) => result)).toEqual([
    'cancelled',
    'cancelled',
    'cancelled',
  ]);
  expect(driver.begun).toHaveLength(1);
  await expect(runner.submit(request('a'))).rejects.toThrow(UserError);
});

test('a run that is cancelled while it waits is never begun', async () => {
  const driver = new FakeDriver();
  const runner = new Runner({ driver, concurrency: 1 });
  const first = request('a');
  const abort = new AbortController();
  const reports = [runner.submit(first), runner.submit(request('b', { signal: abort.signal }))];
  abort.abort();
  await settle();
  driver.end(first.id);
  expect((await Promise.all(reports)).map(({ result }) => result)).toEqual([
    'success',
    'cancelled',
  ]);
  expect(driver.begun).toHaveLength(1);
});

test('what a driver refuses reaches the caller, and the site goes on', async () => {
  const driver = new FakeDriver();
  const changes: string[] = [];
  const onChange = ({ state, request: { site } }: RunChange): void => {
    changes.push(`${site} ${state}`);
  };
  const runner = new Runner({ driver, onChange });
  const [bad, good] = [request('a'), request('a')];
  const refused = runner.submit(bad);
  const done = runner.submit(good);
  await settle();
  driver.end(bad.id, new Error('no Ansible'));
  await expect(refused).rejects.toThrow('no Ansible');
  await settle();
  driver.end(good.id);
  expect(await done).toMatchObject({ result: 'success' });
  expect(changes).toEqual([
    'a waiting',
    'a waiting',
    'a running',
    'a refused',
    'a running',
    'a ended',
  ]);
});
