import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { takeLock } from '../store/lock.ts';
import type { Agent } from './agent.ts';
import { DirectoryInUse } from './data-directory.ts';
import { ApplyFailed, retryPause } from './site-work.ts';

/** How often it is looked whether the agent has ended (ms). */
const LOOK = 300;
/** Shortest pause before the last good tree is applied once more, where that failed (ms). */
const AGAIN = 5000;

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
 * What the process that stands by does: waits for the agent to end, looks at the hosts, and applies the last good tree
 * again where it must, until that is done or another agent has come.
 * @param lock file that whoever works on the data directory holds
 * @param open opens the agent; throws DirectoryInUse where there is one already
 */
export async function keepGuard(of: {
  lock: string;
  open: () => Promise<Agent>;
  signal: AbortSignal;
}): Promise<void> {
  const { lock, open, signal } = of;
  if (!(await waitForLock(lock, signal))) return;
  for (let failures = 1; !signal.aborted; failures += 1) {
    const agent = await open().catch((error: unknown) => {
      if (error instanceof DirectoryInUse) return undefined;
      throw error;
    });
    // An agent that was started meanwhile does it itself.
    if (!agent) return;
    const stop = (): void => void agent.work.stop();
    signal.addEventListener('abort', stop);
    try {
      await agent.work.recoverGuard(agent.site);
      return;
    } catch (error) {
      if (!(error instanceof ApplyFailed)) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      await agent.stop();
    }
    const pause = Math.max(AGAIN, retryPause(failures));
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}

/** Waits until whoever holds the lock has ended. False: the signal came first. */
async function waitForLock(file: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const release = takeLock(file);
    release?.();
    if (release) return true;
    await sleep(LOOK, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
