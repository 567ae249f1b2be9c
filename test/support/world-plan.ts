import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { World } from './world.ts';

/** The sites of `pairPlan`; each has one host, of the same name. */
export const PAIR = ['lisbon', 'porto'] as const;

/**
 * A plan of two sites with one locally connected host each, one playbook of one quick task, and a template.
 * @param hosts folder that holds a folder for each host, see `makeHosts`
 */
export function pairPlan(hosts: string): Record<string, string> {
  return {
    'plan.yaml': `apiVersion: trueup/v1
kind: Plan
name: pair
layers: [layers/common.yaml]
`,
    'layers/common.yaml': `# What both sites have.
host_root: "${hosts}/{{ inventory_hostname }}"
ansible_python_interpreter: "{{ ansible_playbook_python }}"
motd: Welcome
clock: 192.0.2.1
`,
    'sites/lisbon.yaml': site('lisbon'),
    'sites/porto.yaml': site('porto'),
    'stacks/base/stack.yaml': `apiVersion: trueup/v1
kind: Stack
playbooks: [playbooks/site.yml]
`,
    'stacks/base/playbooks/site.yml': `- name: What every host has
  hosts: all
  gather_facts: false
  vars:
    files: "{{ playbook_dir }}/../files"
  tasks:
    # Raw, since each module that Ansible sends to a host costs a second of computing.
    - name: The clock and the message are set
      ansible.builtin.raw: >-
        cp {{ files | quote }}/ntp.conf {{ host_root | quote }}/ntp.conf &&
        printf '%s\\n' {{ motd | quote }} > {{ host_root | quote }}/motd
`,
    'stacks/base/templates/ntp.conf.j2': `# The clock of {{ site.name }}
server {{ clock }} iburst
`,
  };
}

/** The definition of a site with one host of its name. */
export function site(name: string, params: Record<string, unknown> = {}): string {
  return `apiVersion: trueup/v1
kind: Site
labels: { region: south }
stacks: [base]
hosts: { ${name}: { ansible_connection: local } }
params: ${JSON.stringify(params)}
`;
}

/** Makes the folders that are the hosts' roots. */
export async function makeHosts(world: World, names: readonly string[] = PAIR): Promise<void> {
  for (const name of names) await mkdir(join(world.hosts, name), { recursive: true });
}
