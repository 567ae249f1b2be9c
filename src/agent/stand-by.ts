import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { takeLock } from '../store/lock.ts';

/** How often it is looked whether the agent has ended (ms). */
const LOOK = 300;

/** Somebody who restores the last good tree where the agent ends during an apply. */
export interface StandBy {
  begin(): Promise<void>;
  end(): Promise<void>;
}

/**
 * A process of its own that is there while an apply is under way: it waits for the agent's lock, which it gets when the
 * agent ends, however that is. Told to end while it waits, it does.
 * @param argv program and arguments of `trueup agent guard`
 */
export function processStandBy(argv: readonly string[]): StandBy {
  let child: ChildProcess | undefined;
  return {
    async begin() {
      if (child?.exitCode === null && child.signalCode === null) return;
      const [program = process.execPath, ...args] = argv;
      const started = spawn(program, args, { detached: true, stdio: 'ignore' });
      await new Promise<void>((resolve, reject) => {
        started.once('spawn', resolve);
        started.once('error', reject);
      });
      started.unref();
      child = started;
    },
    async end() {
      child?.kill('SIGTERM');
      child = undefined;
    },
  };
}

/**
 * Waits until whoever holds the lock has ended.
 * @returns what gives it free again; undefined where the signal came first
 */
export async function waitForLock(
  file: string,
  signal: AbortSignal,
): Promise<(() => void) | undefined> {
  while (!signal.aborted) {
    const release = takeLock(file);
    if (release) return release;
    await sleep(LOOK, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}
