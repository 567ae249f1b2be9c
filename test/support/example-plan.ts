/** The plan of the design's examples, with a control site that others import from. */
export const examplePlan: Readonly<Record<string, string>> = {
  'plan.yaml': `apiVersion: trueup/v1
kind: Plan
name: acme-edge
layers:
  - layers/common.yaml
  - layers/region/{region}.yaml
  - layers/profile/{profile}.yaml
merge:
  users: by:name
  packages: unique
  kernel.modules: append
drift:
  default: propose
  rules:
    - { paths: ["files/motd"], action: ignore }
    - { params: ["kernel.**"], sites: "region=eu-west", action: revert }
rollout:
  waves:
    - { name: canary, select: "profile=lab" }
    - { name: rest, select: "*", maxConcurrent: 50, maxFailures: 2%, soak: 10m }
`,
  'layers/common.yaml': `# what every site has
domain: example.org
ntp_servers: [10.0.0.1, 10.0.0.2]
mode: 0644
version: 1.10
enabled: yes
banner: "Welcome to {{ inventory_hostname }}"
packages: [curl, git]
users:
  - { name: root, shell: /bin/sh }
  - { name: ops, shell: /bin/bash }
kernel:
  modules: [br_netfilter]
  swappiness: 10
db_password: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  66386439653236336462626566653063336164663966303231363934653561363964363833313662
`,
  'layers/region/eu-west.yaml': `domain: eu.example.org
packages: [git, rsync]
kernel: { swappiness: 1 }
`,
  'layers/profile/store.yaml': `packages: [tills]
kernel:
  modules: [dm_crypt]
users:
  - { name: ops, shell: /bin/zsh }
  - { name: till, shell: /bin/false }
`,
  'sites/lisbon-07.yaml': `apiVersion: trueup/v1
kind: Site
labels: { region: eu-west, profile: store }
stacks: [compute]
imports: { control: madrid-01 }
hosts:
  compute-0: { ansible_host: 10.20.7.11 }
  compute-1: { ansible_host: 10.20.7.12 }
groups: { compute: [compute-0, compute-1] }
params:
  ntp_servers: [10.20.7.1]
  banner: !unset
hostParams: { compute-1: { maintenance: true, level: 007 } }
groupParams: { compute: { tuned_profile: virtual-host } }
`,
  'sites/porto/porto-01.yaml': `apiVersion: trueup/v1
kind: Site
labels: { region: eu-west, profile: lab }
stacks: [compute]
imports: { control: madrid-01 }
hosts:
  compute-0: { ansible_host: 10.20.8.11 }
groups: { compute: [compute-0] }
`,
  'sites/madrid-01.yaml': `apiVersion: trueup/v1
kind: Site
labels: { region: eu-west, profile: core }
stacks: [control]
hosts:
  control-0: { ansible_host: 10.10.1.11 }
groups: { control: [control-0] }
params:
  api: { url: "https://10.10.1.10:6443", internal: secret-address }
  vip: 10.10.1.10
`,
  'stacks/compute/stack.yaml': `playbooks: [playbooks/site.yml, playbooks/tune.yml]
imports: [control]
`,
  'stacks/compute/schema.json': `{
  "type": "object",
  "required": ["domain"],
  "properties": {
    "domain": { "type": "string" },
    "mtu": { "type": "integer", "minimum": 576, "default": 1500 },
    "kernel": {
      "type": "object",
      "properties": {
        "swappiness": { "type": "integer", "maximum": 100 },
        "hugepages": { "type": "integer", "default": 0 }
      }
    },
    "token": { "type": "string", "x-secret": true }
  }
}
`,
  'stacks/compute/playbooks/site.yml': `- hosts: compute
  tasks:
    - name: Configure chrony
      ansible.builtin.copy: { src: ../files/chrony.conf, dest: /etc/chrony.conf }
`,
  'stacks/compute/playbooks/tune.yml': `- hosts: compute
  roles: [tuned]
`,
  'stacks/compute/roles/tuned/tasks/main.yml': `- ansible.builtin.command: tuned-adm profile {{ tuned_profile }}
`,
  'stacks/compute/library/tool.py': `#!/usr/bin/python3
`,
  'stacks/compute/templates/chrony.conf.j2': `{% for server in ntp_servers %}
server {{ server }} iburst
{% endfor %}
`,
  'stacks/compute/templates/etc/agent.conf.j2': `site={{ site.name }}
region={{ site.labels.region }}
api={{ imports.control.api.url }}
mtu={{ mtu }}
`,
  'stacks/compute/templates/motd': `Property of {{ nobody }}: copied as it is
`,
  'stacks/control/stack.yaml': `playbooks: [playbooks/site.yml]
exports: [api.url, vip]
`,
  'stacks/control/playbooks/site.yml': `- hosts: control
  tasks: []
`,
};
