import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { Limiter } from './limiter.ts';
import type { Limits } from './options.ts';
import { HttpProblem } from './problem.ts';

const LIMITS: Limits = {
  perSecond: 1,
  burst: 3,
  concurrent: 2,
  concurrentTotal: 4,
  body: 1,
  timeout: 1,
};

function setUp(change: Partial<Limits> = {}) {
  const clock = { ms: 0 };
  const limiter = new Limiter({ ...LIMITS, ...change }, () => clock.ms);
  /** The status that a request gets, 200 where it is let in; it is answered at once. */
  const ask = (address: string): number => {
    try {
      limiter.enter(address)();
      return 200;
    } catch (error) {
      if (error instanceof HttpProblem) return error.status;
      throw error;
    }
  };
  return { clock, limiter, ask };
}

test('an address gets its burst, and then as much as time gives', () => {
  const { clock, ask } = setUp();
  expect([1, 2, 3, 4].map(() => ask('10.0.0.1'))).toEqual([200, 200, 200, 429]);
  expect(ask('10.0.0.2')).toBe(200);
  clock.ms = 999;
  expect(ask('10.0.0.1')).toBe(429);
  clock.ms = 1_000;
  expect([1, 2].map(() => ask('10.0.0.1'))).toEqual([200, 429]);
  clock.ms = 1_000_000;
  expect([1, 2, 3, 4].map(() => ask('10.0.0.1'))).toEqual([200, 200, 200, 429]);
});

test('it is told when to come again', () => {
  const { limiter, ask } = setUp({ perSecond: 0.1 });
  for (let i = 0; i < 3; i += 1) ask('a');
  expect(() => limiter.enter('a')).toThrow(
    expect.objectContaining({ headers: { 'Retry-After': '10' } }),
  );
});

test('a refused token costs as much as twenty requests', () => {
  const { clock, limiter, ask } = setUp();
  limiter.refusedToken('a');
  clock.ms = 17_000;
  expect(ask('a')).toBe(429);
  clock.ms = 18_000;
  expect(ask('a')).toBe(200);
});

test('only so many are under way, of one address and of all', () => {
  const { limiter, ask } = setUp({ burst: 100 });
  const leave = [limiter.enter('a'), limiter.enter('a')];
  expect(ask('a')).toBe(429);
  limiter.enter('b');
  limiter.enter('c');
  expect(ask('d')).toBe(503);
  leave[0]!();
  expect([ask('a'), ask('d')]).toEqual([200, 200]);
});

test('all addresses of one IPv6 network are one, those of others are not', () => {
  const { ask } = setUp({ burst: 1 });
  expect(ask('2001:db8:1:2::1')).toBe(200);
  expect(ask('2001:db8:1:2:ffff::9')).toBe(429);
  expect(ask('2001:db8:1:3::1')).toBe(200);
  expect(ask('2001:db8::1')).toBe(200);
  expect(ask('::1')).toBe(200);
  expect(ask('::ffff:10.0.0.1')).toBe(200);
  expect(ask('::ffff:10.0.0.2')).toBe(200);
});

test('never more than the burst and what time gave is let in', () => {
  const steps = fc.array(fc.record({ wait: fc.nat(3_000), asks: fc.nat(5) }), { maxLength: 50 });
  fc.assert(
    fc.property(steps, (sequence) => {
      const { clock, ask } = setUp();
      let letIn = 0;
      for (const { wait, asks } of sequence) {
        clock.ms += wait;
        for (let i = 0; i < asks; i += 1) if (ask('a') === 200) letIn += 1;
      }
      expect(letIn).toBeLessThanOrEqual(LIMITS.burst + clock.ms / 1000);
    }),
  );
});
