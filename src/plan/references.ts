import type { Problem } from '../model/problem.ts';
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

/** Files that are looked at between two pauses. */
const STEP = 500;

/** Names of sites that come from their files: well-formed, told apart, given once. Yields where it may pause. */
export function* siteNameProblems(sites: ReadonlyMap<string, string>): Generator<void, Problem[]> {
  const problems: Problem[] = [];
  const first = new Map<string, string>();
  for (const [file, name] of sites) {
    if (first.size % STEP === STEP - 1) yield;
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
    ...(yield* caseClashes(
      'site',
      names.map(([name, file]) => [name, topOf(file)] as const),
    )),
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

/** Stacks that a stack refers to, and what it imports of them. */
export function stackReferences(
  stack: StackDefinition,
  named: Named,
  stacks: ReadonlyMap<string, StackDefinition>,
): Problem[] {
  const { root } = stack.document;
  return stack.imports.flatMap((name, index): Problem[] => {
    const position = stack.importNames.has(name)
      ? keyPosition(root, ['imports', name])
      : positionOf(nodeAt(root, ['imports', index])!.source!);
    const says = `the stack ${quoted(stack.name)} imports`;
    if (!named.stacks.has(name)) {
      const message = `${says} from ${quoted(name)}, which is no stack of this plan`;
      return [{ message, position, ...nearest(name, named.stacks) }];
    }
    const exporter = stacks.get(name);
    if (!exporter) return [];
    const exported = exportedNames(exporter);
    if (exported.length === 0) {
      const message = `${says} from ${quoted(name)}, which exports nothing`;
      const hint = `say what it exports in ${exporter.document.file}`;
      return [{ message, position, hint }];
    }
    const isExported = withinOneOf(exported);
    return (stack.importNames.get(name) ?? []).flatMap((path, at): Problem[] => {
      if (isExported(path)) return [];
      const message = `${says} ${quoted(path)} from ${quoted(name)}, which does not export it`;
      const source = nodeAt(root, ['imports', name, at])!.source!;
      return [{ message, position: positionOf(source), ...nearest(path, exported) }];
    });
  });
}

/** A test for dotted paths that are one of these names, or within it. */
function withinOneOf(names: readonly string[]): (path: string) => boolean {
  const known = new Set(names);
  const lengths = new Set(names.map(({ length }) => length));
  return (path) => {
    for (let end = path.indexOf('.'); end >= 0; end = path.indexOf('.', end + 1))
      if (lengths.has(end) && known.has(path.slice(0, end))) return true;
    return known.has(path);
  };
}

/** The names of all that a stack exports; parameters as dotted paths. */
function exportedNames({ exports, exportedFiles, exportedValues }: StackDefinition): string[] {
  return [...exports, ...exportedFiles.keys(), ...exportedValues.keys()];
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
  problems.push(...gatheredTwice(site, plan.stacks));
  const labels = Object.keys(site.labels);
  for (const { label, pattern } of plan.labels) {
    if (Object.hasOwn(site.labels, label) || !isName(label)) continue;
    problems.push({
      message: `the site ${quoted(site.name)} has no label ${quoted(label)}, which the layer ${quoted(pattern)} asks for`,
      position: keyPosition(root, ['labels']),
      ...nearest(label, labels),
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

/** Values of the same name that two stacks of a site gather: Ansible has one place for them. */
function gatheredTwice(
  site: SiteDefinition,
  stacks: ReadonlyMap<string, StackDefinition>,
): Problem[] {
  const first = new Map<string, string>();
  return site.stacks.flatMap((stack, index) =>
    [...(stacks.get(stack)?.exportedValues.keys() ?? [])].flatMap((name): Problem[] => {
      const other = first.get(name) ?? stack;
      first.set(name, other);
      if (other === stack) return [];
      const message = `the stacks ${quoted(other)} and ${quoted(stack)} both gather ${quoted(name)}`;
      const { source } = nodeAt(site.document.root, ['stacks', index])!;
      const hint = 'give the value another name in one of them, or deploy them at two sites';
      return [{ message, position: positionOf(source!), hint }];
    }),
  );
}
