import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { holeOf } from '../../../test/support/expression.ts';
import { type Hidden, hidden } from '../../../test/support/random-expressions.ts';
import { rendered } from '../../../test/support/solved.ts';
import { compileTemplate } from '../../render/template/template.ts';
import { type Alternative, solveText } from './solve-expression.ts';

interface Solved {
  source: string;
  text: string;
  wanted: string;
  alternatives: Alternative[];
  reasons: Set<string>;
}

/** What is found for the text that a hidden change gives; undefined where it gives an error. */
function solve({ expression, before, after }: Hidden): Solved | undefined {
  const source = `{{ ${expression} }}`;
  const template = compileTemplate('t.j2', source);
  const [text, wanted] = [before, after].map((values) => {
    try {
      return template.render(values);
    } catch {
      return undefined;
    }
  });
  if (text === undefined || wanted === undefined) return undefined;
  const { expression: node, environment } = holeOf(source, before);
  const reasons = new Set<string>();
  const alternatives = solveText(node, environment, wanted, { reasons });
  return { source, text, wanted, alternatives, reasons };
}

test(
  'PutGet: every alternative that changes parameters gives the text',
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(hidden(), (change) => {
        const solved = solve(change);
        fc.pre(solved !== undefined);
        for (const alternative of solved.alternatives) {
          if (alternative.edits.length > 0) continue;
          expect(rendered(solved.source, change.before, alternative)).toBe(solved.wanted);
        }
      }),
      { numRuns: 400 },
    );
  },
);

test('GetPut: the present text needs no change', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(hidden(), ({ expression, before }) => {
      const solved = solve({ expression, before, after: before });
      fc.pre(solved !== undefined);
      expect(solved.alternatives).toEqual([{ assignments: [], edits: [], cost: 0 }]);
    }),
    { numRuns: 200 },
  );
});

test(
  'cheapest first, a dozen at most, and a reason where there is none',
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(hidden(), (change) => {
        const solved = solve(change);
        fc.pre(solved !== undefined);
        const costs = solved.alternatives.map(({ cost }) => cost);
        expect(costs).toEqual(costs.toSorted((a, b) => a - b));
        expect(costs.length).toBeLessThanOrEqual(12);
        expect(costs.length > 0 || solved.reasons.size > 0).toBe(true);
      }),
      { numRuns: 200 },
    );
  },
);

test(
  'a hidden change of the data is explained by parameters in most cases',
  { timeout: 60_000 },
  () => {
    // A fixed seed: the share is a measurement, which must not fall.
    const changes = fc.sample(hidden(), { numRuns: 800, seed: 20_261_123 });
    const solved = changes.flatMap((change) => {
      const found = solve(change);
      return found && found.text !== found.wanted ? [found] : [];
    });
    const explained = solved.filter(({ alternatives }) =>
      alternatives.some(({ edits }) => edits.length === 0),
    );
    expect(solved.length).toBeGreaterThan(80);
    expect(explained.length / solved.length).toBeGreaterThan(0.9);
  },
);

test('odd texts are taken without an error', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(hidden(), fc.string({ unit: 'binary' }), ({ expression, before }, text) => {
      const source = `{{ ${expression} }}`;
      const { expression: node, environment } = holeOf(source, before);
      for (const alternative of solveText(node, environment, text, { reasons: new Set() })) {
        if (alternative.edits.length > 0) continue;
        expect(rendered(source, before, alternative)).toBe(text);
      }
    }),
    { numRuns: 100 },
  );
});
