import { homedir } from 'node:os';
import { join } from 'node:path';

import type { RunFolder } from './run-folder.ts';

/** How Ansible reaches hosts; all optional. */
export interface ConnectionOptions {
  /** Absolute path of the known_hosts file; ssh's own by default. Host keys are always checked. */
  knownHosts?: string;
  /** Absolute path of the private key. */
  privateKey?: string;
  /** Absolute path of the vault password, or of a program that prints it, as Ansible has it. */
  vaultPasswordFile?: string;
  /**
   * Home folder of Ansible and of locally connected hosts; by default that of the account. In another one `async`
   * tasks of locally connected hosts don't work: Ansible asks the account there, and its modules `HOME`.
   */
  home?: string;
  /** More environment variables, such as SSH_AUTH_SOCK or a proxy's. Ours win. */
  environment?: Readonly<Record<string, string>>;
}

const CALLBACKS = join(import.meta.dirname, 'callback');

/** The file descriptor over which events come. */
export const CHANNEL = 3;

/**
 * All of Ansible's environment. What decides over safety and over the report is set here, since an `ansible.cfg` is
 * part of the site tree and may have been edited: the environment wins over it.
 */
export function runEnvironment(
  folder: RunFolder,
  config: string,
  options: ConnectionOptions,
): Record<string, string> {
  return {
    ...options.environment,
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: options.home ?? homedir(),
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    PYTHONDONTWRITEBYTECODE: '1',
    TRUEUP_CHANNEL: String(CHANNEL),

    ANSIBLE_CONFIG: config,
    ANSIBLE_LOCAL_TEMP: folder.temporary,
    ANSIBLE_CACHE_PLUGIN: 'memory',

    ANSIBLE_CALLBACK_PLUGINS: CALLBACKS,
    ANSIBLE_STDOUT_CALLBACK: 'trueup_events',
    ANSIBLE_CALLBACKS_ENABLED: 'trueup_events', // No other; an empty name fails in 2.19.
    ANSIBLE_LOG_PATH: '/dev/null', // An empty one would be the working directory.
    ANSIBLE_NO_TARGET_SYSLOG: 'true',
    ANSIBLE_VERBOSITY: '0',
    ANSIBLE_DEBUG: 'false',
    ANSIBLE_NOCOLOR: 'true',
    ANSIBLE_FORCE_COLOR: 'false',
    ANSIBLE_NOCOWS: 'true',
    ANSIBLE_MAX_DIFF_SIZE: '104448',
    ANSIBLE_DISPLAY_ARGS_TO_STDOUT: 'false',

    ANSIBLE_INVENTORY_ENABLED: 'yaml',
    ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: 'true',
    ANSIBLE_INVENTORY_UNPARSED_FAILED: 'true',
    ANSIBLE_LOCALHOST_WARNING: 'false',

    ANSIBLE_STRATEGY: 'linear',
    ANSIBLE_ENABLE_TASK_DEBUGGER: 'false',
    ANSIBLE_FORCE_HANDLERS: 'true',
    ANSIBLE_RETRY_FILES_ENABLED: 'false',
    ANSIBLE_KEEP_REMOTE_FILES: 'false',

    ANSIBLE_PIPELINING: 'true',
    ANSIBLE_HOST_KEY_CHECKING: 'true',
    ANSIBLE_TIMEOUT: '10',
    ...(options.privateKey && { ANSIBLE_PRIVATE_KEY_FILE: options.privateKey }),
    ...(options.vaultPasswordFile && { ANSIBLE_VAULT_PASSWORD_FILE: options.vaultPasswordFile }),
  };
}

/**
 * Variables that win over the inventory's. A command that ssh repeats by itself would run twice on the host; two
 * sites that share a connection would reach each other's hosts; of several `-o` for one setting ssh takes the first.
 */
export function connectionVariables(
  folder: RunFolder,
  options: ConnectionOptions,
): Record<string, string | number | boolean> {
  const settings = [
    'ControlMaster=auto',
    'ControlPersist=60s',
    `ControlPath=${join(folder.control, '%C')}`,
    'StrictHostKeyChecking=yes',
    ...(options.knownHosts ? [`UserKnownHostsFile=${options.knownHosts}`] : []),
    'ServerAliveInterval=5',
    'ServerAliveCountMax=3',
    'ConnectTimeout=10',
  ];
  return {
    ansible_ssh_args: settings.map((setting) => `-o "${setting}"`).join(' '),
    ansible_ssh_retries: 0,
    ansible_host_key_checking: true,
    ansible_ssh_host_key_checking: true,
    ansible_paramiko_host_key_checking: true,
  };
}
