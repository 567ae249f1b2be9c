import { resolve } from 'node:path';

import { expect, test } from 'vitest';

import { Stalled } from '../model/errors.ts';
import { GitError } from './errors.ts';
import {
  parseRemote,
  permanentRefusal,
  pushRefusal,
  remoteFailure,
  remoteSettings,
  secretsOf,
} from './remote.ts';

test.each([
  ['https://example.org/plan.git', 'https'],
  ['HTTP://127.0.0.1:3000/plan.git', 'http'],
  ['ssh://git@example.org:2222/plan.git', 'ssh'],
  ['git@example.org:team/plan.git', 'ssh'],
  ['git://example.org/plan.git', 'git'],
  ['file:///srv/plan.git', 'file'],
  ['/srv/plan.git', 'file'],
])('%s goes by %s', (address, protocol) => {
  expect(parseRemote(address)).toEqual({ url: address, protocol });
});

test('a relative path is made absolute, so that it means the same everywhere', () => {
  expect(parseRemote('plans/a')).toEqual({ url: resolve('plans/a'), protocol: 'file' });
  expect(parseRemote('./a:b')).toEqual({ url: resolve('a:b'), protocol: 'file' });
  expect(parseRemote('-x')).toEqual({ url: resolve('-x'), protocol: 'file' });
});

test.each([
  ['ext::sh -c "touch /tmp/pwned"', 'name a URL or a path'],
  ['ext://x', 'its URL must be'],
  ['ftp://example.org/x', 'its URL must be'],
  ['-oProxyCommand=evil:x', 'starts with "-"'],
  ['ssh://-oProxyCommand=evil/x', 'no repository'],
  ['', 'no repository'],
  ['https://example.org/a\nb', 'no repository'],
  ['https://example.org:port/', 'no repository we can use'],
])('%j is refused', (address, message) => {
  expect(() => parseRemote(address)).toThrow(message);
});

test('credentials in a URL are refused without being shown', () => {
  for (const address of ['https://bot:hunter2@example.org/x', 'https://hunter2@example.org/x']) {
    expect(() => parseRemote(address)).toThrow(
      expect.objectContaining({
        message: expect.not.stringContaining('hunter2'),
      }),
    );
  }
});

function settingKeys(url: string, token?: string): string[] {
  return remoteSettings(parseRemote(url), { token }).map(([key]) => key);
}

test('only the transport of the URL is allowed, and a token only goes by http', () => {
  expect(settingKeys('https://example.org/x', 't')).toEqual(
    expect.arrayContaining(['protocol.https.allow', 'http.extraHeader', 'http.followRedirects']),
  );
  expect(settingKeys('https://example.org/x', 't')).not.toContain('protocol.http.allow');
  expect(settingKeys('git@example.org:x', 't')).toEqual([
    'remote.origin.url',
    'protocol.ssh.allow',
    'core.sshCommand',
  ]);
  expect(settingKeys('https://example.org/x')).not.toContain('http.extraHeader');
});

test('a token that could end the header early is refused without being shown', () => {
  const remote = parseRemote('https://example.org/x');
  for (const token of ['s3cret\r\nX-Evil: 1', 's3cret token', '']) {
    expect(() => remoteSettings(remote, { token })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('s3cret') }),
    );
  }
  expect(secretsOf({ token: 't/x' })).toEqual([
    't/x',
    Buffer.from('x-access-token:t/x').toString('base64'),
    't%2Fx',
  ]);
});

const remote = parseRemote('https://example.org/plan.git');

test.each([
  "fatal: Authentication failed for 'https://example.org/plan.git/'",
  "fatal: could not read Username for 'https://example.org': terminal prompts disabled",
  'git@example.org: Permission denied (publickey).\nfatal: Could not read from remote repository.',
  "fatal: unable to access 'https://…': The requested URL returned error: 403",
  "remote: Repository not found.\nfatal: repository 'https://…' not found",
  "fatal: '/srv/x' does not appear to be a git repository",
  'Host key verification failed.\nfatal: Could not read from remote repository.',
  "fatal: unable to access 'https://…': The requested URL returned error: 301",
])('retrying cannot mend %j', (stderr) => {
  const error = remoteFailure(new GitError('fetch', 128, stderr), remote);
  expect(error).toBeInstanceOf(Stalled);
  expect(String(error)).toContain('https://example.org/plan.git');
});

test.each([
  "fatal: unable to access 'https://…': Could not resolve host: example.org",
  'fatal: the remote end hung up unexpectedly',
  "fatal: unable to access 'https://…': The requested URL returned error: 502",
  'ssh: connect to host example.org port 22: Connection timed out\nfatal: Could not read from remote repository.',
])('retrying may mend %j', (stderr) => {
  const error = new GitError('fetch', 128, stderr);
  expect(remoteFailure(error, remote)).toBe(error);
});

function refused(reason: string): GitError {
  return new GitError('push', 1, `To x\n ! [remote rejected] main -> main (${reason})\nerror: …`);
}

test('a refused push is told from a failed one, and whether it can ever succeed', () => {
  expect(pushRefusal(refused('branch is currently checked out'))).toBe(
    'branch is currently checked out',
  );
  expect(pushRefusal(new GitError('push', 128, 'fatal: gone'))).toBeUndefined();
  expect(permanentRefusal('branch is currently checked out', 'main', remote)?.message).toContain(
    'receive.denyCurrentBranch updateInstead',
  );
  expect(permanentRefusal('protected branch hook declined', 'main', remote)).toBeInstanceOf(
    Stalled,
  );
  expect(permanentRefusal('stale info', 'main', remote)).toBeUndefined();
});
