import {
  type Alternative,
  REMOVED,
  solveText,
} from '../../src/backport/inverse/solve-expression.ts';
import { Float, type Value } from '../../src/plan/yaml/node.ts';
import { compileTemplate } from '../../src/render/template/template.ts';
import type { Datum } from '../../src/render/template/values.ts';
import { applied, context, holeOf, type Plain } from './expression.ts';

/** What was found for a changed text, in words that a test can compare. */
export interface Solved {
  /** The cheapest alternative: `a.b[0] = value` each, edits of the template as `template: text`. */
  best: string | undefined;
  all: string[];
  reasons: string[];
  alternatives: Alternative[];
}

/** Solves for the text that the `which`-th expression of a template is to print. */
export function solved(
  source: string,
  plain: Record<string, Plain>,
  text: string,
  which = 0,
): Solved {
  const hole = holeOf(source, context(plain), which);
  const reasons = new Set<string>();
  const alternatives = solveText(hole.expression, hole.environment, text, { reasons });
  const all = alternatives.map(told);
  return { best: all[0], all, reasons: [...reasons], alternatives };
}

/** An alternative in words. */
export function told({ assignments, edits }: Alternative): string {
  return [
    ...assignments.map(({ path, value }) => {
      const where = path.map((key, i) =>
        typeof key === 'number' ? `[${key}]` : `${i ? '.' : ''}${key}`,
      );
      return `${where.join('')} = ${value === REMOVED ? 'removed' : written(value)}`;
    }),
    ...edits.map((edit) => `template: ${edit.text}`),
  ].join(', ');
}

function written(value: Datum): string {
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${key}: ${written(item)}`).join(', ')}}`;
  }
  if (Array.isArray(value)) return `[${value.map((item) => written(item)).join(', ')}]`;
  if (value instanceof Float) return `${value.value}f`;
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}

/** What the template renders with an alternative put into effect; undefined where it ends in an error. */
export function rendered(
  source: string,
  values: ReadonlyMap<string, Value>,
  alternative: Alternative,
): string | undefined {
  const next = applied(source, values, alternative);
  try {
    return compileTemplate('t.j2', next.source).render(next.values);
  } catch {
    return undefined;
  }
}
