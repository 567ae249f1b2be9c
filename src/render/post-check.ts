import type { TreeFile } from '../model/tree.ts';
import type { Plan, SiteDefinition, StackDefinition } from '../plan/plan.ts';
import { emitYaml } from '../plan/yaml/emit.ts';
import { makeNode } from '../plan/yaml/make.ts';
import type { Value } from '../plan/yaml/node.ts';
import { fileOf } from './digest.ts';

/** What must pass at a site after an apply. */
export interface PostChecks {
  /** Paths of playbooks within the tree, in order. */
  playbooks: string[];
  /** Seconds for all of them; 0 where no stack says how long its own may take. */
  timeout: number;
}

/** The post-checks of a site's stacks. */
export function postChecks(plan: Plan, site: SiteDefinition): PostChecks {
  const result: PostChecks = { playbooks: [], timeout: 0 };
  for (const stack of site.stacks) {
    const check = plan.stacks.get(stack)?.postCheck;
    if (!check) continue;
    const { run, timeout = 0 } = check;
    result.playbooks.push('playbook' in run ? `${stack}/${run.playbook}` : commandPath(stack));
    result.timeout += timeout;
  }
  return result;
}

/** A stack's command as a playbook of its own, so that Ansible alone can run it too. */
function commandPath(stack: string): string {
  return `.trueup/post-check/${stack}.yml`;
}

const made = new WeakMap<StackDefinition, TreeFile>();

/** The file that a stack's post-check needs beside those of the stack, with its path; undefined if it needs none. */
export function postCheckFile(stack: StackDefinition): [path: string, file: TreeFile] | undefined {
  const { name, postCheck } = stack;
  if (!postCheck || !('command' in postCheck.run)) return undefined;
  let file = made.get(stack);
  if (!file) made.set(stack, (file = fileOf(playbookText(name, postCheck.run.command, postCheck))));
  return [commandPath(name), file];
}

function playbookText(
  stack: string,
  command: readonly string[],
  { timeout }: { timeout?: number },
): string {
  const task = map({
    name: 'The command ends well',
    'ansible.builtin.command': map({
      argv: [...command],
      chdir: '{{ playbook_dir }}/../..',
    }),
    changed_when: false,
    ...(timeout === undefined ? {} : { timeout }),
  });
  const play = map({
    name: `The post-check of ${stack}`,
    hosts: 'localhost',
    connection: 'local',
    gather_facts: false,
    vars: map({ ansible_python_interpreter: '{{ ansible_playbook_python }}' }),
    tasks: [task],
  });
  return `# What must pass after an apply; written by trueup from the stack's stack.yaml.\n${emitYaml(makeNode([play]))}`;
}

function map(entries: Record<string, Value>): Value {
  return new Map(Object.entries(entries));
}
