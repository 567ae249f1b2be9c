import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { planOf } from '../../test/support/backport-plan.ts';
import { edited } from '../../test/support/edited-plan.ts';
import { planFiles } from '../../test/support/plan-files.ts';
import { editPlan, hiddenEdits } from '../../test/support/random-edits.ts';
import { randomPlan } from '../../test/support/random-plans.ts';
import { InvalidInput } from '../model/errors.ts';
import { changedPaths, type SiteTree } from '../model/tree.ts';
import { loadPlan } from '../plan/load.ts';
import type { Plan } from '../plan/plan.ts';
import { changedFiles } from './changed-files.ts';
import { renderSite } from './render.ts';

function treeOf(plan: Plan, site: string): SiteTree {
  try {
    return plan.sites.has(site) ? renderSite(plan, site).tree : new Map();
  } catch (error) {
    if (error instanceof InvalidInput) return new Map();
    throw error;
  }
}

test(
  'the files that differ are those that a comparison of whole trees finds',
  { timeout: 60_000 },
  () => {
    let differing = 0;
    fc.assert(
      fc.property(randomPlan, hiddenEdits, (source, edits) => {
        const before = planOf(source.files);
        const { plan: after } = loadPlan(planFiles(editPlan(source, 's1', edits)), {
          previous: before,
        });
        fc.pre(after !== undefined);
        for (const site of source.sites) {
          const expected = changedPaths(treeOf(before, site), treeOf(after, site));
          expect(changedFiles(before, after, site)).toEqual(expected);
          differing += expected.length;
        }
      }),
      { numRuns: 150 },
    );
    expect(differing).toBeGreaterThan(0);
  },
);

test.each([
  ['a formatting that templates do not see', 'layers/common.yaml', 'mode: 0644', 'mode: 0o644'],
  ['a key that goes', 'layers/common.yaml', 'domain: example.org\n', ''],
  [
    'another order of keys',
    'layers/common.yaml',
    'version: 1.10\nenabled: yes\n',
    'enabled: yes\nversion: 1.10\n',
  ],
  ['an export', 'sites/madrid-01.yaml', 'https://10.10.1.10', 'https://10.10.1.11'],
  ['a template', 'stacks/compute/templates/chrony.conf.j2', 'iburst', 'prefer'],
  ['the plan', 'plan.yaml', 'name: acme-edge', 'name: other'],
  ['a site that goes', 'sites/porto/porto-01.yaml', /[^]*/, ''],
])('%s', (_name, path, from, to) => {
  const before = loadPlan(planFiles(edited({}))).plan!;
  const text = before.files.get(path)!.content.toString().replace(from, to);
  const files = planFiles(edited({ [path]: text === '' ? null : text }));
  const after = loadPlan(files, { previous: before }).plan!;
  expect(after.sites.size).toBeGreaterThan(0);
  for (const site of before.sites.keys())
    expect(changedFiles(before, after, site)).toEqual(
      changedPaths(treeOf(before, site), treeOf(after, site)),
    );
});
