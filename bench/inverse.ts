import { parseArgs } from 'node:util';

import * as fc from 'fast-check';

import { solveText } from '../src/backport/inverse/solve-expression.ts';
import { compileTemplate } from '../src/render/template/template.ts';
import { holeOf } from '../test/support/expression.ts';
import { type Hidden, hidden, kinds } from '../test/support/random-expressions.ts';
import { rendered } from '../test/support/solved.ts';

// What share of hidden changes of data is found again from the changed text of one expression, by kind, and how fast.
// Usage: node bench/inverse.ts [--cases 400] [--seed 7] [--misses]

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: '400' },
    seed: { type: 'string', default: '7' },
    misses: { type: 'boolean', default: false },
  },
});

const times: number[] = [];
let [all, found] = [0, 0];
for (const kind of kinds) {
  const cases = fc.sample(hidden(kind), {
    numRuns: Number(options.cases),
    seed: Number(options.seed),
  });
  const outcomes = cases.map(outcome).filter((result) => result !== undefined);
  const hits = outcomes.filter(({ isFound }) => isFound);
  all += outcomes.length;
  found += hits.length;
  console.log(
    `${percent(hits.length, outcomes.length)}  ${String(outcomes.length).padStart(5)}  ${kind}`,
  );
  if (!options.misses) continue;
  for (const { told } of outcomes.filter(({ isFound }) => !isFound).slice(0, 3))
    console.log(`        ${told}`);
}
times.sort((a, b) => a - b);
const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(2);
console.log(
  `${percent(found, all)}  ${String(all).padStart(5)}  all; median ${at(0.5)} ms, p99 ${at(0.99)} ms`,
);

/** Whether the change is found; undefined where it does not show, or makes an error. */
function outcome({
  expression,
  before,
  after,
}: Hidden): { isFound: boolean; told: string } | undefined {
  const source = `{{ ${expression} }}`;
  const template = compileTemplate('t.j2', source);
  let texts: [string, string];
  try {
    texts = [template.render(before), template.render(after)];
  } catch {
    return undefined;
  }
  const [text, wanted] = texts;
  if (text === wanted) return undefined;
  const hole = holeOf(source, before);
  const reasons = new Set<string>();
  const start = performance.now();
  const alternatives = solveText(hole.expression, hole.environment, wanted, { reasons });
  times.push(performance.now() - start);
  const isFound = alternatives.some(
    (alternative) =>
      alternative.edits.length === 0 && rendered(source, before, alternative) === wanted,
  );
  const told = `${expression}: ${JSON.stringify(text)} to ${JSON.stringify(wanted)} (${[...reasons].join('; ')})`;
  return { isFound, told };
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1).padStart(6)} %`;
}
