import { compareText, type Problem } from '../model/problem.ts';
import { isName, pathFault } from '../model/tree.ts';
import { caseClashes, fold } from './paths.ts';
import type { SiteDefinition, StackDefinition } from './plan.ts';
import { nearest, positionOf, quoted, topOf } from './shape.ts';
import { keyPosition } from './sites.ts';
import { nodeAt } from './yaml/value.ts';

/** What names in a plan may refer to. A file that cannot be read still has its name. */
export interface Named {
  sites: ReadonlySet<string>;
  stacks: ReadonlySet<string>;
}

/** Names of sites that come from their files: well-formed, told apart, given once. */
export function siteNameProblems(sites: ReadonlyMap<string, string>): Problem[] {
  const problems: Problem[] = [];
  const first = new Map<string, string>();
  for (const [file, name] of sites) {
    const position = topOf(file);
    const other = first.get(name);
    if (other !== undefined) {
      const message = `the site ${quoted(name)} is already there in ${quoted(other)}`;
      problems.push({ message, position, hint: 'rename one of the files' });
      continue;
    }
    first.set(name, file);
    problems.push(...nameProblem('site', name, file));
  }
  // Files that clash as paths are told as such.
  const folded = new Set<string>();
  const names = [...first].filter(([, file]) => folded.size !== folded.add(fold(file)).size);
  problems.push(
    ...caseClashes(
      'site',
      names.map(([name, file]) => [name, topOf(file)] as const),
    ),
  );
  return problems;
}

/** Problems of a name that a file or folder of the plan gives. */
export function nameProblem(what: string, name: string, file: string): Problem[] {
  // What is wrong with the path as such has been told.
  if (isName(name) || pathFault(file)) return [];
  return [
    {
      message: `${quoted(name)} cannot be a ${what}'s name`,
      position: topOf(file),
      hint: 'use up to 63 letters, digits, ".", "_" and "-", beginning and ending with a letter or digit',
    },
  ];
}

/** Stacks that a stack refers to. */
export function stackReferences(stack: StackDefinition, named: Named): Problem[] {
  return stack.imports.flatMap((name, index) =>
    named.stacks.has(name)
      ? []
      : [
          {
            message: `the stack ${quoted(stack.name)} imports from ${quoted(name)}, which is no stack of this plan`,
            position: positionOf(nodeAt(stack.document.root, ['imports', index])!.source!),
            ...nearest(name, named.stacks),
          },
        ],
  );
}

/** Stacks, labels and other sites that a site refers to. */
export function siteReferences(
  site: SiteDefinition,
  plan: {
    /** Labels that layer patterns ask for. */
    labels: readonly { label: string; pattern: string }[];
    stacks: ReadonlyMap<string, StackDefinition>;
    sites: ReadonlyMap<string, SiteDefinition>;
    named: Named;
  },
): Problem[] {
  const problems: Problem[] = [];
  const { root } = site.document;
  const unknownStack = (name: string): Problem => ({
    message: `there is no stack ${quoted(name)}`,
    ...nearest(name, plan.named.stacks),
  });
  for (const [index, name] of site.stacks.entries()) {
    if (plan.named.stacks.has(name)) continue;
    const position = positionOf(nodeAt(root, ['stacks', index])!.source!);
    problems.push({ ...unknownStack(name), position });
  }
  for (const { label, pattern } of plan.labels) {
    if (Object.hasOwn(site.labels, label) || !isName(label)) continue;
    problems.push({
      message: `the site ${quoted(site.name)} has no label ${quoted(label)}, which the layer ${quoted(pattern)} asks for`,
      position: keyPosition(root, ['labels']),
      ...nearest(label, Object.keys(site.labels)),
    });
  }
  for (const [stack, from] of Object.entries(site.imports)) {
    const position = keyPosition(root, ['imports', stack]);
    const value = positionOf(nodeAt(root, ['imports', stack])!.source!);
    const exporter = plan.sites.get(from);
    if (!plan.named.stacks.has(stack)) problems.push({ ...unknownStack(stack), position });
    else if (!plan.named.sites.has(from)) {
      const message = `there is no site ${quoted(from)}`;
      problems.push({ message, position: value, ...nearest(from, plan.named.sites) });
    } else if (exporter && !exporter.stacks.includes(stack)) {
      const message = `the site ${quoted(from)} has no stack ${quoted(stack)} to import from`;
      problems.push({ message, position: value });
    }
  }
  // With a stack's name misspelt, it is likely the missing one.
  if (!Object.keys(site.imports).every((stack) => plan.named.stacks.has(stack))) return problems;
  for (const name of site.stacks) {
    for (const needed of plan.stacks.get(name)?.imports ?? []) {
      if (Object.hasOwn(site.imports, needed) || site.stacks.includes(needed)) continue;
      if (!plan.named.stacks.has(needed)) continue;
      problems.push({
        message: `the stack ${quoted(name)} imports from ${quoted(needed)}, and the site ${quoted(site.name)} does not say from which site`,
        position: keyPosition(root, ['imports']),
        hint: `add imports: { ${needed}: <site> }`,
      });
    }
  }
  return problems;
}

/** Sites that import from each other in a circle: none of them could be brought up first. */
export function siteCycles(sites: ReadonlyMap<string, SiteDefinition>): Problem[] {
  const next = (name: string): string[] => Object.values(sites.get(name)?.imports ?? {});
  return cycles(
    [...sites.keys()].filter((name) => next(name).length > 0),
    next,
  ).map((cycle) => {
    const site = sites.get(cycle[0]!)!;
    const stack = Object.keys(site.imports).find((key) => site.imports[key] === cycle[1])!;
    const position = positionOf(nodeAt(site.document.root, ['imports', stack])!.source!);
    return { message: `sites import from each other in a circle: ${cycle.join(' → ')}`, position };
  });
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
      open.push([...next(name)].toSorted(compareText));
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
      } else if (!done.has(name)) enter(name);
    }
  }
  return found;
}
