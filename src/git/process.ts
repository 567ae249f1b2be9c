import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

import { UserError } from '../model/errors.ts';
import { gitEnvironment, type GitSetting } from './environment.ts';
import { GitError, presentable } from './errors.ts';

/** Told after every call of git: its first argument, how it ended, and how long it took. */
export type OnOperation = (operation: string, result: 'success' | 'error', seconds: number) => void;

export interface GitOptions {
  /** The bare repository that is worked on. */
  directory?: string;
  /** Settings of this call, beside those of every call; may hold credentials. */
  settings?: readonly GitSetting[];
  /** Variables beside those of every call. */
  env?: Readonly<Record<string, string>>;
  /** Texts that no error may show. */
  secrets?: readonly string[];
  /** Seconds after which the process and all that it started are ended; may be Infinity; 60 if not given. */
  timeout?: number;
  signal?: AbortSignal | undefined;
  onOperation?: OnOperation | undefined;
}

export interface RunOptions extends GitOptions {
  input?: string | Uint8Array;
  /** Bytes of stdout after which the process is ended with an error; 256 MiB if not given. */
  maxOutput?: number;
  /** Exit codes that are answers, not errors; only 0 if not given. */
  exitCodes?: readonly number[];
}

export interface GitResult {
  exitCode: number;
  stdout: Buffer;
  /** The end of it, presentable. */
  stderr: string;
}

/** A git process that is under way. */
export interface GitProcess {
  /** Undefined where it could not be started. */
  readonly pid: number | undefined;
  readonly stdin: ChildProcessWithoutNullStreams['stdin'];
  readonly stdout: ChildProcessWithoutNullStreams['stdout'];
  /** Resolves when it and its pipes have ended, by itself and with an exit code that is an answer; else rejects. */
  readonly ended: Promise<{ exitCode: number; stderr: string }>;
  /** Ends it and all that it started; `ended` then rejects with this reason (`took longer than 60 s`). */
  end(reason: string): void;
}

const MIB = 1024 * 1024;
/** Seconds between asking a process to end and ending it. */
const GRACE = 2;
const KEPT_STDERR = 16 * 1024;
const OLDEST = [2, 39] as const;

/**
 * Runs git with these arguments (never through a shell) and returns what it wrote.
 * @throws GitError where it fails, is aborted, or runs over its time or output; UserError if git is not installed
 */
export async function runGit(
  args: readonly string[],
  options: RunOptions = {},
): Promise<GitResult> {
  const { input, maxOutput = 256 * MIB, exitCodes } = options;
  const git = startGit(args, options, exitCodes);
  const chunks: Buffer[] = [];
  let size = 0;
  git.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxOutput) chunks.push(chunk);
    else git.end(`wrote more than ${maxOutput} bytes`);
  });
  git.stdin.end(input);
  return { ...(await git.ended), stdout: Buffer.concat(chunks) };
}

/** Starts git, for callers that talk with it while it runs. Its stdout must be read to the end. */
export function startGit(
  args: readonly string[],
  options: GitOptions,
  exitCodes: readonly number[] = [0],
): GitProcess {
  const { directory, settings, secrets, timeout = 60, signal, onOperation } = options;
  const operation = args[0] ?? '';
  const startedAt = performance.now();
  const child = spawn(
    'git',
    [...(directory === undefined ? [] : [`--git-dir=${directory}`]), ...args],
    // A group of its own, so that ssh and other helpers end with it.
    {
      env: { ...gitEnvironment(settings), ...options.env },
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );

  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-KEPT_STDERR);
  });
  // A process that ends before it has read its input is told by its exit code.
  child.stdin.on('error', () => {});

  let settled = false;
  let endedFor: string | undefined;
  let killer: NodeJS.Timeout | undefined;
  const end = (reason: string): void => {
    if (endedFor !== undefined || settled) return;
    endedFor = reason;
    signalGroup(child.pid, 'SIGTERM');
    killer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE * 1000);
  };
  // Helpers that outlive the git we ended would hold its pipes open.
  child.once('exit', () => {
    if (endedFor !== undefined) signalGroup(child.pid, 'SIGKILL');
  });
  const timer = Number.isFinite(timeout)
    ? setTimeout(() => end(`took longer than ${timeout} s`), timeout * 1000)
    : undefined;
  const onAbort = (): void => end('was aborted');
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });

  const {
    promise: ended,
    resolve,
    reject,
  } = Promise.withResolvers<{
    exitCode: number;
    stderr: string;
  }>();
  const settle = (error: Error | undefined, exitCode = 0): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    clearTimeout(killer);
    signal?.removeEventListener('abort', onAbort);
    onOperation?.(operation, error ? 'error' : 'success', (performance.now() - startedAt) / 1000);
    if (error) reject(error);
    else resolve({ exitCode, stderr: presentable(stderr, secrets) });
  };
  child.once('error', (error) => {
    settle(
      'code' in error && error.code === 'ENOENT'
        ? new UserError(`git is not installed: install git ${OLDEST.join('.')} or newer`)
        : new GitError(operation, null, presentable(error.message, secrets), 'did not start'),
    );
  });
  child.once('close', (code, killedBy) => {
    const expected = endedFor === undefined && code !== null && exitCodes.includes(code);
    const reason = endedFor ?? (killedBy ? `was ended by ${killedBy}` : undefined);
    settle(
      expected ? undefined : new GitError(operation, code, presentable(stderr, secrets), reason),
      code ?? 0,
    );
  });
  // Callers may look at it late: that it fails before is no unhandled rejection.
  ended.catch(() => {});
  return { pid: child.pid, stdin: child.stdin, stdout: child.stdout, ended, end };
}

/** Throws UserError if git is missing or older than what we were built for. */
export async function requireGit(): Promise<void> {
  const { stdout } = await runGit(['version']);
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(stdout.toString()) ?? [];
  const newer = Number(major) - OLDEST[0] || Number(minor) - OLDEST[1];
  if (newer < 0) {
    throw new UserError(
      `git ${major}.${minor} is too old: install git ${OLDEST.join('.')} or newer`,
    );
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
