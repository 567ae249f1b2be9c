import * as fc from 'fast-check';

import recorded from './pyyaml-plain-scalars.json' with { type: 'json' };

/**
 * Random YAML documents in every style that people write: block and flow, odd indentation, comments, all kinds of
 * quotes, block scalars, anchors, merge keys, tags. The text is what is generated; what it means is for a parser.
 */
export interface DocumentOptions {
  /** Anchors, aliases and merge keys. */
  anchors?: boolean;
  tags?: boolean;
  /** Only what a person would write every day: no tabs, no odd line breaks within values. */
  everyday?: boolean;
}

/** How the lines around one entry look. */
interface Layout {
  comment: string;
  blank: boolean;
  trailing: string;
  gap: number;
}

type Model =
  | { kind: 'token'; token: string }
  | { kind: 'folded'; parts: string[]; quote: string }
  | { kind: 'block'; header: string; lines: string[]; extra: number }
  | { kind: 'alias'; pick: number }
  | { kind: 'map'; entries: Entry[]; flow: boolean; merge: number; step: number; anchor: boolean }
  | { kind: 'sequence'; items: Item[]; flow: boolean; step: number; anchor: boolean };

type Item = { layout: Layout; value: Model };
type Entry = Item & { key: string };

const words = fc.constantFrom('alpha', 'b', 'web-01', 'ntp_servers', 'x.y', 'Name', 'k8s', 'zeta');

const awkward = recorded
  .filter((entry) => !('error' in entry))
  .map((entry) => entry.token)
  .concat(
    'http://a.b/c',
    'a:b',
    'fe80::1',
    '-x',
    '/etc/motd',
    '1.2.3',
    '50%',
    'a#b',
    "it's",
    'é ü',
    '😀',
  );

const text = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', '#', ':', '-', '"', "'", '\\', '{', ',', '\u00e9', '1', '%'),
  maxLength: 8,
});

const single = text.map((value) => `'${value.replaceAll("'", "''")}'`);
const double = fc
  .array(
    fc.constantFrom(
      'a',
      ' ',
      "'",
      '#',
      ': ',
      '\\"',
      '\\n',
      '\\\\',
      '\\x41',
      '\\u00e9',
      '\\t',
      '{{ x }}',
    ),
    {
      maxLength: 6,
    },
  )
  .map((parts) => `"${parts.join('')}"`);

const plain = fc.oneof(
  { weight: 3, arbitrary: words },
  { weight: 3, arbitrary: fc.constantFrom(...awkward.map((token) => token.trim())) },
  { weight: 1, arbitrary: fc.array(words, { minLength: 2, maxLength: 3 }).map((w) => w.join(' ')) },
  { weight: 1, arbitrary: fc.integer({ min: -1000, max: 100000 }).map(String) },
);

const layout: fc.Arbitrary<Layout> = fc.record({
  comment: fc.oneof(
    { weight: 4, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom('# note', '#', '# - key: value') },
  ),
  blank: fc.oneof(
    { weight: 5, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  trailing: fc.oneof(
    { weight: 4, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom(' # why', '  #', ' ') },
  ),
  gap: fc.oneof(
    { weight: 4, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) },
  ),
});

const oddKey = fc.oneof(
  { weight: 8, arbitrary: words },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '80',
      'yes',
      '1.10',
      '~',
      '2001-12-14',
      'a b',
      'a:b',
      '=',
      '-k',
      '0644',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom("'q k'", '"d"', '"80"', "'yes'", '"a: b"') },
);

function keys(everyday = false): fc.Arbitrary<string> {
  return everyday
    ? fc.oneof(
        { weight: 9, arbitrary: words },
        { weight: 1, arbitrary: fc.constantFrom('80', 'a b', "'q k'", '"80"', '10.20.7.1') },
      )
    : oddKey;
}

const blockLine = fc.oneof(
  { weight: 4, arbitrary: words },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '',
      '  deeper',
      ' # no comment',
      '- x: y',
      'it\'s "q"',
      'end ',
      '\tt',
      '   ',
    ),
  },
);

function token(arbitrary: fc.Arbitrary<string>): fc.Arbitrary<Model> {
  return arbitrary.map((value) => ({ kind: 'token', token: value }));
}

function model({ anchors, tags, everyday }: DocumentOptions): fc.Arbitrary<Model> {
  const key = keys(everyday);
  const block = fc
    .record({
      header: fc.constantFrom(
        ...(everyday ? ['|', '|-'] : ['|', '|-', '|+', '>', '>-', '>+', '|2', '>1-', '| # note']),
      ),
      lines: fc.array(blockLine, { minLength: everyday ? 1 : 0, maxLength: 5 }),
      extra: fc.integer({ min: 1, max: 3 }),
    })
    .map((value): Model => ({ kind: 'block', ...value }));
  const folded = fc
    .record({
      parts: fc.array(fc.oneof(words, fc.constant('')), { minLength: 2, maxLength: 4 }),
      quote: fc.constantFrom('', "'", '"'),
    })
    .map((value): Model => ({ kind: 'folded', ...value }));
  const scalars: fc.WeightedArbitrary<Model>[] = [
    { weight: 6, arbitrary: token(plain) },
    { weight: 1, arbitrary: token(single) },
    { weight: 1, arbitrary: token(double) },
    { weight: 1, arbitrary: token(fc.constant('')) },
    { weight: 2, arbitrary: block },
  ];
  if (!everyday) scalars.push({ weight: 1, arbitrary: folded });
  if (anchors) {
    scalars.push({ weight: 1, arbitrary: token(plain.map((value) => `&N ${value}`)) });
    scalars.push({
      weight: 2,
      arbitrary: fc.nat(9).map((pick): Model => ({ kind: 'alias', pick })),
    });
  }
  if (tags) {
    const tagged = fc.oneof(
      fc.constantFrom(
        '!unset',
        '!!str 0644',
        '!!int "12"',
        '!!float 3',
        '!!str',
        '!unsafe "{{ x }}"',
        '!unsafe a',
        "!vault 'x'",
      ),
      plain.map((value) => `!!str ${value}`),
    );
    scalars.push({ weight: 1, arbitrary: token(tagged) });
    scalars.push({
      weight: 1,
      arbitrary: fc.constant<Model>({
        kind: 'block',
        header: '!vault |',
        lines: ['$ANSIBLE_VAULT;1.1;AES256', '6162'],
        extra: 2,
      }),
    });
  }
  return fc.letrec<{ node: Model; map: Model; sequence: Model; scalar: Model }>((tie) => {
    const common = {
      flow: fc.oneof(
        { weight: 3, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.constant(true) },
      ),
      step: fc.oneof(
        { weight: 3, arbitrary: fc.constant(2) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 4 }) },
      ),
      anchor: anchors ? fc.boolean() : fc.constant(false),
    };
    return {
      scalar: fc.oneof(...scalars),
      map: fc.record({
        kind: fc.constant('map' as const),
        entries: fc.uniqueArray(fc.record({ key, layout, value: tie('node') }), {
          maxLength: 5,
          selector: (entry) => entry.key,
        }),
        merge: anchors ? fc.nat(12) : fc.constant(12),
        ...common,
      }),
      sequence: fc.record({
        kind: fc.constant('sequence' as const),
        items: fc.array(fc.record({ layout, value: tie('node') }), { maxLength: 4 }),
        ...common,
      }),
      node: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        { weight: 4, arbitrary: tie('scalar') },
        { weight: 2, arbitrary: tie('map') },
        { weight: 2, arbitrary: tie('sequence') },
      ),
    };
  }).node;
}

/** Writes a model down. */
class Writer {
  #anchors = 0;
  /** Names of anchors that are complete, and whether a map stands there. */
  readonly #known: { name: string; map: boolean }[] = [];

  entries(entries: readonly Entry[], indent: number, merge: number): string {
    const pad = ' '.repeat(indent);
    let out = '';
    const maps = this.#known.filter((anchor) => anchor.map);
    if (merge < maps.length) out += `${pad}<<: *${maps[merge]!.name}\n`;
    else if (merge < maps.length + 2 && maps.length > 1) {
      out += `${pad}<<: [*${maps[0]!.name}, *${maps[1]!.name}]\n`;
    }
    for (const { key, layout, value } of entries) {
      out += before(layout, pad);
      out += `${pad}${key}:${this.#value(value, indent, layout, false)}`;
    }
    return out;
  }

  items(items: readonly Item[], indent: number): string {
    const pad = ' '.repeat(indent);
    return items
      .map(
        (item) =>
          `${before(item.layout, pad)}${pad}-${this.#value(item.value, indent, item.layout, true)}`,
      )
      .join('');
  }

  /** What follows a colon or a dash, up to and with the end of the line. */
  #value(value: Model, indent: number, { gap, trailing }: Layout, inItem: boolean): string {
    const space = ' '.repeat(gap);
    if (value.kind === 'block') {
      const digit = /[1-9]/.exec(value.header)?.[0];
      const width = indent + (digit ? Number(digit) : value.extra);
      const lines = value.lines.map((line) =>
        line === '' ? '\n' : `${' '.repeat(width)}${line}\n`,
      );
      return `${space}${value.header}\n${lines.join('')}`;
    }
    if (value.kind === 'folded') {
      const pad = ' '.repeat(indent + 1);
      const [first, ...middle] = value.parts.slice(0, -1);
      const lines = [first || 'f', ...middle, value.parts.at(-1) || 'z'];
      const body = lines.map((line, i) => (i === 0 || line === '' ? line : pad + line)).join('\n');
      return `${space}${value.quote}${body}${value.quote}${trailing}\n`;
    }
    if (value.kind === 'token' || value.kind === 'alias') {
      const token = this.#flow(value);
      return `${token === '' ? '' : space + token}${trailing}\n`;
    }
    const children = value.kind === 'map' ? value.entries : value.items;
    if (value.flow || children.length === 0) return `${space}${this.#flow(value)}${trailing}\n`;
    const name = value.anchor ? `a${(this.#anchors += 1)}` : '';
    const compact =
      inItem && name === '' && children[0]!.layout.comment === '' && !children[0]!.layout.blank;
    const step = value.kind === 'sequence' && !inItem ? value.step : Math.max(1, value.step);
    const at = compact ? indent + 1 + gap : indent + step;
    const out =
      value.kind === 'map'
        ? this.entries(value.entries, at, compact ? 99 : value.merge)
        : this.items(value.items, at);
    if (name !== '') this.#known.push({ name, map: value.kind === 'map' });
    if (compact) return space + out.slice(at);
    return `${name === '' ? '' : ` &${name}`}${trailing}\n${out}`;
  }

  /** A node on one line. */
  #flow(value: Model): string {
    if (value.kind === 'token') {
      if (!value.token.startsWith('&N')) return value.token;
      const name = `a${(this.#anchors += 1)}`;
      this.#known.push({ name, map: false });
      return value.token.replace('&N', `&${name}`);
    }
    if (value.kind === 'alias') {
      const known = this.#known[value.pick % Math.max(1, this.#known.length)];
      return known ? `*${known.name}` : 'none';
    }
    if (value.kind === 'folded') return `"${value.parts.join(' ')}"`;
    if (value.kind === 'block') {
      return `'${value.lines.join(' ').replaceAll("'", "''").replaceAll('\t', ' ')}'`;
    }
    if (value.kind === 'sequence') {
      return `[${value.items.map((item) => this.#flowSafe(item.value) || '""').join(', ')}]`;
    }
    const entries = value.entries.map((entry) => `${entry.key}: ${this.#flowSafe(entry.value)}`);
    return `{${entries.join(', ')}}`;
  }

  /** A node on one line, among others; plain tokens that would end there are put in quotes. */
  #flowSafe(value: Model): string {
    const out = this.#flow(value);
    // A tag on its own must not touch the comma.
    if (/^!\S*$/.test(out)) return `${out} `;
    return value.kind === 'token' && /[,?[\]{}]/.test(out) && !/^['"!&]/.test(out)
      ? `'${out.replaceAll("'", "''")}'`
      : out;
  }
}

function before({ comment, blank }: Layout, pad: string): string {
  return `${blank ? '\n' : ''}${comment === '' ? '' : `${pad}${comment}\n`}`;
}

/** Texts whose top level is a mapping. */
export function yamlDocuments(options: DocumentOptions = {}): fc.Arbitrary<string> {
  const entry = fc.record({ key: keys(options.everyday), layout, value: model(options) });
  return fc
    .record({
      head: fc.constantFrom('', '', '---\n', '# header\n---\n', '# header\n\n', '\n'),
      entries: fc.uniqueArray(entry, { maxLength: 6, selector: (item) => item.key }),
      newline: fc.oneof(
        { weight: 6, arbitrary: fc.constant(true) },
        { weight: 1, arbitrary: fc.constant(false) },
      ),
      tail: fc.oneof(
        { weight: 6, arbitrary: fc.constant('') },
        { weight: 1, arbitrary: fc.constantFrom('...\n', '# end\n', '\n\n') },
      ),
    })
    .map(({ head, entries, newline, tail }) => {
      const out = head + new Writer().entries(entries, 0, 99) + tail;
      return newline ? out : out.replace(/\n$/, '');
    });
}

/** Texts like those of `yamlDocuments` with some characters changed: many are no YAML at all. */
export function damagedDocuments(options: DocumentOptions = {}): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(400),
    remove: fc.nat(3),
    insert: fc.constantFrom(
      '',
      ' ',
      '  ',
      '\n',
      ':',
      ': ',
      '- ',
      '#',
      ' #',
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      ',',
      '|',
      '>',
      '&a',
      '*a',
      '!',
      '?',
      '? ',
      '%',
      '\t',
      '\\',
      '---\n',
      '...',
      'x',
      '0',
    ),
  });
  return fc
    .tuple(yamlDocuments(options), fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([source, changes]) =>
      changes.reduce((out, { at, remove, insert }) => {
        const start = at % (out.length + 1);
        return out.slice(0, start) + insert + out.slice(start + remove);
      }, source),
    );
}
