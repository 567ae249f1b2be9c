import { sameFile } from '../model/tree.ts';
import type { Plan, PlanFiles, StackDefinition } from '../plan/plan.ts';
import { sameNode } from '../plan/yaml/value.ts';
import { templateAt } from './templates.ts';

/** What of a stack differs between two plans. */
export interface StackDifference {
  /** Paths in a site tree of templates that may render otherwise though the parameters are the same. */
  touched: ReadonlySet<string>;
  /** Paths in a site tree of files that are others, or only there in one of the plans. */
  files: readonly string[];
}

const NONE: StackDifference = { touched: new Set(), files: [] };
const known = new WeakMap<StackDefinition, WeakMap<StackDefinition, StackDifference | 'more'>>();

/**
 * How a stack's files differ between two plans; undefined where more than files does. Worked out once for all sites.
 * @param name a stack of both plans, without imports
 */
export function stackDifference(
  before: Plan,
  after: Plan,
  name: string,
): StackDifference | undefined {
  const [was, is] = [before.stacks.get(name), after.stacks.get(name)];
  if (!was || !is) return undefined;
  if (was === is) return NONE;
  let ofBefore = known.get(was);
  if (!ofBefore) known.set(was, (ofBefore = new WeakMap()));
  let difference = ofBefore.get(is);
  if (!difference) {
    difference = isMoreThanFiles(was, is) ? 'more' : compare(before, after, was, is);
    ofBefore.set(is, difference);
  }
  return difference === 'more' ? undefined : difference;
}

function isMoreThanFiles(was: StackDefinition, is: StackDefinition): boolean {
  if (was.folder !== is.folder || was.imports.length > 0 || is.imports.length > 0) return true;
  if (was.playbooks.join('\n') !== is.playbooks.join('\n')) return true;
  if (!was.requirements || !is.requirements) return was.requirements !== is.requirements;
  return !sameNode(was.requirements, is.requirements, { order: true });
}

function compare(
  before: Plan,
  after: Plan,
  was: StackDefinition,
  is: StackDefinition,
): StackDifference | 'more' {
  const old = new Map(was.files.map((file) => [file.target, file]));
  const touched = new Set<string>();
  const files: string[] = [];
  for (const file of is.files) {
    const other = old.get(file.target);
    old.delete(file.target);
    if (!other) files.push(file.target);
    else if (other.template !== file.template || other.source !== file.source) return 'more';
    else if (file.template) {
      if (isTouched(before.files, after.files, is, file.source)) touched.add(file.target);
    } else if (!sameFile(before.files.get(file.source), after.files.get(file.source)))
      files.push(file.target);
  }
  return { touched, files: [...files, ...old.keys()] };
}

/** Whether a template, or one that it includes, is another. */
function isTouched(
  before: PlanFiles,
  after: PlanFiles,
  { folder }: StackDefinition,
  source: string,
): boolean {
  const seen = new Set<string>();
  const pending = [source];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const file = after.get(path);
    if (before.get(path) !== file && !sameFile(before.get(path), file)) return true;
    if (!file) continue;
    const { includes } = templateAt(after, path);
    // What it includes is decided while it runs.
    if (!includes) return true;
    pending.push(...[...includes].map((name) => `${folder}/templates/${name}`));
  }
  return false;
}
