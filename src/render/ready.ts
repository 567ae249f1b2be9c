import { exporterOf, missingImports, NotGathered } from '../plan/exports.ts';
import { siteOf } from '../plan/layers.ts';
import type { Plan, SiteDefinition } from '../plan/plan.ts';

/**
 * A site as it can be rendered now. What a site's own stack is to gather is there once that stack was applied: until
 * then, those that import it are left out, so that the first apply can be made.
 * @throws NotGathered if it waits for other sites; UserError if the plan has no such site
 */
export function readySite(plan: Plan, site: string): SiteDefinition {
  const definition = siteOf(plan, site);
  const missing = missingImports(plan, site);
  if (missing.length === 0) return definition;
  const elsewhere = missing.filter(({ from }) => from !== site);
  if (elsewhere.length > 0) throw new NotGathered(plan, site, elsewhere);
  const waiting = new Set(missing.map(({ stack }) => stack));
  // Who imports from a stack that waits waits as well.
  for (let grown = true; grown;) {
    grown = false;
    for (const name of definition.stacks) {
      const waits = plan.stacks
        .get(name)!
        .imports.some((other) => waiting.has(other) && exporterOf(plan, site, other) === site);
      if (!waits || waiting.has(name)) continue;
      waiting.add(name);
      grown = true;
    }
  }
  return { ...definition, stacks: definition.stacks.filter((name) => !waiting.has(name)) };
}
