import { hostileTemplates } from './hostile-templates.ts';
import type { PlanSource } from './plan-files.ts';

const STACK = {
  'stacks/s/stack.yaml': 'playbooks: [p.yml]\n',
  'stacks/s/p.yml': '- hosts: all\n',
};

function plan(files: PlanSource): PlanSource {
  return {
    'plan.yaml': 'apiVersion: trueup/v1\nkind: Plan\nname: p\nlayers: [layers/all.yaml]\n',
    'layers/all.yaml': 'x: 1\n',
    'sites/a.yaml': 'apiVersion: trueup/v1\nkind: Site\nstacks: [s]\nhosts: { h: {} }\n',
    ...STACK,
    ...files,
  };
}

function bomb(levels: number): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < levels; i += 1)
    lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`);
  return `${lines.join('\n')}\n`;
}

function many(count: number, file: (index: number) => [string, string]): PlanSource {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => file(i)));
}

/**
 * Templates for a stack that take minutes for a site, each of them within what one may spend: only what bounds the
 * whole of them ends them.
 */
export function slowTemplates(stack: string): Record<string, string> {
  const loops = '{% for a in range(1000) %}{% for b in range(1200) %}{% endfor %}{% endfor %}';
  return Object.fromEntries(
    Array.from({ length: 500 }, (_, i) => [
      `stacks/${stack}/templates/slow-${i}.j2`,
      `${loops}${i}\n`,
    ]),
  );
}

/** Plans that were made to hang or to fill whoever reads and renders them, by what they try. */
export function hostilePlans(): [name: string, source: PlanSource][] {
  const large = 'k: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, a, b, c, d, e, f, g, h, i, j]\n'.repeat(15_000);
  const text = "{% for i in range(20000) %}{{ 'x' * 100 }}{% endfor %}";
  return [
    ...hostileTemplates.map(([name, template]): [string, PlanSource] => [
      `template: ${name}`,
      plan({ 'layers/all.yaml': 'x: a\n', 'stacks/s/templates/t.j2': template }),
    ]),
    [
      'a pattern in a schema that backtracks',
      plan({
        'layers/all.yaml': `x: ${'a'.repeat(60)}!\n`,
        'stacks/s/schema.json': JSON.stringify({
          type: 'object',
          properties: { x: { type: 'string', pattern: '^(a|a|aa)+$' } },
        }),
      }),
    ],
    ['aliases of aliases of aliases', plan({ 'layers/all.yaml': bomb(12) })],
    ['lists 100,000 deep', plan({ 'layers/all.yaml': `x: ${'['.repeat(100_000)}\n` })],
    ['a file of a megabyte, key after key', plan({ 'layers/all.yaml': large })],
    [
      'a hundred files of nearly a megabyte',
      plan(many(100, (i) => [`layers/${i}.yaml`, `k: [${'"a", '.repeat(190_000)}]\n`])),
    ],
    [
      'a thousand templates that make two megabytes each',
      plan(many(1000, (i) => [`stacks/s/templates/${i}.j2`, `${text}${i}`])),
    ],
    [
      'a hundred stacks with forty megabytes each',
      plan({
        ...many(100, (i) => [`stacks/s${i}/stack.yaml`, 'playbooks: []\n']),
        ...many(1500, (i) => [`stacks/s${i % 100}/templates/t${i}.j2`, text]),
        ...many(100, (i) => [
          `sites/b${i}.yaml`,
          `apiVersion: trueup/v1\nkind: Site\nstacks: [s${i}]\nhosts: { h: {} }\n`,
        ]),
      }),
    ],
    [
      'long lists merged by their elements',
      plan({
        'plan.yaml':
          'apiVersion: trueup/v1\nkind: Plan\nname: p\nlayers: [layers/all.yaml, layers/b.yaml]\nmerge: { k: unique }\n',
        'layers/all.yaml': `k: [${Array.from({ length: 60_000 }, (_, i) => `a${i}`).join(', ')}]\n`,
        'layers/b.yaml': `k: [${Array.from({ length: 60_000 }, (_, i) => `b${i}`).join(', ')}]\n`,
      }),
    ],
  ];
}
