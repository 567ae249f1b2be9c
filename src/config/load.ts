import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';

import { InvalidInput, messageOf } from '../model/errors.ts';
import { compareProblems } from '../model/problem.ts';
import type { Config } from './config.ts';
import { place, toProblems } from './faults.ts';
import { readConfigFile, readSecret } from './file.ts';
import { merge, readEnvironment } from './origins.ts';
import { type ConfigInput, configSchema } from './schema.ts';
import { Secret } from './secret.ts';

/** Runs at once for each core: while one waits for its hosts, others compute. */
const RUNS_PER_CORE = 4;

/**
 * Loads the program's settings. Environment variables win over the file, `overrides` (of the command line) over
 * both. Relative paths are relative to the folder of the file that they stand in, or else to the current one.
 * @param options.overrides shaped and spelled like the file: `{ plan: { url: '…', pollInterval: '5s' } }`
 * @throws InvalidInput with a problem for every fault; UserError if the file cannot be read
 */
export async function loadConfig(options: {
  file?: string | undefined;
  env: NodeJS.ProcessEnv;
  overrides?: ConfigInput | undefined;
}): Promise<Config> {
  const file = options.file === undefined ? undefined : await readConfigFile(options.file);
  const environment = readEnvironment(options.env);
  const merged = merge([
    ['file', file?.section ?? {}],
    ['environment', environment.section],
    ['override', options.overrides ?? {}],
  ]);
  merged.values['plan'] ??= {};
  const parsed = configSchema.safeParse(merged.values);
  const problems = [
    ...toProblems(parsed.error?.issues ?? [], merged, file),
    ...environment.problems,
  ];
  if (!parsed.success) throw new InvalidInput(problems.toSorted(compareProblems));

  const { dataDir, plan, forge, runner, server, ...rest } = parsed.data;
  const absolute: Absolute = (path, value) => {
    if (value === '') return '';
    const inFile = options.file !== undefined && merged.origins.get(path) === 'file';
    return resolve(inFile ? dirname(options.file!) : '.', value);
  };
  /** Reads a secret from its file, if it is in one and `needed`; else what stands there itself. */
  const secret = async (
    name: string,
    { text, file: from }: { text: string | undefined; file: string },
    needed = true,
  ): Promise<{ file: string; secret: Secret | undefined }> => {
    const path = `${name}File`.split('.');
    const secretFile = absolute(path.join('.'), from);
    const fault = (message: string): void => {
      problems.push({ message: `${path.join('.')}: ${message}`, ...place(path, merged, file) });
    };
    let known = text;
    if (text !== undefined && secretFile !== '') fault(`set this or ${name}, not both`);
    else if (secretFile !== '' && needed) {
      known = await readSecret(secretFile).catch((error: unknown) => {
        fault(messageOf(error));
        return undefined;
      });
    }
    return { file: secretFile, secret: known === undefined ? undefined : new Secret(known) };
  };
  const access = async (type: 'github' | 'gitea') => {
    const { token, tokenFile, webhookSecret, webhookSecretFile } = forge[type];
    const name = `forge.${type}`;
    const needed = forge.type === type;
    const ours = await secret(`${name}.token`, { text: token, file: tokenFile }, needed);
    const hook = { text: webhookSecret, file: webhookSecretFile };
    const theirs = await secret(`${name}.webhookSecret`, hook);
    return {
      token: ours.secret,
      tokenFile: ours.file,
      webhookSecret: theirs.secret,
      webhookSecretFile: theirs.file,
    };
  };
  const { app } = forge.github;
  const key = await secret(
    'forge.github.app.privateKey',
    { text: app.privateKey, file: app.privateKeyFile },
    forge.type === 'github',
  );
  const github = {
    ...forge.github,
    ...(await access('github')),
    app: {
      id: app.id,
      installationId: app.installationId,
      privateKey: key.secret,
      privateKeyFile: key.file,
    },
  };
  const gitea = { ...forge.gitea, ...(await access('gitea')) };
  const ours = await secret('server.token', { text: server.token, file: server.tokenFile });
  if (problems.length > 0) throw new InvalidInput(problems.toSorted(compareProblems));

  return {
    ...rest,
    dataDir: absolute('dataDir', dataDir),
    plan: {
      ...plan,
      url: isFolder(plan.url) ? absolute('plan.url', plan.url) : plan.url,
      allowedSigners: absolute('plan.allowedSigners', plan.allowedSigners),
      openpgpHome: absolute('plan.openpgpHome', plan.openpgpHome),
    },
    forge: { ...forge, github, gitea },
    server: { ...server, token: ours.secret, tokenFile: ours.file },
    runner: {
      ...runner,
      concurrency: runner.concurrency ?? RUNS_PER_CORE * availableParallelism(),
      // A bare name is looked for on the PATH.
      ansiblePlaybook: runner.ansiblePlaybook.includes('/')
        ? absolute('runner.ansiblePlaybook', runner.ansiblePlaybook)
        : runner.ansiblePlaybook,
      vaultPasswordFile: absolute('runner.vaultPasswordFile', runner.vaultPasswordFile),
    },
  };
}

/** A path (of the setting `path`) relative to where it was written; empty stays empty. */
type Absolute = (path: string, value: string) => string;

/** Whether git would take the address for a path: `host:path` and `scheme://…` have a colon. */
function isFolder(url: string): boolean {
  return !url.includes(':');
}
