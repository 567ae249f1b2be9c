import { InvalidInput } from '../../model/errors.ts';
import { compareProblems, formatProblem } from '../../model/problem.ts';
import type { Problem } from '../../model/problem.ts';
import { NotGathered } from '../../plan/exports.ts';
import type { Plan } from '../../plan/plan.ts';
import { renderSite } from '../../render/render.ts';
import { count, EXIT, type Output, styled } from '../output.ts';
import { checkPlan, type PlanOptions } from '../plan-source.ts';

/** `trueup validate`: every error of a plan in one run, with positions. */
export async function validate(options: PlanOptions, output: Output): Promise<number> {
  const { plan, problems: faults } = await checkPlan(options);
  const problems = [...faults, ...(plan ? renderFaults(plan) : [])].toSorted(compareProblems);
  output.document({
    valid: problems.length === 0,
    sites: plan?.sites.size ?? 0,
    problems: problems.map((problem) => ({ ...problem, text: formatProblem(problem) })),
  });
  if (problems.length > 0) {
    for (const problem of problems) output.note(styled('red', formatProblem(problem)));
    output.note(`${count(problems.length, 'error')} in ${options.plan}`);
    return EXIT.error;
  }
  output.line(
    `${styled('green', 'valid')}: ${plan!.name}, ${count(plan!.sites.size, 'site')}, ${count(plan!.stacks.size, 'stack')}`,
  );
  return EXIT.ok;
}

/** What goes wrong only when a site is rendered, each fault once however many sites have it. */
function renderFaults(plan: Plan): Problem[] {
  const faults = new Map<string, Problem>();
  for (const site of plan.sites.keys()) {
    try {
      renderSite(plan, site);
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      // It is for its own apply, or that of another site, to gather what is missing.
      if (error instanceof NotGathered) continue;
      for (const problem of error.problems) faults.set(formatProblem(problem), problem);
    }
  }
  return [...faults.values()];
}
