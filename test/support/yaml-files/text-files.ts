import { insert, move, remove, rename, set, type YamlFile } from './file.ts';

export const textFiles: YamlFile[] = [
  {
    name: 'block scalars, kept, clipped and stripped',
    text: `literal: |
  one
  two # no comment

stripped: |-
    deep
      deeper

kept: |+
  three


folded: >
  a long
  line

  and another
folded_stripped: >-   # comment
  x
folded_kept: >+
  y

indented: |2
    two in front
  none
after: 1
`,
    edits: [
      set(
        'literal',
        'one\n2 # no comment\n',
        'one line of a literal',
        `-  two # no comment
+  2 # no comment`,
      ),
      set('stripped', 'deep\n  deeper\nend', 'a line that comes', '+    end'),
      set('kept', 'three\nfour\n\n\n', 'a line before kept blank lines', '+  four'),
      set(
        'folded',
        'short\n',
        'a folded text',
        `-folded: >
-  a long
-  line
-
-  and another
+folded: |
+  short`,
      ),
      set(
        'folded_stripped',
        'z',
        'a folded word with a comment',
        `-folded_stripped: >-   # comment
-  x
+folded_stripped: z   # comment`,
      ),
      set(
        'indented',
        '  two in front\nnothing\n',
        'a text with an indicator',
        `-  none
+  nothing`,
      ),
      remove(
        'stripped',
        'a text that goes',
        `-stripped: |-
-    deep
-      deeper
-`,
      ),
      remove(
        'kept',
        'a text with its blank lines',
        `-kept: |+
-  three
-
-`,
      ),
      remove(
        'folded_kept',
        'a folded text that goes',
        `-folded_kept: >+
-  y
-`,
      ),
      set(
        'after',
        2,
        'what stands behind them',
        `-after: 1
+after: 2`,
      ),
      set(
        'new',
        'x\ny\n',
        'a text that comes',
        `+new: |
+  x
+  y`,
      ),
      rename(
        'kept',
        'saved',
        'the key of a text',
        `-kept: |+
+saved: |+`,
      ),
    ],
  },
  {
    name: 'no newline at the end, and tabs in comments',
    text: `#\tname\tvalue
motd: Welcome #\tseen\tby all
tills: #\tone a lane
  - till-1 
  - till-2
banner: |
  Open
  from nine`,
    edits: [
      set(
        'motd',
        'Closed',
        'a value before a tab',
        `-motd: Welcome #\tseen\tby all
+motd: Closed #\tseen\tby all`,
      ),
      insert('tills/2', 'till-3', 'an item', '+  - till-3'),
      insert('tills/0', 'till-0', 'an item below a comment with a tab', '+  - till-0'),
      remove('tills/0', 'an item with spaces behind it', '-  - till-1 '),
      set(
        'banner',
        'Open\nfrom ten',
        'the last line',
        `-banner: |
+banner: |-
-  from nine
+  from ten`,
      ),
      set(
        'close',
        '18:00',
        'a key behind a text without an end',
        `-banner: |
+banner: |-
-  from nine
+  from nine
+close: "18:00"`,
      ),
      remove(
        'banner',
        'the last key',
        `-banner: |
-  Open
-  from nine`,
      ),
    ],
  },
  {
    name: 'rules, with quotes of all kinds and nested lists',
    text: `groups:
- name: edge
  interval: 30s
  rules:
  - alert: SiteStale
    expr: 'time() - trueup_applied_seconds > 3600'
    for: 15m
    labels: {severity: page, team: 'edge''s own'}
    annotations:
      summary: "{{ $labels.site }} is stale"
      description: plain text that goes on
        over a second line
        and a third   # until here

  # silence this in the lab
  - alert: Drift
    expr: "increase(trueup_drifts[1h]) > 0"
matrix:
- - 1
  - 2
- [3, 4]
-
  - 5
last: value
`,
    edits: [
      set(
        'groups/0/rules/0/expr',
        'time() - trueup_applied_seconds > 7200',
        'an expression in single quotes',
        `-    expr: 'time() - trueup_applied_seconds > 3600'
+    expr: 'time() - trueup_applied_seconds > 7200'`,
      ),
      set(
        'groups/0/rules/0/labels/team',
        "store's own",
        'an apostrophe in single quotes',
        `-    labels: {severity: page, team: 'edge''s own'}
+    labels: {severity: page, team: "store's own"}`,
      ),
      set(
        'groups/0/rules/0/annotations/summary',
        '{{ $labels.site }} is old',
        'braces in double quotes',
        `-      summary: "{{ $labels.site }} is stale"
+      summary: "{{ $labels.site }} is old"`,
      ),
      set(
        'groups/0/rules/0/annotations/description',
        'short',
        'a text over lines',
        `-      description: plain text that goes on
-        over a second line
-        and a third   # until here
+      description: short   # until here`,
      ),
      set('groups/0/rules/1/for', '5m', 'a key of the last rule', '+    for: 5m'),
      remove(
        'groups/0/rules/1',
        'a rule with its comment',
        `-  # silence this in the lab
-  - alert: Drift
-    expr: "increase(trueup_drifts[1h]) > 0"`,
      ),
      remove('groups/0/rules/0/for', 'a key in the middle', '-    for: 15m'),
      insert('groups/0/rules/2', new Map([['record', 'a:b']]), 'a rule', '+  - record: a:b'),
      move(
        'groups/0/rules/1',
        0,
        'a rule that moves, with its comment',
        `+  # silence this in the lab
+  - alert: Drift
+    expr: "increase(trueup_drifts[1h]) > 0"
+
-
-  # silence this in the lab
-  - alert: Drift
-    expr: "increase(trueup_drifts[1h]) > 0"`,
      ),
      set(
        'matrix/0/0',
        9,
        'a number in a nested list',
        `-- - 1
+- - 9`,
      ),
      insert('matrix/0/1', 7, 'an item of a nested list', '+  - 7'),
      insert(
        'matrix/1/2',
        6,
        'an item in nested brackets',
        `-- [3, 4]
+- [3, 4, 6]`,
      ),
      insert('matrix/2/1', 8, 'an item below a lone dash', '+  - 8'),
    ],
  },
  {
    name: 'a header, a comment at the end, and nothing but one key',
    text: `# Copyright Acme
---
# the only thing

only:      x     # really

# end of the file
`,
    edits: [
      set(
        'only',
        'y',
        'the value',
        `-only:      x     # really
+only:      "y"     # really`,
      ),
      set('more', 1, 'a second key', '+more: 1'),
      remove(
        'only',
        'the only key',
        `-only:      x     # really
-`,
      ),
      rename(
        'only',
        'sole',
        'the key',
        `-only:      x     # really
+sole:      x     # really`,
      ),
    ],
  },
];
