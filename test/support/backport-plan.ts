import { changedPaths, type SiteTree, type TreeFile } from '../../src/model/tree.ts';
import { loadPlan } from '../../src/plan/load.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { renderSite } from '../../src/render/render.ts';
import { planFiles } from './plan-files.ts';

/**
 * A small plan to edit sites of: three sites, two of which share a region. Each kind of value that an operator may
 * edit is in it once, where it can be found by its name.
 */
export const backportPlan: Readonly<Record<string, string>> = {
  'plan.yaml': `apiVersion: trueup/v1
kind: Plan
name: chain
layers:
  - layers/common.yaml
  - layers/region/{region}.yaml
merge:
  packages: unique
  users: by:name
`,
  'layers/common.yaml': `# What every site has.
domain: example.org
banner: "Welcome"   # shown at login
vlan: 12
mode: 0644
version: 1.10
enabled: yes
log:
  level: info
  keep: 7 # days
ntp_servers:
  - 10.0.0.1
  - 10.0.0.2
packages: [chrony, rsync]
users:
  - { name: root, shell: /bin/sh }
  - { name: ops, shell: /bin/bash }
backends:
  - name: api
    host: api.example.org
    port: 8081
  - name: web
    host: web.example.org
    port: 8082
maxconn: 20000
client_timeout: 30s
server_timeout: 30s
token: s3cret-token
db_password: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  66386439653236336462626566653063336164663966303231363934653561363964363833313662
`,
  'layers/region/south.yaml': `dns_servers: [10.1.0.53, 10.1.1.53]
timeout: 3
legacy: old
`,
  'layers/region/west.yaml': `dns_servers: [10.2.0.53]
timeout: 5
`,
  'sites/lisbon.yaml': `apiVersion: trueup/v1
kind: Site
labels: { region: south }
stacks: [store]
hosts:
  lisbon-a: { ansible_host: 10.9.0.1 }
  lisbon-b: { ansible_host: 10.9.0.2 }
groups:
  gateways: [lisbon-a]
params:
  motd: Open from nine to six # the store's hours
  tills: [till-1]
  lanes:
    - left
    - middle
    - right
hostParams:
  lisbon-b:
    cpus: 4
groupParams:
  gateways: { tuned: throughput }
`,
  'sites/porto.yaml': `apiVersion: trueup/v1
kind: Site
labels: { region: south }
stacks: [store]
hosts:
  porto-a: { ansible_host: 10.9.1.1 }
groups:
  gateways: [porto-a]
params:
  motd: Open all day
`,
  'sites/paris.yaml': `apiVersion: trueup/v1
kind: Site
labels: { region: west }
stacks: [store]
hosts:
  paris-a: { ansible_host: 10.9.2.1 }
groups:
  gateways: [paris-a]
params:
  motd: Ouvert
`,
  'stacks/store/stack.yaml': `playbooks: [playbooks/site.yml]
`,
  'stacks/store/schema.json': `{
  "properties": {
    "token": { "type": "string", "x-secret": true },
    "vlan": { "type": "integer", "maximum": 4094 },
    "mtu": { "type": "integer", "default": 1500 }
  }
}
`,
  'stacks/store/playbooks/site.yml': `- hosts: all
  tasks: []
`,
  'stacks/store/templates/chrony.conf.j2': `# time at {{ site.name }}
{% for server in ntp_servers %}
server {{ server }} iburst
{% endfor %}
rtcsync
`,
  'stacks/store/templates/resolv.conf.j2': `search {{ domain }}
options timeout:{{ timeout }}
`,
  'stacks/store/templates/motd.j2': `{{ motd }}
`,
  'stacks/store/templates/proxy.conf.j2': `maxconn {{ maxconn }}
timeout client {{ client_timeout }}
timeout server {{ server_timeout }}
{% for backend in backends %}
server {{ backend.name }} {{ backend.host }}:{{ backend.port }}
{% endfor %}
`,
  'stacks/store/templates/limits.conf.j2': `limit {{ maxconn }}
vlan = {{ vlan }}
`,
  'stacks/store/templates/logo.bin': 'LOGO\n',
};

/** A valid plan made of texts, by path. */
export function planOf(source: Readonly<Record<string, string>>): Plan {
  const { plan, problems } = loadPlan(planFiles(source));
  if (!plan) throw new Error(problems.map(({ message }) => message).join('\n'));
  return plan;
}

/** What becomes of a file of a site tree: text to replace, another file, or null where it is deleted. */
export type SiteEdit =
  | readonly [from: string | RegExp, to: string]
  | (Partial<Pick<TreeFile, 'mode'>> & { content?: string | Buffer })
  | null;

/** The tree of a site with files edited. Every edit must find what it replaces. */
export function editedTree(
  plan: Plan,
  site: string,
  edits: Readonly<Record<string, SiteEdit | readonly SiteEdit[]>>,
): SiteTree {
  const desired = renderSite(plan, site).tree;
  const tree = new Map(desired);
  for (const [path, edit] of Object.entries(edits)) {
    for (const one of isList(edit) ? edit : [edit]) editFile(tree, path, one);
  }
  const changed = changedPaths(desired, tree);
  for (const path of Object.keys(edits))
    if (!changed.includes(path)) throw new Error(`${path} is not changed by its edit`);
  return tree;
}

function isList(edit: SiteEdit | readonly SiteEdit[]): edit is readonly SiteEdit[] {
  return Array.isArray(edit) && typeof edit[0] === 'object' && !(edit[0] instanceof RegExp);
}

function editFile(tree: Map<string, TreeFile>, path: string, edit: SiteEdit): void {
  const before = tree.get(path);
  if (edit === null) {
    tree.delete(path);
    return;
  }
  if ('length' in edit) {
    const text = before?.content.toString() ?? '';
    const after = text.replace(edit[0], () => edit[1]);
    if (after === text) throw new Error(`${path} holds nothing like ${String(edit[0])}`);
    tree.set(path, { mode: before!.mode, content: Buffer.from(after) });
    return;
  }
  const content = edit.content === undefined ? before!.content : Buffer.from(edit.content);
  tree.set(path, { mode: edit.mode ?? before?.mode ?? '100644', content });
}
