import { inOrder, type Loaded, loadPlan, loadPlanInTurns, type LoadOptions } from '../plan/load.ts';
import type { PlanFiles } from '../plan/plan.ts';
import { templateProblems } from './templates.ts';

/**
 * Reads and validates a plan, as `loadPlan` does, and its templates with it: with a template that does not compile
 * there is no plan. What only shows with a site's values, `renderSite` tells.
 */
export function loadPlanAndTemplates(files: PlanFiles, options?: LoadOptions): Loaded {
  return withTemplates(files, loadPlan(files, options));
}

/** As `loadPlanAndTemplates`, for a process that has other things to do: `pause` is awaited every now and then. */
export async function loadPlanAndTemplatesInTurns(
  files: PlanFiles,
  options: LoadOptions,
  pause: () => Promise<void>,
): Promise<Loaded> {
  return withTemplates(files, await loadPlanInTurns(files, options, pause));
}

function withTemplates(files: PlanFiles, { plan, problems }: Loaded): Loaded {
  const all = inOrder([...problems, ...templateProblems(files)]);
  return { plan: all.length === 0 ? plan : undefined, problems: all };
}
