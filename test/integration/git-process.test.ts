import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test, vi } from 'vitest';

import { GitError } from '../../src/git/errors.ts';
import { requireGit, runGit } from '../../src/git/process.ts';
import { UserError } from '../../src/model/errors.ts';
import { temporaryFolder, until } from '../support/git.ts';

/** Runs a shell script as an alias of git, so that git has a child of its own. */
function script(text: string): string[] {
  return ['-c', `alias.script=!${text}`, 'script'];
}

async function isRunning(pidFile: string): Promise<boolean> {
  const pid = Number(await readFile(pidFile, 'utf8'));
  try {
    // A zombie that nobody has waited for yet has ended all the same.
    return !/\) Z /.test(await readFile(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

describe('a call of git', () => {
  test('gives output and exit code, and tells the hook', async () => {
    const onOperation = vi.fn<(operation: string, result: string, seconds: number) => void>();
    const result = await runGit(['hash-object', '--stdin'], { input: 'hello\n', onOperation });
    expect(result).toEqual({
      exitCode: 0,
      stdout: Buffer.from('ce013625030ba8dba906f756967f9e9ca394464a\n'),
      stderr: '',
    });
    expect(onOperation.mock.calls).toEqual([['hash-object', 'success', expect.any(Number)]]);
  });

  test('takes arguments as they are', async () => {
    const { stdout } = await runGit(['rev-parse', '--sq-quote', '$(touch /tmp/x); `id` "\'']);
    expect(stdout.toString().trim()).toBe(`'$(touch /tmp/x); \`id\` "'\\'''`);
  });

  test('that fails is an error with the exit code and what git said', async () => {
    const onOperation = vi.fn<(operation: string, result: string) => void>();
    const error = await runGit(['cat-file', '-p', 'HEAD'], { onOperation }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(GitError);
    expect(error).toMatchObject({
      operation: 'cat-file',
      exitCode: 128,
      message: expect.stringContaining('not a git repository'),
    });
    expect(onOperation).toHaveBeenCalledExactlyOnceWith('cat-file', 'error', expect.any(Number));
  });

  test('may have other exit codes that are answers', async () => {
    const { exitCode } = await runGit(script('exit 3'), { exitCodes: [0, 3] });
    expect(exitCode).toBe(3);
  });

  test('knows only the environment and configuration that we give it', async () => {
    vi.stubEnv('GIT_DIR', '/elsewhere');
    vi.stubEnv('GIT_AUTHOR_NAME', 'Somebody');
    vi.stubEnv('SECRET_OF_OURS', 's3cret');
    const env = await runGit(script('env'));
    const config = await runGit(['config', '--list', '--show-scope']);
    vi.unstubAllEnvs();
    expect(env.stdout.toString()).not.toMatch(/GIT_DIR|GIT_AUTHOR_NAME|s3cret/);
    const lines = config.stdout.toString().trim().split('\n');
    expect(lines.filter((line) => !line.startsWith('command\t'))).toEqual([]);
    expect(lines).toEqual(
      expect.arrayContaining([
        'command\tcore.fsync=all',
        'command\tgc.auto=0',
        'command\tfastimport.unpacklimit=0',
        'command\tprotocol.allow=never',
        'command\tsafe.directory=*',
      ]),
    );
  });

  test('uses no transport that was not asked for', async () => {
    await expect(runGit(['ls-remote', 'ext::sh -c "exit 0"'])).rejects.toThrow(
      "transport 'ext' not allowed",
    );
    await expect(runGit(['ls-remote', '/tmp'])).rejects.toThrow("transport 'file' not allowed");
  });

  test('without git on the PATH says what to do', async () => {
    vi.stubEnv('PATH', '/nowhere');
    const error = await requireGit().catch((thrown: unknown) => thrown);
    vi.unstubAllEnvs();
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toContain('install git 2.39');
  });
});

describe('a call of git is ended, with all that it started,', () => {
  test.each([
    ['TERM is enough', ''],
    ['TERM is ignored', 'trap "" TERM; '],
  ])(
    'when its time is over (%s)',
    async (_, prelude) => {
      const folder = await temporaryFolder();
      const pidFile = join(folder, 'pid');
      const run = runGit(script(`${prelude}sleep 300 & echo $! > ${pidFile}; wait; wait`), {
        timeout: 0.5,
      });
      await expect(run).rejects.toThrow('took longer than 0.5 s');
      await until(async () => !(await isRunning(pidFile)));
    },
    20_000,
  );

  test('when it is aborted', async () => {
    const folder = await temporaryFolder();
    const pidFile = join(folder, 'pid');
    const controller = new AbortController();
    const run = runGit(script(`sleep 300 & echo $! > ${pidFile}; wait`), {
      signal: controller.signal,
    });
    run.catch(() => {});
    await until(async () => (await readFile(pidFile, 'utf8').catch(() => '')).endsWith('\n'));
    controller.abort();
    await expect(run).rejects.toThrow('was aborted');
    await until(async () => !(await isRunning(pidFile)));
    await expect(runGit(['version'], { signal: controller.signal })).rejects.toThrow('was aborted');
  });

  test('when it writes too much', async () => {
    await expect(runGit(script('yes'), { maxOutput: 100_000 })).rejects.toThrow(
      'wrote more than 100000 bytes',
    );
  });
});

test('what git says is bounded and shows no secrets', async () => {
  const said = 'yes "line" | head -c 1000000 >&2; echo fatal: bad token s3cret >&2; exit 1';
  const error = await runGit(script(said), { secrets: ['s3cret'] }).catch(
    (thrown: unknown) => thrown,
  );
  expect(String(error)).toMatch(/bad token \*\*\*$/);
  expect(String(error).length).toBeLessThan(3000);
});
