import type { AgentStatus, SiteRun } from '../../model/agent-wire.ts';
import type { Json } from '../../model/outputs.ts';
import { Redactor } from '../../model/redact.ts';
import type { SiteTree } from '../../model/tree.ts';
import type { Plan } from '../../plan/plan.ts';
import { secretPatterns, secretValuesIn, secretValuesOf } from '../../plan/secrets.ts';

/**
 * What knows a site's secrets, for what its agent tells. The agent has done the same already, by a manifest that may
 * be older than the plan, and we need not believe it.
 * @param tree as found at the site; undefined where none is known
 */
export function siteRedactor(
  plan: Plan | undefined,
  site: string,
  tree: SiteTree | undefined,
): Redactor {
  return new Redactor([
    ...(plan ? secretValuesOf([plan], site) : []),
    ...(tree ? secretValuesIn(plan, site, tree) : []),
  ]);
}

/** Whether the plan knows any parameter of a site that must be shown nowhere. */
export function hasSecrets(plan: Plan | undefined, site: string): boolean {
  return plan?.sites.has(site) === true && secretPatterns(plan, site).length > 0;
}

/** A site's run with no secret in its words; a gathered value that holds one in the clear does not count (law 11). */
export function redactedRun(run: SiteRun, redactor: Redactor): SiteRun {
  const { reason, outputs = {}, outputFaults = [], tasks, ...rest } = run.report;
  const told = (text: string): string => redactor.redact(text);
  const faults = outputFaults.map((fault) => ({ ...fault, reason: told(fault.reason) }));
  const good: Record<string, Json> = {};
  for (const [name, value] of Object.entries(outputs)) {
    const text = JSON.stringify(value);
    if (told(text) === text) good[name] = value;
    else faults.push({ name, reason: 'a secret of the site stands in it in the clear' });
  }
  return {
    ...run,
    cause: told(run.cause),
    report: {
      ...rest,
      reason: told(reason),
      ...(Object.keys(good).length > 0 && { outputs: good }),
      ...(faults.length > 0 && { outputFaults: faults }),
      tasks: tasks.map((task) => ({
        ...task,
        name: told(task.name),
        ...(task.message !== undefined && { message: told(task.message) }),
        ...(task.diff !== undefined && { diff: told(task.diff) }),
      })),
    },
  };
}

/** What an agent says of itself, with no secret in its words. */
export function redactedStatus(status: AgentStatus, redactor: Redactor): AgentStatus {
  const { hold, guard, message } = status;
  return {
    ...status,
    hold: hold === null ? null : redactor.redact(hold),
    guard: guard === null ? null : redactor.redact(guard),
    message: redactor.redact(message),
  };
}
