import type { HostCounts, RunKind, RunReport, RunResult, TaskReport } from '../model/run.ts';
import type { RunEvent, TaskEvent } from './events.ts';

/** How `ansible-playbook` ended. */
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

export interface RunEnd {
  result: RunResult;
  /** One sentence for people; empty on success. */
  reason: string;
}

/** Gathers the events of a run into its report. */
export class ReportBuilder {
  readonly #limits: ReportLimits;
  readonly #playbooks: string[] = [];
  readonly #tasks: TaskReport[] = [];
  readonly #targeted = new Set<string>();
  #details = 0;
  /** By host, since the start; undefined while a playbook is under way. */
  #stats: Record<string, HostCounts> | undefined;
  #hosts: Record<string, HostCounts> = {};
  #last: TaskReport | undefined;
  #gathered: Pick<RunReport, 'outputs' | 'outputFaults'> = {};

  constructor(limits: ReportLimits) {
    this.#limits = limits;
  }

  add(event: RunEvent): void {
    switch (event.event) {
      case 'playbook':
        this.#playbooks.push(event.path);
        this.#stats = undefined;
        break;
      case 'play':
        for (const host of event.hosts) this.#targeted.add(host);
        break;
      case 'task':
        this.#addTask(event);
        break;
      case 'stats':
        this.#stats = event.hosts;
        this.#hosts = event.hosts;
        // All since the start, as the counts are.
        this.#gathered = {
          ...(event.outputs && { outputs: event.outputs }),
          ...(event.outputFaults && { outputFaults: event.outputFaults }),
        };
        break;
    }
  }

  /** The task whose result came last: where a run was when it was ended. */
  get last(): { host: string; name: string } | undefined {
    return this.#last;
  }

  /**
   * How the run ended, told by the events first: an exit code of 4 hides failed tasks behind unreachable hosts, and
   * 0 is also given where no host matched.
   * @param expected The playbooks that were to run.
   */
  judge(exit: PlaybookExit, expected: readonly string[]): RunEnd {
    const hosts = Object.entries(this.#hosts);
    if (hosts.some(([, counts]) => counts.failed > 0)) {
      // The last one: those before it were rescued, or the host would not have come as far. Handlers come after.
      const task = this.#tasks.findLast(
        ({ host, status, ignored, handler }) =>
          status === 'failed' && !ignored && !handler && (this.#hosts[host]?.failed ?? 0) > 0,
      );
      return { result: 'failed', reason: task ? told(task) : 'a task failed' };
    }
    const lost = hosts.filter(([, counts]) => counts.unreachable > 0).map(([host]) => host);
    if (lost.length > 0) {
      const task = this.#tasks.find(({ status }) => status === 'unreachable');
      return { result: 'unreachable', reason: `${lost.join(', ')} can't be reached${why(task)}` };
    }
    const fault = this.#brokenOff(exit, expected) ?? this.#uncovered();
    return fault === undefined
      ? { result: 'success', reason: '' }
      : { result: 'error', reason: fault };
  }

  /** The report, once everything is told. */
  finish(
    about: { kind: RunKind; driver: string; site: string; digest: string; startedAt: number },
    end: RunEnd,
  ): RunReport {
    const hosts = this.#stats ?? countTasks(this.#tasks);
    return { ...about, endedAt: Date.now(), ...end, hosts, tasks: this.#tasks, ...this.#gathered };
  }

  #brokenOff(
    { code, signal, tail, fault }: PlaybookExit,
    expected: readonly string[],
  ): string | undefined {
    const words = tail === '' ? '' : `: ${tail}`;
    if (signal) return `ansible-playbook was ended by ${signal}`;
    if (code !== 0) return `ansible-playbook ended with code ${code}${words}`;
    if (this.#stats && this.#playbooks.length === expected.length) return undefined;
    if (fault !== undefined) return `what ansible-playbook tells broke off: ${fault}`;
    return `ansible-playbook told no result of ${expected[this.#playbooks.length - 1] ?? expected[0]}${words}`;
  }

  /** Success covers every host that a play is for, and at least one. */
  #uncovered(): string | undefined {
    const ran = new Set(Object.keys(this.#hosts));
    if (this.#targeted.size === 0) return 'no host of the inventory matches any play';
    const missed = this.#targeted.difference(ran);
    if (missed.size > 0) return `nothing ran on ${[...missed].join(', ')}`;
    const strangers = ran.difference(this.#targeted);
    if (strangers.size === 0) return undefined;
    return `tasks ran on ${[...strangers].join(', ')}, which no play is for`;
  }

  #addTask(event: TaskEvent): void {
    const { event: _, message, diff, truncated, ...facts } = event;
    const name = visible(facts.name);
    const task: TaskReport = { ...facts, name, playbook: this.#playbooks.at(-1) ?? '' };
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
}

/** What Ansible's own counts would be, for a run that was ended before it told them. */
function countTasks(tasks: readonly TaskReport[]): Record<string, HostCounts> {
  const hosts = new Map<string, HostCounts>();
  for (const { host, status, ignored } of tasks) {
    const counts = hosts.get(host) ?? { ok: 0, changed: 0, failed: 0, unreachable: 0, skipped: 0 };
    const done = ignored ? 'ok' : status;
    if (done === 'ok' || done === 'changed') counts.ok += 1;
    if (done === 'unverifiable') counts.skipped += 1;
    else if (done !== 'ok') counts[done] += 1;
    hosts.set(host, counts);
  }
  return Object.fromEntries(hosts);
}

function told(task: TaskReport): string {
  const where = task.path === '' ? '' : ` (${task.path})`;
  return `task "${task.name}"${where} failed on ${task.host}${why(task)}`;
}

function why(task: TaskReport | undefined): string {
  return task?.message ? `: ${task.message.split('\n', 1)[0]!.slice(0, 300)}` : '';
}

/** Control characters as pictures: what a host sends must not steer somebody's terminal. */
function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (control) => {
    const code = control.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
  });
}
