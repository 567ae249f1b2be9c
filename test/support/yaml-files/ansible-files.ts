import { behind, insert, move, remove, rename, set, type YamlFile } from './file.ts';

export const ansibleFiles: YamlFile[] = [
  {
    name: 'host_vars, with quotes, modes, a vault and quoted keys',
    text: `---
# compute-0, rack 4; serial on the door
ansible_host: 10.20.7.11          # management
"ansible_user": 'ops'

# sysctl wants these as they are
sysctl:
  'net.ipv4.ip_forward': 1
  "vm.swappiness":       10       # was 60
  kernel.panic: 0x0a

umask: 0027
version: 1.10
maintenance: no
ipmi_password: !vault |
          $ANSIBLE_VAULT;1.1;AES256
          66386439653236336462626566653063336164663966303231363934653561363964363833313662
          6431626536303530376336343832656537303632313433360a

# the card was changed in May
nics: [ens1f0, ens1f1]   # do not reorder
`,
    edits: [
      set(
        'ansible_user',
        'root',
        'a value in its quotes',
        `-"ansible_user": 'ops'
+"ansible_user": 'root'`,
      ),
      set(
        'sysctl/vm.swappiness',
        20,
        'an aligned value with a comment',
        `-  "vm.swappiness":       10       # was 60
+  "vm.swappiness":       20       # was 60`,
      ),
      set(
        'sysctl/net.core.somaxconn',
        4096,
        'a key that comes last',
        '+  net.core.somaxconn: 4096',
      ),
      set(
        'version',
        '1.20',
        'what looks like a number and is none',
        `-version: 1.10
+version: '1.20'`,
      ),
      set(
        'umask',
        18,
        'a number in place of an octal one',
        `-umask: 0027
+umask: 18`,
      ),
      set(
        'maintenance',
        true,
        'a flag',
        `-maintenance: no
+maintenance: true`,
      ),
      remove('umask', 'a key that goes', '-umask: 0027'),
      remove(
        'ipmi_password',
        'a vault that goes',
        `-ipmi_password: !vault |
-          $ANSIBLE_VAULT;1.1;AES256
-          66386439653236336462626566653063336164663966303231363934653561363964363833313662
-          6431626536303530376336343832656537303632313433360a`,
      ),
      behind(
        'gateway',
        'ansible_host',
        '10.20.7.1',
        'a key that comes second',
        '+gateway: 10.20.7.1',
      ),
      insert(
        'nics/2',
        'ens2f0',
        'an item in brackets',
        `-nics: [ens1f0, ens1f1]   # do not reorder
+nics: [ens1f0, ens1f1, ens2f0]   # do not reorder`,
      ),
      rename(
        'ansible_user',
        'ansible_ssh_user',
        'a key in its quotes',
        `-"ansible_user": 'ops'
+"ansible_ssh_user": 'ops'`,
      ),
      set('site', 'lisbon', 'a key at the end', '+site: lisbon'),
    ],
  },
  {
    name: 'group_vars, with long comments and lists that are not indented',
    text: `# -----------------------------------------------------------------------------
# Everything that all stores share. Ask the network team before you change
# anything below "network".
# -----------------------------------------------------------------------------

timezone: Europe/Lisbon

packages:
- chrony
- tcpdump      # wanted by the network team
# the shell of the night shift
- zsh
-   jq


##
## network
##
dns_servers:
- 10.0.0.2
- 10.0.0.3

# Nobody knows why this has to be off.
# It was tried in 2023 and the tills stopped.
tcp_timestamps: off

firewall:
  default: drop
  allow:
  - {port: 22, from: 10.0.0.0/8}    # ssh
  - {port: 443, from: any}

  # monitoring comes last
  - port: 9100
    from: 10.0.9.0/24
`,
    edits: [
      set(
        'timezone',
        'Europe/Madrid',
        'a word',
        `-timezone: Europe/Lisbon
+timezone: Europe/Madrid`,
      ),
      insert('packages/0', 'vim', 'an item that comes first', '+- vim'),
      insert('packages/2', 'bash', 'an item in front of a comment', '+- bash'),
      insert('packages/4', 'yq', 'an item that comes last', '+- yq'),
      remove(
        'packages/2',
        'an item with its comment',
        `-# the shell of the night shift
-- zsh`,
      ),
      remove('packages/0', 'the first item', '-- chrony'),
      move(
        'packages/3',
        0,
        'an item that moves',
        `+-   jq
--   jq`,
      ),
      remove(
        'tcp_timestamps',
        'a key with its comment',
        `-# Nobody knows why this has to be off.
-# It was tried in 2023 and the tills stopped.
-tcp_timestamps: off
-`,
      ),
      set(
        'tcp_timestamps',
        true,
        'a flag under a long comment',
        `-tcp_timestamps: off
+tcp_timestamps: true`,
      ),
      set(
        'firewall/allow/0/from',
        '10.1.0.0/16',
        'a value in braces',
        `-  - {port: 22, from: 10.0.0.0/8}    # ssh
+  - {port: 22, from: 10.1.0.0/16}    # ssh`,
      ),
      set(
        'firewall/allow/1/log',
        true,
        'a key in braces',
        `-  - {port: 443, from: any}
+  - {port: 443, from: any, log: true}`,
      ),
      set('firewall/allow/2/log', true, 'a key of the last map', '+    log: true'),
      insert(
        'firewall/allow/1',
        new Map<string, string | number>([
          ['port', 80],
          ['from', 'any'],
        ]),
        'a map among maps in braces',
        `+  - port: 80
+    from: any`,
      ),
      remove('firewall/allow/1', 'a map in braces', '-  - {port: 443, from: any}'),
    ],
  },
  {
    name: 'an inventory, oddly indented',
    text: `all:
    vars:
        ansible_user: ops
    children:

      controllers:
         hosts:
            ctl-0:   {ansible_host: 192.0.2.10}
            ctl-1:   {ansible_host: 192.0.2.11, ansible_port: 2222}
      computes:
         hosts:
            cmp-[00:07]:
            cmp-08:            # new
              ansible_host: 192.0.2.28
         vars:
              tuned: throughput-performance

      # nothing here yet
      storage: {}
`,
    edits: [
      set(
        'all/children/controllers/hosts/ctl-1/ansible_port',
        22,
        'a number in braces',
        `-            ctl-1:   {ansible_host: 192.0.2.11, ansible_port: 2222}
+            ctl-1:   {ansible_host: 192.0.2.11, ansible_port: 22}`,
      ),
      set(
        'all/children/controllers/hosts/ctl-2',
        new Map([['ansible_host', '192.0.2.12']]),
        'a host',
        `+            ctl-2:
+                ansible_host: 192.0.2.12`,
      ),
      remove(
        'all/children/controllers/hosts/ctl-0',
        'a host that goes',
        '-            ctl-0:   {ansible_host: 192.0.2.10}',
      ),
      set(
        'all/children/computes/hosts/cmp-08/ansible_host',
        '192.0.2.38',
        'an address',
        `-              ansible_host: 192.0.2.28
+              ansible_host: 192.0.2.38`,
      ),
      set(
        'all/children/computes/hosts/cmp-08/rack',
        'b4',
        'a key of a host',
        '+              rack: b4',
      ),
      set(
        'all/children/computes/hosts/cmp-[00:07]/rack',
        'a1',
        'a key where nothing was',
        '+                rack: a1',
      ),
      set(
        'all/children/computes/vars/hugepages',
        64,
        'a key at its odd indentation',
        '+              hugepages: 64',
      ),
      rename(
        'all/children/computes',
        'hypervisors',
        'a group',
        `-      computes:
+      hypervisors:`,
      ),
      set(
        'all/children/storage/hosts/ceph-0',
        null,
        'a host in empty braces',
        `-      storage: {}
+      storage:
+          hosts:
+              ceph-0: null`,
      ),
      remove(
        'all/vars/ansible_user',
        'the only key',
        `-    vars:
-        ansible_user: ops
+    vars: {}`,
      ),
    ],
  },
  {
    name: 'requirements, between document markers',
    text: `# installed by the release job
---
collections:
  - name: community.general
    version: ">=8.0.0,<9"     # 9 drops el7
  - name: ansible.posix
    version: '1.5.4'

  -   name: https://git.example.org/acme.edge.git
      type: git
      version: v2.1
roles:
  - {src: geerlingguy.ntp, version: 2.3.0}
...
`,
    edits: [
      set(
        'collections/0/version',
        '>=9.0.0,<10',
        'a value in double quotes',
        `-    version: ">=8.0.0,<9"     # 9 drops el7
+    version: ">=9.0.0,<10"     # 9 drops el7`,
      ),
      set(
        'collections/1/version',
        '1.6.0',
        'a value in single quotes',
        `-    version: '1.5.4'
+    version: '1.6.0'`,
      ),
      set('collections/1/signatures', [], 'a key of the middle map', '+    signatures: []'),
      behind('collections/1/source', 'name', 'galaxy', 'a key between two', '+    source: galaxy'),
      remove(
        'collections/1',
        'a map that goes',
        `-  - name: ansible.posix
-    version: '1.5.4'`,
      ),
      remove(
        'collections/0/name',
        'the first key of a map',
        `-  - name: community.general
-    version: ">=8.0.0,<9"     # 9 drops el7
+  - version: ">=8.0.0,<9"     # 9 drops el7`,
      ),
      remove('collections/2/type', 'a key in the middle', '-      type: git'),
      insert(
        'collections/3',
        new Map([
          ['name', 'ansible.utils'],
          ['version', '4.0.0'],
        ]),
        'a map that comes last',
        `+  - name: ansible.utils
+    version: 4.0.0`,
      ),
      insert('roles/1', new Map([['src', 'acme.base']]), 'a role', '+  - src: acme.base'),
      remove(
        'roles/0',
        'the only role',
        `-roles:
-  - {src: geerlingguy.ntp, version: 2.3.0}
+roles: []`,
      ),
      set('strict', true, 'a key before the end of the document', '+strict: true'),
    ],
  },
];
