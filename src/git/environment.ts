/** One setting of git: `['core.fsync', 'all']`. */
export type GitSetting = readonly [key: string, value: string];

/** What git and the ssh it starts may know of our environment. Of what begins with GIT_, whom to trust alone. */
const KEPT = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'SSH_AUTH_SOCK',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'http_proxy',
  'https_proxy',
  'HTTPS_PROXY',
  'all_proxy',
  'ALL_PROXY',
  'no_proxy',
  'NO_PROXY',
];

/** In force for every call, over what any configuration file says. */
const SETTINGS: readonly GitSetting[] = [
  // Git's default fsyncs neither refs nor all objects: what it acknowledged is then lost in a power cut.
  ['core.fsync', 'all'],
  // We repack on our own schedule, and never prune: objects are written before anything refers to them.
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['fastimport.unpackLimit', '0'],
  ['fetch.unpackLimit', '1'],
  ['core.hooksPath', '/dev/null'],
  ['core.attributesFile', '/dev/null'],
  ['core.logAllRefUpdates', 'false'],
  ['credential.helper', ''],
  ['safe.directory', '*'],
  ['protocol.allow', 'never'],
];

/**
 * The whole environment of a git process: no other GIT_* of ours, no configuration of user or system, no prompts, plain
 * C locale. Settings go by GIT_CONFIG_COUNT, so that none shows in a process list.
 * @see https://git-scm.com/docs/git-config#ENVIRONMENT
 */
export function gitEnvironment(settings: readonly GitSetting[] = []): Record<string, string> {
  const env: Record<string, string> = {
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
  };
  for (const name of KEPT) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  const all = [...SETTINGS, ...settings];
  env['GIT_CONFIG_COUNT'] = String(all.length);
  for (const [index, [key, value]] of all.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}
