/** A YAML value as it is written: tokens, lists and maps of them. */
export type Draft = string | Draft[] | { [key: string]: Draft };

/** Decides what is chosen; the same numbers choose the same. */
export class Dice {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  next(): number {
    const number = this.#numbers[this.#at % this.#numbers.length]!;
    this.#at += 1;
    // The same numbers are gone through again in another order of magnitude.
    return number + 7 * Math.floor(this.#at / this.#numbers.length);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.next() % items.length]!;
  }

  /** True once in so many times. */
  once(times: number): boolean {
    return this.next() % times === times - 1;
  }
}

const WORDS = `web mail cache edge relay mirror proxy north harbour quarry lantern meadow copper
  granite willow saffron`.split(/\s+/);
const TEXTS = [
  '"quoted text"',
  "'single'",
  'two words',
  'example.org',
  '/var/lib/data',
  '"10"',
  '30s',
  'ünï',
  '"a: b # c"',
];

export const word = (dice: Dice): string => dice.pick(WORDS);
export const number = (dice: Dice): string => String(2 + (dice.next() % 9000));
export const flag = (dice: Dice): string => dice.pick(['no', 'yes', 'true', 'false']);
export const address = (dice: Dice): string =>
  `10.${dice.next() % 20}.${dice.next() % 200}.${1 + (dice.next() % 250)}`;
const text = (dice: Dice): string => dice.pick([...WORDS, ...TEXTS]);
/** A token of any type. */
export const scalar = (dice: Dice): string =>
  dice.pick([word, number, address, text, () => dice.pick(['0644', '1.10', '2.5'])])(dice);

function several<Item extends Draft>(dice: Dice, least: number, make: () => Item): Item[] {
  const items = Array.from({ length: least + (dice.next() % 3) }, make);
  const known = new Set<string>();
  return items.filter((item) => {
    const key = JSON.stringify(item);
    return !known.has(key) && known.add(key);
  });
}

/** A list of one type of token, none of them twice. */
export function list(dice: Dice): Draft[] {
  const make = dice.pick([word, address, number]);
  return several(dice, 1, () => make(dice));
}

/** What a list of maps holds; no name twice. */
export function member(dice: Dice): { [key: string]: Draft } {
  return { name: word(dice), host: address(dice), port: number(dice), check: flag(dice) };
}

function members(dice: Dice): Draft[] {
  const all = several(dice, 1, () => member(dice));
  return all.filter((one, at) => all.findIndex(({ name }) => name === one['name']) === at);
}

function settings(dice: Dice): { [key: string]: Draft } {
  return Object.fromEntries(several(dice, 2, () => word(dice)).map((key) => [key, scalar(dice)]));
}

/** A stretch of a template, and the parameters that it alone needs. */
interface Block {
  params: (dice: Dice) => Record<string, Draft>;
  /** @param n gives the name of a parameter, or of a thing of the template, its number */
  text: (n: (name: string) => string, dice: Dice) => string;
  /** A template that it includes. */
  include?: (n: (name: string) => string) => string;
}

const nothing = (): Record<string, Draft> => ({});

/** Everything that templates of configuration files are made of. Values are printed so that two of them differ. */
export const BLOCKS = {
  fixed: {
    params: nothing,
    text: (_, dice) => `# ${word(dice)} of ${word(dice)}\n${word(dice)} ${number(dice)}\n`,
  },
  value: {
    params: (dice) => ({ value: scalar(dice) }),
    text: (n) => `listen = {{ ${n('value')} }}\n`,
  },
  between: {
    params: (dice) => ({ host: word(dice), port: number(dice), folder: word(dice) }),
    text: (n) => `url http://{{ ${n('host')} }}:{{ ${n('port')} }}/{{ ${n('folder')} }} end\n`,
  },
  nested: {
    params: (dice) => ({ service: { mode: word(dice), level: number(dice) } }),
    text: (n) => `mode "{{ ${n('service')}.mode }}" level {{ ${n('service')}['level'] }}\n`,
  },
  filter: {
    params: (dice) => ({ label: word(dice) }),
    text: (n, dice) =>
      dice.pick([
        `NAME {{ ${n('label')} | upper }}\n`,
        `name {{ ${n('label')} | lower }}\n`,
        `arg {{ ${n('label')} | quote }}\n`,
        `trimmed <{{ ${n('label')} | trim }}>\n`,
        `title {{ ${n('label')} | capitalize }}\n`,
        `json {{ ${n('label')} | to_json }}\n`,
        `dashed {{ ${n('label')} | replace("_", "-") }}\n`,
        `encoded {{ ${n('label')} | b64encode }}\n`,
      ]),
  },
  concatenation: {
    params: (dice) => ({ size: number(dice), unit: word(dice) }),
    text: (n) => `limit {{ "max=" ~ ${n('size')} ~ "/" ~ ${n('unit')} }}\n`,
  },
  arithmetic: {
    params: (dice) => ({ count: number(dice) }),
    text: (n, dice) =>
      dice.pick([
        `bytes {{ ${n('count')} * 1024 }}\n`,
        `next {{ ${n('count')} + 1 }}\n`,
        `less {{ ${n('count')} - 2 }}\n`,
        `whole {{ ${n('count')} | int }}\n`,
      ]),
  },
  json: {
    params: (dice) => ({ document: settings(dice) }),
    text: (n, dice) => `{{ ${n('document')} | ${dice.pick(['to_nice_json', 'to_json'])} }}\n`,
  },
  yaml: {
    params: (dice) => ({ document: settings(dice) }),
    text: (n) => `data:\n  {{ ${n('document')} | to_nice_yaml(indent=2) | indent(2) }}\n`,
  },
  loop: {
    params: (dice) => ({ servers: list(dice) }),
    text: (n) => `{% for one in ${n('servers')} %}\nserver {{ one }} iburst\n{% endfor %}\n`,
  },
  numbered: {
    params: (dice) => ({ steps: list(dice) }),
    text: (n) => `{% for step in ${n('steps')} %}\n{{ loop.index }}. {{ step }}\n{% endfor %}\n`,
  },
  maps: {
    params: (dice) => ({ backends: members(dice) }),
    text: (n) =>
      `{% for one in ${n('backends')} %}
backend {{ one.name }} {{ one.host }}:{{ one.port }}{% if one.check %} check{% endif %}

{% endfor %}
`,
  },
  sections: {
    params: (dice) => ({ tills: members(dice) }),
    text: (n) =>
      `{% for till in ${n('tills')} %}
[{{ till.name }}]
address = {{ till.host }}
lane = {{ till.port }}
{% endfor %}
`,
  },
  items: {
    params: (dice) => ({ options: settings(dice) }),
    text: (n) =>
      `{% for key, value in ${n('options')}.items() %}\n{{ key }} = {{ value }}\n{% endfor %}\n`,
  },
  pairs: {
    params: (dice) => ({ entries: settings(dice) }),
    text: (n) =>
      `{% for entry in ${n('entries')} | dict2items %}
{{ entry.key }}: {{ entry.value }}
{% endfor %}
`,
  },
  sorted: {
    params: (dice) => ({ queues: members(dice) }),
    text: (n) =>
      `{% for one in ${n('queues')} | sort(attribute='name') %}
queue {{ one.name }} at {{ one.host }}
{% endfor %}
`,
  },
  filtered: {
    params: (dice) => ({ checks: members(dice) }),
    text: (n) =>
      `{% for one in ${n('checks')} if one.check %}
check {{ one.name }} on {{ one.port }}
{% endfor %}
`,
  },
  inner: {
    params: (dice) => ({
      zones: several(dice, 1, () => word(dice)).map((name) => ({ name, members: list(dice) })),
    }),
    text: (n) =>
      `{% for zone in ${n('zones')} %}
zone {{ zone.name }}
{% for one in zone.members %}
  member {{ one }}
{% endfor %}
{% endfor %}
`,
  },
  joined: {
    params: (dice) => ({ names: list(dice) }),
    text: (n, dice) => `search {{ ${n('names')} | join("${dice.pick([' ', ', ', ':'])}") }}\n`,
  },
  mapped: {
    params: (dice) => ({ peers: members(dice) }),
    text: (n) => `peers {{ ${n('peers')} | map(attribute="host") | join(",") }}\n`,
  },
  condition: {
    params: (dice) => ({ enabled: flag(dice), place: word(dice) }),
    text: (n, dice) =>
      `{% if ${n('enabled')} %}\nlog to {{ ${n('place')} }}\n{% endif %}\nafter ${word(dice)}\n`,
  },
  choice: {
    params: (dice) => ({ level: dice.pick(['debug', 'info', 'warn']) }),
    text: (n) =>
      `level {{ ${n('level')} }}\n{% if ${n('level')} == 'debug' %}\nbodies on\n{% else %}\nbodies off\n{% endif %}\n`,
  },
  inline: {
    params: (dice) => ({ root: flag(dice) }),
    text: (n) => `PermitRootLogin {{ 'yes' if ${n('root')} else 'no' }}\n`,
  },
  default: {
    params: nothing,
    text: (n, dice) => `retries {{ ${n('retries')} | default(${number(dice)}) }}\n`,
  },
  macro: {
    params: (dice) => ({ owner: word(dice), quota: number(dice) }),
    text: (n) =>
      `{% macro ${n('line')}(key, value) %}{{ key }} -> {{ value }};{% endmacro %}
{{ ${n('line')}('owner', ${n('owner')}) }}
{{ ${n('line')}('quota', ${n('quota')}) }}
`,
  },
  include: {
    params: (dice) => ({ note: word(dice) }),
    text: (n) => `{% include '_${n('part')}.j2' %}\n`,
    include: (n) => `note {{ ${n('note')} }} taken\n`,
  },
  set: {
    params: (dice) => ({ alias: word(dice) }),
    text: (n, dice) =>
      dice.once(2)
        ? `{% set ${n('shown')} %}as {{ ${n('alias')} }}{% endset %}\n{{ ${n('shown')} }} known\n`
        : `{% set ${n('shown')} = ${n('alias')} %}\nknown as {{ ${n('shown')} }}\n`,
  },
  site: {
    params: nothing,
    text: () => '{{ site.name }} is {{ site.hosts.one.ansible_host }}\n',
  },
} satisfies Record<string, Block>;

export type BlockKind = keyof typeof BLOCKS;

export function blockOf(kind: BlockKind): Block {
  return BLOCKS[kind];
}
