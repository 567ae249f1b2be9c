import { InvalidInput } from '../model/errors.ts';
import type { Problem } from '../model/problem.ts';
import type { TrackedFile, TreeFile } from '../model/tree.ts';
import type { Plan, PlanFiles, SiteDefinition, StackDefinition, StackFile } from '../plan/plan.ts';
import type { YamlNode } from '../plan/yaml/node.ts';
import { decodeUtf8 } from '../plan/yaml/parse.ts';
import type { SiteContext } from './context.ts';
import { fileOf } from './digest.ts';
import { compileTemplate, type Template } from './template/template.ts';

const compiled = new WeakMap<TrackedFile, Template>();

/**
 * The compiled template of a plan file, compiled once for all revisions that share the file.
 * @throws InvalidInput with the positions of what cannot be compiled
 */
export function templateAt(files: PlanFiles, path: string): Template {
  const file = files.get(path)!;
  let template = compiled.get(file);
  if (!template) {
    const { text, problem } = decodeUtf8(path, file.content);
    if (problem) throw new InvalidInput([problem]);
    compiled.set(file, (template = compileTemplate(path, text)));
  }
  return template;
}

/** What is wrong with any template of a plan's stacks before anything is rendered. */
export function templateProblems(files: PlanFiles): Problem[] {
  const problems: Problem[] = [];
  for (const path of files.keys()) {
    if (!/^stacks\/[^/]+\/templates\/.*\.j2$/.test(path)) continue;
    try {
      templateAt(files, path);
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      problems.push(...error.problems);
    }
  }
  return problems;
}

/** Finds the templates that those of a stack include: by their path within its `templates/`. */
export function loaderFor(
  plan: Plan,
  stack: StackDefinition,
): (name: string) => Template | undefined {
  return (name) => {
    const path = `${stack.folder}/templates/${name}`;
    return plan.files.has(path) ? templateAt(plan.files, path) : undefined;
  };
}

/** What has been rendered for certain values of the names that a template reads. */
interface Known {
  file?: TreeFile;
  next: WeakMap<object, Known>;
}

/** Names that a template and all that it includes read; undefined if that cannot be told beforehand. */
type Reads = ReadonlySet<string> | undefined;

/** What is known of a template's renderings. */
interface Output {
  reads: Reads;
  known: Known;
}

/** By stack as it stands in a revision: any change of its files begins anew. */
const outputs = new WeakMap<StackDefinition, Map<string, Output>>();
/** Stands for a name that a site has no value for. */
const MISSING = {};

/**
 * Renders a stack's template for a site. Sites that have the very same nodes under every name that the template
 * reads share one rendering.
 * @throws InvalidInput if the template cannot be compiled or rendered
 */
export function renderTemplate(
  plan: Plan,
  stack: StackDefinition,
  file: StackFile,
  site: SiteDefinition,
  context: SiteContext,
): TreeFile {
  const template = templateAt(plan.files, file.source);
  const render = (): TreeFile => {
    const { names, ...secrets } = context.namesFor(stack);
    const text = template.render(names, { load: loaderFor(plan, stack), ...secrets });
    return fileOf(text, plan.files.get(file.source)!.mode);
  };
  const shared = sharedOutput(plan, stack, file, site, context);
  if (!shared) return render();
  shared.file ??= render();
  return shared.file;
}

/** The place of a rendering that other sites can use as well; undefined if it is this site's own. */
function sharedOutput(
  plan: Plan,
  stack: StackDefinition,
  { source }: StackFile,
  site: SiteDefinition,
  context: SiteContext,
): Known | undefined {
  const output = outputOf(plan, stack, source);
  const keys = keysOf(output.reads, stack, site, context);
  if (!keys) return undefined;
  let { known } = output;
  for (const key of keys) {
    let next = known.next.get(key);
    if (!next) known.next.set(key, (next = { next: new WeakMap() }));
    known = next;
  }
  return known;
}

/**
 * The names that a stack's template and all that it includes read; undefined if that cannot be told beforehand.
 * @param source the template's path in the plan
 */
export function readsOf(
  plan: Plan,
  stack: StackDefinition,
  source: string,
): ReadonlySet<string> | undefined {
  return outputOf(plan, stack, source).reads;
}

function outputOf(plan: Plan, stack: StackDefinition, source: string): Output {
  let ofStack = outputs.get(stack);
  if (!ofStack) outputs.set(stack, (ofStack = new Map<string, Output>()));
  let output = ofStack.get(source);
  if (!output) {
    const reads = namesRead(templateAt(plan.files, source), loaderFor(plan, stack));
    ofStack.set(source, (output = { reads, known: { next: new WeakMap() } }));
  }
  return output;
}

function namesRead(template: Template, load: (name: string) => Template | undefined): Reads {
  const reads = new Set<string>();
  const seen = new Set<Template>();
  const pending = [template];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const name of next.reads) reads.add(name);
    if (!next.includes) return undefined;
    for (const name of next.includes) {
      const included = load(name);
      if (included) pending.push(included);
    }
  }
  return reads;
}

function keysOf(
  reads: Reads,
  stack: StackDefinition,
  site: SiteDefinition,
  context: SiteContext,
): object[] | undefined {
  if (!reads) return undefined;
  const keys: object[] = [];
  for (const name of reads) {
    if (name === 'site' || context.guarded.has(name)) return undefined;
    if (name === 'imports') {
      for (const { exported } of context.importsOf(stack)) keys.push(exported);
      continue;
    }
    const node = context.params.entries.get(name)?.value;
    if (node && isOwn(node, site)) return undefined;
    keys.push(node ?? MISSING);
  }
  return keys;
}

/** Whether a merged value has a part in the site's own file. The site is the last to be merged. */
export function isOwn(node: YamlNode, site: SiteDefinition): boolean {
  const top = node.kind === 'scalar' ? node : (node.parts?.at(-1) ?? node);
  return top.source?.file === site.file;
}
