import { expect, test, vi } from 'vitest';

import { gitEnvironment } from './environment.ts';

test('nothing of our environment reaches git but what it needs', () => {
  vi.stubEnv('GIT_DIR', '/elsewhere');
  vi.stubEnv('GIT_SSH_COMMAND', 'sh -c evil');
  vi.stubEnv('TRUEUP_TOKEN', 's3cret');
  vi.stubEnv('HOME', '/home/us');
  vi.stubEnv('GIT_SSL_CAINFO', '/etc/ca.pem');
  const env = gitEnvironment();
  vi.unstubAllEnvs();
  expect(env).toMatchObject({
    HOME: '/home/us',
    GIT_SSL_CAINFO: '/etc/ca.pem',
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
  });
  expect(env).not.toHaveProperty('GIT_DIR');
  expect(env).not.toHaveProperty('GIT_SSH_COMMAND');
  expect(Object.values(env)).not.toContain('s3cret');
});

test('settings of a call come after those of every call, and so win', () => {
  const env = gitEnvironment([['protocol.https.allow', 'always']]);
  const last = Number(env['GIT_CONFIG_COUNT']) - 1;
  expect(env[`GIT_CONFIG_KEY_${last}`]).toBe('protocol.https.allow');
  expect(env[`GIT_CONFIG_VALUE_${last}`]).toBe('always');
  expect(env).not.toHaveProperty(`GIT_CONFIG_KEY_${last + 1}`);
});
