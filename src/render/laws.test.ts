import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { append, edited, type Edits, replace } from '../../test/support/edited-plan.ts';
import { examplePlan } from '../../test/support/example-plan.ts';
import { planFiles, type PlanSource } from '../../test/support/plan-files.ts';
import { syntheticPlan } from '../../test/support/synthetic-plan.ts';
import { InvalidInput } from '../model/errors.ts';
import { changedSites } from '../plan/changes.ts';
import { loadPlan } from '../plan/load.ts';
import type { Plan } from '../plan/plan.ts';
import { renderSite } from './render.ts';

/** The digest of a site's tree, or what keeps it from being rendered. */
function outcome(plan: Plan, site: string): string {
  try {
    return renderSite(plan, site).digest;
  } catch (error) {
    if (error instanceof InvalidInput) return error.message;
    throw error;
  }
}

function outcomes(plan: Plan): Map<string, string> {
  return new Map([...plan.sites.keys()].toSorted().map((site) => [site, outcome(plan, site)]));
}

function valid(source: PlanSource | ReadonlyMap<string, string>, previous?: Plan): Plan {
  const { plan, problems } = loadPlan(planFiles(source), previous ? { previous } : {});
  expect(problems).toEqual([]);
  return plan!;
}

const INCLUDING = 'stacks/compute/templates/banner.j2';
const INCLUDED = 'stacks/compute/templates/_line.j2';

/** The example plan with a template that includes another. */
const start = edited({ [INCLUDING]: '{% include "_line.j2" %}', [INCLUDED]: '{{ domain }}\n' });

/** Edits that leave the plan valid, in any order, and the sites whose trees each changes. */
const EDITS: { edits: Edits; changes: string[] }[] = [
  {
    edits: { 'layers/common.yaml': append('extra: 1\n') },
    changes: ['lisbon-07', 'madrid-01', 'porto-01'],
  },
  { edits: { 'layers/common.yaml': replace('swappiness: 10', 'swappiness: 20') }, changes: [] },
  { edits: { 'layers/profile/lab.yaml': 'packages: [strace]\n' }, changes: ['porto-01'] },
  { edits: { 'layers/profile/store.yaml': null }, changes: ['lisbon-07'] },
  {
    edits: { 'sites/porto/porto-01.yaml': append('params: { mtu: 9000 }\n') },
    changes: ['porto-01'],
  },
  { edits: { 'sites/madrid-01.yaml': replace('secret-address', 'other') }, changes: ['madrid-01'] },
  {
    edits: { 'sites/madrid-01.yaml': replace('https://10.10.1.10', 'https://10.10.1.99') },
    changes: ['lisbon-07', 'madrid-01', 'porto-01'],
  },
  { edits: { [INCLUDED]: '{{ domain | upper }}\n' }, changes: ['lisbon-07', 'porto-01'] },
  { edits: { [INCLUDING]: null }, changes: ['lisbon-07', 'porto-01'] },
  {
    edits: { 'stacks/compute/schema.json': replace('1500', '9000') },
    changes: ['lisbon-07', 'porto-01'],
  },
  {
    edits: { 'stacks/compute/templates/motd': { mode: '100755', content: 'x' } },
    changes: ['lisbon-07', 'porto-01'],
  },
  { edits: { 'stacks/control/stack.yaml': replace('api.url', 'api') }, changes: [] },
  { edits: { 'overlays/porto-01/README': 'ours\n' }, changes: ['porto-01'] },
  {
    edits: { 'plan.yaml': replace('unique', 'append') },
    changes: ['lisbon-07', 'madrid-01', 'porto-01'],
  },
  { edits: { 'plan.yaml': replace('soak: 10m', 'soak: 1h') }, changes: [] },
  {
    edits: { 'sites/faro-01.yaml': examplePlan['sites/porto/porto-01.yaml']! },
    changes: ['faro-01'],
  },
];

function withEdits(source: PlanSource, edits: Edits): PlanSource {
  const after = edited(edits);
  const paths = new Set(Object.keys(edits));
  const kept = Object.entries(source).filter(([path]) => !paths.has(path));
  const changed = Object.entries(after).filter(([path]) => paths.has(path));
  return Object.fromEntries([...kept, ...changed]);
}

test.each(EDITS.map(({ edits, changes }) => [Object.keys(edits)[0]!, changes, edits] as const))(
  'an edit of %s changes the trees of %j, and of no other site (law 5)',
  (_, changes, edits) => {
    const before = valid(start);
    const after = valid(withEdits(start, edits), before);
    const [was, is] = [outcomes(before), outcomes(after)];
    expect([...is.keys()].filter((site) => is.get(site) !== was.get(site))).toEqual(changes);
    expect([...changedSites(before, after)]).toEqual(expect.arrayContaining(changes));
  },
);

test('what was kept from earlier revisions shows in no tree (law 1)', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(EDITS.length - 1), { minLength: 1, maxLength: 5 }), (steps) => {
      let source = start;
      let plan = valid(start);
      outcomes(plan);
      for (const step of steps) {
        source = withEdits(source, EDITS[step]!.edits);
        const next = valid(source, plan);
        const [was, is] = [outcomes(plan), outcomes(next)];
        expect(is).toEqual(outcomes(valid(source)));
        const changed = changedSites(plan, next);
        const differ = [...is.keys()].filter((site) => is.get(site) !== was.get(site));
        expect(differ.filter((site) => !changed.has(site))).toEqual([]);
        plan = next;
      }
    }),
    { numRuns: 15 },
  );
}, 60_000);

test('the order of files and the way they were read show in no tree (law 1)', () => {
  const expected = outcomes(valid(start));
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), (ranks) => {
      const shuffled = Object.entries(start)
        .map((entry, index) => [ranks[index] ?? 0, entry] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, entry]) => entry);
      expect(outcomes(valid(Object.fromEntries(shuffled)))).toEqual(expected);
    }),
    { numRuns: 10 },
  );
}, 60_000);

test('what sites share in one plan shows in no tree: each is as if rendered alone (law 1)', () => {
  const own = fc.constantFrom(
    'group0: { number: 7 }',
    'group0: !unset',
    'group1: { limits: { soft: 1 }, servers: [] }',
    'group1: { limits: !unset }',
    'group2: { servers: [{ a: { b: !unsafe "{{ x }}" } }] }',
    'group3: { deep: { deeper: { deepest: [[1, 2], { k: v }] } } }',
    'title: other',
  );
  const perSite = fc.array(
    fc.uniqueArray(own, { maxLength: 3, selector: (text) => text.slice(0, 6) }),
    { minLength: 6, maxLength: 6 },
  );
  fc.assert(
    fc.property(perSite, fc.nat(5), (sites, first) => {
      const source = syntheticPlan({ sites: 6, layers: 3, templates: 8, leaves: 40 });
      const names = [...valid(source).sites.keys()];
      for (const [index, name] of names.entries()) {
        const path = `sites/${name}.yaml`;
        const lines = sites[index]!.map((line) => `  ${line}\n`).join('');
        const text = source.get(path)!.replace(/ {2}title: .*\n/, lines);
        source.set(path, text);
      }
      const together = valid(source);
      const order = [...names.slice(first), ...names.slice(0, first)];
      const shared = new Map(order.map((name) => [name, outcome(together, name)]));
      for (const name of names) expect(outcome(valid(source), name)).toBe(shared.get(name));
    }),
    { numRuns: 15 },
  );
}, 60_000);

test('sites that share their values share what is rendered from them', () => {
  const plan = valid(syntheticPlan({ sites: 40, layers: 3, templates: 4, leaves: 40 }));
  const [one, other, unlike] = ['site-00000', 'site-00020', 'site-00001'].map((site) =>
    renderSite(plan, site).tree.get('edge/files/service1.conf')!,
  );
  expect(other).toBe(one);
  expect(unlike).not.toBe(one);
});

test('an edit of one site is a matter of that site alone, among many', () => {
  const source = syntheticPlan({ sites: 300, layers: 3, templates: 2, leaves: 20 });
  const before = valid(source);
  const path = 'sites/site-00123.yaml';
  const after = valid(new Map(source).set(path, `${source.get(path)}# a word\n`), before);
  expect([...changedSites(before, after)]).toEqual(['site-00123']);
  expect(after.sites.get('site-00122')).toBe(before.sites.get('site-00122'));
});

test('a plan differs from itself at no site, and from another name everywhere', () => {
  const plan = valid(start);
  expect(changedSites(plan, plan)).toEqual(new Set());
  expect(changedSites(plan, valid(start))).toEqual(new Set());
  const renamed = valid(withEdits(start, { 'plan.yaml': replace('acme-edge', 'acme') }), plan);
  expect(changedSites(plan, renamed)).toEqual(new Set(plan.sites.keys()));
});
