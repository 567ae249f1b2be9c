import type { CorpusCase } from './answer.ts';

export const severalCases: readonly CorpusCase[] = [
  {
    name: 'one use of two',
    edit: `store/files/motd
-at most 20000 connections
+at most 30000 connections`,
    answer: `template at site; sites/par.yaml +1 -0, stacks/store/templates/motd.j2 +1 -1; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'both uses',
    edit: `store/files/motd
-at most 20000 connections
+at most 30000 connections
store/files/proxy.cfg
-    maxconn 20000
+    maxconn 30000`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'contradicting uses',
    edit: `store/files/motd
-at most 20000 connections
+at most 30000 connections
store/files/proxy.cfg
-    maxconn 20000
+    maxconn 40000`,
    answer: `template at site; sites/par.yaml +3 -0, stacks/store/templates/motd.j2 +1 -1; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'equal values of two parameters',
    edit: `store/files/proxy.cfg
-    timeout server 30s
+    timeout server 45s`,
    answer: `param at site; sites/par.yaml +1 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a text and the parameters, alike',
    edit: `store/files/resolv.conf
-options timeout:3
+options timeout:5
group_vars/all.yml
-  timeout: 3
+  timeout: 5`,
    answer: `param at site; sites/par.yaml +2 -0; changes par`,
  },
  {
    name: 'a text and the parameters, against each other',
    edit: `store/files/resolv.conf
-options timeout:3
+options timeout:5
group_vars/all.yml
-  timeout: 3
+  timeout: 6`,
    answer: `template at site; sites/par.yaml +3 -0, stacks/store/templates/resolv.conf.j2 +1 -1; changes par
unexplained: group_vars/all.yml: what was edited in it is made; it will also show resolv_timeout, edited elsewhere at the site`,
  },
  {
    name: 'four edits at once',
    edit: `store/files/chrony.conf
 server 10.1.0.2 iburst
+server 10.0.0.9 iburst
store/files/resolv.conf
-options timeout:3
+options timeout:5
group_vars/all.yml
-vlan: 12
+vlan: 15
store/files/proxy.cfg
 defaults
+    retries 3`,
    answer: `template at site; sites/par.yaml +6 -1, stacks/store/templates/proxy.cfg.j2 +3 -0; changes par
unexplained: group_vars/all.yml: what was edited in it is made; it will also show ntp.servers, dns.timeout, proxy_extra, edited elsewhere at the site`,
  },
];
