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
  const github = await withToken('forge.github', forge.github, absolute, forge.type === 'github');
  const ours = await withToken('server', server, absolute, true);
  for (const { path, fault } of [github, ours]) {
    if (fault !== undefined) {
      problems.push({ message: `${path.join('.')}: ${fault}`, ...place(path, merged, file) });
    }
  }
  if (problems.length > 0) throw new InvalidInput(problems.toSorted(compareProblems));

  return {
    ...rest,
    dataDir: absolute('dataDir', dataDir),
    plan: { ...plan, url: isFolder(plan.url) ? absolute('plan.url', plan.url) : plan.url },
    forge: { ...forge, github: github.section },
    server: ours.section,
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

interface TokenSection {
  token?: string | undefined;
  tokenFile: string;
}

/** Reads the token of a section from its file, if it is in one and `needed`. */
async function withToken<Section extends TokenSection>(
  name: string,
  section: Section,
  absolute: Absolute,
  needed: boolean,
): Promise<{
  path: string[];
  section: Omit<Section, 'token'> & { token: Secret | undefined };
  fault?: string;
}> {
  const path = [...name.split('.'), 'tokenFile'];
  const tokenFile = absolute(path.join('.'), section.tokenFile);
  const done = (token: string | undefined, fault?: string) => ({
    path,
    section: { ...section, tokenFile, token: token === undefined ? undefined : new Secret(token) },
    ...(fault !== undefined && { fault }),
  });
  if (section.token !== undefined && tokenFile !== '') {
    return done(undefined, `set this or ${name}.token, not both`);
  }
  if (tokenFile === '' || !needed) return done(section.token);
  try {
    return done(await readSecret(tokenFile));
  } catch (error) {
    return done(undefined, messageOf(error));
  }
}

/** Whether git would take the address for a path: `host:path` and `scheme://…` have a colon. */
function isFolder(url: string): boolean {
  return !url.includes(':');
}
