import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex, type Readable } from 'node:stream';

import { messageOf } from '../model/errors.ts';
import { CHANNEL } from './environment.ts';
import { readEvents, type RunEvent } from './events.ts';
import type { BoundedLog } from './log.ts';
import { RunProcesses, signalProcess } from './processes.ts';
import type { PlaybookExit } from './report.ts';
import { removeModuleFolders } from './run-folder.ts';

export interface Execution {
  command: string;
  args: readonly string[];
  folder: string;
  inventory: string;
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** First line over the channel: what `callback/trueup_events.py` needs to know. */
  orders: object;
  log: BoundedLog;
  /** Ends the run: an interrupt first, then everything that is left is killed. */
  signal: AbortSignal;
  /** Milliseconds between the interrupt and the kill. */
  grace: number;
  onEvent: (event: RunEvent, line: string) => void;
}

/** How long output may still come after the process has ended, from something that it left behind. */
const DRAIN = 1000;

/**
 * Runs `ansible-playbook` in a process group of its own to its end, whatever that is.
 * Throws only if the program can't be started.
 */
export async function runPlaybooks(run: Execution): Promise<PlaybookExit> {
  const child = spawn(run.command, run.args, {
    cwd: run.cwd,
    env: run.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  await once(child, 'spawn');
  const exited = new Promise<Pick<PlaybookExit, 'code' | 'signal'>>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const { pid, stdout, stderr } = child;
  const channel = child.stdio[CHANNEL];
  if (!pid || !stdout || !stderr || !(channel instanceof Duplex)) {
    throw new Error('a child process without its pipes');
  }
  for (const [name, stream] of Object.entries({ stdout, stderr })) {
    stream.setEncoding('utf8').on('data', (text: string) => run.log.write(name, text));
    stream.on('error', () => undefined);
  }
  // The other end may close before it has read this; its exit code says so then.
  channel.on('error', () => undefined);
  channel.write(`${JSON.stringify(run.orders)}\n`);

  const processes = new RunProcesses(run);
  const stop = () => void endGroup(pid, processes, run.grace, exited);
  if (run.signal.aborted) stop();
  else run.signal.addEventListener('abort', stop, { once: true });
  try {
    const events = forward(channel, run.onEvent);
    const { code, signal } = await exited;
    // Nothing of a run that did not end by itself may go on.
    if (run.signal.aborted || signal) {
      await processes.kill();
      await removeModuleFolders(processes.seen);
    }
    const fault = await drained(events, [channel, stdout, stderr]);
    return { code, signal, tail: run.log.tail(), ...(fault !== undefined && { fault }) };
  } finally {
    run.signal.removeEventListener('abort', stop);
  }
}

/** Hands events on; resolves with what went wrong, if anything did. */
async function forward(
  channel: Duplex,
  onEvent: Execution['onEvent'],
): Promise<string | undefined> {
  try {
    for await (const { event, line } of readEvents(channel)) onEvent(event, line);
    return undefined;
  } catch (error) {
    channel.destroy();
    return messageOf(error);
  }
}

/** Waits for the ends of the streams, but not for a left-behind process that holds them open. */
async function drained(
  events: Promise<string | undefined>,
  streams: readonly Readable[],
): Promise<string | undefined> {
  const timer = setTimeout(() => {
    for (const stream of streams) stream.destroy();
  }, DRAIN);
  const ended = streams
    .filter((stream) => !stream.closed)
    .map((stream) => new Promise((resolve) => stream.once('close', resolve)));
  try {
    const fault = await events;
    await Promise.all(ended);
    return fault;
  } finally {
    clearTimeout(timer);
  }
}

async function endGroup(
  pid: number,
  processes: RunProcesses,
  grace: number,
  exited: Promise<unknown>,
): Promise<void> {
  processes.look();
  signalProcess(-pid, 'SIGINT');
  const timer = setTimeout(() => {
    void processes.kill();
    signalProcess(-pid, 'SIGKILL');
  }, grace);
  try {
    await exited;
  } finally {
    clearTimeout(timer);
  }
}
