import { resolve } from 'node:path';

import { Stalled, UserError } from '../model/errors.ts';
import type { GitSetting } from './environment.ts';
import { GitError, presentable } from './errors.ts';

const PROTOCOLS = ['https', 'http', 'ssh', 'git', 'file'] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** A repository elsewhere, as git is told of it. */
export interface Remote {
  /** Absolute; without credentials. */
  url: string;
  protocol: Protocol;
}

export interface Credentials {
  /** Sent with Basic authentication, as GitHub, Gitea and GitLab take tokens over git. For http and https only. */
  token?: string | undefined;
  /** Program and options that stand in for `ssh`. */
  sshCommand?: string | undefined;
}

const SSH = 'ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15';
// Control characters are what this pattern is for.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Reads a repository's address: a URL, `user@host:path` (ssh), or a local path.
 * @throws UserError for other transports, and where the address holds a password
 */
export function parseRemote(address: string): Remote {
  const shown = JSON.stringify(presentable(address));
  if (address === '' || CONTROL.test(address)) throw new UserError(`${shown} is no repository`);
  const scheme = /^([a-z0-9+.-]+):\/\//i.exec(address)?.[1]?.toLowerCase();
  if (scheme === undefined) return parseSchemeless(address, shown);
  const protocol = PROTOCOLS.find((known) => known === scheme);
  if (!protocol || !URL.canParse(address)) {
    throw new UserError(
      `${shown} is no repository we can use: its URL must be ${PROTOCOLS.join(', ')}`,
    );
  }
  const { username, password, hostname } = new URL(address);
  if (hostname.startsWith('-') || username.startsWith('-')) {
    throw new UserError(`${shown} is no repository: its host or user starts with "-"`);
  }
  if (password !== '' || (username !== '' && protocol.startsWith('http'))) {
    throw new UserError(
      `the URL of ${shown} holds credentials, which others could see: take them out and set a token`,
    );
  }
  return { url: address, protocol };
}

function parseSchemeless(address: string, shown: string): Remote {
  if (/^[a-z0-9+.-]+::/i.test(address)) {
    throw new UserError(`${shown} is no repository we can use: name a URL or a path`);
  }
  const host = /^([^/:]+):/.exec(address)?.[1];
  if (host === undefined) return { url: resolve(address), protocol: 'file' };
  if (host.startsWith('-')) throw new UserError(`${shown} is no repository: it starts with "-"`);
  return { url: address, protocol: 'ssh' };
}

/** Settings by which git reaches the remote under the name `origin`, and by no other transport than its own. */
export function remoteSettings(remote: Remote, credentials: Credentials): GitSetting[] {
  const { url, protocol } = remote;
  const settings: GitSetting[] = [
    ['remote.origin.url', url],
    [`protocol.${protocol}.allow`, 'always'],
  ];
  if (protocol === 'file') {
    // Settings do not reach the git that serves a local repository; it may belong to another user.
    for (const side of ['upload', 'receive']) {
      settings.push([`remote.origin.${side}pack`, `git -c 'safe.directory=*' ${side}-pack`]);
    }
  }
  if (protocol === 'ssh') settings.push(['core.sshCommand', credentials.sshCommand ?? SSH]);
  if (protocol === 'http') settings.push(['protocol.https.allow', 'always']);
  if (protocol.startsWith('http')) {
    settings.push(['http.lowSpeedLimit', '1000'], ['http.lowSpeedTime', '30']);
    if (credentials.token !== undefined) {
      settings.push(
        ['http.extraHeader', `Authorization: Basic ${basic(credentials.token)}`],
        // Git would send the header to wherever it is redirected.
        ['http.followRedirects', 'false'],
      );
    }
  }
  return settings;
}

/** Every spelling in which a token could turn up. */
export function secretsOf({ token }: Credentials): string[] {
  return token === undefined ? [] : [token, basic(token), encodeURIComponent(token)];
}

function basic(token: string): string {
  // Whatever was thrown must not show it.
  if (!/^[\u0021-\u007e]+$/.test(token))
    throw new UserError('the token is empty or holds characters no token has');
  return Buffer.from(`x-access-token:${token}`).toString('base64');
}

/** What git says (in the C locale) when repeating it cannot help, and what to do then. */
const PERMANENT: readonly [RegExp, string][] = [
  [
    /authentication failed|could not read (?:username|password)|permission denied|access denied|returned error: 40[13]\b|insufficient permission/i,
    'refuses our credentials: check the token or key and what it may do there',
  ],
  [
    /repository .*not found|does not appear to be a git repository|returned error: 404\b/i,
    'is no repository, or one that our credentials may not see: check its URL and the token or key',
  ],
  [/host key verification failed/i, 'has a host key we do not know: add it to known_hosts'],
  [/returned error: 30\d\b|unable to update url base/i, 'has moved: set its new URL'],
  [/transport '.*' not allowed/i, 'asks for a transport that is not allowed'],
];

/**
 * Whether the remote knows no such token: git then asks for a user's name, which nobody here can give. What a token
 * that is known may not do is another matter.
 */
export function isUnauthorized(error: unknown): boolean {
  return (
    error instanceof GitError &&
    /authentication failed|could not read (?:username|password)|returned error: 401\b/i.test(
      error.stderr,
    )
  );
}

/** Turns a failed fetch or push into `Stalled` where repeating it cannot help; other errors stay as they are. */
export function remoteFailure(error: unknown, remote: Remote): unknown {
  if (!(error instanceof GitError)) return error;
  const fault = PERMANENT.find(([pattern]) => pattern.test(error.stderr))?.[1];
  return fault
    ? new Stalled(`${remote.url} ${fault} (${lastLine(error.stderr)})`, { cause: error })
    : error;
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  return (
    lines.findLast((line) => /^(?:fatal|error|remote): \S/.test(line)) ??
    lines.at(-1) ??
    ''
  ).trim();
}

/** Why a push was refused by the remote: `stale info`, `branch is currently checked out`. */
export function pushRefusal(error: unknown): string | undefined {
  if (!(error instanceof GitError)) return undefined;
  return /^ ! \[(?:remote )?rejected\] .*\((.*)\)$/m.exec(error.stderr)?.[1];
}

/** A refused push as an error that says what to do, or undefined where repeating it may help. */
export function permanentRefusal(
  reason: string,
  branch: string,
  { url }: Remote,
): Stalled | undefined {
  if (/checked out/.test(reason)) {
    return new Stalled(
      `${url} has the branch ${branch} checked out and so takes no push to it: use a bare repository, ` +
        `or run git -C ${url} config receive.denyCurrentBranch updateInstead`,
    );
  }
  if (/hook declined|protected|prohibited|denied|denying|permission/i.test(reason)) {
    return new Stalled(
      `${url} does not let us push to ${branch} (${reason}): check its rules for the branch and what our credentials may do`,
    );
  }
  return undefined;
}
