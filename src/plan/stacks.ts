import { compareText, type Problem } from '../model/problem.ts';
import { pathFault } from '../model/tree.ts';
import { fold } from './paths.ts';
import type { PlanFiles, StackDefinition, StackFile } from './plan.ts';
import { readPostCheck } from './post-check.ts';
import { stackSchema } from './schemas.ts';
import { checkShape, nearest, positionOf, quoted, topOf } from './shape.ts';
import { paramProblems } from './sites.ts';
import { readExports } from './stack-exports.ts';
import { readStackSchema } from './stack-schema.ts';
import type { YamlDocument } from './yaml/node.ts';
import { nodeAt } from './yaml/value.ts';

const OPAQUE = new Map([['requirements', 0]]);
const TEMPLATES = 'templates/';

/** What stands in a stack's folder for us to read, not to copy. An `ansible.cfg` of its own would have no say. */
const OURS = new Set(['stack.yaml', 'schema.json', 'ansible.cfg']);

/** Names at the top of a site tree that no stack's folder may take. */
const TAKEN = new Set(
  ['README', 'ansible.cfg', 'apply.sh', 'inventory.yml', 'group_vars', 'host_vars'].map(fold),
);

/**
 * Reads a stack; undefined, with the problems, if it cannot be used.
 * @param paths every path in its folder, in code-unit order
 */
export function readStack(
  name: string,
  document: YamlDocument,
  paths: readonly string[],
  files: PlanFiles,
): { stack: StackDefinition | undefined; problems: Problem[] } {
  const folder = `stacks/${name}`;
  const { value, problems } = checkShape(document, stackSchema, OPAQUE);
  if (TAKEN.has(fold(name))) {
    const message = `the stack cannot be called ${quoted(name)}: site trees have something else by that name`;
    problems.push({ message, position: topOf(document.file) });
  }

  const schemaFile = files.get(`${folder}/schema.json`);
  const read = schemaFile && readStackSchema(`${folder}/schema.json`, schemaFile.content);
  problems.push(...(read?.problems ?? []));
  if (read?.schema) problems.push(...paramProblems(read.schema.root));
  const requirements = nodeAt(document.root, ['requirements']);
  const tree = stackFiles(name, paths, requirements !== undefined);
  problems.push(...tree.problems);
  if (!value) return { stack: undefined, problems };

  const targets = new Set(tree.files.map(({ target }) => target));
  const postCheck = readPostCheck(document, value);
  problems.push(...postCheck.problems);
  const playbooks = value.playbooks.map((one, index) => ({
    playbook: one,
    node: nodeAt(document.root, ['playbooks', index])!,
  }));
  const copied = tree.files
    .filter(({ template }) => !template)
    .map(({ source }) => source.slice(folder.length + 1));
  for (const { playbook, node } of [...playbooks, ...postCheck.playbooks]) {
    if (targets.has(`${name}/${playbook}`)) continue;
    problems.push({
      message: `there is no playbook ${quoted(`${folder}/${playbook}`)}`,
      position: positionOf(node.source!),
      ...nearest(playbook, copied),
    });
  }
  const { exported, problems: exportProblems } = readExports(name, document, value, targets);
  problems.push(...exportProblems);
  const stack: StackDefinition = {
    name,
    folder,
    playbooks: value.playbooks,
    ...(postCheck.check ? { postCheck: postCheck.check } : {}),
    imports: Array.isArray(value.imports) ? value.imports : Object.keys(value.imports),
    importNames: new Map(Array.isArray(value.imports) ? [] : Object.entries(value.imports)),
    ...exported,
    ...(read?.schema ? { schema: read.schema.source, parameters: read.schema } : {}),
    ...(requirements ? { requirements } : {}),
    files: tree.files,
    document,
  };
  return { stack, problems };
}

/**
 * What a stack's folder gives to a site tree: templates are rendered to `files/` without their `.j2`, anything
 * else in `templates/` is copied there, and the rest keeps its place. Templates whose name starts with `_` are
 * there to be included by others, and give no file.
 */
function stackFiles(
  name: string,
  paths: readonly string[],
  requirements: boolean,
): { files: StackFile[]; problems: Problem[] } {
  const folder = `stacks/${name}/`;
  const problems: Problem[] = [];
  const byTarget = new Map<string, StackFile>();
  if (requirements)
    byTarget.set(fold('requirements.yml'), {
      source: `${folder}stack.yaml`,
      target: '',
      template: false,
    });
  const folders = new Set<string>();
  for (const source of paths) {
    const file = stackFile(name, source.slice(folder.length));
    if (!file) continue;
    // Without its `.j2`, a name can become another: `...j2` would be `..`.
    const fault = pathFault(file.target);
    if (fault) {
      const message = `${quoted(source)} would become ${quoted(file.target)}, which ${fault}`;
      problems.push({ message, position: topOf(source), hint: 'rename it' });
      continue;
    }
    const target = file.target.slice(name.length + 1);
    const other = byTarget.get(fold(target));
    if (other) {
      const message = `${quoted(source)} and ${quoted(other.source)} both become ${quoted(`${name}/${target}`)}`;
      problems.push({ message, position: topOf(source), hint: 'rename one of them' });
      continue;
    }
    byTarget.set(fold(target), file);
    for (let end = target.indexOf('/'); end > 0; end = target.indexOf('/', end + 1)) {
      folders.add(fold(target.slice(0, end)));
    }
  }
  for (const [target, { source }] of byTarget) {
    if (!folders.has(target)) continue;
    const message = `${quoted(source)} would be a file where others make a folder`;
    problems.push({ message, position: topOf(source), hint: 'rename it' });
  }
  const files = [...byTarget.values()].filter(({ target }) => target !== '');
  return { files: files.toSorted((a, b) => compareText(a.target, b.target)), problems };
}

function stackFile(name: string, path: string): StackFile | undefined {
  const source = `stacks/${name}/${path}`;
  if (OURS.has(path)) return undefined;
  if (!path.startsWith(TEMPLATES)) return { source, target: `${name}/${path}`, template: false };
  const target = `${name}/files/${path.slice(TEMPLATES.length)}`;
  if (!path.endsWith('.j2')) return { source, target, template: false };
  const base = path.slice(path.lastIndexOf('/') + 1);
  return base.startsWith('_')
    ? undefined
    : { source, target: target.slice(0, -'.j2'.length), template: true };
}
