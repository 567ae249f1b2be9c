import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { ManualClock, settled } from '../../test/support/manual-clock.ts';
import { Stalled } from '../model/errors.ts';
import { createLogger } from '../telemetry/logger.ts';
import { backoffDelay } from './backoff.ts';
import { KeyedLoop } from './keyed-loop.ts';

const BACKOFF = { min: 1_000, max: 60_000 };

type Outcome = 'success' | 'again' | 'failure' | 'stalled';

type Step =
  | { do: 'nudge'; key: string; delay: number }
  | { do: 'forget'; key: string }
  | { do: 'advance'; ms: number }
  /** Ends the run that began `nth` among those under way. */
  | { do: 'end'; nth: number; outcome: Outcome; again: number };

const key = fc.constantFrom('a', 'b', 'c', 'd');
const delay = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5_000 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('nudge' as const), key, delay }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.integer({ min: 0, max: 10_000 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      nth: fc.nat(4),
      outcome: fc.constantFrom<Outcome>('success', 'again', 'failure', 'stalled'),
      again: delay,
    }),
  },
);

/** What the semantics say of a key: why, and from when on, it is to be looked at. */
interface Expected {
  /** Times from which on it is due; empty: not at all. */
  causes: number[];
  /** Nudges during a run count from its end. */
  afterRun: number[];
  failures: number;
  forgotten: boolean;
}

class Bench {
  readonly clock = new ManualClock();
  readonly running = new Map<string, (outcome: Outcome, again: number) => void>();
  readonly expected = new Map<string, Expected>();
  readonly concurrency: number;
  readonly random: number;
  readonly loop: KeyedLoop;
  /** Noted, not thrown: the loop would take an error for a failure of the key. */
  readonly violations: string[] = [];

  constructor(concurrency: number, random: number) {
    this.concurrency = concurrency;
    this.random = random;
    this.loop = new KeyedLoop({
      name: 'test',
      concurrency,
      backoff: BACKOFF,
      clock: this.clock,
      random: () => random,
      log: createLogger({ level: 'silent', format: 'json' }),
      handle: (key) => this.#handle(key),
    });
    this.loop.start();
  }

  #of(key: string): Expected {
    let expected = this.expected.get(key);
    if (!expected) {
      expected = { causes: [], afterRun: [], failures: 0, forgotten: false };
      this.expected.set(key, expected);
    }
    return expected;
  }

  #handle(key: string): Promise<{ again: number } | undefined> {
    const expected = this.#of(key);
    this.#require(!this.running.has(key), `${key} runs beside itself`);
    this.#require(this.running.size < this.concurrency, 'more run than may');
    this.#require(Math.min(...expected.causes) <= this.clock.now(), `${key} runs without a cause`);
    expected.causes = [];
    expected.forgotten = false;
    return new Promise((resolve, reject) => {
      this.running.set(key, (outcome, again) => {
        this.running.delete(key);
        if (outcome === 'failure') reject(new Error('failed'));
        else if (outcome === 'stalled') reject(new Stalled('stalled'));
        else resolve(outcome === 'again' ? { again } : undefined);
      });
    });
  }

  async take(step: Step): Promise<void> {
    const now = this.clock.now();
    if (step.do === 'nudge') {
      const expected = this.#of(step.key);
      if (this.running.has(step.key)) expected.afterRun.push(step.delay);
      else expected.causes.push(now + step.delay);
      this.loop.nudge(step.key, step.delay);
    } else if (step.do === 'forget') {
      const expected = this.#of(step.key);
      Object.assign(expected, { causes: [], afterRun: [], failures: 0 });
      expected.forgotten = this.running.has(step.key);
      this.loop.forget(step.key);
    } else if (step.do === 'advance') {
      await this.clock.advance(step.ms);
    } else {
      const [key, end] = [...this.running][step.nth % (this.running.size || 1)] ?? [];
      if (key === undefined || end === undefined) return;
      this.#expectAfter(key, step.outcome, step.again);
      end(step.outcome, step.again);
    }
    await settled();
    this.#check();
  }

  #expectAfter(key: string, outcome: Outcome, again: number): void {
    const expected = this.#of(key);
    const now = this.clock.now();
    expected.causes = expected.afterRun.map((ms) => now + ms);
    expected.afterRun = [];
    if (expected.forgotten) return;
    expected.failures = outcome === 'failure' ? expected.failures + 1 : 0;
    if (outcome === 'again') expected.causes.push(now + again);
    if (outcome === 'stalled') expected.causes.push(now + BACKOFF.max);
    if (outcome === 'failure') {
      const ms = backoffDelay(BACKOFF, expected.failures, this.random);
      expected.causes.push(now + Math.round(ms));
    }
  }

  /** Whatever is due runs, or waits only because every slot is taken. */
  #check(): void {
    const due = [...this.expected].filter(
      ([key, { causes }]) => !this.running.has(key) && Math.min(...causes) <= this.clock.now(),
    );
    const keys = due.map(([key]) => key).join();
    this.#require(this.loop.depth === due.length, `due: "${keys}", queued: ${this.loop.depth}`);
    const full = this.running.size === this.concurrency;
    this.#require(due.length === 0 || full, `${keys} wait while a slot is free`);
  }

  #require(holds: boolean, otherwise: string): void {
    if (!holds) this.violations.push(`at ${this.clock.now()}: ${otherwise}`);
  }
}

test('the semantics of the loop hold whatever happens in whichever order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.array(step, { maxLength: 80, size: 'max' }),
      async (concurrency, random, steps) => {
        const bench = new Bench(concurrency, random);
        for (const one of steps) await bench.take(one);
        // In the end everything that has a cause has run, and the loop comes to rest.
        for (let turn = 0; turn < 50; turn += 1) {
          await bench.take({ do: 'end', nth: 0, outcome: 'success', again: 0 });
          await bench.take({ do: 'advance', ms: BACKOFF.max });
        }
        expect([...bench.expected.values()].flatMap(({ causes }) => causes)).toEqual([]);
        expect({ running: bench.running.size, depth: bench.loop.depth }).toEqual({
          running: 0,
          depth: 0,
        });
        expect(bench.violations).toEqual([]);
        await bench.loop.idle();
        await bench.loop.stop();
        expect(bench.clock.pending).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});
