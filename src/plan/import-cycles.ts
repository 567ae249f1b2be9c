import { compareText, type Problem } from '../model/problem.ts';
import type { SiteDefinition, StackDefinition } from './plan.ts';
import { positionOf } from './shape.ts';
import { nodeAt } from './yaml/value.ts';

/** More circles than these are not looked for. */
const MAX_CIRCLES = 100;

/**
 * Sites that import from each other in a circle, whichever stacks these are: none of them could be brought up first.
 * The circle is told with what is imported on each step.
 */
export function importCycles(
  sites: ReadonlyMap<string, SiteDefinition>,
  stacks: ReadonlyMap<string, StackDefinition>,
): Problem[] {
  const next = (name: string): string[] => Object.values(sites.get(name)?.imports ?? {});
  const importing = [...sites.keys()].filter((name) => next(name).length > 0);
  const between = cycles(importing, next).map((cycle) => {
    const site = sites.get(cycle[0]!)!;
    const steps = cycle.slice(1).map((from, index) => {
      const { imports } = sites.get(cycle[index]!)!;
      const taken = Object.keys(imports).filter((stack) => imports[stack] === from);
      return `${from} (${taken.join(', ')})`;
    });
    const stack = Object.keys(site.imports).find((key) => site.imports[key] === cycle[1])!;
    const position = positionOf(nodeAt(site.document.root, ['imports', stack])!.source!);
    const message = `sites import from each other in a circle: ${[cycle[0], ...steps].join(' → ')}`;
    return { message, position };
  });
  return [...between, ...ownCircles(sites, stacks)];
}

/** Stacks that would have to be applied at a site before they could be rendered there. */
function ownCircles(
  sites: ReadonlyMap<string, SiteDefinition>,
  stacks: ReadonlyMap<string, StackDefinition>,
): Problem[] {
  const own = [...stacks.values()].filter(
    ({ name, imports, importNames, exportedFiles, exportedValues }) =>
      imports.includes(name) &&
      [...exportedFiles.keys(), ...exportedValues.keys()].some(
        (one) => importNames.get(name)?.includes(one) ?? true,
      ),
  );
  if (own.length === 0) return [];
  return [...sites.values()].flatMap((site) =>
    own.flatMap(({ name }) => {
      if (!site.stacks.includes(name) || Object.hasOwn(site.imports, name)) return [];
      const index = site.stacks.indexOf(name);
      const position = positionOf(nodeAt(site.document.root, ['stacks', index])!.source!);
      const circle = `${site.name}/${name} → ${site.name}/${name}`;
      const message = `a stack imports from itself what it renders or gathers: ${circle}`;
      return [
        { message, position, hint: `say from which other site: imports: { ${name}: <site> }` },
      ];
    }),
  );
}

/**
 * Stacks that import from each other in a circle. One that imports from itself is none: a spoke of a network
 * may take what the hub's same stack exports.
 */
export function stackCycles(stacks: ReadonlyMap<string, StackDefinition>): Problem[] {
  const next = (name: string): string[] =>
    (stacks.get(name)?.imports ?? []).filter((other) => other !== name);
  return cycles([...stacks.keys()], next).map((cycle) => {
    const stack = stacks.get(cycle[0]!)!;
    const index = stack.imports.indexOf(cycle[1]!);
    const position = positionOf(nodeAt(stack.document.root, ['imports', index])!.source!);
    return { message: `stacks import from each other in a circle: ${cycle.join(' → ')}`, position };
  });
}

/**
 * Circles in a graph, each once and as the names on the way round, beginning and ending with the one that comes
 * first in code-unit order. Where circles share an edge, at least one is found. Does not recurse: a chain of
 * imports may be as long as the plan is large.
 */
function cycles(names: readonly string[], next: (name: string) => readonly string[]): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  for (const start of names.toSorted(compareText)) {
    const path: string[] = [];
    const place = new Map<string, number>();
    const open: string[][] = [];
    const enter = (name: string): void => {
      place.set(name, path.length);
      path.push(name);
      open.push([...new Set(next(name))].toSorted(compareText));
    };
    if (!done.has(start)) enter(start);
    while (path.length > 0) {
      const name = open.at(-1)!.shift();
      if (name === undefined) {
        const left = path.pop()!;
        open.pop();
        place.delete(left);
        done.add(left);
      } else if (place.has(name)) {
        const cycle = path.slice(place.get(name));
        const from = cycle.indexOf(cycle.toSorted(compareText)[0]!);
        const turned = [...cycle.slice(from), ...cycle.slice(0, from)];
        found.push([...turned, turned[0]!]);
        if (found.length >= MAX_CIRCLES) return found;
      } else if (!done.has(name)) enter(name);
    }
  }
  return found;
}
