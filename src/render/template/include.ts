import type * as ast from './ast.ts';
import { Fault } from './errors.ts';
import type { Binding, Context, Frame, Run } from './run.ts';
import type { Template } from './template.ts';
import { type Datum, elements, Members, nameOfType, usable } from './values.ts';

/** Runs `{% include %}`: the other template's text goes where this one's does. */
export function includeTemplate(node: ast.Include, run: Run, frame: Frame, name: Datum): void {
  const template = searchTemplate(run, name);
  if (!template && node.ignoreMissing) return;
  if (!template) throw notFound(name);
  const context = node.withContext ? contextOf(run, frame) : nothing;
  const { file } = run.template;
  run.within(template, context, () => {
    const body = (): void => {
      template.program.body(run, run.enter(template.program.symbols, undefined));
    };
    if (run.recorder) run.recorder.included(run, node, { template, file }, body);
    else body();
  });
}

/** Runs `{% import %}` and `{% from %}`: what the other template assigns at its top. */
export function importTemplate(
  node: ast.Import | ast.FromImport,
  run: Run,
  frame: Frame,
  name: Datum,
): Members {
  const template = findTemplate(run, name);
  const context = node.withContext ? contextOf(run, frame) : nothing;
  return run.within(template, context, () => {
    const { program } = template;
    const scope = run.enter(program.symbols, undefined);
    const render = (): string => run.capture(() => program.body(run, scope));
    if (run.recorder) run.recorder.captured(run, render);
    else render();
    return new Members(`the template "${template.file}"`, (member) => {
      if (!program.exports.has(member)) return undefined;
      const reference = program.symbols.find(member);
      return reference && scope.slots[reference.slot];
    });
  });
}

function findTemplate(run: Run, name: Datum): Template {
  const template = searchTemplate(run, name);
  if (!template) throw notFound(name);
  return template;
}

/** The template of that name, or the first of those names that there is. */
function searchTemplate(run: Run, name: Datum): Template | undefined {
  for (const candidate of namesOf(name)) {
    if (typeof candidate !== 'string') {
      throw new Fault(`a template is named by text, not by ${nameOfType(candidate)}`);
    }
    const template = run.load?.(candidate);
    if (template) return template;
  }
  return undefined;
}

function namesOf(name: Datum): readonly Datum[] {
  return elements(usable(name)) ?? [name];
}

function notFound(name: Datum): Fault {
  const wanted = namesOf(name).map((candidate) => JSON.stringify(candidate));
  return new Fault(`there is no template ${wanted.join(' or ') || 'to include'}`);
}

const nothing: Context = { get: () => undefined };

/** What the variables at this place are to an included template. */
function contextOf(run: Run, frame: Frame): Context {
  const bindings = new Map<string, Binding>();
  for (let scope: Frame | undefined = frame; scope; scope = scope.parent) {
    for (const { name, slot } of scope.symbols.assigned()) {
      const value = scope.slots[slot];
      if (value === undefined || bindings.has(name)) continue;
      bindings.set(name, { value, origin: scope.origins?.[slot] });
    }
  }
  const outer = run.context;
  return { get: (name) => bindings.get(name) ?? outer.get(name) };
}
