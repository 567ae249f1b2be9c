import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';

import { backportCase, prepare } from '../../test/support/backport-cases.ts';
import { falseClaims } from '../../test/support/backport-laws.ts';
import { backport } from './backport.ts';
import type * as proof from './proof.ts';

/** What the proof pretends that the plan renders. */
const pretended = vi.hoisted(() => ({ tree: undefined as unknown }));

// A proof that lies: whatever is tried, the site would render just as it was found.
vi.mock('./proof.ts', async (original) => {
  const real = await original<typeof proof>();
  class LyingProof extends real.Proof {
    override try(...tried: Parameters<InstanceType<typeof real.Proof>['try']>) {
      const trial = super.try(...tried);
      return 'reason' in trial ? trial : Object.assign(trial, pretended);
    }
  }
  return { ...real, Proof: LyingProof };
});

test('law 3, PutGet, can be seen to be broken: with a proof that lies a false claim is found', () => {
  const details = fc.check(
    fc.property(backportCase, (one) => {
      const { plan, site, observed } = prepare(one);
      pretended.tree = observed;
      const result = backport({ plan, revision: '', site, observed, place: one.place });
      for (const proposal of result.proposals)
        expect(falseClaims(plan, result, observed, proposal)).toEqual([]);
    }),
    { numRuns: 300, endOnFailure: true },
  );
  expect(details.failed).toBe(true);
  expect(String(details.errorInstance)).toContain('to deeply equal []');
});
