import type { Secret } from './secret.ts';

/** How a forge is reached, and knows us. */
export interface ForgeAccess {
  repository: string;
  baseUrl: string;
  token: Secret | undefined;
  tokenFile: string;
  webhookSecret: Secret | undefined;
  webhookSecretFile: string;
}

/** Durations are milliseconds; files and folders are absolute; empty text means: not set. */
export interface Config {
  dataDir: string;
  plan: {
    url: string;
    branch: string;
    path: string;
    pollInterval: number;
    /** Per cent. */
    maxRemoved: number;
    allowedSigners: string;
    openpgpHome: string;
  };
  forge: {
    type: 'local' | 'github' | 'gitea';
    github: ForgeAccess & {
      app: {
        id: string;
        installationId: number | undefined;
        privateKey: Secret | undefined;
        privateKeyFile: string;
      };
      writesPerMinute: number;
    };
    gitea: ForgeAccess;
  };
  server: {
    host: string;
    port: number;
    token: Secret | undefined;
    tokenFile: string;
    publicUrl: string;
  };
  runner: {
    concurrency: number;
    timeout: number;
    ansiblePlaybook: string;
    vaultPasswordFile: string;
  };
  drift: {
    settle: number;
    compareInterval: number;
    maxWatched: number;
    gather: number;
    maxOpenProposals: number;
    maxProposalsPerHour: number;
    windows: string;
    timeZone: string;
  };
  preview: { timeout: number; checkSites: number };
  agents: {
    codeLifetime: number;
    lateAfter: number;
    bundleDays: number;
    bundleCacheMib: number;
    maxReturnMib: number;
  };
  metrics: { perSite: 'auto' | 'on' | 'off'; perSiteLimit: number; access: 'open' | 'token' };
  log: {
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
    format: 'auto' | 'json' | 'pretty';
  };
}
