import { z } from 'zod';

import { isName, NAME } from '../model/tree.ts';

/** The one version of the plan's formats. */
export const API_VERSION = 'trueup/v1';

const NAME_HINT =
  'must be 1 to 63 letters, digits, ".", "_" or "-", and begin and end with a letter or digit';
const COUNT_OR_SHARE = 'must be a count or a share such as 2%';
const DURATION = /^(?:\d+(?:ms|s|m|h|d))+$/;

const name = z
  .string()
  .regex(NAME, { error: NAME_HINT, abort: true })
  .refine(isName, { error: 'must not contain ".." nor end in ".lock"' });
const anyParameters = z.record(z.string(), z.unknown());
const apiVersion = z.literal(API_VERSION).describe('Version of the format.');
const description = z
  .string()
  .exactOptional()
  .describe('A word for people; nothing depends on it.');
const selector = z
  .string()
  .describe('Which sites: * for all, or label=value and label!=value joined by commas.');

const driftRule = z.strictObject({
  paths: z.array(z.string()).min(1).exactOptional().describe('Globs over paths of the site tree.'),
  params: z
    .array(z.string())
    .min(1)
    .exactOptional()
    .describe('Globs over dotted parameter paths, such as kernel.**'),
  sites: selector.exactOptional(),
  action: z.enum(['propose', 'revert', 'ignore']),
});

const duration = z.string().regex(DURATION, 'must be a duration such as 30s, 10m or 1h30m');

const autoMergeRule = z.strictObject({
  paths: z
    .array(z.string())
    .min(1)
    .exactOptional()
    .describe('Globs over paths of the site tree: every edited path must fit.'),
  sites: selector
    .exactOptional()
    .describe('Every site that changes must be one of these: * for all, or label=value …'),
  kinds: z
    .array(z.enum(['param', 'template', 'overlay']))
    .min(1)
    .default(['param'])
    .describe('What the plan edit may be.'),
  maxSites: z.int().min(1).exactOptional().describe('Most sites that change.'),
  maxLines: z.int().min(1).exactOptional().describe('Most lines of the plan that come or go.'),
  after: duration
    .default('0s')
    .describe('How long the pull request must have been open, so that people can step in.'),
});

const wave = z.strictObject({
  name,
  select: selector,
  maxConcurrent: z.int().min(1).exactOptional().describe('Sites under way at once.'),
  maxFailures: z
    .union([z.int().min(0), z.string().regex(/^(?:100|\d{1,2}(?:\.\d+)?)%$/, COUNT_OR_SHARE)], {
      error: COUNT_OR_SHARE,
    })
    .exactOptional()
    .describe('More failed sites than this stop the rollout: a count or a share such as 2%.'),
  soak: duration
    .exactOptional()
    .describe('How long to wait after the wave before the next, such as 10m.'),
});

/** `plan.yaml` */
export const planSchema = z
  .strictObject({
    apiVersion,
    kind: z.literal('Plan'),
    name,
    description,
    layers: z
      .array(z.string())
      .default([])
      .describe(
        'Files of parameters, lowest precedence first; {label} is that label of the site. Missing files are skipped.',
      ),
    merge: z
      .record(
        z.string(),
        z
          .string()
          .regex(
            /^(?:replace|append|unique|by:.+)$/s,
            'must be replace, append, unique or by:<key>',
          ),
      )
      .default({})
      .describe(
        'How lists merge, by dotted parameter path; a higher list replaces a lower one by default.',
      ),
    drift: z
      .strictObject({
        default: z.enum(['propose', 'revert', 'ignore']).default('propose'),
        rules: z.array(driftRule).default([]),
        autoMerge: z
          .array(autoMergeRule)
          .default([])
          .describe('Proposals that are merged by themselves; none unless a rule fits.'),
      })
      .prefault({})
      .describe('What to do about edits at a site; the first rule that fits decides.'),
    rollout: z
      .strictObject({ waves: z.array(wave).min(1).exactOptional() })
      .prefault({})
      .describe('How a new revision reaches the sites.'),
  })
  .meta({ title: 'trueup plan', description: 'plan.yaml: what a plan is made of.' });

/** `sites/**` */
export const siteSchema = z
  .strictObject({
    apiVersion,
    kind: z.literal('Site'),
    description,
    labels: z.record(name, name).default({}).describe('What layers and selectors go by.'),
    stacks: z.array(name).default([]).describe('What is deployed here, in the order of applying.'),
    imports: z
      .record(name, name)
      .default({})
      .describe('Stack → the site whose exports of that stack are used here.'),
    delivery: z
      .enum(['push', 'agent'])
      .default('push')
      .describe('push: applied by a runner; agent: applied by the site itself.'),
    hosts: z
      .record(name, anyParameters.nullable())
      .default({})
      .describe('Host → its inventory variables.'),
    groups: z.record(name, z.array(name)).default({}).describe('Group → its hosts.'),
    params: anyParameters.default({}).describe('Parameters of this site: the highest layer.'),
    hostParams: z
      .record(name, anyParameters.nullable())
      .default({})
      .describe('Host → parameters of that host.'),
    groupParams: z
      .record(name, anyParameters.nullable())
      .default({})
      .describe('Group → parameters of its hosts.'),
  })
  .meta({ title: 'trueup site', description: 'sites/**.yaml: one site, called as its file is.' });

const dottedPath = z.string().regex(/^[^.\s]+(?:\.[^.\s]+)*$/, 'must be a dotted parameter path');
const exportedParams = z
  .array(dottedPath)
  .describe('Parameters that other stacks may import, as dotted paths.');
/** What templates can name after `imports.<stack>.`. */
const exportName = z
  .string()
  .regex(
    /^[A-Za-z_]\w{0,62}$/,
    'must be up to 63 letters, digits and "_", and begin with no digit',
  );

const exportedValue = z.union(
  [
    z.enum(['string', 'number', 'integer', 'boolean', 'object', 'array']),
    z.looseObject({
      type: z.unknown().optional(),
      secret: z
        .boolean()
        .default(false)
        .describe('It must be gathered as vault text or as a reference, never in the clear.'),
    }),
  ],
  { error: 'must be a type such as string, or a JSON Schema' },
);

const typedExports = z.strictObject({
  params: exportedParams.default([]),
  files: z
    .record(exportName, z.string())
    .default({})
    .describe('Name → file of the rendered stack, such as files/ca.pem.'),
  values: z
    .record(exportName, exportedValue)
    .default({})
    .describe('Name → type or JSON Schema of what the playbooks gather by set_stats.'),
});

const postCheck = z.union(
  [
    z.string(),
    z.strictObject({
      playbook: z.string().exactOptional().describe('A playbook of this stack.'),
      command: z
        .array(z.string())
        .min(1)
        .exactOptional()
        .describe(
          'In place of it a program and its arguments, run where Ansible runs, in the tree.',
        ),
      timeout: duration
        .exactOptional()
        .describe(
          'How long it may take, beside the time that the agent gives the hosts to answer.',
        ),
    }),
  ],
  { error: 'must be a playbook, or a map with a playbook or a command, and a timeout' },
);

/** `stacks/<stack>/stack.yaml` */
export const stackSchema = z
  .strictObject({
    apiVersion: apiVersion.default(API_VERSION),
    kind: z.literal('Stack').default('Stack'),
    description,
    playbooks: z
      .array(z.string())
      .describe('Playbooks in the order of applying, such as playbooks/site.yml.'),
    postCheck: postCheck
      .exactOptional()
      .describe('What must pass after an apply, or an agent goes back to the last good tree.'),
    imports: z
      .union([z.array(name), z.record(name, z.array(dottedPath).min(1))], {
        error: 'must be a list of stacks, or stacks with the names that are imported from each',
      })
      .default([])
      .describe('Stacks whose exports its templates use: with the names of these, or all of them.'),
    exports: z
      .union([exportedParams, typedExports], {
        error: 'must be a list of parameters, or a map of params, files and values',
      })
      .default([])
      .describe('What other stacks may import.'),
    requirements: z
      .union([anyParameters, z.array(z.unknown())], { error: 'must be a map or a list' })
      .exactOptional()
      .describe(
        'Collections and roles needed, as ansible-galaxy reads them; becomes requirements.yml.',
      ),
  })
  .meta({ title: 'trueup stack', description: 'stacks/<stack>/stack.yaml: a deployable unit.' });

/** `overlays/<site>/.trueup-absent.yaml` */
export const absentSchema = z
  .strictObject({
    apiVersion,
    kind: z.literal('Absent'),
    paths: z.array(z.string()).describe('Paths of the site tree that this site goes without.'),
  })
  .meta({
    title: 'trueup overlay of absent files',
    description: 'overlays/<site>/.trueup-absent.yaml: files that this site goes without.',
  });

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of a duration that the schema let pass: `90s`, `1h30m`. */
export function durationMs(text: string): number {
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g))
    sum += Number(count) * UNITS[unit!]!;
  return sum;
}

/** JSON Schemas by which editors complete and check plan files, by the name of their file in `config/schemas`. */
export function planJsonSchemas(): Map<string, object> {
  const formats = { plan: planSchema, site: siteSchema, stack: stackSchema, absent: absentSchema };
  return new Map(
    Object.entries(formats).map(([name, schema]) => [
      name,
      z.toJSONSchema(schema, { io: 'input' }),
    ]),
  );
}
