import { expect } from 'vitest';

import { formatProblem } from '../../src/model/problem.ts';
import { loadPlan, type Refused } from '../../src/plan/load.ts';
import { examplePlan } from './example-plan.ts';
import { planFiles, type PlanSource } from './plan-files.ts';

/** What becomes of files of the example plan: a new content, an edit of the text, or null for a file that goes. */
export type Edits = Record<string, PlanSource[string] | ((text: string) => string) | null>;

/** An edit that must find something to replace. */
export function replace(from: string | RegExp, to: string): (text: string) => string {
  return (text) => {
    const result = text.replace(from, to);
    expect(result, `nothing to replace: ${String(from)}`).not.toBe(text);
    return result;
  };
}

/** An edit that adds lines at the end. */
export function append(lines: string): (text: string) => string {
  return (text) => text + lines;
}

/** The example plan with some of its files edited. */
export function edited(edits: Edits): PlanSource {
  const source: Record<string, PlanSource[string]> = { ...examplePlan };
  for (const [path, edit] of Object.entries(edits)) {
    if (edit === null) delete source[path];
    else source[path] = typeof edit === 'function' ? edit(examplePlan[path]!) : edit;
  }
  return source;
}

/** What is told about the example plan with these edits, as people see it. */
export function faultsOf(edits: Edits, refused: Refused[] = []): string[] {
  const { plan, problems } = loadPlan(planFiles(edited(edits)), { refused });
  expect(plan === undefined, 'with a problem there is no plan').toBe(problems.length > 0);
  return problems.map(formatProblem);
}
