import { z } from 'zod';

import { pathFault } from '../model/tree.ts';

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const FORM = 'must be a duration with a unit, like 500ms, 30s, 5m, 1h or 7d';
/** Longer timers do not fit into what Node has for them. */
const LONGEST = '24d';

/** Milliseconds of a text like `30s`; NaN if it is none. */
function milliseconds(text: string): number {
  const [, number, unit = ''] = DURATION.exec(text) ?? [];
  return Math.round(Number(number) * (UNITS[unit] ?? Number.NaN));
}

export function duration(atLeast: string) {
  return z
    .string({ error: FORM })
    .regex(DURATION, { error: FORM, abort: true })
    .refine((text) => milliseconds(text) >= milliseconds(atLeast), `must be at least ${atLeast}`)
    .refine((text) => milliseconds(text) <= milliseconds(LONGEST), `must be at most ${LONGEST}`)
    .transform(milliseconds);
}

/** Where git would run a program, or take the text for an option; and passwords, since addresses are shown. */
function planUrlFault(url: string): string | undefined {
  if (url === '') return 'is empty: it must be the address or folder of a git repository';
  if (url.startsWith('-')) return 'must not start with "-"';
  if (/^[a-z0-9+.-]+::/i.test(url)) return 'must not name a remote helper ("…::")';
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined && !['https', 'http', 'ssh', 'file'].includes(scheme)) {
    return 'must be an https, http, ssh or file address, user@host:path, or a folder';
  }
  if (/^[a-z]+:\/\/[^/@]*:[^/@]*@/i.test(url)) {
    return 'must not hold a password: use forge.github.tokenFile, SSH keys or a git credential helper';
  }
  return undefined;
}

function branchFault(branch: string): string | undefined {
  // Control characters and what git-check-ref-format(1) rules out.
  // oxlint-disable-next-line no-control-regex
  const bad = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/.]|\/\.|[/.]$|\.lock(?:$|\/)/;
  return branch === '' || bad.test(branch) ? 'is no name that a git branch can have' : undefined;
}

function webAddressFault(address: string): string | undefined {
  const { protocol, username, password } = URL.parse(address) ?? {};
  if (protocol !== 'https:' && protocol !== 'http:') return 'must be an https or http address';
  return username || password ? 'must not hold a user name or password' : undefined;
}

const WINDOW =
  /^ *(?:(?:(?:mon|tue|wed|thu|fri|sat|sun)(?:-(?:mon|tue|wed|thu|fri|sat|sun))? +)?\d\d:\d\d-\d\d:\d\d *(?:, *|$))+$/i;

export function windowsFault(text: string): string | undefined {
  return WINDOW.test(text)
    ? undefined
    : 'must be times like "mon-fri 08:00-18:00, sat 09:00-12:00"';
}

export function zoneFault(zone: string): string | undefined {
  try {
    Intl.DateTimeFormat('en', { timeZone: zone });
    return undefined;
  } catch {
    return 'is no time zone: it must be one like UTC or Europe/Lisbon';
  }
}

/** Text for which `faultOf` finds nothing wrong. */
function checked(faultOf: (text: string) => string | undefined) {
  return z.string().superRefine((text, context) => {
    const message = faultOf(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

const optional = (faultOf: (text: string) => string | undefined) =>
  checked((text) => (text === '' ? undefined : faultOf(text)));

/** Settings that no fault shows the value of. Each may be in a file instead, named by `…File`. */
export const SECRETS: ReadonlySet<string> = new Set(['token', 'webhookSecret', 'privateKey']);

const token = z
  .string()
  .min(16, 'is too short: it must have at least 16 characters')
  .optional()
  .describe('The token itself; better kept in a file, or given as an environment variable.');

const tokenFile = z
  .string()
  .prefault('')
  .describe('A file that holds the token, and nothing else.');

const webhookSecret = z
  .string()
  .min(16, 'is too short: it must have at least 16 characters')
  .optional()
  .describe('The secret itself; better kept in a file, or given as an environment variable.');

const webhookSecretFile = z
  .string()
  .prefault('')
  .describe('A file that holds what the forge signs webhooks with. Without it none are taken.');

const plan = z
  .strictObject({
    url: checked(planUrlFault).describe(
      'The git repository that holds the plan: an address that git can fetch, or a folder.',
    ),
    branch: checked(branchFault)
      .prefault('main')
      .describe('The branch whose newest commit is the desired state.'),
    path: optional(pathFault)
      .prefault('')
      .describe('Folder of the repository that the plan is in; empty: its top.'),
    pollInterval: duration('1s')
      .prefault('60s')
      .describe('How often to look for new commits, besides being told of them.'),
    maxRemoved: z
      .int()
      .min(0)
      .max(100)
      .prefault(20)
      .describe(
        'Per cent of the sites, hosts or files: a commit that removes more waits until it is confirmed.',
      ),
    allowedSigners: z
      .string()
      .prefault('')
      .describe('File of SSH keys, as ssh-keygen(1) has it: only commits they signed count.'),
    openpgpHome: z
      .string()
      .prefault('')
      .describe('Folder with an OpenPGP keyring: only commits that its keys signed count.'),
  })
  .describe('Where the plan is.');

const APP_ID = 'must be the id or client id of a GitHub App';

const githubApp = z
  .strictObject({
    id: z
      .union([z.string().regex(/^[A-Za-z0-9.]*$/, APP_ID), z.int(APP_ID).positive(APP_ID)], APP_ID)
      .transform(String)
      .prefault('')
      .describe('Id or client id of a GitHub App, whose short-lived tokens are used then.'),
    installationId: z
      .int()
      .min(1)
      .optional()
      .describe('Its installation; asked of GitHub if not set.'),
    privateKey: z.string().optional().describe('The private key itself; better kept in a file.'),
    privateKeyFile: z
      .string()
      .prefault('')
      .describe("A file that holds the app's private key, as GitHub made it."),
  })
  .describe('A GitHub App in the place of a token.');

const github = z
  .strictObject({
    repository: optional((text) =>
      /^[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9._-]+$/.test(text)
        ? undefined
        : 'must be owner/name, like acme/edge-plan',
    )
      .prefault('')
      .describe('The repository, as owner/name. Needed where forge.type is github.'),
    baseUrl: checked(webAddressFault)
      .prefault('https://api.github.com')
      .describe('Where the API is; for GitHub Enterprise Server: https://HOST/api/v3.'),
    token,
    tokenFile,
    app: githubApp.prefault({}),
    webhookSecret,
    webhookSecretFile,
    writesPerMinute: z
      .int()
      .min(1)
      .prefault(60)
      .describe('Requests that change something, on average; GitHub refuses more than 80.'),
  })
  .describe('Used where forge.type is github; webhooks are taken without it as well.');

const gitea = z
  .strictObject({
    repository: optional((text) =>
      /^[\w.-]+\/[\w.-]+$/.test(text) ? undefined : 'must be owner/name, like acme/edge-plan',
    )
      .prefault('')
      .describe('The repository, as owner/name. Needed where forge.type is gitea.'),
    baseUrl: optional(webAddressFault)
      .prefault('')
      .describe('Where Gitea or Forgejo is: https://HOST. Needed where forge.type is gitea.'),
    token,
    tokenFile,
    webhookSecret,
    webhookSecretFile,
  })
  .describe('Used where forge.type is gitea; webhooks are taken without it as well.');

const forge = z
  .strictObject({
    type: z
      .enum(['local', 'github', 'gitea'])
      .prefault('local')
      .describe('Where pull requests live: in trueup itself, on GitHub, or on Gitea or Forgejo.'),
    github: github.prefault({}),
    gitea: gitea.prefault({}),
  })
  .superRefine(({ type, ...forges }, context) => {
    if (type === 'local') return;
    const need = (key: string, or = ''): void => {
      const message = `is needed where forge.type is ${type}${or}`;
      context.addIssue({ code: 'custom', path: [type, ...key.split('.')], message });
    };
    const { repository, baseUrl, token: text, tokenFile: file } = forges[type];
    if (repository === '') need('repository');
    if (baseUrl === '') need('baseUrl');
    const hasToken = text !== undefined || file !== '';
    const { id, privateKey, privateKeyFile } = forges.github.app;
    if (type === 'gitea' || id === '') {
      if (!hasToken) need('tokenFile', ` (or forge.${type}.token)`);
      return;
    }
    if (hasToken) {
      const message = 'set this or forge.github.app, not both';
      context.addIssue({ code: 'custom', path: ['github', 'tokenFile'], message });
    }
    if (privateKey === undefined && privateKeyFile === '') need('app.privateKeyFile');
  })
  .describe('Where proposals are made as pull requests.');

const server = z
  .strictObject({
    host: z
      .string()
      .min(1, 'must not be empty')
      .prefault('127.0.0.1')
      .describe('Address to listen on; 0.0.0.0 or :: for all of the machine.'),
    port: z.int().min(0).max(65_535).prefault(7440).describe('Port to listen on; 0: any free one.'),
    token,
    tokenFile,
    publicUrl: optional(webAddressFault)
      .prefault('')
      .describe('The address under which people reach the server, for links in pull requests.'),
  })
  .describe('The HTTP server: API, metrics, health. Who sends its token may read and decide.');

const runner = z
  .strictObject({
    concurrency: z
      .int()
      .min(1)
      .max(1_000)
      .optional()
      .describe('Ansible runs at once, about 100 MB of memory each; 4 for each core if not set.'),
    timeout: duration('1s').prefault('30m').describe('After this a run is ended and has failed.'),
    ansiblePlaybook: z
      .string()
      .prefault('')
      .describe('Path of ansible-playbook; empty: the one that trueup brought, or from the PATH.'),
    vaultPasswordFile: z
      .string()
      .prefault('')
      .describe("File with the password of Ansible's vaults in the plan."),
  })
  .describe('How site trees are applied.');

const drift = z
  .strictObject({
    settle: duration('0ms')
      .prefault('300ms')
      .describe('A file that was edited must have been quiet for this long to be recorded.'),
    compareInterval: duration('1s')
      .prefault('30s')
      .describe('How often working copies are compared with what is known, since events get lost.'),
    maxWatched: z
      .int()
      .min(0)
      .prefault(250)
      .describe(
        'Sites whose files are watched, about 0.3 MB each; at the others the timed compare finds edits.',
      ),
    maxOpenProposals: z
      .int()
      .min(1)
      .prefault(50)
      .describe('Proposals open at once; further ones wait until some are decided.'),
    maxProposalsPerHour: z
      .int()
      .min(1)
      .prefault(30)
      .describe(
        'New proposals within any hour; further edits wait, those that waited longest first.',
      ),
    gather: duration('0ms')
      .prefault('300ms')
      .describe('How long to wait for other sites with the same edit before it is proposed.'),
    windows: optional(windowsFault)
      .prefault('')
      .describe(
        'When new proposals are made: "mon-fri 08:00-18:00, sat 09:00-12:00"; empty: always.',
      ),
    timeZone: checked(zoneFault)
      .prefault('UTC')
      .describe('The time zone of these windows, like Europe/Lisbon.'),
  })
  .describe('How edits at sites are found and proposed.');

const preview = z
  .strictObject({
    timeout: duration('1s')
      .prefault('60s')
      .describe('After this the rendering of a pull request is ended and has failed.'),
    checkSites: z
      .int()
      .min(1)
      .max(1_000)
      .prefault(10)
      .describe('Sites that a check run of a pull request is made at, one of each kind first.'),
  })
  .describe('What is shown on pull requests before they are merged.');

const agents = z
  .strictObject({
    codeLifetime: duration('1m')
      .prefault('1h')
      .describe('How long the one-time code is good for that an agent enrols with.'),
    lateAfter: duration('1m')
      .prefault('15m')
      .describe('An agent that was not heard of for so long is told to be late.'),
    bundleDays: z
      .int()
      .min(1)
      .max(3_650)
      .prefault(90)
      .describe('Days after which a site does not take a bundle any more that was made today.'),
    bundleCacheMib: z
      .int()
      .min(16)
      .prefault(512)
      .describe('MiB of bundles that are kept to be sent again.'),
    maxReturnMib: z
      .int()
      .min(1)
      .max(4_096)
      .prefault(64)
      .describe('MiB that a bundle may have that comes back from a site.'),
  })
  .describe('Sites that an agent delivers to.');

const metrics = z
  .strictObject({
    perSite: z
      .enum(['auto', 'on', 'off'])
      .prefault('auto')
      .describe('Series of their own for each site; auto: up to perSiteLimit sites.'),
    perSiteLimit: z.int().min(0).prefault(2_000).describe('Sites up to which auto means on.'),
    access: z
      .enum(['open', 'token'])
      .prefault('open')
      .describe(
        'Who may read it: everybody, or whoever sends the token of a viewer, operator or admin.',
      ),
  })
  .describe('What /metrics tells.');

const log = z
  .strictObject({
    level: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .prefault('info')
      .describe('The least serious lines to write.'),
    format: z
      .enum(['auto', 'json', 'pretty'])
      .prefault('auto')
      .describe('auto: for people on a terminal, JSON elsewhere.'),
  })
  .describe('The log, on standard error.');

/** The settings as they stand in a file. */
export const configSchema = z.strictObject({
  dataDir: z
    .string()
    .min(1, 'must not be empty')
    .prefault('trueup-data')
    .describe('Folder for all state: the database, git repositories, working copies.'),
  plan,
  forge: forge.prefault({}),
  server: server.prefault({}),
  runner: runner.prefault({}),
  drift: drift.prefault({}),
  preview: preview.prefault({}),
  agents: agents.prefault({}),
  metrics: metrics.prefault({}),
  log: log.prefault({}),
});

/** Settings as text, numbers and sections, everything optional: what a file or the command line may say. */
export type ConfigInput = DeepPartial<z.input<typeof configSchema>>;

type DeepPartial<T> = T extends object ? { [Key in keyof T]?: DeepPartial<T[Key]> | undefined } : T;

/** The JSON Schema of the configuration file, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' });
  return { $schema, title: "trueup's settings", ...schema };
}

/** One setting. */
export interface Setting {
  path: readonly string[];
  type: 'text' | 'number';
  /** The environment variable that overrides it. */
  variable: string;
}

/** Every setting, in the order of the schema. */
export const settings: readonly Setting[] = settingsOf(configSchema, []);

function settingsOf(schema: z.core.$ZodType, path: readonly string[]): Setting[] {
  let type = schema;
  while (type instanceof z.ZodPrefault || type instanceof z.ZodOptional) type = type.unwrap();
  if (type instanceof z.ZodObject) {
    const shape: Record<string, z.core.$ZodType> = type.shape;
    return Object.entries(shape).flatMap(([key, value]) => settingsOf(value, [...path, key]));
  }
  const kind = type instanceof z.ZodNumber ? 'number' : 'text';
  return [{ path, type: kind, variable: variableOf(path) }];
}

/** `forge.github.tokenFile` is overridden by `TRUEUP_FORGE_GITHUB_TOKEN_FILE`. */
function variableOf(path: readonly string[]): string {
  const words = path.map((key) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`));
  return ['TRUEUP', ...words].join('_').toUpperCase();
}
