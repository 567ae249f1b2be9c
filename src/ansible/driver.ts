import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Driver, RunRequest } from '../model/driver.ts';
import { UserError } from '../model/errors.ts';
import { MAX_OUTPUT, MAX_OUTPUT_DEPTH, MAX_OUTPUTS } from '../model/outputs.ts';
import { Redactor } from '../model/redact.ts';
import type { RunReport } from '../model/run.ts';
import { treeDigest } from '../model/tree.ts';
import { connectionVariables, runEnvironment, type ConnectionOptions } from './environment.ts';
import { runPlaybooks } from './execute.ts';
import { ansibleVersion, findAnsible, isSupported, OLDEST_ANSIBLE } from './find.ts';
import { BoundedLog } from './log.ts';
import { ReportBuilder, type ReportLimits, type RunEnd } from './report.ts';
import {
  createRunFolder,
  pruneRunFolders,
  removeLeftRuns,
  tidyRunFolder,
  type RunFolder,
} from './run-folder.ts';

/** Bounds of what a run may leave behind; characters or bytes, which differ little here. */
export interface AnsibleLimits extends ReportLimits {
  /** One event's diff and message, which may be longer than what the report keeps of them. */
  eventDiff: number;
  eventMessage: number;
  /** All events; past it they come without details. */
  events: number;
  log: number;
  /** Milliseconds between the interrupt of a run that must end and its kill. */
  grace: number;
  /** Ended runs whose log and events are kept. */
  keepRuns: number;
}

const DEFAULT_LIMITS: AnsibleLimits = {
  diff: 32_768,
  message: 4096,
  details: 1_048_576,
  tasks: 10_000,
  eventDiff: 262_144,
  eventMessage: 16_384,
  events: 33_554_432,
  log: 4_194_304,
  grace: 5000,
  keepRuns: 100,
};

export interface AnsibleDriverOptions extends ConnectionOptions {
  /** `ansible-playbook` to use; by default the one that `findAnsible` finds. */
  command?: string;
  /** Folder for the runs' own folders; nothing else may be in it. */
  workDirectory: string;
  limits?: Partial<AnsibleLimits>;
  log?: (message: string, details: Record<string, unknown>) => void;
}

/** What a run leaves behind besides its report. */
interface Output {
  log: BoundedLog;
  events: BoundedLog;
}

/**
 * Applies and checks site trees with `ansible-playbook`, ansible-core 2.14 or later.
 *
 * A check sees no further at a host than to its first failed task, and nothing outside the playbook can change that:
 * plays say `ignore_errors: "{{ ansible_check_mode }}"`, and what fails is then reported as `unverifiable`.
 */
export class AnsibleDriver implements Driver {
  readonly name = 'ansible';
  readonly #options: AnsibleDriverOptions;
  readonly #workDirectory: string;
  readonly #limits: AnsibleLimits;
  #command: Promise<string> | undefined;

  constructor(options: AnsibleDriverOptions) {
    this.#options = options;
    this.#workDirectory = resolve(options.workDirectory);
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  /**
   * Runs the request's playbooks in order with one `ansible-playbook`, which ends with the first that fails.
   * Throws `InvalidInput` or `UserError` where nothing could be started: a tree with paths that can't be written, an
   * id in use, no Ansible. All else is told in the report.
   */
  async run(request: RunRequest): Promise<RunReport> {
    const command = await this.#findCommand();
    const about = {
      kind: request.kind,
      driver: this.name,
      site: request.site,
      digest: treeDigest(request.tree),
      startedAt: Date.now(),
    };
    const report = new ReportBuilder(this.#limits);
    const missing = missingFile(request);
    if (missing) return report.finish(about, { result: 'error', reason: missing });

    const folder = await createRunFolder(this.#workDirectory, request.id, request.tree);
    const output = this.#openOutput(folder, request);
    output.log.line(`${request.kind} ${request.site}: ${request.cause}`);
    this.#log('run started', request);
    try {
      const end = await this.#execute(command, request, folder, report, output);
      output.log.line(`\n${end.result}${end.reason === '' ? '' : `: ${end.reason}`}`);
      this.#log('run ended', request, { result: end.result });
      return report.finish(about, end);
    } finally {
      await Promise.all([output.log.close(), output.events.close()]);
      await tidyRunFolder(folder);
      await pruneRunFolders(this.#workDirectory, this.#limits.keepRuns);
    }
  }

  /** ansible-core's version. Throws `UserError` where there is none or it is too old. */
  async version(): Promise<string> {
    const command = await this.#findCommand();
    const version = await ansibleVersion(command);
    if (version === undefined) throw new UserError(`${command} --version does not answer`);
    if (isSupported(version)) return version;
    const oldest = OLDEST_ANSIBLE.join('.');
    throw new UserError(`${command} is ansible-core ${version}; install ${oldest} or later`);
  }

  /** Ends what runs of a process that has gone left running, and removes their folders. */
  async cleanUp(): Promise<void> {
    const removed = await removeLeftRuns(this.#workDirectory);
    for (const path of removed) this.#options.log?.('removed a run that was left behind', { path });
  }

  /** Where a run's `run.log` and `events.jsonl` are, for as long as they are kept. */
  folderOf(id: string): string {
    return join(this.#workDirectory, id);
  }

  #findCommand(): Promise<string> {
    this.#command ??= findAnsible({ command: this.#options.command }).then((found) => {
      if (found !== undefined) return found;
      this.#command = undefined; // It may be there the next time.
      const wanted = this.#options.command ?? 'ansible-playbook';
      const oldest = OLDEST_ANSIBLE.join('.');
      throw new UserError(
        `no usable ${wanted} found: install ansible-core ${oldest} or later, for example with "node scripts/ensure-ansible.ts"`,
      );
    });
    return this.#command;
  }

  async #execute(
    command: string,
    request: RunRequest,
    folder: RunFolder,
    report: ReportBuilder,
    output: Output,
  ): Promise<RunEnd> {
    const deadline = AbortSignal.timeout(milliseconds(request.timeout));
    const signal = AbortSignal.any([deadline, ...(request.signal ? [request.signal] : [])]);
    if (signal.aborted) return endedFor(request, deadline.aborted, report);
    const exit = await runPlaybooks({
      command,
      args: this.#args(request, folder),
      folder: folder.path,
      inventory: folder.inventory,
      cwd: folder.tree,
      env: runEnvironment(folder, await this.#configFile(request, folder), this.#options),
      orders: this.#orders(request, folder),
      log: output.log,
      signal,
      grace: this.#limits.grace,
      onEvent: (event, line) => {
        output.events.line(line);
        report.add(event);
        if (event.event !== 'task') return;
        request.onProgress?.({ host: event.host, task: event.name, status: event.status });
      },
    });
    if (signal.aborted) return endedFor(request, deadline.aborted, report);
    return report.judge(exit, request.playbooks);
  }

  /** Events come redacted; within JSON a second pass could break what it means. */
  #openOutput(folder: RunFolder, request: RunRequest): Output {
    return {
      log: new BoundedLog(folder.log, this.#limits.log, new Redactor(request.secrets)),
      events: new BoundedLog(folder.events, 3 * this.#limits.events, new Redactor([])),
    };
  }

  #args(request: RunRequest, folder: RunFolder): string[] {
    const variables = JSON.stringify(connectionVariables(folder, this.#options));
    const check = request.kind === 'check' ? ['--check'] : [];
    const options = ['-i', folder.inventory, '--diff', ...check, '--extra-vars', variables];
    return [...options, ...request.playbooks];
  }

  /** What `callback/trueup_events.py` is told over the channel, where no other process sees it. */
  #orders(request: RunRequest, folder: RunFolder): object {
    return {
      check: request.kind === 'check',
      tree: folder.tree,
      secrets: request.secrets,
      // A check changes nothing, so that what it finds is not what was made.
      outputs: request.kind === 'apply' ? (request.outputs ?? {}) : {},
      limits: {
        outputs: { one: MAX_OUTPUT, all: MAX_OUTPUTS, depth: MAX_OUTPUT_DEPTH },
        diff: this.#limits.eventDiff,
        message: this.#limits.eventMessage,
        total: this.#limits.events,
      },
    };
  }

  /** The tree's own `ansible.cfg`, so that a run is what `apply.sh` is; never one that lies elsewhere. */
  async #configFile(request: RunRequest, folder: RunFolder): Promise<string> {
    if (request.tree.has('ansible.cfg')) return join(folder.tree, 'ansible.cfg');
    const empty = join(folder.temporary, 'ansible.cfg');
    await writeFile(empty, '');
    return empty;
  }

  #log(message: string, request: RunRequest, more: Record<string, unknown> = {}): void {
    const { id, kind, site, cause } = request;
    this.#options.log?.(message, { run: id, kind, site, cause, ...more });
  }
}

/** Whole milliseconds, within what a timer can wait (over 24 days). */
function milliseconds(seconds: number): number {
  return Math.min(Math.ceil(Math.max(seconds, 0) * 1000), 2 ** 31 - 1);
}

/** Ansible would go on without an inventory, on the machine it runs on. */
function missingFile({ tree, playbooks }: RunRequest): string | undefined {
  if (!tree.has('inventory.yml')) return 'inventory.yml is not in the site tree';
  if (playbooks.length === 0) return 'there is no playbook to run';
  const missing = playbooks.find((playbook) => !tree.has(playbook));
  return missing === undefined ? undefined : `playbook ${missing} is not in the site tree`;
}

function endedFor(request: RunRequest, late: boolean, report: ReportBuilder): RunEnd {
  const { last } = report;
  const where = last ? `, last heard of after task "${last.name}" on ${last.host}` : '';
  return late
    ? { result: 'timeout', reason: `ended after ${request.timeout} s${where}` }
    : { result: 'cancelled', reason: `cancelled${where}` };
}
