import { createPrivateKey, type KeyObject, sign } from 'node:crypto';

import type { Octokit } from '@octokit/rest';

import { Stalled } from '../../model/errors.ts';
import { ForgeUnavailable } from '../errors.ts';
import { createClient, type ClientOptions } from './client.ts';
import { GitHubRefusal } from './failure.ts';

export interface AppTokenOptions extends Omit<ClientOptions, 'token'> {
  /** The app's id or client id. */
  appId: string;
  /** Its private key as PEM; asked for at each use, so that it can be rotated. Never shows in an error. */
  privateKey: () => Promise<string>;
  /** `owner/name` of the repository that the app is installed for. */
  repository: { owner: string; repo: string };
  /** Asked of GitHub if not given. */
  installationId?: number;
  /** Milliseconds since 1970, by this machine's clock. */
  wallClock?: () => number;
}

/** What an installation needs; asked for by name, so that its token can do no more than that. */
const PERMISSIONS = {
  contents: 'write',
  pull_requests: 'write',
  issues: 'write',
  statuses: 'write',
  metadata: 'read',
} as const;
/** A token lasts an hour; it is made anew this long (ms) before its end. */
const RENEW_BEFORE = 10 * 60_000;
/** With less than this left (ms), a token is of no use for a push any more. */
const LEAST_LEFT = 60_000;

interface InstallationToken {
  text: string;
  /** On the clock of `now`. */
  expiresAt: number;
}

/**
 * Tokens of a GitHub App's installation: short-lived, for one repository alone, made by the app's private key and
 * renewed before they expire. See https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app
 */
export class AppToken {
  readonly #options: AppTokenOptions;
  readonly #octokit: Octokit;
  readonly #now: () => number;
  #current: InstallationToken | undefined;
  #renewal: Promise<InstallationToken> | undefined;
  #login: string | undefined;

  constructor(options: AppTokenOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    const { appId, privateKey, wallClock = Date.now } = options;
    this.#octokit = createClient({
      ...options,
      token: async () => appJwt(appId, await privateKey(), wallClock()),
    });
  }

  /**
   * A token that is good for at least a minute; made anew if GitHub has `rejected` the present one.
   * @throws Stalled if GitHub knows no such app, key or installation
   */
  async token(rejected?: string): Promise<string> {
    const current = this.#current;
    const left = current && current.text !== rejected ? current.expiresAt - this.#now() : 0;
    if (current && left > RENEW_BEFORE) return current.text;
    try {
      return (await this.#renew()).text;
    } catch (error) {
      // Out of reach for a while: the present token still serves.
      if (current && left > LEAST_LEFT && error instanceof ForgeUnavailable) return current.text;
      throw error;
    }
  }

  /** The name under which the app comments: `trueup[bot]`. */
  async login(): Promise<string> {
    if (this.#login === undefined) {
      const { data } = await this.#explained(() => this.#octokit.rest.apps.getAuthenticated());
      if (!data) throw new ForgeUnavailable('GitHub does not tell what the app is called');
      this.#login = `${data.slug}[bot]`;
    }
    return this.#login;
  }

  /** All who ask meanwhile wait for the same one. */
  #renew(): Promise<InstallationToken> {
    this.#renewal ??= this.#explained(() => this.#make()).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #make(): Promise<InstallationToken> {
    const { repository, installationId } = this.#options;
    const id =
      installationId ?? (await this.#octokit.rest.apps.getRepoInstallation(repository)).data.id;
    const started = this.#now();
    const { data, headers } = await this.#octokit.rest.apps.createInstallationAccessToken({
      installation_id: id,
      repositories: [repository.repo],
      permissions: PERMISSIONS,
    });
    // By GitHub's own clock, since ours may be wrong.
    const lasts = Date.parse(data.expires_at) - Date.parse(headers.date ?? '');
    this.#current = {
      text: data.token,
      expiresAt: started + (Number.isNaN(lasts) ? RENEW_BEFORE : lasts),
    };
    return this.#current;
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof GitHubRefusal)) throw error;
      const { owner, repo } = this.#options.repository;
      throw new Stalled(
        `GitHub gives the app no token for ${owner}/${repo} (${error.message}): check the app's id and private key, ` +
          "this machine's clock, that the app is installed for the repository, and that it may write contents, " +
          'pull requests, issues and commit statuses',
      );
    }
  }
}

/**
 * What an app proves itself by: a JSON Web Token (RFC 7519), signed with RS256, good for nine minutes.
 * @param time milliseconds since 1970
 * @throws Stalled if the key is none
 */
export function appJwt(appId: string, privateKey: string, time: number): string {
  const seconds = Math.floor(time / 1000);
  // A minute back, since GitHub's clock may be behind; ten minutes are the most that it takes.
  const claims = { iat: seconds - 60, exp: seconds + 480, iss: appId };
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), readKey(privateKey)).toString('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function readKey(pem: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(pem);
  } catch {
    // What OpenSSL says of it helps nobody, and might quote it.
  }
  if (key?.asymmetricKeyType === 'rsa') return key;
  throw new Stalled(
    "the private key of the GitHub App is none: it must be the PEM file that GitHub made, beginning with '-----BEGIN RSA PRIVATE KEY-----'",
  );
}
