import type { Random } from './jinja-random.ts';

/** The types that generated expressions are asked for. */
export type Kind =
  | 'text'
  | 'int'
  | 'float'
  | 'bool'
  | 'texts'
  | 'ints'
  | 'map'
  | 'maps'
  | 'none'
  | 'undefined';

export const kinds: readonly [Kind, ...Kind[]] = [
  'text',
  'int',
  'float',
  'bool',
  'texts',
  'ints',
  'map',
  'maps',
  'none',
  'undefined',
];

/** Names of the context, and ways into it. */
export const NAMES: Record<Kind, readonly [string, ...string[]]> = {
  text: ['host', 'title', 'names[0]', 'users[0].name'],
  int: ['port', 'count', 'nums[0]', 'users[0].uid'],
  float: ['ratio'],
  bool: ['flag', 'users[0].admin'],
  texts: ['names', 'users[0].groups', 'mixed', 'tree.list'],
  ints: ['nums'],
  map: ['opts', 'tree', 'tree.a', 'users[0]'],
  maps: ['users'],
  none: ['nothing'],
  undefined: ['missing', 'opts.missing', 'users[9]', 'host.missing'],
};

export const LITERALS: Record<Kind, readonly [string, ...string[]]> = {
  text: ["'a'", '"b c"', "''", "'x\\ny'", "'A' 'b'", '"\\u00e9\\x41"', "'ä'", "'\\d+'"],
  int: ['0', '1', '2', '10', '-3', '0x1f', '1_000', '0b11', '0o17'],
  float: ['1.5', '0.0', '1e3', '2.5e-3', '-1.25'],
  bool: ['true', 'False', 'True', 'false'],
  texts: ["['b', 'a']", '[]', "['x', 'X', 'y']", "('p', 'q')"],
  ints: ['[3, 1, 2]', '[]', 'range(4)', '(1, 2)', 'range(3, 0, -1)'],
  map: ["{'b': 1, 'a': 'x'}", '{}', "dict(c=1, d='e')", "dict(['a', 'b'] | zip([1, 2]))"],
  maps: ["[{'name': 'n', 'uid': 1}]", '[]'],
  none: ['none', 'None'],
  undefined: ['missing', 'opts.missing'],
};

type Make = (sub: (kind: Kind) => string, random: Random) => string;

const anyKind = (random: Random): Kind =>
  random.pick(['text', 'int', 'float', 'bool', 'texts', 'ints', 'map', 'maps', 'none']);

/** Ways to write an expression of each type; `sub` writes a smaller one. */
export const EXPRESSIONS: Record<Kind, readonly [Make, ...Make[]]> = {
  text: [
    (sub, r) => `${sub('text')} ~ ${sub(anyKind(r))}`,
    (sub) => `${sub('text')} + ${sub('text')}`,
    (sub) => `${sub('text')} * 2`,
    (sub, r) =>
      `${sub('text')} | ${r.pick(['upper', 'lower', 'title', 'capitalize', 'trim', 'string', 'quote', 'b64encode', 'indent', 'indent(2, true)', 'indent(width=3, blank=true)', "replace('a', 'bb')", "replace('a', '', 1)", 'center(12)', 'hash', "hash('md5')", 'urlencode', 'truncate(5)', "truncate(6, true, '..', 0)", 'reverse', 'to_json', 'to_nice_json', "default('d')", "d('', true)", 'first', 'last', "trim('a')", 'e', 'checksum'])}`,
    (sub, r) =>
      `${sub(anyKind(r))} | ${r.pick(['string', 'to_json', 'to_json(sort_keys=true)', 'to_nice_json', 'to_nice_json(indent=2)', 'quote', 'upper', 'length', 'urlencode', 'b64encode', "to_json(indent=1, separators=(',', ':'))", 'to_yaml', 'to_nice_yaml', 'to_nice_yaml(indent=2)'])}`,
    (sub, r) =>
      `${sub('texts')} | ${r.pick(["join(',')", 'join', 'first', 'last', "join(', ') | upper", 'max', 'min', 'sort | first'])}`,
    (sub, r) =>
      `${sub('text')}.${r.pick(['upper()', 'lower()', 'strip()', "replace('a', 'b')", "split('.') | join('-')", "join(['x', 'y'])", 'rstrip()', "lstrip('a')", 'capitalize()', 'zfill(5)', 'format(1, a=2)', 'title()'])}`,
    (sub, r) =>
      `${sub('text')}[${r.pick(['0', '-1', '1:', ':2', '::-1', '1:3', '::2', '-2:', '9'])}]`,
    (sub, r) =>
      `${r.pick(["'%s'", "'%d'", "'%03d'", "'%x'", "'%5s|'", "'%-5s|'", "'%.2f'", "'%s-%s'", "'%%'", "'%+d'", "'%r'"])} ${r.pick(['%', '|'])} ${r.chance(0.5) ? sub('int') : sub(anyKind(r))}`.replace(
        /\| (.*)$/s,
        '| format($1)',
      ),
    (sub, r) =>
      `${r.pick(["'{}'", "'{0}-{1}'", "'{:>5}'", "'{:03d}'", "'{a}'", "'{:.1f}'", "'{{}}'", "'{!r}'"])}.format(${sub(anyKind(r))}, ${sub('int')}, a=${sub('text')})`,
    (sub) => `${sub('text')} if ${sub('bool')} else ${sub('text')}`,
    (sub) => `${sub('bool')} | ternary(${sub('text')}, ${sub('text')})`,
    (sub) => `${sub('text')} or ${sub('text')}`,
    (sub) => `${sub('undefined')} | default(${sub('text')})`,
    (_, r) =>
      `address | ${r.pick(['ipaddr', 'ipv4', 'ipv6'])}(${r.pick(['', "'address'", "'network'", "'netmask'", "'prefix'", "'broadcast'", "'size'", "'type'", "'host'", "'net'", "'subnet'", "'cidr'", "'hostmask'", "'wildcard'", "'int'", "'ip/prefix'", "'address/prefix'", "'gateway'", "'first_usable'", "'last_usable'", "'range_usable'", "'next_usable'", "'previous_usable'", "'revdns'", "'version'", "'wrap'", "'size_usable'", "'network_netmask'", "'network_wildcard'", "'ip_netmask'", "'bool'", '0', '1', '-1', '5', "'10.0.0.0/8'", "'nope'"])})`,
    (_, r) =>
      `address | ${r.pick(['ipwrap', 'ipmath(1)', 'ipmath(-3)', 'nthhost(2)', 'ipsubnet(26, 1)', 'ipsubnet(30)', 'ipsubnet', 'ipsubnet(28, -1)', 'ipaddr | string | upper'])}`,
    (sub, r) =>
      `${sub('text')} | ${r.pick(['basename', 'dirname', 'splitext | first', 'normpath', 'win_basename', 'win_dirname', 'comment', "comment('xml')", "comment('c', prefix='', postfix_count=2)", "comment(decoration='; ')", 'to_uuid', "regex_replace('[aeiou]', '_')", "regex_replace('(\\\\w)(\\\\d)', '\\\\2\\\\1')", "regex_search('[0-9]+')", "regex_findall('\\\\w+')", 'regex_escape', 'b64decode', 'from_json', 'wordcount', 'human_to_bytes', 'wordwrap(6)', "wordwrap(5, false, '|')", 'wordwrap(4, break_on_hyphens=false)', 'filesizeformat', "relpath('/a/b')"])}`,
    // Escaped text is printed and not much else, so that these stand outside, as in templates.
    (sub, r) =>
      `${sub(anyKind(r))} | ${r.pick(['e', 'escape', 'forceescape', 'safe', 'tojson', 'tojson(indent=2)', 'escape | forceescape', 'safe | e'])}`,
    (sub, r) => `${sub('map')} | xmlattr${r.pick(['', '(false)'])}`,
    (sub, r) =>
      `${sub(r.pick(['int', 'float']))} | ${r.pick(['human_readable', 'human_readable(true)', "human_readable(unit='K')", 'filesizeformat', 'filesizeformat(true)'])}`,
    (sub, r) => `[${sub('text')}, ${sub('text')}] | ${r.pick(['path_join', 'commonpath'])}`,
  ],
  int: [
    (sub, r) => `${sub('int')} ${r.pick(['+', '-', '*', '//', '%'])} ${sub('int')}`,
    // A literal, because Python would take forever over the power of two large numbers.
    (sub, r) => `${sub('int')} ** ${r.pick(['0', '2', '3', '(-1)'])}`,
    (sub, r) => `${sub(r.pick(['text', 'texts', 'map', 'ints']))} | length`,
    (sub, r) =>
      `${sub(anyKind(r))} | ${r.pick(['int', 'int(7)', 'int(default=-1)', 'count', 'abs', 'int(base=16)'])}`,
    (sub, r) =>
      `${sub('ints')} | ${r.pick(['sum', 'max', 'min', 'first', 'last', 'sort | last', 'length'])}`,
    (sub) => `${sub('ints')}[${sub('int')}]`,
    (sub, r) => `${r.pick(['-', '+'])}${sub('int')}`,
    (sub) => `60 | random(seed=${sub('text')})`,
    (sub) => `${sub('maps')} | sum(attribute='uid')`,
    (sub) => `(${sub('texts')} | length) + ${sub('int')}`,
    (sub, r) => `${sub('text')}.${r.pick(["count('a')", "find('b')"])}`,
  ],
  float: [
    (sub, r) =>
      `${sub('float')} ${r.pick(['+', '-', '*', '/', '//', '%'])} ${sub(r.pick(['int', 'float']))}`,
    (sub) => `${sub('int')} / ${sub('int')}`,
    (sub, r) =>
      `${sub(r.pick(['float', 'int', 'text']))} | ${r.pick(['float', 'round', 'round(1)', "round(2, 'floor')", "round(0, 'ceil')", 'abs', 'float(2.5)', 'round(-1)', 'pow(2)', 'pow(0.5)', 'pow(-3)', 'log', 'log(2)', 'log(10)', 'root', 'root(3)'])}`,
    (sub, r) => `${sub(r.pick(['int', 'float']))} ** ${r.pick(['0.5', '1.5', '-2', '2.0'])}`,
  ],
  bool: [
    (sub, r) =>
      `${sub('int')} ${r.pick(['<', '<=', '>', '>=', '==', '!='])} ${sub(r.pick(['int', 'float']))}`,
    (sub, r) => `${sub(anyKind(r))} ${r.pick(['==', '!='])} ${sub(anyKind(r))}`,
    (sub, r) => `${sub('text')} ${r.pick(['in', 'not in', '<', '>='])} ${sub('text')}`,
    (sub, r) =>
      `${sub(anyKind(r))} ${r.pick(['in', 'not in'])} ${sub(r.pick(['texts', 'map', 'ints', 'text']))}`,
    (sub, r) =>
      `${sub(r.pick(kinds))} is ${r.pick(['defined', 'undefined', 'not defined', 'none', 'not none', 'string', 'number', 'integer', 'float', 'boolean', 'mapping', 'sequence', 'iterable', 'true', 'false', 'odd', 'even', 'divisibleby 2', 'divisibleby(3)', "in ['a', 1]", 'upper', 'lower', 'sameas true', 'eq 1', '== 1', "contains('a')", 'truthy', 'falsy', 'callable', 'gt 1', 'ne(2)'])}`,
    (sub) => `not ${sub('bool')}`,
    (sub, r) => `${sub('bool')} ${r.pick(['and', 'or'])} ${sub(r.pick(['bool', 'text', 'int']))}`,
    (sub) => `${sub('int')} < ${sub('int')} <= ${sub('int')}`,
    (sub, r) =>
      `${sub('text')}.${r.pick(["startswith('a')", "endswith('b')", 'isdigit()', 'isalpha()'])}`,
    (sub, r) => `${sub(r.pick(['text', 'bool', 'int']))} | bool`,
    (sub) => sub('texts'),
    (sub) => sub('map'),
    (_, r) =>
      `${r.pick(["'1.10'", "'2.4.1'", "'1.0a'", 'host', "'1.2.3'"])} is version(${r.pick(["'1.9'", "'2.4'", "'1.0.0-rc.1'", "'1.2.3'"])}, '${r.pick(['<', '>=', 'eq', 'gt', '!='])}'${r.pick(['', '', ', strict=true', ", version_type='semver'"])})`,
    (sub, r) =>
      `${sub('text')} is ${r.pick(["match('[a-z]+')", "search('\\\\d')", "regex('^a', ignorecase=true)", "search('a|b$', multiline=true)"])}`,
    (sub, r) =>
      `${sub('texts')} is ${r.pick(["subset(['a', 'b'])", "superset(['a'])", 'all', 'any'])}`,
  ],
  texts: [
    (sub, r) =>
      `${sub('texts')} | ${r.pick(['sort', 'unique', 'list', 'reverse | list', 'sort(reverse=true)', "map('upper') | list", 'select | list', "reject('equalto', 'a') | list", 'unique | sort', 'sort(case_sensitive=true)', "select('string') | list", "map('length') | list", "map('default', 'q') | list", 'flatten', "list | difference(['a']) | sort(case_sensitive=true)", "map('string') | sort", 'map("int") | list', "select('in', ['a', 'b']) | list", "zip(['1', '2']) | list", "zip_longest(['1'], fillvalue='-') | list", 'permutations(2) | list', 'combinations(2) | list', 'list | union(["a", "q"]) | sort(case_sensitive=true)', "list | intersect(['a', 'x']) | sort(case_sensitive=true)", "list | symmetric_difference(['a']) | sort(case_sensitive=true)(case_sensitive=true)", "batch(2, 'f') | list", "slice(3, 'f') | list", 'flatten(levels=1)', "map('regex_replace', 'a', 'b') | list", "select('match', 'a') | list", "map('ternary', 1, 2) | list", 'batch(2) | list', 'slice(2) | list', "product(['x']) | list"])}`,
    (sub) => `${sub('texts')} + ${sub('texts')}`,
    (sub, r) => `${sub('text')}.split(${r.pick(['', "'.'", "',', 1", "'a'"])})`,
    (sub, r) => `${sub('text')} | ${r.pick(['list', 'split', "split('.')", 'unique'])}`,
    (sub) => `${sub('map')}.keys() | list`,
    (sub) => `${sub('map')}.values() | list`,
    (sub) => `${sub('map')} | list`,
    (sub, r) => `${sub('texts')}[${r.pick(['1:', ':1', '::-1', '0:2'])}]`,
    (sub, r) => `[${sub(anyKind(r))}, ${sub('text')}]`,
    (sub) => `${sub('maps')} | map(attribute='name') | list`,
    (sub) => `${sub('maps')} | map(attribute='shell', default='sh') | list`,
  ],
  ints: [
    (sub, r) =>
      `${sub('ints')} | ${r.pick(['sort', 'unique', 'list', "select('odd') | list", "reject('even') | list", "map('abs') | list", "select('gt', 1) | list", 'sort(reverse=true)', 'reverse | list', "map('string') | map('int') | list", 'max | string | list'])}`,
    (sub) => `range(${sub('int')} % 5) | list`,
    (sub) => `[${sub('int')}, ${sub('int')}]`,
    (sub) => `${sub('ints')} + ${sub('ints')}`,
    (sub) => `${sub('maps')} | map(attribute='uid') | list`,
  ],
  map: [
    (sub, r) =>
      `${sub('map')} | combine(${sub('map')}${r.pick(['', ', recursive=true', ", list_merge='append'"])})`,
    (sub) => `{${sub('text')}: ${sub('int')}, 'z': ${sub('text')}}`,
    (sub) => `${sub('map')} | dict2items | items2dict`,
    (sub) => `${sub('maps')} | first`,
    (sub) => `{'n': ${sub('texts')}, 'm': ${sub('map')}}`,
  ],
  maps: [
    (sub, r) =>
      `${sub('maps')} | ${r.pick(["selectattr('admin') | list", "rejectattr('admin') | list", "selectattr('uid', 'gt', 1) | list", "sort(attribute='name')", "sort(attribute='uid,name')", "selectattr('shell', 'defined') | list", "selectattr('name', 'equalto', 'a') | list", "unique(attribute='uid')", "groupby('uid')", "groupby('name') | map('last') | list", "rejectattr('shell', 'undefined') | list", "selectattr('groups', 'contains', 'a') | list", 'list', "sort(attribute='admin', reverse=true)"])}`,
    (sub) => `${sub('map')} | dict2items`,
    (sub, r) => `${sub('maps')} | subelements('groups'${r.pick(['', ', skip_missing=true'])})`,
    (sub) => `${sub('maps')} | rekey_on_member('name')`,
    (sub) => `${sub('map')} | dict2items(key_name='k', value_name='v')`,
    (sub) => `${sub('map')} | dictsort`,
    (sub, r) =>
      `${sub('map')} | dictsort(${r.pick(['true', "false, 'value'", "by='key', reverse=true"])})`,
    (sub) => `${sub('map')}.items() | list`,
    (sub) => `[${sub('map')}]`,
  ],
  none: [(sub) => sub('none'), (sub) => `${sub('map')}.get('nope')`],
  undefined: [(sub) => `${sub('map')}.nope`, (sub) => `${sub('texts')}[99]`],
};
