import type { CorpusCase } from './answer.ts';

export const filesCases: readonly CorpusCase[] = [
  {
    name: 'a playbook, copied as it is',
    edit: `store/playbooks/site.yml
-  tasks: []
+  tasks: [debug]`,
    answer: `overlay at site; overlays/par/store/playbooks/site.yml +2 -0; changes par`,
  },
  {
    name: 'a new file',
    edit: ``,
    files: { 'store/files/extra.conf': { content: 'by hand\n' } },
    answer: `overlay at site; overlays/par/store/files/extra.conf +1 -0; changes par`,
  },
  {
    name: 'a deleted file',
    edit: ``,
    files: { 'store/files/logo.txt': null },
    answer: `overlay at site; overlays/par/.trueup-absent.yaml +4 -0; changes par`,
  },
  {
    name: 'a deleted file that a template makes',
    edit: ``,
    files: { 'store/files/motd': null },
    answer: `overlay at site; overlays/par/.trueup-absent.yaml +4 -0; changes par`,
  },
  {
    name: 'a mode',
    edit: ``,
    files: { 'store/files/motd': { mode: '100755' } },
    answer: `overlay at site; overlays/par/store/files/motd +2 -0; changes par`,
  },
  {
    name: 'random noise',
    edit: `store/files/motd
-WELCOME to par
+\u0000\u0007 ]]}% zz`,
    answer: `template at site; sites/par.yaml +1 -0, stacks/store/templates/motd.j2 +4 -0; changes par; mirror: group_vars/all.yml`,
  },
  {
    name: 'noise in YAML',
    edit: `group_vars/all.yml
-vlan: 12
+vlan: [12`,
    answer: `unexplained: group_vars/all.yml: it is no YAML any more, so that nobody can tell whether a secret in it was changed`,
  },
];
