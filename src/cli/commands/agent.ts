import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { Agent } from '../../agent/agent.ts';
import { serveControl } from '../../agent/control.ts';
import {
  agentDirectory,
  assertOwnDirectory,
  lockOf,
  readIdentity,
  writePrivate,
} from '../../agent/data-directory.ts';
import { enrolAgent, initAgent } from '../../agent/enrol.ts';
import { type AgentSettings, loadAgentSettings } from '../../agent/settings.ts';
import { keepGuard, processStandBy, type StandBy } from '../../agent/stand-by.ts';
import { AnsibleDriver } from '../../ansible/driver.ts';
import { parseAllowedKeys } from '../../bundle/bundle.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { createLogger, type Logger } from '../../telemetry/logger.ts';
import { EXIT, type Output } from '../output.ts';
import { version } from '../version.ts';

/** How long a guard that is at work may keep an agent from starting (ms). */
const PATIENCE = 30 * 60_000;
const NOBODY: StandBy = { begin: async () => undefined, end: async () => undefined };

export interface DataOptions {
  data: string;
  config?: string;
}

/** `trueup agent enroll` */
export async function enroll(
  options: { data: string; server: string; code: string; ca?: string },
  output: Output,
): Promise<number> {
  const { data, server, code } = options;
  const ca = options.ca === undefined ? undefined : resolve(options.ca);
  const { site } = await enrolAgent({ data, server, code, ca, version: await version() });
  output.line(`this is the agent of ${site} now; \`trueup agent run\` starts it`);
  output.document({ site, data: resolve(data) });
  return EXIT.ok;
}

/** `trueup agent init` */
export async function init(
  options: { data: string; site: string; trust: string },
  output: Output,
): Promise<number> {
  const { data, site } = options;
  const { publicKey } = await initAgent({ data, site, trust: await readKeys(options.trust) });
  output.line(`this is the agent of ${site} now. Its key, for the centre to let in with`);
  output.line(`\`trueup site enroll ${site} --public-key FILE\`:`);
  output.line(publicKey);
  output.document({ site, data: resolve(data), publicKey });
  return EXIT.ok;
}

/** `trueup agent trust` */
export async function trust(file: string, { data }: DataOptions, output: Output): Promise<number> {
  const directory = agentDirectory(data);
  await assertOwnDirectory(directory);
  if (!(await readIdentity(directory))) throw new UserError(`${data} is no agent's yet`);
  const text = await readKeys(file);
  await writePrivate(directory.allowedSigners, text);
  const keys = parseAllowedKeys(text).length;
  output.line(`trusts ${keys} key${keys === 1 ? '' : 's'} from now on`);
  output.document({ keys });
  return EXIT.ok;
}

async function readKeys(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UserError(`${file} cannot be read: ${messageOf(error)}`);
  });
  if (parseAllowedKeys(text, file).length === 0)
    throw new UserError(`${file} names no ssh-ed25519 key`);
  return text;
}

/** `trueup agent run`: works until it is told to end. */
export async function runAgent(options: DataOptions, output: Output): Promise<number> {
  const settings = await loadAgentSettings(options.config);
  const log = createLogger({ level: 'info', format: 'auto' });
  const agent = await openAgent(options, settings, log, guardBeside(options), PATIENCE);
  const control = await serveControl(agent);
  await agent.start();
  output.document({ site: agent.site, data: resolve(options.data) });
  await new Promise<void>((done) => {
    process.once('SIGINT', () => done());
    process.once('SIGTERM', () => done());
  });
  process.once('SIGINT', () => process.exit(EXIT.error));
  control.close();
  await agent.stop();
  return EXIT.ok;
}

/** `trueup agent guard`: waits for the agent to end, and then restores what has to be restored. */
export async function guard(options: DataOptions, _output: Output): Promise<number> {
  const ended = new AbortController();
  process.once('SIGTERM', () => ended.abort());
  const log = createLogger({ level: 'info', format: 'json' });
  const settings = await loadAgentSettings(options.config);
  await keepGuard({
    lock: lockOf(agentDirectory(options.data).root),
    open: () => openAgent(options, settings, log, NOBODY, 0),
    signal: ended.signal,
  });
  return EXIT.ok;
}

/** Opens an agent that does what it is asked and nothing by itself. */
export async function openAgentOnce(options: DataOptions): Promise<Agent> {
  const settings = await loadAgentSettings(options.config);
  const log = createLogger({ level: 'warn', format: 'auto' });
  return openAgent(options, settings, log, guardBeside(options), 0);
}

async function openAgent(
  { data }: DataOptions,
  settings: AgentSettings,
  log: Logger,
  standBy: StandBy,
  patience: number,
): Promise<Agent> {
  const { ansiblePlaybook, vaultPasswordFile } = settings.apply;
  return Agent.open({
    data,
    settings,
    version: await version(),
    driver: new AnsibleDriver({
      workDirectory: agentDirectory(data).runs,
      ...(ansiblePlaybook ? { command: ansiblePlaybook } : {}),
      ...(vaultPasswordFile ? { vaultPasswordFile } : {}),
      log: (message, details) => log.debug({ part: 'ansible', ...details }, message),
    }),
    standBy,
    log,
    patience,
  });
}

function guardBeside({ data, config }: DataOptions): StandBy {
  return processStandBy([
    process.execPath,
    process.argv[1]!,
    'agent',
    'guard',
    '--data',
    resolve(data),
    ...(config === undefined ? [] : ['--config', resolve(config)]),
  ]);
}
