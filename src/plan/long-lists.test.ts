import { expect, test, vi } from 'vitest';

import { planFiles } from '../../test/support/plan-files.ts';
import { siteParams } from './layers.ts';
import { type Loaded, loadPlan } from './load.ts';
import { nodeAt } from './yaml/value.ts';

/** Were each compared with each, this many would keep whoever reads the plan for minutes: far beyond a test's time. */
const MANY = 20_000;

// A busy machine may need some seconds as well.
vi.setConfig({ testTimeout: 60_000 });

const SITE = 'apiVersion: trueup/v1\nkind: Site\nstacks: [s]\n';

function load(files: Record<string, string>, settings = 'layers: [layers/all.yaml]\n'): Loaded {
  const all = {
    'plan.yaml': `apiVersion: trueup/v1\nkind: Plan\nname: p\n${settings}`,
    'layers/all.yaml': 'x: 1\n',
    'sites/a.yaml': `${SITE}hosts: { h: {} }\n`,
    'stacks/s/stack.yaml': 'playbooks: []\n',
    ...files,
  };
  return loadPlan(planFiles(all));
}

function names(letter: string, separator = ', ', end = ''): string {
  return Array.from({ length: MANY }, (_, i) => `${letter}${i}${end}`).join(separator);
}

function lines(letter: string, end: string, indent = ''): string {
  return names(`${indent}${letter}`, '\n', end);
}

test.each(['unique', 'by:n'])('long lists are merged: %s', (rule) => {
  const [low, high] = ['a', 'b'].map((letter) =>
    rule === 'unique' ? names(letter) : names(`{n: ${letter}`, ', ', '}'),
  );
  const { plan } = load(
    { 'layers/all.yaml': `k: [${low}]\n`, 'layers/b.yaml': `k: [${high}]\n` },
    `layers: [layers/all.yaml, layers/b.yaml]\nmerge: { k: "${rule}" }\n`,
  );
  expect(nodeAt(siteParams(plan!, 'a'), ['k', 2 * MANY - 1])).toBeDefined();
});

test('a long file of plain scalars without a comment is read', () => {
  const { plan } = load({ 'layers/all.yaml': `${lines('k', ': v')}\n` });
  expect(siteParams(plan!, 'a').entries.size).toBe(MANY);
});

const hosts = `${SITE}hosts:\n${lines('host', ': {}', '  ')}\n`;

test.each<[string, Record<string, string>, string | undefined]>([
  [
    'hosts that there are not',
    { 'sites/a.yaml': `${hosts}hostParams:\n${lines('gost', ': {}', '  ')}\n` },
    'did you mean "host0"?',
  ],
  [
    'members of a group that there are not',
    { 'sites/a.yaml': `${hosts}groups: { g: [${names('gost')}] }\n` },
    'did you mean "host0"?',
  ],
  [
    'exports that there are not',
    {
      'stacks/s/stack.yaml': `playbooks: []\nexports: [${names('bort')}]\n`,
      'layers/all.yaml': `${lines('port', ': 1')}\n`,
    },
    'did you mean "port0"?',
  ],
  [
    'imports of a site from itself',
    { 'sites/a.yaml': `${SITE}hosts: { h: {} }\nimports:\n${lines('stack', ': a', '  ')}\n` },
    undefined,
  ],
])('%s are told, however many, the first with a hint', (_, files, hint) => {
  const { problems } = load(files);
  expect(problems.length).toBeGreaterThanOrEqual(MANY);
  expect(problems.some((problem) => problem.hint === hint)).toBe(true);
});

test('what a stack imports of many exports is found', () => {
  const { problems } = load({
    'stacks/t/stack.yaml': `playbooks: []\nexports: [${names('a')}]\n`,
    'stacks/s/stack.yaml': `playbooks: []\nimports:\n  t: [${names('a')}, a1.b, b.a1]\n`,
  });
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringContaining('does not say from which site'),
    expect.stringContaining('imports "b.a1" from "t", which does not export it'),
  ]);
});
