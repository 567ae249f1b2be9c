import type { HostCounts, RunKind, RunReport, RunResult, TaskReport } from '../model/run.ts';
import type { RunEvent, TaskEvent } from './events.ts';

/** How one `ansible-playbook` ended. */
export interface PlaybookExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Last lines of its output, redacted. */
  tail: string;
  /** What broke the stream of events, if anything did. */
  fault?: string;
}

export interface ReportLimits {
  /** Characters of one task's diff, and of its message. */
  diff: number;
  message: number;
  /** Characters of all diffs and messages of a report. */
  details: number;
  /** Task entries; beyond it the ones without anything to tell are left out. */
  tasks: number;
}

/** Gathers the events of a run's playbooks into its report. */
export class ReportBuilder {
  readonly #limits: ReportLimits;
  readonly #hosts: Record<string, HostCounts> = {};
  readonly #tasks: TaskReport[] = [];
  readonly #targeted = new Set<string>();
  #details = 0;
  #playbook = '';
  #hasStats = false;
  #last: TaskReport | undefined;

  constructor(limits: ReportLimits) {
    this.#limits = limits;
  }

  /** What comes next is of this playbook. */
  begin(playbook: string): void {
    this.#playbook = playbook;
    this.#hasStats = false;
  }

  add(event: RunEvent): void {
    if (event.event === 'play') for (const host of event.hosts) this.#targeted.add(host);
    if (event.event === 'task') this.#addTask(event);
    if (event.event === 'stats') {
      this.#hasStats = true;
      for (const [host, counts] of Object.entries(event.hosts)) this.#addCounts(host, counts);
    }
  }

  /** The task whose result came last: where a run was when it was ended. */
  get last(): { host: string; name: string } | undefined {
    return this.#last;
  }

  /** What is wrong with how the playbook ended, or undefined if the next one may run. */
  faultOf(exit: PlaybookExit): { result: RunResult; reason: string } | undefined {
    const failed = this.#tasks.find(({ status, ignored }) => status === 'failed' && !ignored);
    const hosts = Object.entries(this.#hosts);
    if (hosts.some(([, counts]) => counts.failed > 0)) {
      return { result: 'failed', reason: failed ? told(failed, 'failed') : 'a task failed' };
    }
    const lost = hosts.filter(([, counts]) => counts.unreachable > 0).map(([host]) => host);
    if (lost.length > 0) {
      const task = this.#tasks.find(({ status }) => status === 'unreachable');
      const why = task?.message ? `: ${firstLine(task.message)}` : '';
      return { result: 'unreachable', reason: `${lost.join(', ')} can't be reached${why}` };
    }
    const fault = this.#brokenOff(exit);
    return fault === undefined ? undefined : { result: 'error', reason: fault };
  }

  /** Success is more than an exit code of 0: Ansible gives that too where no host matched. */
  faultOfWhole(): { result: RunResult; reason: string } | undefined {
    const missed = [...this.#targeted].filter((host) => !Object.hasOwn(this.#hosts, host));
    const strangers = Object.keys(this.#hosts).filter((host) => !this.#targeted.has(host));
    if (this.#targeted.size === 0) {
      return { result: 'error', reason: 'no host of the inventory matches any play' };
    }
    if (missed.length > 0) {
      return { result: 'error', reason: `nothing ran on ${missed.join(', ')}` };
    }
    if (strangers.length > 0) {
      return {
        result: 'error',
        reason: `tasks ran on ${strangers.join(', ')}, which no play names`,
      };
    }
    return undefined;
  }

  /** The report, once everything is told. */
  finish(
    about: { kind: RunKind; driver: string; site: string; digest: string; startedAt: number },
    end: { result: RunResult; reason: string },
  ): RunReport {
    return { ...about, endedAt: Date.now(), ...end, hosts: this.#hosts, tasks: this.#tasks };
  }

  #brokenOff({ code, signal, tail, fault }: PlaybookExit): string | undefined {
    const words = tail === '' ? '' : `: ${tail}`;
    if (signal) return `ansible-playbook was ended by ${signal} while ${this.#playbook} ran`;
    if (code !== 0) return `ansible-playbook ${this.#playbook} ended with code ${code}${words}`;
    if (this.#hasStats) return undefined;
    if (fault !== undefined) return `the events of ${this.#playbook} broke off: ${fault}`;
    return `ansible-playbook ${this.#playbook} told no result${words}`;
  }

  #addTask(event: TaskEvent): void {
    const { event: _, message, diff, truncated, ...facts } = event;
    const name = visible(facts.name);
    const task: TaskReport = { ...facts, name, playbook: this.#playbook };
    this.#last = task;
    const details = [
      ['message', message, this.#limits.message],
      ['diff', diff, this.#limits.diff],
    ] as const;
    let cut = truncated ?? false;
    for (const [key, text, limit] of details) {
      if (text === undefined) continue;
      const room = Math.max(Math.min(limit, this.#limits.details - this.#details), 0);
      if (room > 0) task[key] = visible(text.slice(0, room));
      cut ||= text.length > room;
      this.#details += Math.min(text.length, room);
    }
    if (cut) task.truncated = true;
    const telling = task.status !== 'ok' && task.status !== 'skipped';
    if (telling || this.#tasks.length < this.#limits.tasks) this.#tasks.push(task);
  }

  #addCounts(host: string, counts: HostCounts): void {
    // A host may be called __proto__.
    const before = Object.hasOwn(this.#hosts, host) ? this.#hosts[host] : undefined;
    const sum = { ok: 0, changed: 0, failed: 0, unreachable: 0, skipped: 0, ...before };
    for (const key of ['ok', 'changed', 'failed', 'unreachable', 'skipped'] as const) {
      sum[key] += counts[key];
    }
    Object.defineProperty(this.#hosts, host, {
      value: sum,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}

function told(task: TaskReport, what: string): string {
  const why = task.message ? `: ${firstLine(task.message)}` : '';
  return `task "${task.name}" (${task.path}) ${what} on ${task.host}${why}`;
}

/** Control characters as pictures: what a host sends must not steer somebody's terminal. */
function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (control) => {
    const code = control.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
  });
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.slice(0, 300);
}
