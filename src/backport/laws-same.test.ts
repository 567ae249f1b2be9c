import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { shownResult } from '../../test/support/backport-laws.ts';
import { planOf } from '../../test/support/backport-plan.ts';
import { planFiles } from '../../test/support/plan-files.ts';
import { planSource, richPlan } from '../../test/support/random-rich-plans.ts';
import { freeCase, prepareFree, worked } from '../../test/support/rich-cases.ts';
import { loadPlan } from '../plan/load.ts';
import { renderSite, traceFile } from '../render/render.ts';
import { backport } from './backport.ts';

/** More for a long run: `BACKPORT_CASES=5000 npx vitest run src/backport/laws-same.test.ts`. */
const CASES = Number(process.env['BACKPORT_CASES'] ?? 1000);
const LONG = { timeout: CASES > 1000 ? 3_600_000 : 120_000 };

test('law 2, GetPut; and what is traced is what is rendered, at every site', LONG, () => {
  fc.assert(
    fc.property(richPlan('reuse', 4), (draft) => {
      const plan = planOf(planSource(draft));
      for (const site of plan.sites.keys()) {
        const observed = renderSite(plan, site).tree;
        const result = backport({ plan, revision: 'r', site, observed, place: 'auto' });
        expect(result).toEqual({ site, revision: 'r', proposals: [], unexplained: [] });
        for (const [path, { content }] of observed) {
          if (!path.endsWith('.conf')) continue;
          const trace = traceFile(plan, site, path)!;
          expect(trace.text).toBe(content.toString());
          expect(trace.pieces.map(({ start, end }) => trace.text.slice(start, end)).join('')).toBe(
            trace.text,
          );
        }
      }
    }),
    { numRuns: CASES },
  );
});

test('law 1, Purity: one answer, whatever the order of sites and files', LONG, () => {
  fc.assert(
    fc.property(freeCase('reuse', 3), (one) => {
      const prepared = prepareFree(one);
      if (!prepared) return;
      const { site, observed } = prepared;
      const files = new Map([...planFiles(planSource(one.draft))].toReversed());
      const { plan } = loadPlan(files);
      const again = worked({
        ...prepared,
        plan: plan!,
        observed: new Map([...observed].toReversed()),
      });
      expect(plan!.sites.has(site)).toBe(true);
      expect(shownResult(again.result)).toEqual(shownResult(worked(prepared).result));
    }),
    { numRuns: Math.ceil(CASES / 8) },
  );
});
