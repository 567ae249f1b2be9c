import { expect, test } from 'vitest';

import { compileTemplate } from './template.ts';

// What Jinja2 3.1 renders of each, set as Ansible sets it and with Ansible's filters.
test.each<[string, string]>([
  ["{{ 'a' | upper }}{{ 'ÄB' | lower }}{{ 'fOO bar' | capitalize }}", 'AäbFoo bar'],
  ['{{ "foo-bar (baz) it\'s" | title }}', "Foo-Bar (Baz) It's"],
  ["{{ '  x ' | trim }}|{{ 'xxaxx' | trim('x') }}", 'x|a'],
  [
    "{{ 'a.b.c' | replace('.', '-') }}{{ 'aaa' | replace('a', 'b', 2) }}{{ 'ab' | replace('', '-') }}",
    'a-b-cbba-a-b-',
  ],
  [
    "{{ 'a\\n\\nb\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}|{{ 'a\\n\\nb' | indent('> ', blank=true) }}",
    'a\n\n    b\n    c|  a\n  b|a\n> \n> b',
  ],
  ["{{ 'abc' | center(8) }}|{{ 'ab' | center(5) }}|", '  abc   |  ab |'],
  [
    "{{ 'foo bar baz qux' | truncate(9) }}|{{ 'foo bar baz qux' | truncate(9, true) }}|{{ 'foo bar' | truncate(5) }}",
    'foo...|foo ba...|foo bar',
  ],
  [
    "{{ \"it's\" | quote }}{{ 'a b' | quote }}{{ '' | quote }}{{ 'safe-1.2' | quote }}",
    "'it'\"'\"'s''a b'''safe-1.2",
  ],
  [
    "{{ 'a b  c' | split }}{{ 'a,b,c' | split(',') }}{{ 'a,b,c' | split(',', 1) }}",
    "['a', 'b', 'c']['a', 'b', 'c']['a', 'b,c']",
  ],
  ["{{ 'one two, three' | wordcount }}", '3'],
  [
    "{{ '42' | int }}{{ ' 7 ' | int }}{{ '4.9' | int }}{{ 'x' | int(3) }}{{ 'ff' | int(base=16) }}{{ true | int }}{{ none | int }}",
    '4274325510',
  ],
  ["{{ '1.5' | float }} {{ 'x' | float }} {{ 3 | float }}", '1.5 0.0 3.0'],
  ["{{ 'yes' | bool }}{{ 'off' | bool }}{{ 1 | bool }}{{ 'maybe' | bool }}", 'TrueFalseTrueFalse'],
  [
    "{{ 2.5 | round }} {{ 3.5 | round }} {{ 2.675 | round(2) }} {{ 2.1 | round(0, 'ceil') }} {{ 7 | round(-1) }} {{ 2.19 | round(1, 'floor') }}",
    '2.0 4.0 2.67 3.0 10 2.1',
  ],
  ['{{ -3 | abs }}{{ -2.5 | abs }}', '32.5'],
  [
    "{{ [3, 1, 2] | sort }}{{ ['b', 'A', 'a'] | sort }}{{ ['b', 'A'] | sort(case_sensitive=true) }}{{ [1, 3] | sort(reverse=true) }}",
    "[1, 2, 3]['A', 'a', 'b']['A', 'b'][3, 1]",
  ],
  [
    "{{ ['a', 'A', 'b', 1, 1.0, true] | unique }}{{ [{'a': 1}, {'a': 1}] | unique }}",
    "['a', 'b', 1][{'a': 1}]",
  ],
  ["{{ [1, 2] | first }}{{ [1, 2] | last }}{{ 'abc' | first }}{{ 'abc' | last }}", '12ac'],
  [
    "{{ [1, 5, 2] | max }}{{ ['b', 'a'] | min }}{{ [1, 2, 3] | sum }}{{ [0.5, 0.25] | sum(start=1) }}",
    '5a61.75',
  ],
  ["{{ [1, 'a', none] | join('-') }}{{ {'a': 1, 'b': 2} | join(',') }}", '1-a-Nonea,b'],
  ["{{ [1, 2, 3] | reverse | list }}{{ 'abc' | reverse }}", '[3, 2, 1]cba'],
  ["{{ 'äb' | length }}{{ [1] | count }}{{ {'a': 1} | length }}", '211'],
  [
    "{{ [1, 2, 3, 4] | select('odd') | list }}{{ [1, 2, 3] | reject('gt', 1) | list }}{{ [0, 1, ''] | select | list }}",
    '[1, 3][1][1]',
  ],
  [
    "{{ [{'n': 'a', 'e': true}, {'n': 'b', 'e': false}] | selectattr('e') | map(attribute='n') | list }}",
    "['a']",
  ],
  [
    "{{ [{'n': 1}, {'n': 2}, {}] | selectattr('n', 'defined') | rejectattr('n', 'eq', 1) | list }}",
    "[{'n': 2}]",
  ],
  [
    "{{ [{'n': {'m': 5}}] | map(attribute='n.m') | list }}{{ [{}] | map(attribute='x', default='d') | list }}{{ ['a'] | map('upper') | list }}",
    "[5]['d']['A']",
  ],
  [
    "{{ {'a': {'x': 1}, 'b': 1} | combine({'a': {'y': 2}}) }}{{ {'a': {'x': 1}} | combine({'a': {'y': 2}}, recursive=true) }}",
    "{'a': {'y': 2}, 'b': 1}{'a': {'x': 1, 'y': 2}}",
  ],
  [
    "{{ {'l': [1, 2]} | combine({'l': [2, 3]}, list_merge='append') }}{{ {'l': [1, 2]} | combine({'l': [2, 3]}, list_merge='append_rp') }}{{ {'l': [1]} | combine({'l': [2]}, list_merge='keep') }}",
    "{'l': [1, 2, 2, 3]}{'l': [1, 2, 3]}{'l': [1]}",
  ],
  [
    "{{ {'b': 1, 'a': 2} | dictsort }}{{ {'b': 1, 'a': 2} | dictsort(by='value') }}",
    "[('a', 2), ('b', 1)][('b', 1), ('a', 2)]",
  ],
  [
    "{{ {'a': 1} | dict2items }}{{ [{'key': 'a', 'value': 1}] | items2dict }}{{ {'a': 1} | dict2items(key_name='k') }}",
    "[{'key': 'a', 'value': 1}]{'a': 1}[{'k': 'a', 'value': 1}]",
  ],
  [
    "{{ true | ternary('y', 'n') }}{{ none | ternary('y', 'n', 'z') }}{{ 0 | ternary('y', 'n') }}",
    'yzn',
  ],
  ["{{ 'ä' | b64encode }}{{ 'w6Q=' | b64decode }}", 'w6Q=ä'],
  [
    "{{ 'a' | hash }} {{ 'a' | hash('md5') }} {{ 'a' | md5 }} {{ 'a' | sha1 }} {{ 'a' | checksum }}",
    '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8 0cc175b9c0f1b6a831c399e269772661 0cc175b9c0f1b6a831c399e269772661 86f7e437faa5a7fce15d1ddcb9eaeaea377667b8 86f7e437faa5a7fce15d1ddcb9eaeaea377667b8',
  ],
  ["{{ 'a b/ü?' | urlencode }}{{ {'a b': 'c&d'} | urlencode }}", 'a%20b/%C3%BC%3Fa+b=c%26d'],
  [
    "{{ {'b': [1, 2.0, none, true, \"x\\u00e9\\n\"], 'a': {}} | to_json }}",
    '{"b": [1, 2.0, null, true, "x\\u00e9\\n"], "a": {}}',
  ],
  ["{{ {'b': [1], 'a': {}} | to_nice_json }}", '{\n    "a": {},\n    "b": [\n        1\n    ]\n}'],
  [
    "{{ {'b': [1], 'a': 'x'} | to_nice_json(indent=2, sort_keys=false) }}",
    '{\n  "b": [\n    1\n  ],\n  "a": "x"\n}',
  ],
  [
    "{{ {'b': [1, 'yes', 'a: b'], 'a': {'c': none}} | to_yaml }}",
    "a: {c: null}\nb: [1, 'yes', 'a: b']\n",
  ],
  [
    "{{ {'b': [1, 'yes', 'a: b'], 'a': {'c': none, 'd': [], 'e': 'x\\ny'}} | to_nice_yaml }}",
    "a:\n    c: null\n    d: []\n    e: 'x\n\n        y'\nb:\n- 1\n- 'yes'\n- 'a: b'\n",
  ],
  ["{{ {'b': {'c': [1]}} | to_nice_yaml(indent=2) | indent(4) }}", 'b:\n      c:\n      - 1\n'],
  ['{{ \'{"a": [1, 1.0, "\\\\u00e9", null]}\' | from_json }}', "{'a': [1, 1.0, 'é', None]}"],
  ["{{ 'a: [1, yes, 0x10]\\nb: ~' | from_yaml }}", "{'a': [1, True, 16], 'b': None}"],
  [
    "{{ 'foo123' | regex_replace('[0-9]+', '#') }}{{ 'a-b' | regex_replace('(\\\\w)-(\\\\w)', '\\\\2-\\\\1') }}{{ 'Foo' | regex_replace('f', 'g', ignorecase=true) }}",
    'foo#b-agoo',
  ],
  [
    "{{ 'eth0.100' | regex_search('\\\\.([0-9]+)', '\\\\1') }}{{ 'x' | regex_search('y') }}{{ 'abc' | regex_search('b.') }}",
    "['100']Nonebc",
  ],
  [
    "{{ 'a1b22' | regex_findall('\\\\d+') }}{{ 'a=1 b=2' | regex_findall('(\\\\w)=(\\\\d)') }}{{ 'a.b' | regex_escape }}",
    "['1', '22'][('a', '1'), ('b', '2')]a\\.b",
  ],
  [
    '{{ [1, [2, [3, none]], []] | flatten }}{{ [1, [2, [3]]] | flatten(levels=1) }}',
    '[1, 2, 3][1, 2, [3]]',
  ],
  [
    '{{ [1, 2, 3] | difference([2]) | sort }}{{ [1, 2] | union([2, 3]) | sort }}{{ [1, 2] | intersect([2, 3]) }}{{ [1, 2] | symmetric_difference([2, 3]) | sort }}',
    '[1, 3][1, 2, 3][2][1, 3]',
  ],
  [
    "{{ [1, 2] | zip(['a', 'b', 'c']) | list }}{{ [1] | zip_longest([2, 3], fillvalue='x') | list }}",
    "[(1, 'a'), (2, 'b')][(1, 2), ('x', 3)]",
  ],
  [
    "{{ [1, 2] | product(['a', 'b']) | list }}{{ [1, 2, 3] | combinations(2) | list }}{{ [1, 2] | permutations | list }}",
    "[(1, 'a'), (1, 'b'), (2, 'a'), (2, 'b')][(1, 2), (1, 3), (2, 3)][(1, 2), (2, 1)]",
  ],
  [
    "{{ range(5) | batch(2) | list }}{{ range(5) | batch(2, 'x') | list }}{{ range(5) | slice(2) | list }}",
    "[[0, 1], [2, 3], [4]][[0, 1], [2, 3], [4, 'x']][[0, 1, 2], [3, 4]]",
  ],
  [
    "{{ [{'a': 1, 'b': 2}, {'a': 1, 'b': 3}, {'a': 0, 'b': 4}] | groupby('a') }}",
    "[(0, [{'a': 0, 'b': 4}]), (1, [{'a': 1, 'b': 2}, {'a': 1, 'b': 3}])]",
  ],
  [
    "{{ [{'n': 'a', 'g': [1, 2]}, {'n': 'b', 'g': []}] | subelements('g') }}",
    "[({'n': 'a', 'g': [1, 2]}, 1), ({'n': 'a', 'g': [1, 2]}, 2)]",
  ],
  ["{{ [{'n': 'a', 'v': 1}] | rekey_on_member('n') }}", "{'a': {'n': 'a', 'v': 1}}"],
  [
    "{{ '/etc/a.conf' | basename }}{{ '/etc/a.conf' | dirname }}{{ '/etc/a.tar.gz' | splitext }}{{ ['/etc', 'a', 'b'] | path_join }}{{ 'a/../b//c' | normpath }}",
    "a.conf/etc('/etc/a.tar', '.gz')/etc/a/bb/c",
  ],
  [
    "{{ 'C:\\\\a\\\\b.txt' | win_basename }}{{ 'C:\\\\a\\\\b.txt' | win_dirname }}{{ 'C:\\\\a' | win_splitdrive }}",
    "b.txtC:\\a('C:', '\\\\a')",
  ],
  [
    "{{ 'a\\nb' | comment }}|{{ 'a' | comment('c') }}|{{ 'a' | comment('xml') }}|{{ 'a' | comment('cblock', prefix='X') }}",
    '#\n# a\n# b\n#|//\n// a\n//|<!--\n -\n - a\n -\n-->|/*\nX\n * a\n *\n */',
  ],
  [
    "{{ 1048576 | human_readable }} {{ 10 | human_readable(isbits=true) }} {{ '10M' | human_to_bytes }} {{ '1.5 GB' | human_to_bytes }}",
    '1.00 MB 10.00 bits 10485760 1610612736',
  ],
  ["{{ 'example.com' | to_uuid }}", 'ae780c3a-a3ab-53c2-bfb4-098da300b3fe'],
  [
    "{{ '%s has %d and %05.2f' | format('x', 3, 2.5) }}{{ '%-5s|%5s|%%' | format('a', 'b') }}{{ '%x %o %X %+d' % (255, 8, 255, 3) }}",
    'x has 3 and 02.50a    |    b|%ff 10 FF +3',
  ],
  [
    "{{ '{} {1}'.replace('1', '') }}{{ '{0}-{1:>4}-{x}'.format('a', 'b', x=1) }}{{ '{:05d}|{:.1f}|{:<3}|{:^5}'.format(42, 2.25, 'a', 'b') }}",
    '{} {}a-   b-100042|2.2|a  |  b  ',
  ],
  [
    "{{ '10.0.0.5/24' | ansible.utils.ipaddr('network') }} {{ '10.0.0.5/24' | ansible.utils.ipaddr('address') }} {{ '10.0.0.0/24' | ansible.utils.ipaddr('netmask') }} {{ '10.0.0.0/24' | ansible.utils.ipaddr(5) }} {{ 'x' | ansible.utils.ipaddr }} {{ '::1' | ansible.utils.ipwrap }} {{ '10.0.0.0/24' | ansible.utils.ipsubnet(26, 2) }}",
    '10.0.0.0 10.0.0.5 255.255.255.0 10.0.0.5/24 False [::1] 10.0.0.128/26',
  ],
  [
    "{{ 'http://u:p@Host.org:8080/a/b?c=d#e' | urlsplit('hostname') }}{{ 'https://host/x' | urlsplit('port') }}{{ 'a%20b+c' | urldecode }}",
    'host.orgNonea b c',
  ],
  [
    "{{ '1.10' is version('1.9', '>') }}{{ '1.2.3' is version('1.2.3-rc1', 'gt', version_type='semver') }}{{ '2.0' is version('2.0', 'ge', strict=true) }}",
    'TrueTrueTrue',
  ],
  [
    "{{ 'abc' is match('b') }}{{ 'abc' is search('b') }}{{ 'ABC' is regex('^abc$', ignorecase=true) }}",
    'FalseTrueTrue',
  ],
  [
    '{{ [1] is subset([1, 2]) }}{{ [1, 2] is superset([1]) }}{{ [1, 0] is any }}{{ [1, 0] is all }}{{ [1, 2] is contains(2) }}',
    'TrueTrueTrueFalseTrue',
  ],
  [
    "{{ 60 | random(seed='host-1') }} {{ 60 | random(seed='host-2') }} {{ 1000000 | random(start=10, step=7, seed=42) }} {{ ['a', 'b', 'c'] | random(seed='x') }}",
    '45 43 204298 c',
  ],
  [
    "{{ [1, 2, 3, 4, 5] | shuffle(seed='host-1') }}{{ range(700) | list | shuffle(seed=7) | sum }}",
    '[3, 5, 2, 4, 1]244650',
  ],
  [
    "{{ dict(['a', 'b'] | zip([1, 2])) }}{{ dict({'a': 1}, b=2) }}{{ 'they\\'re 1st 中a'.title() }}",
    "{'a': 1, 'b': 2}{'a': 1, 'b': 2}They'Re 1St 中A",
  ],
  [
    "{{ '_aba1_1' | regex_findall('(?=(aa{,2})1|)[^\\\\W_]\\\\.|') }}",
    "['', '', '', '', '', '', '', '']",
  ],
  [
    "{{ 'well-known words are wrapped' | wordwrap(8) }}|{{ 'unbreakable' | wordwrap(4, false) }}|{{ 'ab-cd' | wordwrap(4, true, '/') }}",
    'well-\nknown\nwords\nare\nwrapped|unbreakable|ab-/cd',
  ],
  [
    "{{ '<a href=\"x\">' | e }}{{ '<' | e | e }}{{ '<' | e | forceescape }}{{ '<' | safe }}",
    '&lt;a href=&#34;x&#34;&gt;&lt;&amp;lt;<',
  ],
  [
    "{{ {'b': '<', 'a': [1, none]} | tojson }}{{ {'id': 'x', 'no': none} | xmlattr }}",
    '{"a": [1, null], "b": "\\u003c"} id="x"',
  ],
  [
    '{{ 2 | pow(10) }} {{ 8 | log(2) }} {{ 1000 | log(10) }} {{ 2 | root }} {{ 27 | root(3) }} {{ 2 ** 0.5 }} {{ 2 ** -1 }}',
    '1024.0 3.0 3.0 1.4142135623730951 3.0 1.4142135623730951 0.5',
  ],
  [
    "{{ 1 | filesizeformat }} {{ 123456 | filesizeformat }} {{ 1048576 | filesizeformat(true) }} {{ ['/a/b', '/a/c'] | commonpath }} {{ '/a/b' | relpath('/a/c') }}",
    '1 Byte 123.5 kB 1.0 MiB /a ../b',
  ],
])('%s', (source, expected) => {
  const template = compileTemplate('t.j2', source);
  expect(template.render(new Map())).toBe(expected);
  expect(template.trace(new Map()).text).toBe(expected);
});
