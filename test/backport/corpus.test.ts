import { describe, expect, test } from 'vitest';

import { fleetProposals } from '../../src/backport/fleet.ts';
import { falseClaims, wrongRadius } from '../support/backport-laws.ts';
import { editedTree, planOf } from '../support/backport-plan.ts';
import { fleetPlan, siteNames } from '../support/fleet-plan.ts';
import { answerTo, type CorpusCase, told } from './answer.ts';
import { dataCases } from './data.ts';
import { filesCases } from './files.ts';
import { loopsCases } from './loops.ts';
import { severalCases } from './several.ts';
import { textsCases } from './texts.ts';

// Every class of edit that working backwards knows, as a readable case, held to the laws as well.

const GROUPS: [name: string, cases: readonly CorpusCase[]][] = [
  ['rendered data', dataCases],
  ['texts', textsCases],
  ['loops and conditions', loopsCases],
  ['several places', severalCases],
  ['whole files', filesCases],
];

describe.each(GROUPS)('%s', (_name, cases) => {
  test.each(cases.filter(({ open }) => !open))('$name', (one) => {
    expect(answerTo(one)).toBe(one.answer);
  });
  test.fails.each(cases.filter(({ open }) => open))('$name', (one) => {
    expect(answerTo(one)).toBe(one.answer);
  });
});

test('the same edit at 27 of the 30 sites of a region goes to its layer', async () => {
  const plan = planOf(fleetPlan({ south: 30, west: 30 }));
  const edits = siteNames('south', 1, 27).map((site) => ({
    site,
    observed: editedTree(plan, site, {
      'group_vars/all.yml': ['clock: 192.0.2.1', 'clock: 192.0.2.9'],
    }),
  }));
  const result = await fleetProposals({ plan, revision: 'r', edits });
  const [first] = result.proposals;
  for (const { site, observed } of edits)
    expect(falseClaims(plan, { ...result, site }, observed, first!)).toEqual([]);
  expect(wrongRadius(plan, first!)).toEqual([]);
  expect(told({ ...result, proposals: [first!] })).toMatch(
    /^param at origin; layers\/region\/south\.yaml \+1 -0; changes south-01 /,
  );
  expect(first!.blastRadius.map(({ site }) => site)).toEqual(siteNames('south', 1, 30));
});

test('no two cases have one name', () => {
  const names = GROUPS.flatMap(([, cases]) => cases.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
});
