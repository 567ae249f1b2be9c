import type { Problem } from '../model/problem.ts';
import { inOrder, loadPlan, type LoadOptions } from '../plan/load.ts';
import type { Plan, PlanFiles } from '../plan/plan.ts';
import { templateProblems } from './templates.ts';

/**
 * Reads and validates a plan, as `loadPlan` does, and its templates with it: with a template that does not compile
 * there is no plan. What only shows with a site's values, `renderSite` tells.
 */
export function loadPlanAndTemplates(
  files: PlanFiles,
  options?: LoadOptions,
): { plan: Plan | undefined; problems: Problem[] } {
  const { plan, problems } = loadPlan(files, options);
  const all = inOrder([...problems, ...templateProblems(files)]);
  return { plan: all.length === 0 ? plan : undefined, problems: all };
}
