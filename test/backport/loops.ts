import type { CorpusCase } from './answer.ts';

export const loopsCases: readonly CorpusCase[] = [
  {
    name: 'a line is added first',
    edit: `store/files/chrony.conf
 # managed
+server 10.0.0.9 iburst
 server 10.1.0.1 iburst`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a line is added in the middle',
    edit: `store/files/chrony.conf
 server 10.1.0.1 iburst
+server 10.0.0.9 iburst
 server 10.1.0.2 iburst`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a line is added last',
    edit: `store/files/chrony.conf
 server 10.1.0.2 iburst
+server 10.0.0.9 iburst`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'the first line goes',
    edit: `store/files/chrony.conf
-server 10.1.0.1 iburst`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'the last line goes',
    edit: `store/files/chrony.conf
-server 10.1.0.2 iburst`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'two lines change places',
    edit: `store/files/chrony.conf
-server 10.1.0.1 iburst
 server 10.1.0.2 iburst
+server 10.1.0.1 iburst`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'all lines go',
    edit: `store/files/chrony.conf
-server 10.1.0.1 iburst
-server 10.1.0.2 iburst`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a loop of maps: a block is added',
    edit: `store/files/proxy.cfg
     server app1.example.org:8080 check
+backend new
+    server new1.example.org:8082
 backend api`,
    answer: `param at site; sites/par.yaml +14 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a loop of maps: a block goes',
    edit: `store/files/proxy.cfg
-backend api
-    server api1.example.org:8081`,
    answer: `param at site; sites/par.yaml +6 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'items(): a value',
    edit: `store/files/fstab
-/var xfs defaults
+/var btrfs defaults`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'items(): a line is added',
    edit: `store/files/fstab
 /var xfs defaults
+/home ext4 defaults`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'items(): a line goes',
    edit: `store/files/fstab
-/srv ext4 defaults`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'items() of the hosts: a host is added',
    edit: `store/files/hosts
 10.9.0.2 par2
+10.9.0.3 par3`,
    answer: `param at site; sites/par.yaml +1 -0; changes par; mirror: inventory.yml`,
  },
  {
    name: 'a filtered loop: a value',
    edit: `store/files/checks.conf
-check db at 5432
+check db at 5433`,
    answer: `param at site; sites/par.yaml +4 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a filtered loop: a line goes',
    edit: `store/files/checks.conf
-check web at 80`,
    answer: `param at site; sites/par.yaml +3 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a filtered loop: a line is added',
    edit: `store/files/checks.conf
 check db at 5432
+check ups at 161`,
    answer: `param at site; sites/par.yaml +5 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a sorted loop: a value',
    edit: `store/files/queues.conf
-queue mail 10
+queue mail 20`,
    answer: `param at site; sites/par.yaml +3 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a sorted loop: a line is added',
    edit: `store/files/queues.conf
 queue mail 10
+queue news 3`,
    answer: `param at site; sites/par.yaml +4 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a nested loop: an inner line is added',
    edit: `store/files/zones.conf
   port eth2
+  port eth3`,
    answer: `param at site; sites/par.yaml +5 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a nested loop: an inner line goes',
    edit: `store/files/zones.conf
-  port eth1`,
    answer: `param at site; sites/par.yaml +5 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a nested loop: an outer element is added',
    edit: `store/files/zones.conf
   port eth2
+zone dmz
+  port eth5`,
    answer: `param at site; sites/par.yaml +7 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'an inner if of a loop',
    edit: `store/files/proxy.cfg
-    server api1.example.org:8081
+    server api1.example.org:8081 check`,
    answer: `param at site; sites/par.yaml +10 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a condition is flipped',
    edit: `store/files/chrony.conf
 driftfile /var/lib/chrony/drift
+bindaddress ::`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
];
