import { dirname, resolve } from 'node:path';

import { z } from 'zod';

import { toProblems } from '../config/faults.ts';
import { readConfigFile } from '../config/file.ts';
import { merge } from '../config/origins.ts';
import { duration, zoneFault } from '../config/schema.ts';
import { InvalidInput, messageOf } from '../model/errors.ts';
import { readWindows } from '../model/windows.ts';

const POLICIES = ['auto', 'window', 'manual'] as const;

/** Text that a fault speaks against; empty is always well. */
function text(fault: (text: string) => string | undefined) {
  return z.string().superRefine((value, context) => {
    const message = value === '' ? undefined : fault(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

/** Why the windows cannot be read: found out now, and not when the first of them opens. */
function windowsFault(windows: string): string | undefined {
  try {
    readWindows(windows);
    return undefined;
  } catch (error) {
    return `is not well: ${messageOf(error)}`;
  }
}

const schema = z.strictObject({
  sync: z
    .strictObject({
      interval: duration('1s')
        .prefault('60s')
        .describe('How often the centre is asked while nothing is known to have changed.'),
      wait: duration('0ms')
        .prefault('50s')
        .describe('How long the centre may keep a question open until there is something new.'),
    })
    .prefault({})
    .describe('How the agent and the centre come together.'),
  apply: z
    .strictObject({
      policy: z
        .enum(POLICIES)
        .prefault('auto')
        .describe(
          '`auto`: at once; `window`: within `windows`; `manual`: with `trueup agent apply`.',
        ),
      windows: text(windowsFault)
        .prefault('')
        .describe('Times of the week: "mon-fri 22:00-05:00, sun 00:00-24:00".'),
      timeZone: text(zoneFault).prefault('UTC'),
      timeout: duration('1s').prefault('30m').describe('After this a run is ended and has failed.'),
      answerWithin: duration('1s')
        .prefault('2m')
        .describe(
          'After an apply the hosts must answer, and the post-check pass, within this time.',
        ),
      ansiblePlaybook: z.string().prefault('').describe('Path of ansible-playbook.'),
      vaultPasswordFile: z.string().prefault(''),
    })
    .superRefine(({ policy, windows }, context) => {
      if (policy === 'window' && windows.trim() === '')
        context.addIssue({
          code: 'custom',
          path: ['policy'],
          message: 'is `window`, but no `windows` are named',
        });
    })
    .prefault({})
    .describe('When and how what is desired is applied.'),
  edits: z
    .strictObject({
      settle: duration('0ms')
        .prefault('300ms')
        .describe('A file that was edited must have been quiet for this long to be recorded.'),
      compareInterval: duration('1s')
        .prefault('30s')
        .describe('How often the working copy is compared with what is known.'),
    })
    .prefault({})
    .describe('How edits at the site are found.'),
});

/** Settings of an agent; all times are milliseconds. */
export type AgentSettings = z.output<typeof schema>;

/**
 * Loads an agent's settings; without a file, the defaults. Relative paths are relative to the file's folder.
 * @throws InvalidInput with a problem for every fault; UserError if the file cannot be read
 */
export async function loadAgentSettings(path?: string): Promise<AgentSettings> {
  const file = path === undefined ? undefined : await readConfigFile(path);
  const merged = merge([['file', file?.section ?? {}]]);
  const parsed = schema.safeParse(merged.values);
  if (!parsed.success) throw new InvalidInput(toProblems(parsed.error.issues, merged, file));
  const settings = parsed.data;
  const absolute = (value: string) =>
    value === '' || path === undefined ? value : resolve(dirname(path), value);
  settings.apply.vaultPasswordFile = absolute(settings.apply.vaultPasswordFile);
  settings.apply.ansiblePlaybook = absolute(settings.apply.ansiblePlaybook);
  return settings;
}

/** The JSON Schema of the settings, for editors. */
export function agentSettingsSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return { $schema, title: "settings of trueup's agent", ...rest };
}
