import type { RunPlan } from '../model/manifest.ts';
import type { Plan } from '../plan/plan.ts';
import { secretPatterns } from '../plan/secrets.ts';
import { postChecks } from './post-check.ts';
import { readySite } from './ready.ts';
import { playbooksOf } from './render.ts';

/** How a site's tree is run, for its manifest: an agent has the tree and no plan. Throws as `renderSite` does. */
export function runPlan(plan: Plan, site: string): RunPlan {
  const outputs: RunPlan['outputs'] = {};
  for (const stack of plan.sites.get(site)?.stacks ?? [])
    for (const [name, { secret }] of plan.stacks.get(stack)?.exportedValues ?? [])
      outputs[name] = { secret };
  const { playbooks: postCheck, timeout } = postChecks(plan, readySite(plan, site));
  return {
    playbooks: playbooksOf(plan, site),
    outputs,
    ...(postCheck.length > 0 ? { postCheck } : {}),
    ...(timeout > 0 ? { postCheckTimeout: timeout } : {}),
    secrets: secretPatterns(plan, site),
  };
}
