import { InvalidInput } from '../model/errors.ts';
import type { Problem } from '../model/problem.ts';
import { siteParams } from './layers.ts';
import type { Plan, StackDefinition } from './plan.ts';
import { nearest, positionOf, quoted } from './shape.ts';
import type { MapNode } from './yaml/node.ts';
import { nodeAt } from './yaml/value.ts';

/**
 * Exports of parameters that no site has which has the stack: a slip of the pen, since nobody could import them.
 * Sites are looked at only as far as it takes to find each parameter once.
 */
export function exportProblems(plan: Plan): Problem[] {
  const wanted = new Map<StackDefinition, Set<string>>();
  for (const stack of plan.stacks.values())
    if (stack.exports.length > 0) wanted.set(stack, new Set(stack.exports));
  const top = new Map<StackDefinition, Set<string>>();
  for (const site of plan.sites.values()) {
    if (wanted.size === 0) break;
    for (const name of site.stacks) {
      const stack = plan.stacks.get(name)!;
      const paths = wanted.get(stack);
      if (!paths) continue;
      const params = paramsOf(plan, site.name);
      if (!params) continue;
      for (const path of paths) if (nodeAt(params, path.split('.'))) paths.delete(path);
      top.set(stack, new Set([...(top.get(stack) ?? []), ...params.entries.keys()]));
      if (paths.size === 0) wanted.delete(stack);
    }
  }
  return [...wanted].flatMap(([stack, paths]) => {
    // A stack that is deployed nowhere so far says what it will export.
    const known = top.get(stack);
    if (!known) return [];
    const places = new Map(stack.exports.map((path, index) => [path, index]));
    return [...paths].map((path) => unknownParameter(stack, path, places.get(path)!, known));
  });
}

function paramsOf(plan: Plan, site: string): MapNode | undefined {
  try {
    return siteParams(plan, site);
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}

function unknownParameter(
  { name, document }: StackDefinition,
  path: string,
  index: number,
  known: ReadonlySet<string>,
): Problem {
  const node =
    nodeAt(document.root, ['exports', index]) ??
    nodeAt(document.root, ['exports', 'params', index]);
  return {
    message: `the stack ${quoted(name)} exports the parameter ${quoted(path)}, which no site with this stack has`,
    position: positionOf(node!.source!),
    ...nearest(path, known),
  };
}
