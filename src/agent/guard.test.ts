import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { RunReport, RunResult } from '../model/run.ts';
import {
  afterApply,
  afterDeath,
  afterRestore,
  type Answer,
  arm,
  type GoodTree,
  type Guard,
  guardHold,
  guardWords,
  hasWayBack,
  judge,
  mustRestore,
  NO_GUARD,
  nothingRan,
} from './guard.ts';

function tree(name: string): GoodTree {
  return { commit: `observed ${name}`, digest: `digest ${name}`, desired: `desired ${name}` };
}

const [one, two] = [tree('one'), tree('two')];
const MUTE: Answer = { failed: 'a does not answer' };

function report(result: RunResult, unreachable: Record<string, boolean> = {}): RunReport {
  const hosts = Object.fromEntries(
    Object.entries(unreachable).map(([host, mute]) => [
      host,
      { ok: 1, changed: 0, failed: 0, unreachable: mute ? 1 : 0, skipped: 0 },
    ]),
  );
  return {
    kind: 'apply',
    driver: 'fake',
    site: 'lisbon',
    digest: '',
    startedAt: 0,
    endedAt: 0,
    result,
    reason: '',
    hosts,
    tasks: [],
  };
}

describe('what a run says of the hosts', () => {
  test('a host that was mute before is not locked out', () => {
    const run = report('unreachable', { a: false, b: true });
    expect(judge(run, ['a'])).toBe('answered');
    expect(judge(run, ['a', 'b'])).toEqual({ failed: 'unreachable' });
    expect(judge(run, undefined)).toEqual({ failed: 'unreachable' });
  });

  test.each(['failed', 'timeout', 'error', 'cancelled'] as const)('%s is no answer', (result) => {
    expect(judge(report(result, { a: false }), [])).toEqual({ failed: result });
  });

  test('unreachable without a word on which hosts is no answer', () => {
    expect(judge(report('unreachable'), [])).toEqual({ failed: 'unreachable' });
  });

  test('a run that could not be started touched nothing', () => {
    expect(nothingRan(report('error'))).toBe(true);
    expect(nothingRan(report('error', { a: false }))).toBe(false);
    expect(nothingRan(report('unreachable'))).toBe(false);
  });
});

test('the first apply at a site has no way back: it is tried again', () => {
  const armed = arm(NO_GUARD, one, { runId: 'r', at: 1 });
  expect(hasWayBack(NO_GUARD, one)).toBe(false);
  expect(afterApply(armed, report('success'), MUTE, 2)).toEqual(NO_GUARD);
});

test('the last good tree itself is tried again where hosts do not answer after it', () => {
  const idle: Guard = { state: 'idle', good: one };
  const armed = arm(idle, { ...one, commit: 'other' }, { runId: 'r', at: 1 });
  expect(afterApply(armed, report('success'), MUTE, 2)).toEqual(idle);
});

test('what locked hosts out is refused until something else is desired or somebody asks', () => {
  const armed = arm({ state: 'idle', good: one }, two, { runId: 'r', at: 1, answering: ['a'] });
  const restoring = afterApply(armed, report('success'), MUTE, 2);
  expect(restoring).toEqual({
    state: 'restoring',
    good: one,
    refused: two.desired,
    why: 'a does not answer',
    since: 2,
    answering: ['a'],
  });
  expect(mustRestore(restoring, two.desired, false)).toBe(true);
  expect(mustRestore(restoring, two.desired, true)).toBe(false);
  expect(mustRestore(restoring, 'desired three', false)).toBe(false);
  expect(guardHold(restoring, two.desired, false)).toContain('going back');
  expect(guardWords(restoring)).toContain('goes back');
  expect(afterRestore(restoring, false, 3)).toBe(restoring);

  const restored = afterRestore(restoring, true, 3);
  expect(restored).toMatchObject({ state: 'restored', good: one, at: 3 });
  expect(guardHold(restored, two.desired, false)).toContain('`trueup agent apply`');
  expect(guardHold(restored, two.desired, true)).toBeUndefined();
  expect(guardHold(restored, 'desired three', false)).toBeUndefined();
  expect(guardWords(restored)).toContain('went back');
  expect(mustRestore(restored, two.desired, false)).toBe(false);
});

test('a failed run at hosts that answer leaves the good tree as it was', () => {
  const armed = arm({ state: 'idle', good: one }, two, { runId: 'r', at: 1 });
  expect(afterApply(armed, report('failed'), 'answered', 2)).toEqual({ state: 'idle', good: one });
  expect(afterDeath(armed, 'answered', 2)).toEqual({ state: 'idle', good: one });
});

const aTree = fc.constantFrom('one', 'two', 'three').map(tree);
const anAnswer = fc.constantFrom<Answer>('answered', MUTE);
const anAct = fc.oneof(
  fc.record({
    act: fc.constant('apply' as const),
    trial: aTree,
    result: fc.constantFrom<RunResult>('success', 'failed', 'unreachable', 'timeout', 'error'),
    answer: anAnswer,
    death: fc.boolean(),
  }),
  fc.record({ act: fc.constant('restore' as const), ok: fc.boolean() }),
);

test('a tree is good only after it was applied and the hosts answered (law 12)', () => {
  fc.assert(
    fc.property(fc.array(anAct, { maxLength: 12 }), (acts) => {
      let guard: Guard = NO_GUARD;
      let good: GoodTree | null = null;
      for (const act of acts) {
        let expected: Guard['state'];
        if (act.act === 'restore') {
          const before = guard;
          guard = afterRestore(guard, act.ok, 1);
          expected = before.state === 'restoring' && act.ok ? 'restored' : before.state;
        } else {
          const armed = arm(guard, act.trial, { runId: 'r', at: 1 });
          guard = act.death
            ? afterDeath(armed, act.answer, 2)
            : afterApply(armed, { result: act.result }, act.answer, 2);
          if (!act.death && act.answer === 'answered' && act.result === 'success') good = act.trial;
          const back = act.answer !== 'answered' && good !== null;
          const toGoBack = back && good!.digest !== act.trial.digest;
          expected = toGoBack ? 'restoring' : 'idle';
        }
        expect(guard.state).toBe(expected);
        expect(guard.good).toEqual(good);
        // Whatever happened, a tree that is desired anew is never kept from being applied.
        expect(guardHold(guard, 'desired four', false)).toBeUndefined();
      }
    }),
  );
});
