import type { CorpusCase } from './answer.ts';

export const textsCases: readonly CorpusCase[] = [
  {
    name: 'a value in a text',
    edit: `store/files/chrony.conf
-driftfile /var/lib/chrony/drift
+driftfile /srv/drift`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a number in a text',
    edit: `store/files/resolv.conf
-options timeout:3
+options timeout:5`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'an element in a loop',
    edit: `store/files/chrony.conf
-server 10.1.0.2 iburst
+server 10.1.0.22 iburst`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a field in a loop of maps',
    edit: `store/files/proxy.cfg
-    server api1.example.org:8081
+    server api9.example.org:8081`,
    answer: `param at site; sites/par.yaml +10 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a literal line is changed',
    edit: `store/files/chrony.conf
-logdir /var/log/chrony
+logdir /srv/log`,
    answer: `template at site; sites/par.yaml +1 -0, stacks/store/templates/chrony.conf.j2 +1 -1; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a literal line is changed, asked for at its origin',
    edit: `store/files/chrony.conf
-logdir /var/log/chrony
+logdir /srv/log`,
    place: 'origin',
    answer: `template at origin; stacks/store/templates/chrony.conf.j2 +1 -1; changes ber nyc par sfo`,
  },
  {
    name: 'a literal line is added',
    edit: `store/files/chrony.conf
 logdir /var/log/chrony
+rtcsync`,
    answer: `template at site; sites/par.yaml +1 -0, stacks/store/templates/chrony.conf.j2 +3 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a literal line is removed',
    edit: `store/files/chrony.conf
-logdir /var/log/chrony`,
    answer: `template at site; sites/par.yaml +1 -0, stacks/store/templates/chrony.conf.j2 +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'upper',
    edit: `store/files/motd
-WELCOME to par
+HELLO to par`,
    answer: `param at site; sites/par.yaml +1 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'join: a word comes',
    edit: `store/files/resolv.conf
-search example.org corp.example.org
+search example.org corp.example.org lab.example.org`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'join: a word goes',
    edit: `store/files/sshd_config
-AllowUsers root ops
+AllowUsers ops`,
    answer: `param at site; sites/par.yaml +1 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'default: a value in its place',
    edit: `store/files/sizes.conf
-retries 3
+retries 5`,
    answer: `param at site; sites/par.yaml +1 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'concatenation',
    edit: `store/files/sizes.conf
-keep days=7
+keep days=14`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'arithmetic',
    edit: `store/files/sizes.conf
-cache 4096
+cache 8192`,
    answer: `param at site; sites/par.yaml +1 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'arithmetic that does not come out even',
    edit: `store/files/sizes.conf
-cache 4096
+cache 4097`,
    answer: `template at site; sites/par.yaml +1 -0, stacks/store/templates/sizes.conf.j2 +1 -1; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'JSON',
    edit: `store/files/limits.json
-    "files": 1024,
+    "files": 2048,`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'JSON: a key comes',
    edit: `store/files/limits.json
     "files": 1024,
+    "locks": 8,
     "procs": 64`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'an inline if',
    edit: `store/files/sizes.conf
-root yes
+root no`,
    answer: `param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'text that contains {{',
    edit: `store/files/chrony.conf
 logdir /var/log/chrony
+user {{ name }}`,
    answer: `template at site; sites/par.yaml +1 -0, stacks/store/templates/chrony.conf.j2 +3 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'text that contains {%',
    edit: `store/files/chrony.conf
 logdir /var/log/chrony
+user {% if %}`,
    answer: `template at site; sites/par.yaml +1 -0, stacks/store/templates/chrony.conf.j2 +3 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'text that contains a comment of the template language',
    edit: `store/files/chrony.conf
 logdir /var/log/chrony
+user {# nobody #}`,
    answer: `template at site; sites/par.yaml +1 -0, stacks/store/templates/chrony.conf.j2 +3 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'text that contains #',
    edit: `store/files/chrony.conf
-logdir /var/log/chrony
+logdir /var/log/chrony # by hand`,
    answer: `template at site; sites/par.yaml +1 -0, stacks/store/templates/chrony.conf.j2 +1 -1; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'a value with {{ in it',
    edit: `store/files/chrony.conf
-driftfile /var/lib/chrony/drift
+driftfile {{ home }}/drift`,
    answer: 'param at site; sites/par.yaml +2 -0; changes par; mirror: group_vars/all.yml',
  },
];
