import * as fc from 'fast-check';

import { Float, type Value } from '../../src/plan/yaml/node.ts';

/** Data that generated expressions read: texts, numbers, a list, a mapping and records. */
export interface Hidden {
  /** The expression, as it stands between `{{` and `}}`. */
  expression: string;
  before: Map<string, Value>;
  /** The same with one change that nobody tells of. */
  after: Map<string, Value>;
}

const word = fc.stringMatching(/^[a-z][a-z0-9]{1,5}$/);
const words = fc.uniqueArray(word, { minLength: 1, maxLength: 4 });
const port = fc.integer({ min: 1, max: 65_535 });

const record = fc.record({ name: word, port, on: fc.boolean() });

const data = fc.record({
  s: word,
  t: word,
  n: port,
  k: fc.integer({ min: 1, max: 9 }),
  b: fc.boolean(),
  f: fc.integer({ min: 1, max: 99 }).map((tenth) => new Float(tenth / 10)),
  l: words,
  m: fc.dictionary(fc.constantFrom('a', 'b', 'c'), word, { minKeys: 1 }),
  r: fc.uniqueArray(record, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
  ip: fc
    .tuple(
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 1, max: 254 }),
      fc.integer({ min: 8, max: 30 }),
    )
    .map(([net, host, prefix]) => `10.${net}.3.${host}/${prefix}`),
  p: fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}.conf`),
});

type Data = typeof data extends fc.Arbitrary<infer Result> ? Result : never;

/** One leaf of the data becomes another; or a list, mapping or list of records gains or loses something. */
function changed(old: Data): fc.Arbitrary<Data> {
  const others = data.map((other): Data[] => [
    { ...old, s: other.s },
    { ...old, t: other.t },
    { ...old, n: other.n },
    { ...old, k: other.k },
    { ...old, b: !old.b },
    { ...old, f: other.f },
    { ...old, ip: other.ip },
    { ...old, p: other.p },
    { ...old, l: old.l.map((item, i) => (i === 0 ? other.s : item)) },
    { ...old, l: [...old.l, other.s] },
    { ...old, l: old.l.length > 1 ? old.l.slice(1) : old.l },
    { ...old, m: { ...old.m, [Object.keys(old.m)[0] ?? 'a']: other.s } },
    { ...old, m: { ...old.m, [other.t]: other.s } },
    { ...old, r: old.r.map((item, i) => (i === 0 ? { ...item, port: other.n } : item)) },
    { ...old, r: old.r.map((item, i) => (i === 0 ? { ...item, name: other.s } : item)) },
    { ...old, r: old.r.length > 1 ? old.r.slice(0, -1) : old.r },
  ]);
  return others.chain((all) => fc.constantFrom(...all));
}

const texts = [
  's',
  't',
  'n',
  'm.a | default("none")',
  'm.get("b", s)',
  'l[0]',
  'r[0].name',
  'l | first',
  'l | last',
  'l | join(",")',
  'l | sort | join(" ")',
  'l | unique | reverse | join("-")',
  'l | map("upper") | join(",")',
  'l | map("regex_replace", "$", ":80") | join(",")',
  'l | reject("eq", t) | join(",")',
  'l | union([t]) | join(",")',
  'l | difference([t]) | join(",")',
  'l[:2] | join("/")',
  'r | map(attribute="port") | join(",")',
  'r | selectattr("on") | map(attribute="name") | join(" ")',
  'r | sort(attribute="name") | map(attribute="port") | join(",")',
  'r | rejectattr("on") | map(attribute="name") | join(" ")',
  'r | to_json',
  'm | to_nice_json(indent=2)',
  'm | to_nice_yaml',
  'm | dict2items | map(attribute="value") | join(",")',
  '(m | combine({"z": s})) | to_json',
  'm.values() | list | join(",")',
  'm.keys() | list | join(",")',
  'l | zip(l) | map("join", "=") | join(",")',
  '"yes" if b else "no"',
  's if b else t',
  'b | ternary(s, t)',
  's if n > 1024 else t',
  '"%s:%05d" % (s, n)',
  '"{}-{x}".format(s, x=t)',
  '"%x" | format(n)',
  'n * 1024',
  'n + k',
  '(n - 1) // k',
  'f * 2',
  'f | round(1)',
  'f | int',
  'n | human_readable',
  'ip | ipaddr("address")',
  'ip | ipaddr("prefix")',
  'ip | ipaddr("network")',
  'ip | ipaddr("netmask")',
  'p | basename',
  'p | dirname',
  'p | splitext | first',
  '[p, s] | path_join',
  'l',
  'm',
] as const;

const wrappers = [
  (text: string) => text,
  (text: string) => `(${text}) | string | upper`,
  (text: string) => `(${text}) | string | b64encode`,
  (text: string) => `(${text}) | string | quote`,
  (text: string) => `(${text}) | string | trim`,
  (text: string) => `(${text}) | string | replace("a", "_")`,
  (text: string) => `"<" ~ (${text}) ~ ">"`,
  (text: string) => `(${text}) ~ ":" ~ k`,
  (text: string) => `(${text}) | string | indent(2)`,
  (text: string) => `(${text}) | to_json`,
  (text: string) => `(${text}) | string | regex_replace("^", "x-")`,
  (text: string) => `[s, (${text}) | string] | join("|")`,
  (text: string) => `((${text}) | string).title()`,
] as const;

/** The inner expressions, for a measurement by kind. */
export const kinds: readonly string[] = texts;

/** An expression, data, and the data with a hidden change. */
export function hidden(inner?: string): fc.Arbitrary<Hidden> {
  return fc
    .tuple(
      fc.constantFrom(...(inner === undefined ? texts : [inner])),
      fc.constantFrom(...wrappers),
    )
    .chain(([text, wrap]) =>
      data.chain((before) =>
        changed(before).map((after) => ({
          expression: wrap(text),
          before: contextOf(before),
          after: contextOf(after),
        })),
      ),
    );
}

function contextOf(values: Data): Map<string, Value> {
  return new Map(Object.entries(values).map(([key, item]) => [key, valueOf(item)]));
}

function valueOf(item: unknown): Value {
  if (Array.isArray(item)) return item.map((part) => valueOf(part));
  if (item instanceof Float || typeof item === 'string') return item;
  if (typeof item === 'number' || typeof item === 'boolean') return item;
  return new Map(Object.entries(item ?? {}).map(([key, part]) => [key, valueOf(part)]));
}
