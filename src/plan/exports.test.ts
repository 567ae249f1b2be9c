import { expect, test } from 'vitest';

import { planFiles } from '../../test/support/plan-files.ts';
import { gathered, stacksPlan } from '../../test/support/stacks-plan.ts';
import { formatProblem } from '../model/problem.ts';
import { changedSites } from './changes.ts';
import { consumersOf, exportersOf, missingImports, missingText } from './exports.ts';
import { loadPlan, withGathered } from './load.ts';
import type { Plan } from './plan.ts';

function planWith(edits: Record<string, (text: string) => string> = {}, values = gathered()): Plan {
  const { plan, problems } = loadPlan(planFiles(edited(edits)), { gathered: values });
  if (!plan) throw new Error(problems.map(formatProblem).join('\n'));
  return plan;
}

function edited(edits: Record<string, (text: string) => string>): Record<string, string> {
  const files = { ...stacksPlan };
  for (const [path, edit] of Object.entries(edits)) files[path] = edit(files[path] ?? '');
  return files;
}

const CONTROL = 'stacks/control/stack.yaml';
const COMPUTE = 'stacks/compute/stack.yaml';
const LISBON = 'sites/lisbon-07.yaml';
const MADRID = 'sites/madrid-01.yaml';
const swap = (from: string | RegExp, to: string) => (text: string) => text.replace(from, to);

test.for<[what: string, edits: Record<string, (text: string) => string>, faults: string[]]>([
  [
    'export of an unknown parameter',
    { [CONTROL]: swap('region_name]', 'region_nam]') },
    [
      'stacks/control/stack.yaml:3:17: the stack "control" exports the parameter "region_nam", which no site with this stack has (did you mean "region_name"?)',
    ],
  ],
  [
    'export of an unknown file',
    { [CONTROL]: swap('files/ca.pem', 'files/ca.per') },
    [
      'stacks/control/stack.yaml:5:9: the stack "control" gives site trees no file "files/ca.per" to export (did you mean "files/ca.pem"?)',
    ],
  ],
  [
    'value of an unknown type',
    { [CONTROL]: swap('unwanted: string', 'unwanted: strin') },
    [
      'stacks/control/stack.yaml:10:15: "exports.values.unwanted" must be a type such as string, or a JSON Schema',
    ],
  ],
  [
    'value with a schema that is none',
    { [CONTROL]: swap('type: string, pattern', 'type: string, patern') },
    [
      'stacks/control/stack.yaml:8:5: "exports.values.api_vip" is no valid JSON Schema: unknown keyword "patern"',
    ],
  ],
  [
    'unknown key of exports',
    { [CONTROL]: swap('  files:', '  filez:') },
    ['stacks/control/stack.yaml:4:3: unknown key "filez" in "exports" (did you mean "files"?)'],
  ],
  [
    'the same name twice',
    { [CONTROL]: swap('unwanted: string', 'ca: string') },
    [
      'stacks/control/stack.yaml:10:5: the stack "control" exports two things as "ca" (give one of them another name)',
    ],
  ],
  [
    'import of what is not exported',
    { [COMPUTE]: swap('api_vip,', 'api_vpi,') },
    [
      'stacks/compute/stack.yaml:3:27: the stack "compute" imports "api_vpi" from "control", which does not export it (did you mean "api_vip"?)',
    ],
  ],
  [
    'import of a stack that exports nothing',
    {
      [COMPUTE]: swap(/ {2}control:.*/, '  alone: [x]'),
      [LISBON]: swap('control:', 'alone:'),
      'sites/porto-01.yaml': swap('control:', 'alone:'),
      [MADRID]: swap('[control]', '[control, alone]'),
    },
    [
      'stacks/compute/stack.yaml:3:3: the stack "compute" imports from "alone", which exports nothing (say what it exports in stacks/alone/stack.yaml)',
    ],
  ],
  [
    'import from a site without that stack',
    { [LISBON]: swap('control: madrid-01', 'control: faro-01') },
    ['sites/lisbon-07.yaml:4:21: the site "faro-01" has no stack "control" to import from'],
  ],
  [
    'a stack that would wait for itself',
    { [CONTROL]: (text) => `${text}imports: { control: [api_vip] }\n` },
    [
      'sites/madrid-01.yaml:3:10: a stack imports from itself what it renders or gathers: madrid-01/control → madrid-01/control (say from which other site: imports: { control: <site> })',
    ],
  ],
  [
    'the same value gathered by two stacks of a site',
    {
      'stacks/alone/stack.yaml': () => 'playbooks: []\nexports: { values: { api_vip: string } }\n',
      [MADRID]: swap('[control]', '[control, alone]'),
    },
    [
      'sites/madrid-01.yaml:3:19: the stacks "control" and "alone" both gather "api_vip" (give the value another name in one of them, or deploy them at two sites)',
    ],
  ],
])('%s', ([, edits, faults]) => {
  const { problems } = loadPlan(planFiles(edited(edits)));
  expect(problems.map(formatProblem)).toEqual(faults);
});

test('a circle is told as a whole, over sites and stacks', () => {
  const files = edited({
    [MADRID]: (text) =>
      `${text.replace('[control]', '[control, compute]')}imports: { alone: lisbon-07 }\n`,
    [LISBON]: swap('[compute]', '[compute, alone]'),
  });
  expect(loadPlan(planFiles(files)).problems.map(formatProblem)).toEqual([
    'sites/lisbon-07.yaml:4:21: sites import from each other in a circle: lisbon-07 → madrid-01 (control) → lisbon-07 (alone)',
  ]);
});

test('a site waits for the values that it imports by name, and for no others', () => {
  expect(missingImports(planWith(), 'lisbon-07')).toEqual([]);
  const empty = planWith({}, new Map());
  expect(missingText(missingImports(empty, 'lisbon-07'))).toBe('madrid-01/control: api_vip, token');
  expect(missingImports(empty, 'madrid-01')).toEqual([]);
});

test('what is not of its type any more counts as not gathered', () => {
  const plan = planWith({}, gathered({ api_vip: 'no address' }));
  expect(missingText(missingImports(plan, 'lisbon-07'))).toBe('madrid-01/control: api_vip');
});

test('a secret in the clear never counts, whatever its type', () => {
  const plan = planWith({}, gathered({ token: 'in-the-clear' }));
  expect(missingText(missingImports(plan, 'lisbon-07'))).toBe('madrid-01/control: token');
});

test('where a gathered value changes, exactly those that import it may change', () => {
  const plan = planWith();
  const other = withGathered(plan, gathered({ api_vip: '192.0.2.11' }));
  expect([...changedSites(plan, other)].toSorted()).toEqual(['lisbon-07', 'porto-01']);
  const unwanted = withGathered(plan, gathered({ unwanted: 'another' }));
  expect([...changedSites(plan, unwanted)]).toEqual([]);
});

test('a plan read after another goes on with what was gathered', () => {
  const plan = planWith();
  const files = planFiles(edited({ 'layers/common.yaml': () => 'domain: example.com\n' }));
  expect(loadPlan(files, { previous: plan }).plan?.gathered).toBe(plan.gathered);
});

test('who imports from whom is known both ways', () => {
  const plan = planWith();
  expect([...consumersOf(plan, 'madrid-01')].toSorted()).toEqual(['lisbon-07', 'porto-01']);
  expect(exportersOf(plan, 'lisbon-07')).toEqual(['madrid-01']);
});
