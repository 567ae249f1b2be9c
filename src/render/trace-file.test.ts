import { expect, test } from 'vitest';

import { edited, type Edits } from '../../test/support/edited-plan.ts';
import { planFiles } from '../../test/support/plan-files.ts';
import { UserError } from '../model/errors.ts';
import type { Plan } from '../plan/plan.ts';
import { loadPlanAndTemplates } from './open.ts';
import { renderSite, traceFile } from './render.ts';

const TEMPLATE = 'stacks/compute/templates/all.j2';

function planWith(template: string, edits: Edits = {}): Plan {
  const source = edited({
    ...edits,
    [TEMPLATE]: template,
    'stacks/compute/templates/_part.j2': 'part of {{ site.name }}\n',
  });
  return loadPlanAndTemplates(planFiles(source)).plan!;
}

/** The pieces of a rendered file: what was printed, and which value that is. */
function piecesOf(plan: Plan): unknown[] {
  const { text, pieces } = traceFile(plan, 'lisbon-07', 'compute/files/all')!;
  expect(text).toBe(
    renderSite(plan, 'lisbon-07').tree.get('compute/files/all')!.content.toString(),
  );
  expect(pieces.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text);
  return pieces
    .filter(({ hole }) => hole)
    .map(({ start, end, path }) => [text.slice(start, end), path?.join('.')]);
}

test('each printed value is traced to its parameter, through loops, conditions and includes', () => {
  expect(
    piecesOf(
      planWith(`{% for user in users %}
{% if user.shell != '/bin/false' %}
{{ user.name }}: {{ user.shell }}
{% endif %}
{% else %}
nobody
{% endfor %}
{% include '_part.j2' %}
{{ domain | upper }} {{ mtu + 1 }} {{ imports.control.vip }}
`),
    ),
  ).toEqual([
    ['root', 'users.0.name'],
    ['/bin/sh', 'users.0.shell'],
    ['ops', 'users.1.name'],
    ['/bin/zsh', 'users.1.shell'],
    ['lisbon-07', 'site.name'],
    ['EU.EXAMPLE.ORG', undefined],
    ['1501', undefined],
    ['10.10.1.10', 'imports.control.vip'],
  ]);
});

test('what macros and filters made of values is told as far as it can be', () => {
  expect(
    piecesOf(
      planWith(`{% macro line(name) %}
name = {{ name }}
{% endmacro %}
{% macro box() %}
[{{ caller() }}]
{% endmacro %}
{{ line(domain) }}{% call box() %}{{ mtu }}{% endcall %}{% filter upper %}
x {{ domain }}
{% endfilter %}
`),
    ),
  ).toEqual([
    ['eu.example.org', 'domain'],
    ['1500', 'mtu'],
    ['X EU.EXAMPLE.ORG\n', undefined],
  ]);
});

test('a file that no template gives has no trace', () => {
  const plan = planWith('x', { 'overlays/lisbon-07/compute/files/all': 'ours\n' });
  for (const path of ['compute/files/all', 'compute/files/motd', 'group_vars/all.yml', 'nowhere']) {
    expect(traceFile(plan, 'lisbon-07', path)).toBeUndefined();
  }
  expect(traceFile(plan, 'porto-01', 'compute/files/all')?.template).toBe(TEMPLATE);
  expect(() => traceFile(plan, 'atlantis', 'README')).toThrow(UserError);
});
