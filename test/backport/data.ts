import type { CorpusCase } from './answer.ts';

export const dataCases: readonly CorpusCase[] = [
  {
    name: 'a scalar in YAML, of the site',
    edit: `group_vars/all.yml
-vlan: 12
+vlan: 13`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'a scalar of a shared layer',
    edit: `group_vars/all.yml
-domain: example.org
+domain: example.net`,
    answer: `param at site; sites/par.yaml +1 -0; changes par; propagates: store/files/proxy.cfg`,
  },
  {
    name: 'a scalar of a shared layer, asked for at its origin',
    edit: `group_vars/all.yml
-domain: example.org
+domain: example.net`,
    place: 'origin',
    answer: `param at origin; layers/common.yaml +1 -1; changes ber nyc par sfo; propagates: store/files/proxy.cfg`,
  },
  {
    name: 'a list item that comes first',
    edit: `group_vars/all.yml
 lanes:
+  - door
   - left`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'a list item that comes in the middle',
    edit: `group_vars/all.yml
   - left
+  - door
   - middle`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'a list item that comes last',
    edit: `group_vars/all.yml
   - right
+  - door`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'a list item beside the only one',
    edit: `group_vars/all.yml
   - till-1
+  - till-2`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'a list item that comes into an empty list',
    edit: `group_vars/all.yml
-spare: []
+spare:
+  - lamp`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'the first list item goes',
    edit: `group_vars/all.yml
 lanes:
-  - left
   - middle`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'the middle list item goes',
    edit: `group_vars/all.yml
-  - middle`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'the last list item goes',
    edit: `group_vars/all.yml
   - middle
-  - right`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'the only list item goes',
    edit: `group_vars/all.yml
-tills:
-  - till-1
+tills: []`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'the first list item moves to the end',
    edit: `group_vars/all.yml
-  - left
   - middle
   - right
+  - left`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'the last list item moves to the front',
    edit: `group_vars/all.yml
 lanes:
+  - right
   - left
   - middle
-  - right`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'the middle list item moves to the front',
    edit: `group_vars/all.yml
 lanes:
+  - middle
   - left
-  - middle`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'an item of a list that a region has',
    edit: `group_vars/all.yml
     - 10.1.0.2
+    - 10.1.0.3`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; propagates: store/files/chrony.conf`,
  },
  {
    name: 'a key is added',
    edit: `group_vars/all.yml
   driftfile: /var/lib/chrony/drift
+  rtcsync: true`,
    answer: `param at site; sites/par.yaml +2 -0; changes par`,
  },
  {
    name: 'a key is added that needs quotes',
    edit: `group_vars/all.yml
   - till-1
+note: "yes"`,
    answer: `param at site; sites/par.yaml +1 -0; changes par`,
  },
  {
    name: 'a key of the site is deleted',
    edit: `group_vars/all.yml
-tills:
-  - till-1`,
    answer: `param at site; sites/par.yaml +0 -1; changes par`,
  },
  {
    name: 'an inherited key is deleted: a tombstone',
    edit: `group_vars/all.yml
-legacy: old`,
    answer: `param at site; sites/par.yaml +1 -0; changes par`,
  },
  {
    name: 'a key that a tombstone takes away comes back',
    edit: `group_vars/all.yml
 legacy: old
+ghost: boo`,
    answer: `param at site; sites/par.yaml +0 -1; changes par`,
  },
  {
    name: 'a key that a tombstone takes away comes back with another value',
    edit: `group_vars/all.yml
 legacy: old
+ghost: friendly`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'a value of the site goes back to that of the layers',
    edit: `group_vars/all.yml
-shelf: 8
+shelf: 4`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'an inherited key is renamed: its place among the keys cannot be kept',
    edit: `group_vars/all.yml
-legacy: old
+former: old`,
    answer: `overlay at site; sites/par.yaml +2 -0, overlays/par/group_vars/all.yml +82 -0; changes par`,
  },
  {
    name: 'a key of the site is renamed',
    edit: `group_vars/all.yml
-tills:
+counters:
   - till-1`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'a field of a list of maps',
    edit: `group_vars/all.yml
-      port: 8081
+      port: 9091`,
    answer: `param at site; sites/par.yaml +10 -0; changes par; propagates: store/files/proxy.cfg`,
  },
  {
    name: 'an element is added to a list of maps',
    edit: `group_vars/all.yml
     size: 5
+  - name: scan
+    size: 2`,
    answer: `param at site; sites/par.yaml +7 -0; changes par; propagates: store/files/queues.conf`,
  },
  {
    name: 'elements of a list of maps change places',
    edit: `group_vars/all.yml
-  - name: mail
-    size: 10
   - name: print
     size: 5
+  - name: mail
+    size: 10`,
    answer: `param at site; sites/par.yaml +5 -0; changes par`,
  },
  {
    name: 'an element of a list of maps goes',
    edit: `group_vars/all.yml
-  - name: print
-    size: 5`,
    answer: `param at site; sites/par.yaml +3 -0; changes par; propagates: store/files/queues.conf`,
  },
  {
    name: 'a quoted scalar',
    edit: `group_vars/all.yml
-banner: "Welcome"
+banner: "Be: welcome"`,
    answer: `param at site; sites/par.yaml +1 -0; changes par; propagates: store/files/motd`,
  },
  {
    name: 'an octal mode',
    edit: `group_vars/all.yml
-  mode: 0644
+  mode: 0600`,
    answer: `param at site; sites/par.yaml +2 -0; changes par`,
  },
  {
    name: 'what looks like a version',
    edit: `group_vars/all.yml
-  version: 1.10
+  version: 1.20`,
    answer: `param at site; sites/par.yaml +2 -0; changes par`,
  },
  {
    name: 'a variable of a host',
    edit: `host_vars/par1.yml
-cpu: 4
+cpu: 16`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'an address in the inventory',
    edit: `inventory.yml
-      ansible_host: 10.9.0.2
+      ansible_host: 10.9.0.7`,
    answer: `param at site; sites/par.yaml +1 -1; changes par; propagates: store/files/hosts`,
  },
  {
    name: 'only a comment',
    edit: `group_vars/all.yml
-vlan: 12
+vlan: 12 # rack 4`,
    answer: `overlay at site; overlays/par/group_vars/all.yml +82 -0; changes par`,
  },
  {
    name: 'a key that three layers define',
    edit: `group_vars/all.yml
-  level: error
+  level: debug`,
    answer: `param at site; sites/par.yaml +2 -0; changes par`,
  },
  {
    name: 'a key that three layers define, asked for at its origin',
    edit: `group_vars/all.yml
-  level: error
+  level: debug`,
    place: 'origin',
    answer: `param at origin; layers/profile/edge.yaml +1 -1; changes ber nyc par sfo`,
  },
  {
    name: 'a vault untouched beside an edit',
    edit: `group_vars/all.yml
-vlan: 12
+vlan: 14`,
    answer: `param at site; sites/par.yaml +1 -1; changes par`,
  },
  {
    name: 'a vault replaced',
    edit: `group_vars/all.yml
-  6431626536303530376336343832656537303632313433360a
+  0000626536303530376336343832656537303632313433360a`,
    answer: `unexplained: group_vars/all.yml: a secret was changed at the site: that is reported, never proposed`,
  },
];
