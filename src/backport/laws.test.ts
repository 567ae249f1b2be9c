import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { backportCase, tellingCase, work } from '../../test/support/backport-cases.ts';
import {
  droppedEdits,
  falseClaims,
  shownText,
  wrongRadius,
} from '../../test/support/backport-laws.ts';
import { planOf } from '../../test/support/backport-plan.ts';
import { TYPED } from '../../test/support/random-edits.ts';
import { PLANTED, randomPlan } from '../../test/support/random-plans.ts';
import { secretForms } from '../model/redact.ts';
import type { SiteTree } from '../model/tree.ts';
import { renderSite } from '../render/render.ts';
import { backport } from './backport.ts';

/** More cases for a long run: `BACKPORT_CASES=5000 npx vitest run src/backport/laws.test.ts`. */
const CASES = Number(process.env['BACKPORT_CASES'] ?? 60);
const LONG = { timeout: CASES > 60 ? 3_600_000 : 30_000 };

test('law 2, GetPut: a site without an edit yields no proposal', LONG, () => {
  fc.assert(
    fc.property(randomPlan, ({ files, sites }) => {
      const plan = planOf(files);
      for (const site of sites) {
        const observed = renderSite(plan, site).tree;
        const result = backport({ plan, revision: 'r', site, observed, place: 'auto' });
        expect(result).toEqual({ site, revision: 'r', proposals: [], unexplained: [] });
      }
    }),
    { numRuns: CASES },
  );
});

test('law 3, PutGet: what a proposal claims to explain renders as it was found', LONG, () => {
  fc.assert(
    fc.property(backportCase, (one) => {
      const { plan, observed, result } = work(one);
      for (const proposal of result.proposals)
        expect(falseClaims(plan, result, observed, proposal)).toEqual([]);
    }),
    { numRuns: CASES },
  );
});

test('law 4, Totality: every edit is explained, kept, or listed with the reason', LONG, () => {
  fc.assert(
    fc.property(backportCase, (one) => {
      const { plan, observed, result } = work(one);
      expect(droppedEdits(plan, result, observed)).toEqual([]);
    }),
    { numRuns: CASES },
  );
});

test('law 5, Blast radius: exactly the sites and files whose rendering changes', LONG, () => {
  fc.assert(
    fc.property(backportCase, (one) => {
      const { plan, result } = work(one);
      for (const proposal of result.proposals) expect(wrongRadius(plan, proposal)).toEqual([]);
    }),
    { numRuns: CASES },
  );
});

test('law 11, Secrets: none is shown, and vaults stay byte for byte', LONG, () => {
  fc.assert(
    fc.property(tellingCase, (one) => {
      const { plan, observed, result } = work(one);
      const shown = shownText(result);
      const known = one.source.secrets ? [PLANTED.clear, ...typedSecrets(observed)] : [];
      for (const secret of known) {
        for (const form of secretForms(secret)) expect(shown).not.toContain(form);
      }
      for (const { edits } of result.proposals) {
        for (const { file, content } of edits) {
          if (file.startsWith('overlays/')) continue;
          expect(vaultsOf(content!)).toEqual(vaultsOf(plan.files.get(file)!.content));
        }
      }
    }),
    { numRuns: CASES },
  );
});

/** What was typed at the site where the plan has a secret. */
function typedSecrets(observed: SiteTree): string[] {
  const text = observed.get('group_vars/all.yml')?.content.toString() ?? '';
  return new RegExp(`^(?:token|key): "?${TYPED}"?$`, 'm').test(text) ? [TYPED] : [];
}

function vaultsOf(content: Buffer): string[] {
  return content.toString().match(/!vault \|\n(?: +\S+\n?)+/g) ?? [];
}
