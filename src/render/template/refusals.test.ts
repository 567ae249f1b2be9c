import { expect, test } from 'vitest';

import { Tagged, type Value } from '../../plan/yaml/node.ts';
import { compileTemplate, type Template } from './template.ts';

const context = new Map<string, Value>([
  ['ntp_servers', ['a']],
  ['list', [1, 2]],
  ['map', new Map([['items', 1]])],
  ['vaulted', new Tagged('!vault', 'x')],
  ['unsafe', new Tagged('!unsafe', '{{ host }}')],
]);

function message(source: string): string {
  try {
    return `rendered ${JSON.stringify(compileTemplate('t.j2', source).render(context))}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test.each<[string, string]>([
  ['{{ ntp_server }}', 't.j2:1:4: "ntp_server" is undefined (did you mean "ntp_servers"?)'],
  ['\n\n  {{ list.x.y }}', 't.j2:3:6: "list.x" is undefined: a list has no attribute "x"'],
  ['{{ list[7] }}', 't.j2:1:4: "list[7]" is undefined: there is no element 7'],
  ['{{ 1 + "a" }}', 't.j2:1:4: + does not work on an integer and text'],
  ['{{ 1 / 0 }}', 't.j2:1:4: division by zero'],
  [
    '{{ map.items }}',
    "t.j2:1:4: .items of a mapping is not available (for a key of that name write ['items'])",
  ],
  [
    "{{ ''.__class__ }}",
    "t.j2:1:4: .__class__ of text is not available (for a key of that name write ['__class__'])",
  ],
  [
    '{{ list.pop() }}',
    't.j2:1:4: .pop() of a list is not available (these may be called: count, index, append, extend)',
  ],
  [
    '{{ list.append(3) }}',
    't.j2:1:4: a list of the plan cannot be changed (copy it first: | list)',
  ],
  [
    '{{ lookup("env", "HOME") }}',
    't.j2:1:4: "lookup" is undefined (templates look up nothing outside of the plan; define a parameter)',
  ],
  [
    '{{ list | fileglob }}',
    't.j2:1:11: the filter "fileglob" is not supported (it looks at files of the machine that renders; give the value as a parameter)',
  ],
  [
    '{{ list | shuffle }}',
    't.j2:1:4: "shuffle" needs a seed, for the same result each time (shuffle(seed=site.name))',
  ],
  [
    '{{ list is file }}',
    't.j2:1:12: the test "file" is not supported (it looks at files of the machine that renders; give the value as a parameter)',
  ],
  ['{{ list | join(1, 2, 3) }}', 't.j2:1:11: "join" takes fewer arguments (join(d?, attribute?))'],
  [
    '{{ list | replace("a") }}',
    't.j2:1:11: "replace" needs the argument "new" (replace(old, new, count?))',
  ],
  ['{{ list | join(sep=",") }}', 't.j2:1:11: "join" has no argument "sep" (join(d?, attribute?))'],
  ['{{ list | map("string") }}', 't.j2:1:4: the result of map cannot be printed (add | list)'],
  ['{{ map.keys() }}', 't.j2:1:4: .keys() cannot be printed (add | list)'],
  [
    '{{ vaulted | upper }}',
    't.j2:1:4: a secret may not be used in a template (keep it in the variables, for Ansible to decrypt; only `is defined` and `default` work on it here)',
  ],
  [
    '{% if vaulted %}{% endif %}',
    't.j2:1:7: a secret may not be used in a template (keep it in the variables, for Ansible to decrypt; only `is defined` and `default` work on it here)',
  ],
  [
    '{% block a %}{% endblock %}',
    't.j2:1:4: the tag "block" is not supported (use include or macro)',
  ],
  ['{% for a in list %}', 't.j2:1:1: the block is not closed (add {% endfor %})'],
  ['{% for loop in list %}{% endfor %}', 't.j2:1:8: "loop" cannot be assigned to'],
  ['{% if list }}{% endif %}', 't.j2:1:12: unexpected "}"'],
  ['{{ a b }}', 't.j2:1:6: unexpected "b" (expected the end of the tag)'],
  ['{{ "a }}', 't.j2:1:4: the string is not closed'],
  ['{{ a ? b }}', 't.j2:1:6: unexpected "?"'],
  ['{{ [1, 2 }}', 't.j2:1:10: unexpected "}" (expected "]")'],
  [
    '# {{ ansible_managed }}',
    't.j2:1:6: "ansible_managed" is undefined (define it as a parameter of a layer that plan.yaml lists, for example in layers/common.yaml: ansible_managed: "Managed by trueup: changes here become proposals")',
  ],
  [
    "{{ 'a' | password_hash }}",
    't.j2:1:10: the filter "password_hash" is not supported (its salt is random, so each rendering would differ; give the hash as a vaulted parameter)',
  ],
  [
    "{{ 'a' | community.general.json_query('b') }}",
    't.j2:1:10: the filter "community.general.json_query" is not supported (use selectattr, map and sum, or loops)',
  ],
  [
    "{{ ('<' | e) ~ 'a' }}",
    't.j2:1:4: escaped text can only be printed (let escape, safe or tojson be the last filter, and print the rest beside it)',
  ],
  ['{{ 2 | log(1) }}', 't.j2:1:4: there is no logarithm to the base 1'],
  [
    '{{ 1000000.5 | log(10) }}',
    't.j2:1:4: the last digit of this logarithm differs between machines (log(10) is supported for 1, 10, 100 …; for a number of digits use string | length)',
  ],
  ["{{ 'a' | wordwrap(0) }}", 't.j2:1:4: the width of wordwrap must be at least 1'],
  ['{# a', 't.j2:1:1: the comment is not closed (add #})'],
  [
    'a\r\nb',
    't.j2:1:2: a carriage return in a template (Jinja2 would turn it into a newline; save the file with LF line ends)',
  ],
  ['{% include "none.j2" %}', 't.j2:1:12: there is no template "none.j2"'],
  [
    '{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}',
    't.j2:1:12: "a" is undefined: the parameter was not given',
  ],
  [
    "{{ 'a' | regex_search('(') }}",
    't.j2:1:4: a group that is not closed in the regular expression "("',
  ],
  [
    "{{ 'a' | regex_search('({1}a)') }}",
    't.j2:1:4: nothing to repeat in the regular expression "({1}a)"',
  ],
  [
    '#jinja2: block_start_string: "<%"\n',
    't.j2:1:9: the setting "block_start_string: "<%"" is not supported (trim_blocks and lstrip_blocks, True or False)',
  ],
])('%s', (source, expected) => {
  expect(message(source)).toBe(expected);
});

test.each([
  'x.password',
  'x',
  'x | to_yaml',
  'x.password ~ 1',
  'x.password == 1',
  "[x] | map(attribute='password') | join",
  'x.password | hash',
  'x.password[0]',
  'x.values() | list',
  "'a' in x.password",
  'x.password + 1',
])('a secret is never part of a message: %s', (expression) => {
  const secret = new Map<string, Value>([
    ['password', 'hunter2'],
    ['name', 'db'],
  ]);
  const template = compileTemplate('t.j2', `{{ ${expression} }}`);
  const render = (): string =>
    template.render(new Map([['x', secret]]), { secrets: (path) => path.at(-1) === 'password' });
  expect(render).toThrow(/a secret/);
  expect(render).not.toThrow(/hunter2/);
});

test('text that is marked unsafe is text', () => {
  expect(message('{{ unsafe }}')).toBe('rendered "{{ host }}"');
});

test('an error inside of an included template names that template', () => {
  const part = compileTemplate('part.j2', '\n{{ nope }}');
  const load = (name: string): Template | undefined => (name === 'part.j2' ? part : undefined);
  const template = compileTemplate('t.j2', '{% include "part.j2" %}');
  expect(() => template.render(context, { load })).toThrow('part.j2:2:4: "nope" is undefined');
  expect([...(template.includes ?? [])]).toEqual(['part.j2']);
  expect(compileTemplate('t.j2', '{% include list %}').includes).toBeUndefined();
});

test('the first line can set how blanks before tags are treated', () => {
  expect(message('#jinja2: lstrip_blocks: True\n  {% if list %}\na\n  {% endif %}\n')).toBe(
    'rendered "a\\n"',
  );
  expect(message('#jinja2: trim_blocks: False\n{% if list %}\na{% endif %}')).toBe(
    'rendered "\\na"',
  );
});

test('rendering is paid for', () => {
  const template = compileTemplate('t.j2', '{% for i in range(100) %}{{ i }}{% endfor %}');
  expect(template.render(new Map(), { fuel: 2000 })).toHaveLength(190);
  expect(() => template.render(new Map(), { fuel: 300 })).toThrow(
    /^t\.j2:1:\d+: the template does too much work \(more than 300 steps\)/,
  );
});
