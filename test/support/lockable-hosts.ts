import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Driver, RunRequest } from '../../src/model/driver.ts';
import type { RunReport, RunResult } from '../../src/model/run.ts';
import { treeDigest } from '../../src/model/tree.ts';

/** A clock that no host survives. */
export const LOCK = 'lock.example';
const NTP = 'base/files/ntp.conf';
const ANSWER = '.trueup/answer.yml';

/**
 * Hosts in a folder, for several processes: `host` is what was applied last, `log` what was run when, `mute` (if it is
 * there) keeps them from ever answering. Once the clock is `LOCK`, nobody reaches them.
 */
export class LockableHosts implements Driver {
  readonly name = 'fake';
  readonly #folder: string;
  readonly #onApply: (text: string, signal: AbortSignal | undefined) => Promise<void>;
  readonly #onLook: (text: string) => Promise<void>;

  /**
   * @param onApply called when the hosts are changed and the run has not ended yet
   * @param onLook called when it is looked whether hosts answer that were changed to this
   */
  constructor(
    folder: string,
    onApply: (text: string, signal: AbortSignal | undefined) => Promise<void> = async () =>
      undefined,
    onLook: (text: string) => Promise<void> = async () => undefined,
  ) {
    this.#folder = folder;
    this.#onApply = onApply;
    this.#onLook = onLook;
  }

  /** What is applied at the hosts. */
  get host(): string {
    const file = join(this.#folder, 'host');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** What was run: `begin` and `end` lines of `apply` and `look`, with the process that did it. */
  get log(): string[] {
    return readFileSync(join(this.#folder, 'log'), 'utf8').split('\n').slice(0, -1);
  }

  /** Texts of what was applied, in order. */
  get applies(): string[] {
    return this.log.flatMap((line) => /^begin apply \d+ (.*)$/.exec(line)?.[1] ?? []);
  }

  async run(request: RunRequest): Promise<RunReport> {
    const { kind, site, tree, playbooks, signal } = request;
    const startedAt = Date.now();
    const looks = playbooks[0] === ANSWER;
    const text = /server (\S+)/.exec(tree.get(NTP)?.content.toString() ?? '')?.[1] ?? '';
    const what = looks ? 'look' : kind;
    this.#note(`begin ${what} ${process.pid} ${text}`);
    let result: RunResult = 'success';
    if (looks) {
      await this.#onLook(this.host);
      result = this.#mute() ? 'unreachable' : 'success';
    } else if (kind === 'apply') {
      writeFileSync(join(this.#folder, 'host'), text);
      await this.#onApply(text, signal);
      if (signal?.aborted) result = 'cancelled';
    }
    this.#note(`end ${what} ${process.pid} ${text}`);
    const unreachable = result === 'unreachable' ? 1 : 0;
    return {
      kind,
      driver: this.name,
      site,
      digest: treeDigest(tree),
      startedAt,
      endedAt: Date.now(),
      result,
      reason: result === 'success' ? '' : `h1 is ${result}`,
      hosts: { h1: { ok: 1, changed: 1, failed: 0, unreachable, skipped: 0 } },
      tasks: [],
    };
  }

  async version(): Promise<string> {
    return '1';
  }

  async cleanUp(): Promise<void> {}

  #mute(): boolean {
    return this.host === LOCK || existsSync(join(this.#folder, 'mute'));
  }

  #note(line: string): void {
    appendFileSync(join(this.#folder, 'log'), `${line}\n`);
  }
}
