import * as fc from 'fast-check';

import { type BlockKind, blockOf, BLOCKS, Dice, type Draft, scalar } from './random-blocks.ts';
import { PLANTED } from './random-plans.ts';

/** What one layer, or one site, says. */
export interface DraftLayer {
  file: string;
  /** Text in front of the parameters, for a site's file. */
  params: { [key: string]: Draft };
}

export interface DraftSite extends DraftLayer {
  name: string;
  labels: Record<string, string>;
  address: string;
  hostParams: { [key: string]: Draft };
}

/** A plan as it is put together, before it becomes text: what hidden edits are made to. */
export interface DraftPlan {
  layers: DraftLayer[];
  sites: DraftSite[];
  merge: Record<string, string>;
  /** Path in the plan → text. */
  templates: Record<string, string>;
  stacks: string[];
  /** How lists and maps are written: on one line, or one line an item. */
  flow: boolean;
  comments: boolean;
  /** Whether `PLANTED` is in it. */
  secrets: boolean;
  /** Parameters that templates have a default for, and no layer a value. */
  missing: string[];
}

const LABELS = { region: ['south', 'west'], profile: ['store', 'lab'] } as const;

/**
 * Plans of 1 to 5 sites, 2 to 4 layers (the site's own among them) and one or two stacks, with templates of every
 * construct.
 * @param uses whether each parameter stands in one place of one template, or some in several
 * @param blocks stretches of templates at most
 */
export function richPlan(uses: 'once' | 'reuse', blocks: number = 8): fc.Arbitrary<DraftPlan> {
  const dice = fc.noBias(fc.array(fc.nat(9999), { minLength: 24, maxLength: 24 }));
  const kinds = Object.keys(BLOCKS).filter((kind): kind is BlockKind => kind in BLOCKS);
  return fc
    .record({
      sites: fc.integer({ min: 1, max: 5 }),
      layers: fc.integer({ min: 1, max: 3 }),
      stacks: fc.integer({ min: 1, max: 2 }),
      files: fc.integer({ min: 1, max: 3 }),
      blocks: fc.array(fc.tuple(fc.constantFrom(...kinds), dice), {
        minLength: 1,
        maxLength: blocks,
      }),
      own: dice,
      flow: fc.boolean(),
      comments: fc.boolean(),
      // A schema takes long to be made ready: a few of the plans have one.
      secrets: fc.nat(3).map((number) => number === 3),
    })
    .map((parts) => put(parts, uses === 'reuse'));
}

interface Parts {
  sites: number;
  layers: number;
  stacks: number;
  files: number;
  blocks: [kind: BlockKind, dice: number[]][];
  own: number[];
  flow: boolean;
  comments: boolean;
  secrets: boolean;
}

function put(parts: Parts, reuse: boolean): DraftPlan {
  const stacks = ['edge', 'core'].slice(0, parts.stacks);
  const layers = layerFiles(parts.layers);
  const plan: DraftPlan = {
    layers,
    sites: sitesOf(parts.sites, new Dice(parts.own)),
    merge: {},
    templates: {},
    stacks,
    flow: parts.flow,
    comments: parts.comments,
    secrets: parts.secrets,
    missing: [],
  };
  const printed: string[] = [];
  for (const [index, [kind, numbers]] of parts.blocks.entries()) {
    const dice = new Dice(numbers);
    const block = blockOf(kind);
    const n = (name: string): string => `${name}${index}`;
    const stack = stacks[index % stacks.length]!;
    const file = `stacks/${stack}/templates/t${index % parts.files}.conf.j2`;
    const params = Object.entries(block.params(dice));
    append(plan, file, block.text(n, dice));
    if (block.include) append(plan, `stacks/${stack}/templates/_${n('part')}.j2`, block.include(n));
    if (kind === 'default') plan.missing.push(n('retries'));
    for (const [short, value] of params) {
      const name = n(short);
      define(plan, name, value, dice);
      const uses = reuse ? usesOf(name, value) : [];
      for (const use of uses) {
        if (dice.once(2))
          append(plan, `stacks/${stack}/templates/t${dice.next() % 3}.conf.j2`, use);
      }
      printed.push(name);
    }
  }
  if (!reuse) return plan;
  const dice = new Dice(parts.own);
  for (const name of printed.filter(() => dice.once(4))) {
    const value = layers[0]!.params[name];
    if (typeof value === 'string')
      append(plan, `stacks/edge/templates/t0.conf.j2`, `again {{ ${name} }}\n`);
  }
  return plan;
}

/** Other ways to print a parameter. */
function usesOf(name: string, value: Draft): string[] {
  if (typeof value === 'string')
    return [`also {{ ${name} }}\n`, `{% if ${name} %}\nset ${name}\n{% endif %}\n`];
  if (!Array.isArray(value)) return [`keys {{ ${name} | list | join(" ") }}\n`];
  if (value.every((one) => typeof one === 'string'))
    return [`all {{ ${name} | join(" ") }}\n`, `first {{ ${name} | first }}\n`];
  return [`{% for one in ${name} %}\nalso {{ one.name }}\n{% endfor %}\n`];
}

function append(plan: DraftPlan, file: string, text: string): void {
  plan.templates[file] = (plan.templates[file] ?? '') + text;
}

/** The layer of all sites, and those of some labels. */
function layerFiles(count: number): DraftLayer[] {
  const labelled = Object.entries(LABELS)
    .slice(0, count - 1)
    .flatMap(([label, values]) => values.map((value) => `layers/${label}/${value}.yaml`));
  return ['layers/common.yaml', ...labelled].map((file) => ({ file, params: {} }));
}

function sitesOf(count: number, dice: Dice): DraftSite[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `s${i + 1}`,
    file: `sites/s${i + 1}.yaml`,
    labels: { region: LABELS.region[i % 2]!, profile: LABELS.profile[(i >> 1) % 2]! },
    address: `10.9.${i}.1`,
    params: {},
    hostParams: dice.once(2) ? { one: { role: scalar(dice) } } : {},
  }));
}

/** Gives a parameter its value in the layer of all sites, and others in layers above, now and then. */
function define({ layers, sites, merge }: DraftPlan, name: string, value: Draft, dice: Dice): void {
  layers[0]!.params[name] = value;
  if (Array.isArray(value) && dice.once(3)) {
    const maps = value.some((one) => typeof one === 'object' && !Array.isArray(one));
    merge[name] = maps ? 'by:name' : dice.pick(['append', 'unique']);
  }
  // Copies: a change of what one layer says must not be one of what another does.
  for (const layer of [...layers.slice(1), ...sites]) {
    if (dice.once(layer.file.startsWith('sites/') ? 4 : 5))
      layer.params[name] = structuredClone(other(value, dice));
  }
}

/** Another value of the same kind. */
function other(value: Draft, dice: Dice): Draft {
  if (typeof value === 'string') {
    if (/^(?:yes|no|true|false)$/.test(value)) return dice.pick(['yes', 'no']);
    if (/^(?:debug|info|warn)$/.test(value)) return dice.pick(['debug', 'info', 'warn']);
    return /^\d+$/.test(value)
      ? String(1 + dice.next())
      : `${scalarWord(value)}${dice.next() % 10}`;
  }
  if (Array.isArray(value)) {
    const kept = value.filter((_, at) => at === 0 || !dice.once(3));
    return kept.map((one) => (dice.once(2) ? other(one, dice) : one));
  }
  // What a template reads of an element has to stay; of other maps, layers say what they want.
  const whole = 'name' in value;
  const entries = Object.entries(value).filter(() => whole || !dice.once(3));
  return Object.fromEntries(
    entries.map(([key, one]) => [key, key === 'name' ? one : other(one, dice)]),
  );
}

function scalarWord(token: string): string {
  return /^[\w./-]+$/.test(token) ? token : 'other';
}

/** The files of a drafted plan: path → text. */
export function planSource(plan: DraftPlan): Record<string, string> {
  const patterns = Object.keys(LABELS)
    .filter((label) => plan.layers.some(({ file }) => file.startsWith(`layers/${label}/`)))
    .map((label) => `layers/${label}/{${label}}.yaml`);
  const merge = Object.entries(plan.merge).map(([name, how]) => `  ${name}: ${how}\n`);
  const files: Record<string, string> = {
    'plan.yaml': `apiVersion: trueup/v1
kind: Plan
name: random
layers:
${['layers/common.yaml', ...patterns].map((one) => `  - ${one}\n`).join('')}${merge.length > 0 ? `merge:\n${merge.join('')}` : ''}`,
  };
  for (const { file, params } of plan.layers)
    files[file] =
      lines(params, plan) + (file === 'layers/common.yaml' && plan.secrets ? SECRETS : '');
  for (const site of plan.sites) files[site.file] = siteText(site, plan);
  for (const stack of plan.stacks) {
    files[`stacks/${stack}/stack.yaml`] = 'playbooks: [playbooks/site.yml]\n';
    files[`stacks/${stack}/playbooks/site.yml`] = '- hosts: all\n  tasks: []\n';
  }
  if (plan.secrets) files['stacks/edge/schema.json'] = '{"properties":{"token":{"x-secret":true}}}';
  files['stacks/edge/templates/plain.txt'] = 'copied as it is\nto all sites\n';
  return { ...files, ...plan.templates };
}

const SECRETS = `token: ${PLANTED.clear}
key: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  ${PLANTED.vault}6462626566653063336164663966303231
`;

function siteText(site: DraftSite, plan: DraftPlan): string {
  const labels = Object.entries(site.labels).map(([label, value]) => `${label}: ${value}`);
  const section = (name: string, value: { [key: string]: Draft }): string =>
    Object.keys(value).length > 0 ? `${name}:\n${lines(value, plan, '  ')}` : '';
  return `apiVersion: trueup/v1
kind: Site
labels: { ${labels.join(', ')} }
stacks: [${plan.stacks.join(', ')}]
hosts:
  one: { ansible_host: ${site.address} }
groups: { gate: [one] }
${section('params', site.params)}${section('hostParams', site.hostParams)}`;
}

/** The text of a map, one entry or more a line. */
function lines(map: { [key: string]: Draft }, plan: DraftPlan, pad = ''): string {
  const note = plan.comments ? ' # as agreed' : '';
  return Object.entries(map)
    .map(([key, value]) => {
      if (typeof value === 'string') return `${pad}${key}: ${value}${note}\n`;
      if (Object.keys(value).length === 0)
        return `${pad}${key}: ${Array.isArray(value) ? '[]' : '{}'}\n`;
      if (plan.flow && isFlat(value)) return `${pad}${key}: ${flow(value)}${note}\n`;
      if (!Array.isArray(value)) return `${pad}${key}:\n${lines(value, plan, `${pad}  `)}`;
      return `${pad}${key}:\n${value.map((one) => item(one, plan, `${pad}  `)).join('')}`;
    })
    .join('');
}

function item(value: Draft, plan: DraftPlan, pad: string): string {
  if (typeof value === 'string') return `${pad}- ${value}${plan.comments ? ' # kept' : ''}\n`;
  if (plan.flow && isFlat(value)) return `${pad}- ${flow(value)}\n`;
  if (Array.isArray(value)) return `${pad}- ${flow(value)}\n`;
  return `${pad}- ${lines(value, plan, `${pad}  `).slice(pad.length + 2)}`;
}

function isFlat(value: Draft): boolean {
  return Object.values(value).every((one) => typeof one === 'string');
}

function flow(value: Draft): string {
  if (typeof value === 'string')
    return /[,[\]{}#]/.test(value) && !/^["']/.test(value) ? `"${value}"` : value;
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  return `{ ${Object.entries(value)
    .map(([key, one]) => `${key}: ${flow(one)}`)
    .join(', ')} }`;
}
