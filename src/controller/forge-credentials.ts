import { readFile } from 'node:fs/promises';

import type { Config, ForgeAccess } from '../config/config.ts';
import type { Secret } from '../config/secret.ts';
import { AppToken } from '../forge/github/app-token.ts';
import { parseRepository } from '../forge/github/github-forge.ts';
import { Stalled } from '../model/errors.ts';

/** What the forge knows us by. Files are read at each use, so that they can be rotated. */
export interface ForgeCredentials {
  /** For the API; undefined if none is set. Asked with the token that was just rejected, another one if there is. */
  token(rejected?: string): Promise<string | undefined>;
  /** For git over HTTP: the same, if the plan's repository is on the forge itself; no other server gets to see it. */
  gitToken(rejected?: string): Promise<string | undefined>;
  /** Name of the account that it belongs to, where the forge does not tell it by the token. */
  account: (() => Promise<string>) | undefined;
  /** What a forge signs its webhooks with; undefined if none is set. */
  webhookSecret(forge: 'github' | 'gitea'): Promise<string | undefined>;
}

export interface CredentialOptions {
  config: Pick<Config, 'forge' | 'plan'>;
  /** Told of every secret before it is used, so that no log shows it. */
  onSecret: (text: string) => void;
  onRequest?: (operation: string, code: string) => void;
}

export function createForgeCredentials(options: CredentialOptions): ForgeCredentials {
  const { config, onSecret, onRequest } = options;
  const { forge, plan } = config;
  const read = async (text: Secret | undefined, file: string): Promise<string | undefined> => {
    const secret = file ? (await readFile(file, 'utf8')).trim() : text?.reveal();
    if (secret) onSecret(secret);
    return secret || undefined;
  };
  const access = accessOf(forge);
  const { app } = forge.github;
  const appToken =
    forge.type === 'github' && app.id !== ''
      ? new AppToken({
          appId: app.id,
          privateKey: async () => {
            const key = await read(app.privateKey, app.privateKeyFile);
            if (key) return key;
            throw new Stalled("the file of the GitHub App's private key is empty");
          },
          repository: parseRepository(forge.github.repository),
          baseUrl: forge.github.baseUrl,
          ...(app.installationId === undefined ? {} : { installationId: app.installationId }),
          ...(onRequest ? { onRequest } : {}),
        })
      : undefined;

  const token = async (rejected?: string): Promise<string | undefined> => {
    if (!appToken) return read(access.token, access.tokenFile);
    const text = await appToken.token(rejected);
    onSecret(text);
    return text;
  };
  const ours = isOnForge(plan.url, access);
  return {
    token,
    gitToken: async (rejected) => (ours ? token(rejected) : undefined),
    account: appToken && (() => appToken.login()),
    webhookSecret: (name) => read(forge[name].webhookSecret, forge[name].webhookSecretFile),
  };
}

/** The forge that is used; with the local one, that whose token is set: for git alone. */
function accessOf({ type, github, gitea }: Config['forge']): ForgeAccess {
  if (type === 'gitea') return gitea;
  const onlyGitea = github.token === undefined && github.tokenFile === '';
  return type === 'local' && onlyGitea ? gitea : github;
}

/** Whether the plan's repository is on the server that the token is for. */
function isOnForge(planUrl: string, access: ForgeAccess): boolean {
  const git = URL.parse(planUrl);
  const api = URL.parse(access.baseUrl);
  if (!git || !api || !git.protocol.startsWith('http')) return false;
  return git.host === (api.host === 'api.github.com' ? 'github.com' : api.host);
}
