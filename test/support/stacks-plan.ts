import type { Json } from '../../src/model/outputs.ts';
import type { Gathered } from '../../src/plan/plan.ts';

/**
 * A plan of a control site and sites that import from it: of all that control exports, a parameter, a file and a
 * gathered value that nobody imports are there to be looked for.
 */
export const stacksPlan: Readonly<Record<string, string>> = {
  'plan.yaml': 'apiVersion: trueup/v1\nkind: Plan\nname: stacks\nlayers: [layers/common.yaml]\n',
  'layers/common.yaml': 'domain: example.org\n',
  'sites/madrid-01.yaml': `apiVersion: trueup/v1
kind: Site
stacks: [control]
hosts: { control-0: { ansible_connection: local } }
params:
  api: { port: 6443, internal: never-imported-parameter }
  region_name: madrid
`,
  'sites/lisbon-07.yaml': consumer('control: madrid-01'),
  'sites/porto-01.yaml': consumer('control: madrid-01'),
  'sites/faro-01.yaml': `apiVersion: trueup/v1
kind: Site
stacks: [alone]
`,
  'stacks/control/stack.yaml': `playbooks: [playbooks/site.yml]
exports:
  params: [api, region_name]
  files:
    ca: files/ca.pem
    other: files/other.conf
  values:
    api_vip: { type: string, pattern: '^[0-9.]+$' }
    token: { type: string, secret: true }
    unwanted: string
`,
  'stacks/control/playbooks/site.yml': '- hosts: all\n  tasks: []\n',
  'stacks/control/templates/ca.pem.j2': 'CA of {{ site.name }} in {{ region_name }}\n',
  'stacks/control/templates/other.conf.j2': 'never-imported-file\n',
  'stacks/compute/stack.yaml': `playbooks: [playbooks/site.yml]
imports:
  control: [api.port, ca, api_vip, token]
`,
  'stacks/compute/playbooks/site.yml': '- hosts: all\n  tasks: []\n',
  'stacks/compute/templates/agent.conf.j2': `api={{ imports.control.api_vip }}:{{ imports.control.api.port }}
{{ imports.control.ca }}`,
  'stacks/alone/stack.yaml': 'playbooks: []\n',
};

function consumer(imports: string): string {
  return `apiVersion: trueup/v1
kind: Site
stacks: [compute]
imports: { ${imports} }
hosts: { compute-0: { ansible_connection: local } }
`;
}

/** What Ansible's vault makes of a secret, as far as its form goes. */
export const VAULT_TEXT = `$ANSIBLE_VAULT;1.1;AES256\n${'6638'.repeat(20)}\n3563\n`;

/** What was gathered at the control site. */
export function gathered(values: Record<string, Json> = {}): Gathered {
  const all = {
    api_vip: '192.0.2.10',
    token: VAULT_TEXT,
    unwanted: 'never-imported-value',
    ...values,
  };
  return new Map([['madrid-01/control', new Map(Object.entries(all))]]);
}
