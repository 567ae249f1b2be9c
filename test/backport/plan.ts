function site(name: string, region: string, number: number, more = ''): string {
  return `apiVersion: trueup/v1
kind: Site
labels: { region: ${region}, profile: edge }
stacks: [store]
hosts:
  ${name}1: { ansible_host: 10.9.${number}.1 }
  ${name}2: { ansible_host: 10.9.${number}.2 }
groups: { gateways: [${name}1] }
params:
  vlan: 12
${more}hostParams:
  ${name}1: { cpu: 4 }
`;
}

/** What `par` has beside the others: a tombstone for what all have, lists of all lengths, a value said again. */
const PAR = `  ghost: !unset
  shelf: 8
  spare: []
  lanes: [left, middle, right]
  tills: [till-1]
`;

/** A plan of four sites with each construct of templates once, for readable cases: path → text. */
export const corpusPlan: Readonly<Record<string, string>> = {
  'plan.yaml': `apiVersion: trueup/v1
kind: Plan
name: corpus
layers:
  - layers/common.yaml
  - layers/region/{region}.yaml
  - layers/profile/{profile}.yaml
`,
  'layers/common.yaml': `# What every site has.
domain: example.org        # DNS suffix
ntp:
  # the public pool is only for labs
  servers:
    - 10.0.0.1
    - 10.0.0.2   # backup
  makestep: "1.0 3"
  driftfile: /var/lib/chrony/drift
dns:
  search: [example.org, corp.example.org]
  timeout: 2
proxy:
  maxconn: 4000
  mode: 0644
  version: 1.10
  backends:
    - name: app
      host: app1.example.org
      port: 8080
      check: yes
    - name: api
      host: api1.example.org
      port: 8081
      check: no
client_timeout: 30
server_timeout: 30
log: { level: info, keep: 7 }
banner: "Welcome"
queues:
  - { name: mail, size: 10 }
  - { name: print, size: 5 }
probes:
  - { name: web, port: 80, wanted: yes }
  - { name: db, port: 5432, wanted: yes }
  - { name: ups, port: 161, wanted: no }
mounts:
  /srv: ext4
  /var: xfs
zones:
  - name: lan
    ports: [eth0, eth1]
  - name: wan
    ports: [eth2]
limits: { files: 1024, procs: 64 }
memory: 4
users: [root, ops]
legacy: old
ghost: boo
shelf: 4
db_password: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  66386439653236336462626566653063336164663966303231363934653561363964363833313662
  6431626536303530376336343832656537303632313433360a
`,
  'layers/region/eu.yaml': `ntp:
  servers:
    - 10.1.0.1
    - 10.1.0.2
dns:
  timeout: 3   # slow links
log: { level: warn }
`,
  'layers/region/us.yaml': `dns:
  timeout: 1
`,
  'layers/profile/edge.yaml': `proxy:
  maxconn: 20000
features:
  ipv6: no
  cache: yes
log: { level: error }
`,
  'sites/par.yaml': site('par', 'eu', 0, PAR),
  'sites/ber.yaml': site('ber', 'eu', 1),
  'sites/nyc.yaml': site('nyc', 'us', 2),
  'sites/sfo.yaml': site('sfo', 'us', 3),
  'stacks/store/stack.yaml': 'playbooks: [playbooks/site.yml]\n',
  'stacks/store/playbooks/site.yml': '- hosts: all\n  tasks: []\n',
  'stacks/store/templates/logo.txt': 'THE STORE\n',
  'stacks/store/templates/chrony.conf.j2': `# managed
{% for server in ntp.servers %}
server {{ server }} iburst
{% endfor %}
makestep {{ ntp.makestep }}
driftfile {{ ntp.driftfile }}
{% if features.ipv6 %}
bindaddress ::
{% endif %}
logdir /var/log/chrony
`,
  'stacks/store/templates/proxy.cfg.j2': `global
    maxconn {{ proxy.maxconn }}
    # {{ site.name | upper }}.{{ domain }}
defaults
    timeout client {{ client_timeout }}s
    timeout server {{ server_timeout }}s
{% for backend in proxy.backends %}
backend {{ backend.name }}
    server {{ backend.host }}:{{ backend.port }}{% if backend.check %} check{% endif %}

{% endfor %}
`,
  'stacks/store/templates/resolv.conf.j2': `search {{ dns.search | join(' ') }}
options timeout:{{ dns.timeout }}
`,
  'stacks/store/templates/hosts.j2': `127.0.0.1 localhost
{% for name, host in site.hosts.items() %}
{{ host.ansible_host }} {{ name }}
{% endfor %}
`,
  'stacks/store/templates/motd.j2': `{{ banner | upper }} to {{ site.name }}
at most {{ proxy.maxconn }} connections
`,
  'stacks/store/templates/fstab.j2': `{% for path, type in mounts.items() %}
{{ path }} {{ type }} defaults
{% endfor %}
`,
  'stacks/store/templates/queues.conf.j2': `{% for queue in queues | sort(attribute='name') %}
queue {{ queue.name }} {{ queue.size }}
{% endfor %}
`,
  'stacks/store/templates/checks.conf.j2': `{% for probe in probes if probe.wanted %}
check {{ probe.name }} at {{ probe.port }}
{% endfor %}
`,
  'stacks/store/templates/zones.conf.j2': `{% for zone in zones %}
zone {{ zone.name }}
{% for port in zone.ports %}
  port {{ port }}
{% endfor %}
{% endfor %}
`,
  'stacks/store/templates/limits.json.j2': '{{ limits | to_nice_json }}\n',
  'stacks/store/templates/sizes.conf.j2': `cache {{ memory * 1024 }}
retries {{ retries | default(3) }}
keep {{ 'days=' ~ log.keep }}
root {{ 'yes' if features.cache else 'no' }}
`,
  'stacks/store/templates/sshd_config.j2': 'AllowUsers {{ users | join(" ") }}\n',
};
