import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import type { Inverse } from '../../../render/template/filters/filter.ts';
import { filters } from '../../../render/template/filters/registry.ts';
import { withoutInverse } from './solve-filter.ts';

const titles: Record<Inverse, string> = {
  exact: 'one input gives the output',
  several: 'the input nearest to the present one is taken',
  none: 'not worked backwards',
};

/** The table of docs/plan.md: one row for each way to invert, and the reasons where there is none. */
function table(): string[] {
  const own = [...filters.values()].filter((filter, i, all) => all.indexOf(filter) === i);
  return (['exact', 'several', 'none'] as const).map((kind) => {
    const names = own.filter(({ inverse }) => inverse === kind).map(({ name }) => `\`${name}\``);
    return `| ${titles[kind]} | ${names.toSorted().join(' ')} |`;
  });
}

/** A row without the spaces that fill its columns up. */
function tight(line: string): string {
  return line.replace(/ +/g, ' ');
}

test('the documents list every filter with whether it is worked backwards', () => {
  const documented = readFileSync(new URL('../../../../docs/plan.md', import.meta.url), 'utf8');
  const lines = documented.split('\n').map((line) => tight(line));
  for (const row of table()) expect(lines).toContain(row);
});

test('every reason is a sentence for a person', () => {
  for (const reason of Object.values(withoutInverse)) expect(reason).toMatch(/^[a-z].*[a-z]$/);
});
