import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { BLOCKS } from '../../test/support/random-blocks.ts';
import { FREE_KINDS } from '../../test/support/random-free-edits.ts';
import { HIDDEN_KINDS } from '../../test/support/random-hidden-edits.ts';
import { richPlan } from '../../test/support/random-rich-plans.ts';
import { freeCase, hiddenCase, prepareFree, prepareHidden } from '../../test/support/rich-cases.ts';

// The laws say little if what is generated is poor: each kind has to come up, and to change the site.

const SEED = { seed: 1 };

/** How often each kind changed something. */
function histogram<Case>(
  cases: readonly Case[],
  kindOf: (one: Case) => string,
  changes: (one: Case) => boolean,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const one of cases) {
    const kind = kindOf(one);
    counts[kind] = (counts[kind] ?? 0) + Number(changes(one));
  }
  return counts;
}

test('every kind of free edit comes up and changes a site', () => {
  const cases = fc
    .sample(freeCase('once', 4), { ...SEED, numRuns: 450 })
    .filter(({ edits }) => edits.length === 1);
  const counts = histogram(
    cases,
    ({ edits: [edit] }) => edit!.kind,
    (one) => prepareFree(one) !== undefined,
  );
  expect(Object.keys(counts).toSorted()).toEqual([...FREE_KINDS].toSorted());
  expect(Object.entries(counts).filter(([, count]) => count < 2)).toEqual([]);
}, 60_000);

test('every kind of hidden change comes up and shows at a site', () => {
  const cases = fc.sample(hiddenCase('once', 6), { ...SEED, numRuns: 800 });
  const counts = histogram(
    cases,
    ({ edit }) => edit.kind,
    (one) => prepareHidden(one) !== undefined,
  );
  expect(Object.keys(counts).toSorted()).toEqual([...HIDDEN_KINDS].toSorted());
  expect(Object.entries(counts).filter(([, count]) => count < 2)).toEqual([]);
}, 60_000);

test('plans have one to five sites, two to four layers, and every construct of templates', () => {
  const plans = fc.sample(richPlan('reuse'), { ...SEED, numRuns: 300 });
  const numbers = (count: (plan: (typeof plans)[number]) => number): number[] =>
    [...new Set(plans.map(count))].toSorted((a, b) => a - b);
  expect(numbers(({ sites }) => sites.length)).toEqual([1, 2, 3, 4, 5]);
  expect(numbers(({ layers }) => (layers.length + 1) / 2 + 1)).toEqual([2, 3, 4]);
  expect(numbers(({ stacks }) => stacks.length)).toEqual([1, 2]);
  const templates = plans.flatMap((plan) => Object.values(plan.templates)).join('');
  const constructs =
    `| upper; ~ ; * 1024;to_nice_json;to_nice_yaml;{% for one in;.items();dict2items;
sort(attribute; if one.check %};zone.members;| join(;map(attri;{% if enabled;== 'debug';'yes' if;default(;
{% macro;{% include;{% set;{% endset;loop.index;site.hosts;also {{;again {{`.split(/;\n?/);
  expect(constructs.filter((construct) => !templates.includes(construct))).toEqual([]);
  const blocks = new Set(plans.flatMap(({ layers }) => Object.keys(layers[0]!.params)));
  expect(blocks.size).toBeGreaterThan(Object.keys(BLOCKS).length);
  expect(new Set(plans.flatMap(({ merge }) => Object.values(merge)))).toEqual(
    new Set(['append', 'unique', 'by:name']),
  );
});
