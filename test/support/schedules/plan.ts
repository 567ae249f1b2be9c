import { type Loaded } from '../../../src/plan/load.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { loadPlanAndTemplates } from '../../../src/render/open.ts';
import { planFiles } from '../plan-files.ts';

export const SITES = ['lisbon', 'porto'] as const;
export type SiteName = (typeof SITES)[number];

export const ALL = 'group_vars/all.yml';
export const CONF = 'base/files/app.conf';
/** Values that are edited in YAML, and in lines of a text file. */
export const KEYS = ['a0', 'a1', 'a2', 'a3', 'c0', 'c1'] as const;
export type Key = (typeof KEYS)[number];

/** What stands in no log, report, database or proposal. */
export const SECRET = 'hunter2-hunter2';

/** What the plan says: values for all sites, and those of one site. */
export interface PlanValues {
  all: Record<Key, string>;
  own: Record<SiteName, Partial<Record<Key, string>>>;
}

export function firstValues(): PlanValues {
  const all = Object.fromEntries(KEYS.map((key) => [key, 'first']));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { all: all as PlanValues['all'], own: { lisbon: {}, porto: {} } };
}

/** What a site gets by the plan alone. */
export function valueAt({ all, own }: PlanValues, site: SiteName, key: Key): string {
  return own[site][key] ?? all[key];
}

/** The file of a site's tree in which a value is edited. */
export function fileOf(key: Key): string {
  return key.startsWith('a') ? ALL : CONF;
}

/** The line of that file that holds it. */
export function lineOf(key: Key, value: string): string {
  return key.startsWith('a') ? `${key}: ${value}` : `${key} = ${value}`;
}

const LINE = /^([ac]\d)(?:: | = )(\S+)$/gm;

/** The values that stand in a file of a site's tree, of those that are edited there. */
export function valuesIn(path: string, text: string): Map<Key, string> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const all = [...text.matchAll(LINE)].map(([, key, value]) => [key as Key, value!] as const);
  return new Map(all.filter(([key]) => fileOf(key) === path));
}

/** The plan as the program reads it. Throws if it is none. */
export function planOf({ all, own }: PlanValues): Plan {
  const sites = SITES.map((site) => [
    `sites/${site}.yaml`,
    `apiVersion: trueup/v1\nkind: Site\nstacks: [base]\ndelivery: agent\n` +
      `hosts: { ${site}: { ansible_connection: local } }\n` +
      `params:\n${linesOf({ ...own[site], mark: `mark-of-${site}` })}`,
  ]);
  const keys = KEYS.filter((key) => fileOf(key) === CONF);
  const { plan, problems }: Loaded = loadPlanAndTemplates(
    planFiles({
      'plan.yaml':
        'apiVersion: trueup/v1\nkind: Plan\nname: schedules\nlayers: [layers/all.yaml]\n',
      'layers/all.yaml': linesOf({ ...all, password: SECRET }),
      'stacks/base/stack.yaml':
        'apiVersion: trueup/v1\nkind: Stack\nplaybooks: [playbooks/site.yml]\n',
      'stacks/base/schema.json': '{"properties":{"password":{"x-secret":true}}}',
      'stacks/base/playbooks/site.yml': '- hosts: all\n  tasks: []\n',
      'stacks/base/templates/app.conf.j2': keys
        .map((key) => `# ${key}\n\n${key} = {{ ${key} }}\n\n# so much for ${key}\n`)
        .join('\n'),
      ...Object.fromEntries(sites),
    }),
  );
  if (!plan) throw new Error(`the plan of the schedules is none: ${JSON.stringify(problems)}`);
  return plan;
}

function linesOf(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => `  ${key}: ${value}\n`)
    .join('');
}
