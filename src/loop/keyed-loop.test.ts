import { AsyncLocalStorage } from 'node:async_hooks';

import { expect, test } from 'vitest';

import { ManualClock, settled } from '../../test/support/manual-clock.ts';
import { Stalled, UserError } from '../model/errors.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { type Handled, KeyedLoop, type KeyedLoopOptions } from './keyed-loop.ts';

interface Run {
  key: string;
  signal: AbortSignal;
  end: (handled?: Handled) => Promise<void>;
  fail: (error: Error) => Promise<void>;
}

/** A loop on a clock of its own whose runs end when and as the test says. */
function loopOf(options: Partial<KeyedLoopOptions> = {}) {
  const clock = new ManualClock();
  const runs: Run[] = [];
  const lines: unknown[] = [];
  const loop = new KeyedLoop({
    name: 'site',
    concurrency: 2,
    clock,
    random: () => 0,
    log: createLogger({
      level: 'debug',
      format: 'json',
      write: (line) => lines.push(JSON.parse(line)),
    }),
    handle: (key, signal) =>
      new Promise((resolve, reject) => {
        runs.push({
          key,
          signal,
          end: (handled) => (resolve(handled), settled()),
          fail: (error) => (reject(error), settled()),
        });
      }),
    ...options,
  });
  loop.start();
  /** Keys of the runs so far. */
  const keys = () => runs.map(({ key }) => key).join(' ');
  return { loop, clock, runs, lines, keys };
}

test('nothing runs before the start; then every key once', async () => {
  const handled: string[] = [];
  const log = createLogger({ level: 'silent', format: 'json' });
  const handle = async (key: string) => void handled.push(key);
  const loop = new KeyedLoop({ name: 'site', concurrency: 1, log, handle });
  for (const key of ['a', 'b', 'a', 'a']) loop.nudge(key);
  await settled();
  expect(handled).toEqual([]);
  expect(loop.depth).toBe(2);
  loop.start();
  await loop.idle();
  expect(handled).toEqual(['a', 'b']);
  expect(loop.depth).toBe(0);
  await loop.stop();
});

test('a key that is nudged while it runs, runs once more and never beside itself', async () => {
  const { loop, runs, keys } = loopOf();
  loop.nudge('a');
  await settled();
  for (let i = 0; i < 5; i += 1) loop.nudge('a');
  await settled();
  expect(keys()).toBe('a');
  await runs[0]!.end();
  expect(keys()).toBe('a a');
  await runs[1]!.end();
  expect(keys()).toBe('a a');
});

test('no more than so many keys run at once, in the order in which they became due', async () => {
  const { loop, runs, keys } = loopOf();
  for (const key of ['a', 'b', 'c', 'd']) loop.nudge(key);
  await settled();
  expect(keys()).toBe('a b');
  expect(loop.depth).toBe(2);
  await runs[1]!.end();
  expect(keys()).toBe('a b c');
});

test('failures back off alone, longer each time; a success makes it short again', async () => {
  const { loop, clock, runs, keys } = loopOf({ concurrency: 1 });
  loop.nudge('bad');
  await settled();
  await runs.at(-1)!.fail(new Error('no'));
  loop.nudge('good');
  await settled();
  expect(keys()).toBe('bad good');
  await runs.at(-1)!.end();

  await clock.advance(999);
  expect(keys()).toBe('bad good');
  await clock.advance(1);
  expect(keys()).toBe('bad good bad');
  await runs.at(-1)!.fail(new Error('no'));
  await clock.advance(1_999);
  expect(runs).toHaveLength(3);
  await clock.advance(1);
  expect(runs).toHaveLength(4);
  await runs.at(-1)!.end();
  await clock.advance(1_000_000);
  expect(runs).toHaveLength(4);

  loop.nudge('bad');
  await settled();
  await runs.at(-1)!.fail(new Error('no'));
  await clock.advance(1_000);
  expect(runs).toHaveLength(6);
});

test('a nudge does not wait for a backoff, nor does it make it short', async () => {
  const { loop, clock, runs } = loopOf();
  loop.nudge('a');
  await settled();
  await runs[0]!.fail(new Error('no'));
  loop.nudge('a');
  await settled();
  expect(runs).toHaveLength(2);
  await runs[1]!.fail(new Error('no'));
  await clock.advance(1_999);
  expect(runs).toHaveLength(2);
  await clock.advance(1);
  expect(runs).toHaveLength(3);
});

test('what is stalled waits for a nudge, or the longest backoff', async () => {
  const { loop, clock, runs, lines } = loopOf();
  loop.nudge('a');
  await settled();
  await runs[0]!.fail(new Stalled('the token was rejected: give another'));
  await clock.advance(299_999);
  expect(runs).toHaveLength(1);
  expect(lines).toMatchObject([
    { level: 'error', loop: 'site', key: 'a', error: 'the token was rejected: give another' },
  ]);
  await clock.advance(1);
  expect(runs).toHaveLength(2);
  await runs[1]!.fail(new Stalled('the token was rejected: give another'));
  loop.nudge('a');
  await settled();
  expect(runs).toHaveLength(3);
});

test('a failure that says when to come back is not tried before', async () => {
  const { loop, clock, runs } = loopOf();
  loop.nudge('a');
  await settled();
  await runs[0]!.fail(Object.assign(new Error('slow down'), { retryAfter: 60_000 }));
  await clock.advance(59_999);
  expect(runs).toHaveLength(1);
  await clock.advance(1);
  expect(runs).toHaveLength(2);
});

test('a handler says when to look again; of several times the first counts', async () => {
  const { loop, clock, runs } = loopOf();
  loop.nudge('a', 500);
  loop.nudge('a', 100);
  loop.nudge('a', 300);
  await clock.advance(99);
  expect(runs).toHaveLength(0);
  await clock.advance(1);
  expect(runs).toHaveLength(1);
  loop.nudge('a', 700);
  await runs[0]!.end({ again: 400 });
  await clock.advance(399);
  expect(runs).toHaveLength(1);
  await clock.advance(1);
  expect(runs).toHaveLength(2);
  await runs[1]!.end({ again: 0 });
  expect(runs).toHaveLength(3);
  await runs[2]!.end();
  await clock.advance(1_000_000);
  expect(runs).toHaveLength(3);
});

test('a forgotten key is done with, unless it is nudged again', async () => {
  const { loop, clock, runs, keys } = loopOf({ concurrency: 1 });
  loop.nudge('a');
  loop.nudge('b');
  loop.nudge('c', 100);
  await settled();
  loop.nudge('a');
  for (const key of ['a', 'b', 'c', 'never seen']) loop.forget(key);
  expect(loop.depth).toBe(0);
  loop.nudge('b');
  await runs[0]!.fail(new Error('no'));
  expect(keys()).toBe('a b');
  await runs[1]!.end();
  await clock.advance(1_000_000);
  expect(keys()).toBe('a b');

  loop.nudge('a');
  await settled();
  loop.forget('a');
  loop.nudge('a');
  await runs[2]!.fail(new Error('no'));
  expect(keys()).toBe('a b a a');
  // Its failures are forgotten too.
  await runs[3]!.fail(new Error('no'));
  await clock.advance(1_000);
  expect(keys()).toBe('a b a a a');
});

test('stopping waits for what runs, and starts nothing more', async () => {
  const { loop, clock, runs, keys } = loopOf({ concurrency: 1 });
  for (const key of ['a', 'b']) loop.nudge(key);
  loop.nudge('c', 100);
  await settled();
  let stopped = false;
  const stop = loop.stop(5_000).then(() => (stopped = true));
  loop.nudge('d');
  loop.nudge('a');
  await clock.advance(4_999);
  expect({ stopped, aborted: runs[0]!.signal.aborted }).toEqual({ stopped: false, aborted: false });
  await runs[0]!.end({ again: 0 });
  await stop;
  loop.start();
  await clock.advance(1_000_000);
  expect(keys()).toBe('a');
  expect(clock.pending).toBe(0);
  await loop.stop();
});

test('what does not end in the grace period is told to', async () => {
  const { loop, clock, runs, lines } = loopOf();
  loop.nudge('a');
  await settled();
  const stop = loop.stop(5_000);
  await clock.advance(5_000);
  expect(runs[0]!.signal.aborted).toBe(true);
  await runs[0]!.fail(new Error('interrupted'));
  await stop;
  expect(lines).toMatchObject([{ level: 'info', key: 'a', error: 'interrupted' }]);
});

test('the log says where a fault of ours is, and only the words of one for people', async () => {
  const { loop, runs, lines } = loopOf();
  loop.nudge('a');
  await settled();
  await runs[0]!.fail(new TypeError('x is undefined'));
  loop.nudge('b');
  await settled();
  await runs[1]!.fail(new UserError('the host does not answer'));
  expect(lines).toMatchObject([
    { level: 'warn', key: 'a', failures: 1, retryInMs: 1_000, err: { type: 'TypeError' } },
    { level: 'warn', key: 'b', error: 'the host does not answer' },
  ]);
  expect(lines[1]).not.toHaveProperty('err');
});

test('a handler that throws at once has failed like any other', async () => {
  const { loop, lines } = loopOf({
    handle: () => {
      throw new UserError('at once');
    },
  });
  loop.nudge('a');
  await loop.idle();
  expect(lines).toMatchObject([{ key: 'a', error: 'at once', failures: 1 }]);
});

test('keys are handled in the context of the loop, not of whoever nudged', async () => {
  const context = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const { loop, clock } = loopOf({
    handle: async () => void seen.push(context.getStore()),
  });
  context.run('a transaction', () => {
    loop.nudge('a');
    loop.nudge('b', 10);
  });
  await clock.advance(10);
  expect(seen).toEqual([undefined, undefined]);
});

test('the metrics tell how keys were handled and how long they waited', async () => {
  const metrics = createMetrics();
  const { loop, clock, runs } = loopOf({ concurrency: 1, metrics });
  loop.nudge('a');
  loop.nudge('b');
  await settled();
  const text = async () => metrics.registry.metrics();
  expect(await text()).toContain('trueup_queue_depth{queue="site"} 1\n');
  await clock.advance(2_000);
  await runs[0]!.fail(new Error('no'));
  await runs[1]!.end({ again: 10_000 });
  await clock.advance(1_000);
  await runs[2]!.fail(new Stalled('no'));
  loop.nudge('c');
  await settled();
  await runs[3]!.end();
  for (const line of [
    'trueup_queue_depth{queue="site"} 0',
    'trueup_queue_adds_total{queue="site"} 4',
    'trueup_queue_retries_total{queue="site"} 1',
    'trueup_queue_wait_seconds_sum{queue="site"} 2',
    'trueup_reconcile_duration_seconds_sum{loop="site"} 2',
    ...['success', 'error', 'requeue', 'stalled'].map(
      (result) => `trueup_reconcile_total{loop="site",result="${result}"} 1`,
    ),
  ]) {
    expect(await text()).toContain(`${line}\n`);
  }
});

test('it runs on the time of the machine as well', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const log = createLogger({ level: 'silent', format: 'json' });
  const handle = async (key: string) => resolve(key);
  const loop = new KeyedLoop({ name: 'site', concurrency: 1, log, handle });
  loop.start();
  loop.nudge('a', 1);
  expect(await promise).toBe('a');
  await loop.stop();
});
