import { expect, test } from 'vitest';

import { planOf } from '../../test/support/backport-plan.ts';
import { fleetPlan } from '../../test/support/fleet-plan.ts';
import { driftRow, proposal } from '../../test/support/store.ts';
import type { DriftRow, ProposalRow } from '../store/rows.ts';
import { autoMergeIn } from './auto-merge.ts';

const NOW = 1_000_000;
const PATCH =
  '--- a/sites/south-01.yaml\n+++ b/sites/south-01.yaml\n@@ -1 +1 @@\n-motd: a\n+motd: b\n';

/** In how many milliseconds a proposal for a site of the south may be merged by a policy. */
function wait(
  rule: string,
  change: Partial<ProposalRow> = {},
  made: Partial<ProposalRow['result']['proposals'][number]> = {},
  drifts: DriftRow[] = [edit('south-01')],
): number | undefined {
  const files = fleetPlan({ south: 2, west: 1 });
  const policy = rule === '' ? '' : `drift: { autoMerge: [${rule}] }\n`;
  const plan = planOf({ ...files, 'plan.yaml': files['plan.yaml']! + policy });
  const row: ProposalRow = {
    ...proposal('one'),
    groupKey: 'group',
    basis: '',
    choice: null,
    pushed: [],
    theirs: null,
    lastCommand: null,
    held: false,
    state: 'open',
    number: 1,
    url: '',
    openedAt: NOW - 60_000,
    decidedAt: null,
    decidedBy: null,
    closeReason: null,
    result: {
      site: 'south-01',
      revision: 'r',
      unexplained: [],
      adopted: 1,
      proposals: [
        {
          kind: 'param',
          placement: 'site',
          title: 'motd',
          edits: [{ file: 'sites/south-01.yaml', mode: '100644', patch: PATCH }],
          explains: ['group_vars/all.yml'],
          blastRadius: [{ site: 'south-01', files: ['group_vars/all.yml'] }],
          verified: true,
          notes: [],
          ...made,
        },
      ],
    },
    ...change,
  };
  return autoMergeIn(plan, row, drifts, NOW);
}

function edit(site: string): DriftRow {
  return driftRow('one', { site });
}

test('without a rule nothing is merged by itself', () => {
  expect(wait('')).toBeUndefined();
});

test.each([
  '{}',
  '{ kinds: [param, overlay] }',
  '{ paths: ["group_vars/*"] }',
  '{ sites: "region=south" }',
  '{ maxSites: 1, maxLines: 2 }',
])('%s fits', (rule) => {
  expect(wait(rule)).toBe(0);
});

test.each([
  '{ kinds: [overlay] }',
  '{ paths: ["files/motd"] }',
  '{ sites: "region=west" }',
  '{ maxLines: 1 }',
])('%s does not fit', (rule) => {
  expect(wait(rule)).toBeUndefined();
});

test('more sites than a rule allows', () => {
  const two = [edit('south-01'), edit('south-02')];
  expect(wait('{ maxSites: 1 }', {}, {}, two)).toBeUndefined();
  expect(wait('{ maxSites: 2 }', {}, {}, two)).toBe(0);
});

test('people are given the time that the rule says', () => {
  expect(wait('{ after: 10m }')).toBe(9 * 60_000);
  expect(wait('{ after: 1m }')).toBe(0);
});

test('never where it is not proved, not all, held, somebody else’s, or reaches another site', () => {
  expect(wait('{}', {}, { verified: false })).toBeUndefined();
  expect(wait('{}', { held: true })).toBeUndefined();
  expect(wait('{}', { theirs: 'c0ffee' })).toBeUndefined();
  expect(wait('{}', { openedAt: null })).toBeUndefined();
  const reaches = ['south-01', 'west-01'].map((site) => ({ site, files: ['motd'] }));
  expect(wait('{}', {}, { blastRadius: reaches })).toBeUndefined();
  const binary = {
    file: 'overlays/south-01/logo',
    mode: '100644' as const,
    patch: 'Binary file differs\n',
  };
  expect(wait('{ maxLines: 99 }', {}, { edits: [binary] })).toBeUndefined();
});
