import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Config } from '../config/config.ts';
import { Secret } from '../config/secret.ts';
import type { Driver } from '../model/driver.ts';
import { createAuthenticator } from '../server/auth.ts';
import type { AgentLimits } from '../server/options.ts';
import { createServer } from '../server/server.ts';
import { ChangeFeed } from '../server/stream.ts';
import { readUi } from '../server/ui.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import type { BundleTools } from './agents/bundle-tools.ts';
import { Controller } from './controller.ts';
import { createForgeCredentials } from './forge-credentials.ts';
import { writePrivateFile } from './private-file.ts';

export interface ServiceOptions {
  config: Config;
  version: string;
  /** Commit that the program was built from, where that is known. */
  build?: string;
  log?: Logger;
  /** Folder of the built web UI; no page is served where it is not there. */
  ui?: string;
  /** In place of Ansible; for tests. */
  driver?: Driver;
  /** In place of our own key, and of git's bundles; for tests. */
  bundles?: BundleTools;
  agentLimits?: Partial<AgentLimits>;
}

/** A running controller with its server. */
export interface Service {
  url: string;
  controller: Controller;
  /** The token that decisions are made with. */
  token: Secret;
  stop: (grace?: number) => Promise<void>;
}

/** Starts the controller and its HTTP server, as the configuration says. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, version, build = '' } = options;
  const secrets: string[] = [];
  const log =
    options.log ??
    createLogger({ level: config.log.level, format: config.log.format, secrets: () => secrets });
  const metrics = createMetrics({ ...config.metrics });
  metrics.buildInfo.set({ version, revision: build }, 1);

  const credentials = createForgeCredentials({
    config,
    onSecret: (text) => void (secrets.includes(text) || secrets.push(text)),
    onRequest: (operation, code) => metrics.forgeRequests.inc({ operation, code }),
  });
  // Known only once the server listens; no proposal is opened before.
  let url = config.server.publicUrl.replace(/\/+$/, '');
  const ui = options.ui === undefined ? undefined : await readUi(options.ui);
  const controller = await Controller.start({
    config,
    log,
    metrics,
    credentials,
    proposalUrl: (number) => `${url}${ui ? '' : '/api/v1'}/proposals/${number}`,
    previewUrl: (number) => `${url}/api/v1/previews/${number}/page`,
    ...(options.driver ? { driver: options.driver } : {}),
    ...(options.bundles ? { bundles: options.bundles } : {}),
  });
  try {
    const token = config.server.token ?? (await ownToken(config.dataDir, log));
    secrets.push(token.reveal());
    const server = createServer({
      host: config.server.host,
      port: config.server.port,
      ...(config.server.publicUrl ? { publicUrl: config.server.publicUrl } : {}),
      version,
      log,
      store: controller.store,
      metrics: {
        contentType: metrics.registry.contentType,
        access: config.metrics.access,
        text: async () => {
          await controller.refreshMetrics();
          return metrics.registry.metrics();
        },
      },
      health: () => ({ ok: true, message: 'running' }),
      ready: async () => {
        const checks = await controller.checks();
        return { ready: Object.values(checks).every(({ ok }) => ok), checks };
      },
      siteDiff: (site) => controller.siteDiff(site),
      inspect: controller.inspect,
      changes: new ChangeFeed(() => controller.store.changeCount()),
      ...(ui ? { ui } : {}),
      agents: controller.agents,
      agentLimits: { bundle: config.agents.maxReturnMib * 2 ** 20, ...options.agentLimits },
      decisions: controller.decisions,
      webhooks: {
        secret: (forge) => credentials.webhookSecret(forge),
        subject: (forge) => ({
          repository: config.forge[forge].repository,
          branch: config.plan.branch,
        }),
        nudge: (what) => controller.nudge(what),
        onWebhook: (forge, event, result) => metrics.webhooks.inc({ forge, event, result }),
      },
      waiting: () => controller.waiters.list(),
      auth: createAuthenticator({ token: () => token, tokens: controller.store.tokens }),
    });
    const listening = await server.start();
    url ||= listening.url;
    log.info({ url: listening.url }, 'listening');
    return {
      url: listening.url,
      controller,
      token,
      stop: async (grace) => {
        await server.stop();
        await controller.stop(grace);
      },
    };
  } catch (error) {
    await controller.stop(0);
    throw error;
  }
}

/** Where a controller without a configured token keeps the one it made for itself. */
export function tokenFileOf(dataDir: string): string {
  return join(dataDir, 'operator-token');
}

/** The controller's own token, made at its first start; whoever can read the data directory may decide. */
async function ownToken(dataDir: string, log: Logger): Promise<Secret> {
  const file = tokenFileOf(dataDir);
  const known = await readFile(file, 'utf8').catch(() => '');
  if (known.trim()) return new Secret(known.trim());
  const token = randomBytes(32).toString('base64url');
  await writePrivateFile(file, `${token}\n`);
  log.info(
    { file },
    'made a token for decisions: `trueup proposals merge` and others take it from TRUEUP_TOKEN',
  );
  return new Secret(token);
}
