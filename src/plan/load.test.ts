import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { append, edited, type Edits, faultsOf, replace } from '../../test/support/edited-plan.ts';
import { examplePlan } from '../../test/support/example-plan.ts';
import { planFiles, type PlanSource } from '../../test/support/plan-files.ts';
import { formatProblem } from '../model/problem.ts';
import type { TrackedFile } from '../model/tree.ts';
import { siteParams } from './layers.ts';
import { loadPlan } from './load.ts';
import type { Plan } from './plan.ts';
import { emitYaml } from './yaml/emit.ts';

test('the example plan is valid', () => {
  const { plan, problems } = loadPlan(planFiles(examplePlan));
  expect(problems).toEqual([]);
  expect([...plan!.sites.keys()]).toEqual(['lisbon-07', 'madrid-01', 'porto-01']);
  expect([...plan!.stacks.keys()]).toEqual(['compute', 'control']);
  expect(plan!.rollout.waves).toEqual([
    { name: 'canary', select: 'profile=lab' },
    { name: 'rest', select: '*', maxConcurrent: 50, maxFailures: '2%', soak: 600_000 },
  ]);
  expect(plan!.merge).toEqual(
    new Map<string, unknown>([
      ['users', { by: 'name' }],
      ['packages', 'unique'],
      ['kernel.modules', 'append'],
    ]),
  );
});

test('a plan of the least that is needed gets the defaults', () => {
  const { plan } = loadPlan(
    planFiles({ 'plan.yaml': 'apiVersion: trueup/v1\nkind: Plan\nname: small\nlayers:\n' }),
  );
  expect(plan).toMatchObject({
    name: 'small',
    layers: [],
    drift: { default: 'propose', rules: [], autoMerge: [] },
    rollout: { waves: [{ name: 'all', select: '*' }] },
  });
});

test('files that are no part of a plan are not looked at', () => {
  expect(
    faultsOf({
      'README.md': 'hello',
      '.github/workflows/ci.yaml': 'a: [',
      'sites/README.md': 'one file a site',
      'stacks/README.md': 'one folder a stack',
      'ansible.cfg': '[defaults]\nlibrary = evil\n',
      'library/evil.py': 'import os\n',
    }),
  ).toEqual([]);
});

test('faults of all kinds are told in one run, in the order of files and lines', () => {
  expect(
    faultsOf(
      {
        'plan.yaml': replace('select: "*"', 'select: everything'),
        'layers/common.yaml': 'a: 1\na: 2\n',
        'layers/region/eu-west.yaml': 'kernel: { swappiness: 101 }\ndomain: eu.example.org\n',
        'sites/lisbon-07.yaml': replace('[compute]', '[compte]'),
        'sites/madrid-01.yaml': replace('labels:', 'lables:'),
        'stacks/compute/stack.yaml': replace('tune.yml', 'tunes.yml'),
        'overlays/lisbon-7/README': 'x',
        'layers/~x.yaml': '',
        'sites/porto/porto-01.yaml': replace('compute-0]', 'compute-1]'),
      },
      [{ path: 'layers/link.yaml', reason: 'is a symbolic link' }],
    ),
  ).toEqual([
    'layers/common.yaml:2:1: duplicate key a (it also stands on line 1)',
    'layers/link.yaml:1:1: "layers/link.yaml" is refused: is a symbolic link (a plan holds plain files only)',
    'layers/~x.yaml:1:1: the path "layers/~x.yaml" has a part that starts with "~"',
    'overlays/lisbon-7/README:1:1: there is no site "lisbon-7" to overlay (did you mean "lisbon-07"?)',
    'plan.yaml:20:29: the selector "everything" has a part that cannot be read, "everything": write * for every site, or label=value and label!=value joined by commas',
    'sites/lisbon-07.yaml:4:10: there is no stack "compte" (did you mean "compute"?)',
    'sites/madrid-01.yaml:3:1: unknown key "lables" (did you mean "labels"?)',
    'sites/porto/porto-01.yaml:8:21: the site has no host "compute-1" (did you mean "compute-0"?)',
    'stacks/compute/stack.yaml:1:33: there is no playbook "stacks/compute/playbooks/tunes.yml" (did you mean "playbooks/tune.yml"?)',
  ]);
});

test('a fault in a shared layer is told once, however many sites have it', () => {
  const faults = faultsOf({ 'layers/region/eu-west.yaml': replace('1 }', 'lots }') });
  expect(faults).toHaveLength(1);
});

test('text that is not UTF-8 is told with the place of the first wrong byte', () => {
  expect(faultsOf({ 'layers/common.yaml': Buffer.from('a: \xff\n', 'latin1') })).toEqual([
    'layers/common.yaml:1:4: the file is not valid UTF-8 (save it as UTF-8)',
  ]);
});

test('a file that is too large is not read', () => {
  const [fault] = faultsOf({ 'layers/common.yaml': `a: "${'x'.repeat(1024 * 1024)}"\n` });
  expect(fault).toMatch(/^layers\/common\.yaml:1:1: .*bytes/);
});

test('deep and self-multiplying YAML is told, and soon', () => {
  const bomb = Array.from({ length: 12 }, (_, i) =>
    i === 0 ? 'a0: &a0 [x, x, x, x]' : `a${i}: &a${i} [${`*a${i - 1}, `.repeat(9)}*a${i - 1}]`,
  );
  expect(
    faultsOf({ 'layers/common.yaml': `a: ${'['.repeat(50_000)}${']'.repeat(50_000)}\n` })[0],
  ).toMatch(/^layers\/common\.yaml:1:\d+: nested more than/);
  expect(faultsOf({ 'layers/common.yaml': `${bomb.join('\n')}\n` })[0]).toMatch(
    /^layers\/common\.yaml:\d+:\d+: /,
  );
});

/** What a plan says, whichever way it was read. */
function essence({ plan, problems }: ReturnType<typeof loadPlan>): unknown {
  if (!plan) return problems.map(formatProblem);
  const { name, layers, merge, drift, rollout, overlays } = plan;
  const sites = [...plan.sites.keys()].map((site) => [site, emitYaml(siteParams(plan, site))]);
  const stacks = [...plan.stacks.values()].map(
    ({ name: stack, playbooks, imports, exports, schema, files }) => [
      [stack, playbooks, imports, exports, schema, files],
    ],
  );
  return { name, layers, merge, drift, rollout, overlays, sites, stacks };
}

/** Edits of the example plan, good and bad ones, to be made one after another. */
const EDITS: Edits[] = [
  { 'layers/common.yaml': append('extra: 1\n') },
  { 'layers/common.yaml': 'broken: [\n' },
  { 'layers/region/eu-west.yaml': null },
  { 'layers/region/eu-west.yaml': 'kernel: { swappiness: 500 }\n' },
  { 'layers/Common.yaml': 'a: 1\n' },
  { 'layers/profile/lab.yaml': 'packages: [strace]\n' },
  { 'sites/porto/porto-01.yaml': null },
  { 'sites/porto/porto-01.yaml': replace('lab', 'store') },
  { 'sites/madrid-01.yaml': replace('[control]', '[]') },
  { 'sites/faro-01.yaml': examplePlan['sites/porto/porto-01.yaml']! },
  { 'stacks/compute/schema.json': null },
  { 'stacks/compute/schema.json': replace('1500', '9000') },
  { 'stacks/compute/playbooks/tune.yml': null },
  { 'stacks/compute/templates/motd': { mode: '100755', content: 'x' } },
  { 'stacks/compute/templates/new.j2': 'x' },
  { 'overlays/porto-01/README': 'ours\n' },
  { 'overlays/nowhere/README': 'ours\n' },
  { 'plan.yaml': replace('unique', 'append') },
  { 'plan.yaml': replace('{profile}', '{tier}') },
];

test('a plan read after another is the plan read afresh (law 8)', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(EDITS.length - 1), { maxLength: 6 }), (steps) => {
      let files: ReadonlyMap<string, TrackedFile> = planFiles(examplePlan);
      let previous: Plan | undefined = loadPlan(files).plan;
      let source: PlanSource = examplePlan;
      for (const step of steps) {
        const next = edited(EDITS[step]!);
        const change = Object.keys(EDITS[step]!);
        source = { ...source };
        for (const path of change) {
          source = Object.fromEntries(Object.entries(source).filter(([key]) => key !== path));
          if (next[path] !== undefined) source = { ...source, [path]: next[path] };
        }
        files = planFiles(source);
        const incremental = loadPlan(files, previous ? { previous } : {});
        expect(essence(incremental)).toEqual(essence(loadPlan(files)));
        previous = incremental.plan ?? previous;
      }
    }),
    { numRuns: 15 },
  );
}, 60_000);

test('what did not change is taken over from the plan before', () => {
  const before = loadPlan(planFiles(examplePlan)).plan!;
  const after = loadPlan(planFiles(edited({ 'layers/common.yaml': append('extra: 1\n') })), {
    previous: before,
  }).plan!;
  expect(after.sites.get('lisbon-07')).toBe(before.sites.get('lisbon-07'));
  expect(after.stacks.get('compute')).toBe(before.stacks.get('compute'));
  expect(after.merge).toBe(before.merge);
  expect(after.layerDocuments.get('layers/common.yaml')).not.toBe(
    before.layerDocuments.get('layers/common.yaml'),
  );
});

test('the order in which files come makes no difference (law 1)', () => {
  const faulty = edited({ 'layers/Common.yaml': 'a: 1\n', 'sites/x/lisbon-07.yaml': 'a: 1\n' });
  fc.assert(
    fc.property(
      fc.constantFrom(examplePlan, faulty),
      fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
      (source, ranks) => {
        const shuffled = Object.entries(source)
          .map((entry, index) => [ranks[index] ?? 0, entry] as const)
          .toSorted(([a], [b]) => a - b)
          .map(([, entry]) => entry);
        const asGiven = loadPlan(planFiles(source));
        const asShuffled = loadPlan(planFiles(Object.fromEntries(shuffled)));
        expect(essence(asShuffled)).toEqual(essence(asGiven));
      },
    ),
    { numRuns: 10 },
  );
}, 60_000);

test('a pattern that would take for ever makes a fault, not a wait', () => {
  const files = planFiles({
    'plan.yaml': 'apiVersion: trueup/v1\nkind: Plan\nname: p\nlayers: []\n',
    'stacks/s/stack.yaml': 'apiVersion: trueup/v1\nkind: Stack\nplaybooks: [site.yml]\n',
    'stacks/s/site.yml': '[]\n',
    'stacks/s/schema.json': JSON.stringify({
      type: 'object',
      properties: { word: { type: 'string', pattern: '^(a+)+$' } },
    }),
    'sites/one.yaml': `apiVersion: trueup/v1\nkind: Site\nstacks: [s]\nparams: { word: ${'a'.repeat(60)}b }\n`,
  });
  const { plan, problems } = loadPlan(files);
  expect(plan).toBe(undefined);
  expect(problems.map(({ message }) => message)).toEqual([
    'to hold the parameters of site "one" against the schema of stack "s" takes too long',
  ]);
});
