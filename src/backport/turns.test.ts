import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { freeCase, prepareFree } from '../../test/support/rich-cases.ts';
import { backport, backportInTurns } from './backport.ts';
import { Trials } from './trials.ts';

test('in turns the answer is the one that is given at once, and others have their turn', async () => {
  let judged = 0;
  let turns = 0;
  const pause = async (): Promise<void> => {
    turns += 1;
  };
  await fc.assert(
    fc.asyncProperty(freeCase('reuse', 4), async (one) => {
      const prepared = prepareFree(one);
      fc.pre(prepared !== undefined);
      const { plan, site, observed } = prepared;
      const request = { plan, revision: 'r', site, observed, place: 'auto' } as const;
      // No plan is small enough to be tried without a turn.
      expect(await backportInTurns(request, pause, new Trials(0))).toEqual(backport(request));
      judged += 1;
    }),
    { numRuns: 25 },
  );
  expect(judged).toBe(25);
  expect(turns).toBeGreaterThan(4 * judged);
}, 60_000);
