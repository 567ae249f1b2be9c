import { matchesSelector } from '../model/selector.ts';
import { paramGlob, pathGlob } from '../plan/globs.ts';
import type { DriftAction, Plan } from '../plan/plan.ts';

export interface SortedPaths {
  propose: string[];
  revert: string[];
  ignore: string[];
}

/**
 * What the plan's drift policy says of each path that was edited at a site; the first rule that fits decides.
 * @param paramsOf dotted names of the parameters that were changed in a file, where it holds parameters
 */
export function sortByPolicy(
  plan: Plan,
  site: string,
  paths: readonly string[],
  paramsOf: (path: string) => readonly string[] | undefined,
): SortedPaths {
  const sorted: SortedPaths = { propose: [], revert: [], ignore: [] };
  const labels = plan.sites.get(site)?.labels ?? {};
  const rules = plan.drift.rules.filter((rule) => matchesSelector(rule.sites ?? '*', labels));
  for (const path of paths) sorted[actionFor(path)].push(path);
  return sorted;

  function actionFor(path: string): DriftAction {
    for (const { paths: globs, params, action } of rules) {
      if (globs?.some((glob) => fits(glob, path))) return action;
      const changed = params && paramsOf(path);
      // A file that holds other changes as well is not the rule's alone to decide.
      if (changed && changed.length > 0 && changed.every((name) => fitsParam(params, name))) {
        return action;
      }
      if (!globs && !params) return action;
    }
    return plan.drift.default;
  }
}

/** A glob that names a file of a stack (`files/motd`) fits it in every stack. */
function fits(glob: string, path: string): boolean {
  const matches = pathGlob(glob);
  return matches(path) || matches(path.slice(path.indexOf('/') + 1));
}

function fitsParam(globs: readonly string[], name: string): boolean {
  return globs.some((glob) => paramGlob(glob)(name));
}
