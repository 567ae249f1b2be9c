import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { errorCode } from '../model/errors.ts';

/** One process, as Linux's /proc shows it. */
interface ProcessInfo {
  pid: number;
  parent: number;
  group: number;
  session: number;
  /** Clock ticks since boot at which it began. */
  start: string;
  argv: string[];
}

const ROUNDS = 250;
const PAUSE = 20;

/**
 * The processes of one run. They are told by what their command lines hold, not by a remembered number that may be
 * another process by now: `ansible-playbook` and its workers carry the run's own inventory path, helpers of theirs
 * lie in its temporary folder. From these, children, groups and sessions are followed, since workers
 * begin sessions of their own from ansible-core 2.19 on.
 */
export class RunProcesses {
  readonly #inventory: string;
  readonly #folder: string;
  readonly #groups = new Set<number>();
  /** The process ids of all that were there at any look. */
  readonly seen = new Set<number>();

  /** @param run Absolute paths: the run's folder, and its inventory below it. */
  constructor(run: { folder: string; inventory: string }) {
    this.#folder = `${run.folder}/`;
    this.#inventory = run.inventory;
  }

  /** The process ids that are alive now. Looking before a parent is ended lets its orphans be found after. */
  look(): number[] {
    const processes = listProcesses();
    const self = processes.find(({ pid }) => pid === process.pid);
    const own = self ? [self.group, self.session] : [];
    const members = new Set<number>();
    for (const info of processes) if (this.#isOurs(info)) members.add(info.pid);
    for (let before = -1; before !== members.size;) {
      before = members.size;
      for (const { pid, parent, group, session } of processes) {
        const joined = members.has(parent) || this.#groups.has(group) || this.#groups.has(session);
        if (joined) members.add(pid);
        if (members.has(pid)) this.#groups.add(group).add(session);
      }
      // Never our own session, should a run have been started from it by hand.
      for (const id of own) this.#groups.delete(id);
    }
    members.delete(process.pid);
    for (const pid of members) this.seen.add(pid);
    return [...members];
  }

  /** Kills until none is left, or for about five seconds where one can't be killed. */
  async kill(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const members = this.look();
      if (members.length === 0) return;
      for (const pid of members) signalProcess(pid, 'SIGKILL');
      await sleep(PAUSE);
    }
  }

  #isOurs({ pid, argv }: ProcessInfo): boolean {
    return (
      pid !== process.pid &&
      argv.some(
        (argument, i) =>
          (argument === this.#inventory && argv[i - 1] === '-i') ||
          argument.includes(`${this.#folder}tmp/`),
      )
    );
  }
}

/** Sends a signal to a process (or, negative, to a process group), if it is there and ours to signal. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** When a process began, to tell it from a later one of the same number; undefined if it does not run. */
export function processStart(pid: number): string | undefined {
  return readProcess(String(pid))?.start;
}

/** All running processes; empty where there is no /proc. */
function listProcesses(): ProcessInfo[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names.flatMap((name) => (/^\d+$/.test(name) ? (readProcess(name) ?? []) : []));
}

/** See proc(5). The name in parentheses may hold anything, so fields count from its last parenthesis. */
function readProcess(name: string): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, parent, group, session] = fields;
    if (state === 'Z' || state === 'X') return undefined;
    return {
      pid: Number(name),
      parent: Number(parent),
      group: Number(group),
      session: Number(session),
      start: fields[19] ?? '',
      argv: readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0'),
    };
  } catch {
    return undefined; // It ended while we looked.
  }
}
