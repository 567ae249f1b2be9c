import { execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { onTestFinished } from 'vitest';

const run = promisify(execFile);

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.org',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.org',
};

/** A new folder, removed when the test has finished. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'trueup-git-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

/** A new folder that the tests of a file share, and what removes it. */
export async function removableFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'trueup-git-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 10 }) };
}

/** Runs git in a folder (or bare repository) and returns what it printed, trimmed. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', ['-C', folder, ...args], {
    env: { ...process.env, ...IDENTITY },
  });
  return stdout.trim();
}

/** Runs git with bytes as its input. */
export async function gitWith(
  folder: string,
  input: string | Uint8Array,
  ...args: string[]
): Promise<string> {
  const child = spawn('git', ['-C', folder, ...args], {
    env: { ...process.env, ...IDENTITY },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(input);
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  return output.trim();
}

export interface RawEntry {
  mode: string;
  name: string | Buffer;
  id: string;
}

/** Writes a tree object with exactly these entries in this order, however wrong they are. Returns its id. */
export async function writeRawTree(folder: string, entries: readonly RawEntry[]): Promise<string> {
  const content = Buffer.concat(
    entries.flatMap(({ mode, name, id }) => [
      Buffer.from(`${mode} `),
      Buffer.from(name),
      Buffer.from([0]),
      Buffer.from(id, 'hex'),
    ]),
  );
  return gitWith(folder, content, 'hash-object', '-w', '-t', 'tree', '--stdin', '--literally');
}

/** Waits until the condition holds, looking often; throws after a minute. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('waited for a minute in vain');
    await sleep(1);
  }
}

/** Ids of running processes whose command line holds all these texts. */
export function processesWith(...texts: string[]): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const command = commandLine(pid);
      return texts.every((text) => command.includes(text));
    })
    .map(Number);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // it has ended
  }
}
