import * as fc from 'fast-check';

/** Tokens of scalars as people write them: quoted or not, and of every type that PyYAML tells apart. */
const TOKENS = [
  'web',
  'red apple',
  'example.org',
  '10.0.0.1',
  '"quoted"',
  "'single'",
  '"10"',
  '10',
  '7',
  '0644',
  '1.10',
  '2.5',
  'yes',
  'no',
  'True',
  '~',
  '2024-01-31',
  '"a: b # c"',
  'a#b',
  'ünï',
  '12:30',
  '/bin/sh',
  '""',
  '"{{ inventory_hostname }}"',
] as const;

export const token = fc.constantFrom(...TOKENS);

const LISTED = ['alpha', 'beta', '"gamma"', '10.0.0.3', '8', 'no'] as const;
const NAMES = ['ann', 'bob', 'cid'] as const;
const SCALARS = ['a', 'b', 'c', 'd'] as const;

/** What one layer says; every part may be missing. */
interface LayerSource {
  scalars: (string | undefined)[];
  nested: (string | undefined)[];
  /** Keys that no template needs: a value, or a tombstone. */
  spare: (string | undefined)[];
  lists: (string[] | undefined)[];
  people: { name: string; shell: string }[] | undefined;
  flow: boolean;
  comments: boolean;
}

const optional = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });

function layerSource(whole: boolean): fc.Arbitrary<LayerSource> {
  const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    whole ? arbitrary : optional(arbitrary);
  const list = fc.uniqueArray(fc.constantFrom(...LISTED), {
    minLength: whole ? 1 : 0,
    maxLength: 4,
  });
  const people = fc
    .uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 })
    .chain((names) =>
      fc.tuple(
        ...names.map((name) =>
          token.filter((one) => one !== '~').map((shell) => ({ name, shell })),
        ),
      ),
    );
  return fc.record({
    scalars: fc.tuple(some(token), some(token), some(token), some(token)),
    nested: fc.tuple(some(token), some(token)),
    spare: fc.tuple(
      optional(fc.oneof(token, fc.constant('!unset'))),
      optional(fc.oneof(token, fc.constant('!unset'))),
    ),
    lists: fc.tuple(some(list), some(list), some(list)),
    people: some(people),
    flow: fc.boolean(),
    comments: fc.boolean(),
  });
}

/** The text of a layer; `pad` stands before every line. */
function layerText(layer: LayerSource, pad = ''): string {
  const lines: string[] = [];
  const note = layer.comments ? ' # as agreed' : '';
  layer.scalars.forEach((value, i) => {
    if (value !== undefined) lines.push(`${SCALARS[i]}: ${value}${note}`);
  });
  if (layer.comments) lines.push('# what belongs together');
  const [x, y] = layer.nested;
  if (x !== undefined || y !== undefined) {
    lines.push('nested:');
    if (x !== undefined) lines.push(`  x: ${x}`);
    if (y !== undefined) lines.push(`  y: ${y}${note}`);
  }
  layer.spare.forEach((value, i) => {
    if (value !== undefined) lines.push(`spare${i}: ${value}`);
  });
  ['whole', 'joined', 'distinct'].forEach((name, i) => {
    const items = layer.lists[i];
    if (!items) return;
    if (layer.flow || items.length === 0) lines.push(`${name}: [${items.join(', ')}]`);
    else lines.push(`${name}:`, ...items.map((item) => `  - ${item}${note}`));
  });
  if (layer.people) {
    lines.push('people:');
    for (const { name, shell } of layer.people) {
      if (layer.flow) lines.push(`  - { name: ${name}, shell: ${shell} }`);
      else lines.push(`  - name: ${name}`, `    shell: ${shell}`);
    }
  }
  return lines.map((line) => `${pad}${line}\n`).join('');
}

/** What templates are put together from. */
const SNIPPETS = [
  'fixed text\n',
  'a = {{ a }}\n',
  'b {{ b }} end\n',
  '{{ c }}\n',
  'pair {{ a }}:{{ nested.x }}\n',
  'x "{{ nested.x }}" y {{ nested.y }}\n',
  '{% for item in whole %}\nserver {{ item }} iburst\n{% endfor %}\n',
  '{% for item in joined %}\n- {{ item }}\n{% endfor %}\n',
  '{% for one in people %}\n{{ one.name }}={{ one.shell }}\n{% endfor %}\n',
  '{% if d %}\nd is {{ d }}\n{% else %}\nno d\n{% endif %}\n',
  'upper {{ b | string | upper }}\n',
  '{{ whole | join(" ") }}\n',
  'first {{ distinct | first }}\n',
  '{% set z = nested.y %}\nz {{ z }}\n',
  'count {{ whole | length }}\n',
  '{{ site.name }} {{ site.hosts.one.ansible_host }}\n',
] as const;

export interface RandomPlan {
  files: Record<string, string>;
  sites: readonly string[];
  /** Whether `PLANTED` is in it. */
  secrets: boolean;
}

/** Secret values that random plans may hold: in the clear, by a schema's mark, and what a vault holds. */
export const PLANTED = { clear: 'correct-horse-battery', vault: '6638643965323633623' } as const;

const SECRETS = `token: ${PLANTED.clear}
key: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  ${PLANTED.vault}6462626566653063336164663966303231
`;

/**
 * A small plan: three sites, two of which share a region; lists that replace, join and merge by a key; overrides at
 * several levels; tombstones; templates of every kind that there is.
 */
export const randomPlan: fc.Arbitrary<RandomPlan> = fc
  .record({
    common: layerSource(true),
    south: layerSource(false),
    west: layerSource(false),
    own: fc.tuple(layerSource(false), layerSource(false), layerSource(false)),
    hosts: fc.tuple(optional(token), optional(token)),
    templates: fc.array(fc.array(fc.constantFrom(...SNIPPETS), { minLength: 1, maxLength: 6 }), {
      minLength: 1,
      maxLength: 3,
    }),
    overlay: fc.boolean(),
    secrets: fc.boolean(),
  })
  .map(({ common, south, west, own, hosts, templates, overlay, secrets }) => {
    const sites = ['s1', 's2', 's3'];
    const files: Record<string, string> = {
      'plan.yaml': `apiVersion: trueup/v1
kind: Plan
name: random
layers: [layers/common.yaml, "layers/region/{region}.yaml"]
merge: { joined: append, distinct: unique, people: "by:name" }
`,
      'layers/common.yaml': layerText(common) + (secrets ? SECRETS : ''),
      'layers/region/south.yaml': layerText(south),
      'layers/region/west.yaml': layerText(west),
      'stacks/edge/stack.yaml': 'playbooks: [playbooks/site.yml]\n',
      'stacks/edge/schema.json':
        '{"properties":{"token":{"x-secret":true},"spare1":{"default":1500}}}',
      'stacks/edge/playbooks/site.yml': '- hosts: all\n  tasks: []\n',
      'stacks/edge/templates/plain.txt': 'copied as it is\nto all sites\n',
    };
    templates.forEach((snippets, i) => {
      files[`stacks/edge/templates/t${i}.conf.j2`] = snippets.join('');
    });
    sites.forEach((site, i) => {
      const params = layerText(own[i]!, '  ');
      const hostParams = hosts
        .map((value, h) =>
          value === undefined ? '' : `  ${['one', 'two'][h]}:\n    role: ${value}\n`,
        )
        .join('');
      files[`sites/${site}.yaml`] = `apiVersion: trueup/v1
kind: Site
labels: { region: ${i < 2 ? 'south' : 'west'} }
stacks: [edge]
hosts:
  one: { ansible_host: 10.9.${i}.1 }
  two:
    ansible_host: 10.9.${i}.2
groups: { gate: [one] }
${params === '' ? '' : `params:\n${params}`}${hostParams === '' ? '' : `hostParams:\n${hostParams}`}`;
    });
    if (overlay) files['overlays/s1/edge/files/plain.txt'] = 'only here\n';
    return { files, sites, secrets };
  });
