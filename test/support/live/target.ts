import type { ConfigInput } from '../../../src/config/schema.ts';
import type { Forge } from '../../../src/forge/forge.ts';
import { GiteaForge } from '../../../src/forge/gitea/gitea-forge.ts';
import { GitHubForge } from '../../../src/forge/github/github-forge.ts';

/** A repository to throw away on a forge that is really there, as the environment names it. */
export interface LiveTarget {
  token: string;
  gitUrl: string;
  /** The setting `forge` of a controller for it. */
  setting: ConfigInput['forge'];
  forge(base: string): Forge;
  /** What is asked as a person would, past our own forge: a path below the repository's. Gives the parsed answer. */
  ask(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<any>;
}

/** Every kind of forge, with what the environment names of it: see docs/forges.md. */
export const LIVE_TARGETS: readonly (readonly [string, LiveTarget | undefined])[] = [
  ['GitHub', github(process.env)],
  ['Gitea', gitea(process.env)],
];

function github(env: NodeJS.ProcessEnv): LiveTarget | undefined {
  const { TRUEUP_LIVE_GITHUB_REPOSITORY: repository, TRUEUP_LIVE_GITHUB_TOKEN: token } = env;
  if (!repository || !token) return undefined;
  const baseUrl = env['TRUEUP_LIVE_GITHUB_API'] ?? 'https://api.github.com';
  const service = 'https://github.com';
  const host = baseUrl === 'https://api.github.com' ? service : new URL(baseUrl).origin;
  // One for all: it keeps count of its writes.
  const forge = new GitHubForge({ repository, token: () => token, baseUrl });
  return {
    token,
    gitUrl: `${host}/${repository}.git`,
    setting: { type: 'github', github: { repository, token, baseUrl } },
    forge: () => forge,
    ask: asker(`${baseUrl}/repos/${repository}`, token),
  };
}

function gitea(env: NodeJS.ProcessEnv): LiveTarget | undefined {
  const { TRUEUP_LIVE_GITEA_REPOSITORY: repository, TRUEUP_LIVE_GITEA_TOKEN: token } = env;
  const baseUrl = env['TRUEUP_LIVE_GITEA_URL'];
  if (!repository || !token || !baseUrl) return undefined;
  return {
    token,
    gitUrl: `${baseUrl}/${repository}.git`,
    setting: { type: 'gitea', gitea: { repository, token, baseUrl } },
    forge: (base) => new GiteaForge({ repository, token: () => token, baseUrl, base }),
    ask: asker(`${baseUrl}/api/v1/repos/${repository}`, token),
  };
}

function asker(url: string, token: string): LiveTarget['ask'] {
  return async (method, path, body) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `token ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return response.json();
  };
}
