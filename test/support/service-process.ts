import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { ConfigInput } from '../../src/config/schema.ts';
import { ansibleCommand } from './ansible.ts';
import type { World } from './world.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const MORTAL = join(import.meta.dirname, 'mortal-service.ts');
const Listening = z.object({ url: z.string() });

/** `trueup controller` on a world, as a process of its own, in a process group of its own. */
export class ServiceProcess {
  /** Where it listens; rejects if it ends before it does. */
  readonly listening: Promise<string>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<{ code: number | null; signal: string | null }>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    this.listening = this.#readAddress();
    // Whoever waits for it is told; nobody has to.
    this.listening.catch(() => undefined);
  }

  /**
   * Starts one; its log goes to `controller.log` of the world.
   * @param options.dieAt with a driver that runs nothing; it kills itself at this of its steps (see `mortal.ts`)
   * @param options.config what is set otherwise
   * @param options.env variables beside those of the test
   */
  static async start(
    world: World,
    options: { dieAt?: number; config?: ConfigInput; env?: Record<string, string> } = {},
  ): Promise<ServiceProcess> {
    const file = join(world.root, 'trueup.yaml');
    const { plan, ...more } = options.config ?? {};
    const config = {
      dataDir: world.data,
      plan: { url: world.origin, pollInterval: '1s', ...plan },
      server: { port: 0, token: TOKEN },
      runner: { ansiblePlaybook: await ansibleCommand(), concurrency: 2 },
      drift: { settle: '20ms', compareInterval: '1s' },
      log: { level: 'debug', format: 'json' },
      ...more,
    };
    await writeFile(file, JSON.stringify(config));
    const log = openSync(logOf(world), 'a');
    try {
      const command =
        options.dieAt === undefined
          ? [MAIN, '--json', 'controller', '--config', file]
          : [MORTAL, file, String(options.dieAt)];
      const child = spawn(process.execPath, command, {
        cwd: world.root,
        detached: true,
        stdio: ['ignore', 'pipe', log],
        env: { ...process.env, ...options.env },
      });
      return new ServiceProcess(child);
    } finally {
      closeSync(log);
    }
  }

  /**
   * Kills the process without warning, alone or with all of its group, unless it has gone already. Resolves when it
   * has gone.
   */
  async kill(whom: 'process' | 'group'): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      process.kill(whom === 'group' ? -pid : pid, 'SIGKILL');
    }
    await this.#ended;
  }

  /** Resolves when it has gone by itself. */
  async gone(): Promise<void> {
    await this.#ended;
  }

  /** Asks it to end; gives its exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return (await this.#ended).code;
  }

  async #readAddress(): Promise<string> {
    let text = '';
    const told = new Promise<string>((resolve) => {
      this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const end = text.indexOf('\n}\n');
        if (end >= 0) resolve(Listening.parse(JSON.parse(text.slice(0, end + 2))).url);
      });
    });
    const gone = this.#ended.then(({ code, signal }) => {
      throw new Error(`the controller ended (${signal ?? code}) before it listened`);
    });
    return Promise.race([told, gone]);
  }
}

/** The operator's token of every `ServiceProcess`. */
export const TOKEN = 'the-token-of-the-test';

function logOf(world: World): string {
  return join(world.root, 'controller.log');
}

/** The last lines that the world's controllers have logged, without those about requests: the tests ask all the time. */
export async function lastLines(world: World, count = 40): Promise<string[]> {
  const text = await readFile(logOf(world), 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => !line.includes('"message":"request"'));
  return lines.slice(-count);
}
