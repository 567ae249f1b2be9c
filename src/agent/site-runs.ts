import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { messageOf, UserError } from '../model/errors.ts';
import type { Manifest, RunPlan } from '../model/manifest.ts';
import type { RunKind, RunReport } from '../model/run.ts';
import { MANIFEST_PATH, type SiteTree, treeDigest } from '../model/tree.ts';
import { secretValuesAt } from '../plan/secrets.ts';
import type { Runner } from '../runner/runner.ts';
import { type Answer, judge, muteHosts } from './guard.ts';
import type { AgentSettings } from './settings.ts';

/** Longest pause between two looks at hosts that do not answer yet (ms). */
const LOOK_AGAIN = 5000;
/** Where the look at the hosts stands in the tree that is run for it; no tree of a site has it. */
const ANSWER_PATH = '.trueup/answer.yml';
const ANSWER = `---
- name: The hosts answer
  hosts: all
  gather_facts: false
  tasks:
    - name: Answer
      ansible.builtin.ping:
`;

export interface SiteRunsOptions {
  runner: Runner;
  settings: Pick<AgentSettings['apply'], 'timeout' | 'answerWithin'>;
  now: () => number;
}

export interface SiteRunRequest {
  kind: RunKind;
  site: string;
  tree: SiteTree;
  cause: string;
  id?: string;
  signal?: AbortSignal | undefined;
  /** What is run in the place of what the tree says; the timeout in milliseconds. */
  instead?: { playbooks: readonly string[]; timeout: number };
}

/** How one look ended; `cutShort`: its own time was over before it saw all. */
type Look = 'answered' | { failed: string; cutShort: boolean };

/** Runs a site's trees as their manifests say, and looks whether its hosts answer. */
export class SiteRuns {
  readonly #options: SiteRunsOptions;

  constructor(options: SiteRunsOptions) {
    this.#options = options;
  }

  /** Runs a tree; where nothing can be started, the report says so. */
  async run(request: SiteRunRequest): Promise<RunReport> {
    const { runner, settings, now } = this.#options;
    const { kind, site, tree, cause, id = randomUUID(), signal, instead } = request;
    try {
      const { playbooks, outputs, secrets } = runPlanOf(tree);
      return await runner.submit({
        id,
        kind,
        site,
        tree,
        playbooks: instead?.playbooks ?? playbooks,
        ...(instead ? {} : { outputs }),
        timeout: Math.ceil(instead?.timeout ?? settings.timeout) / 1000,
        cause,
        secrets: secretValuesAt(secrets, tree),
        ...(signal && { signal }),
      });
    } catch (error) {
      const at = now();
      return {
        kind,
        driver: runner.driver,
        site,
        digest: treeDigest(tree),
        startedAt: at,
        endedAt: at,
        result: signal?.aborted ? 'cancelled' : 'error',
        reason: messageOf(error),
        hosts: {},
        tasks: [],
      };
    }
  }

  /** The hosts of a tree that answer now; undefined where that cannot be told. */
  async answering(
    site: string,
    tree: SiteTree,
    signal?: AbortSignal,
  ): Promise<string[] | undefined> {
    const report = await this.#ask(site, tree, this.#options.settings.answerWithin, signal);
    if (report.result !== 'success' && report.result !== 'unreachable') return undefined;
    const mute = muteHosts(report);
    return Object.keys(report.hosts).filter((host) => !mute.includes(host));
  }

  /**
   * Whether the hosts answer and the post-check of the tree passes within the time for it; until then it is looked
   * again and again: a host may start anew, and a service take its time.
   * @param answering hosts that must answer; all where none are named
   * @returns undefined where the signal came first: nobody knows
   */
  async answer(
    site: string,
    tree: SiteTree,
    answering: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<Answer | undefined> {
    const { answerWithin } = this.#options.settings;
    const until = performance.now() + answerWithin;
    let failed: string | undefined;
    for (;;) {
      const left = Math.max(1000, until - performance.now());
      const look = await this.#look(site, tree, answering, left, signal);
      if (signal.aborted) return undefined;
      if (look === 'answered') return look;
      // The last look may be cut short by the end of the time: what was seen before that says more.
      if (failed === undefined || !look.cutShort) failed = look.failed;
      const pause = Math.min(LOOK_AGAIN, answerWithin / 10);
      if (performance.now() + pause >= until) return { failed };
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(
    site: string,
    tree: SiteTree,
    answering: readonly string[] | undefined,
    within: number,
    signal: AbortSignal,
  ): Promise<Look> {
    const began = performance.now();
    const asked = await this.#ask(site, tree, within, signal);
    const answer = judge(asked, answering);
    if (answer !== 'answered') return lookThat(`the hosts do not answer: ${answer.failed}`, asked);
    const { playbooks, timeout: own } = postCheckOf(tree);
    if (playbooks.length === 0) return answer;
    const timeout = own + Math.max(1000, within - (performance.now() - began));
    const cause = 'the post-check after an apply';
    const instead = { playbooks, timeout };
    const report = await this.run({ kind: 'apply', site, tree, cause, signal, instead });
    const checked = judge(report, answering);
    return checked === 'answered'
      ? checked
      : lookThat(`the post-check failed: ${checked.failed}`, report);
  }

  #ask(
    site: string,
    tree: SiteTree,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<RunReport> {
    const content = Buffer.from(ANSWER);
    return this.run({
      kind: 'apply',
      site,
      tree: new Map([...tree, [ANSWER_PATH, { mode: '100644' as const, content }]]),
      cause: 'whether the hosts answer',
      signal,
      instead: { playbooks: [ANSWER_PATH], timeout },
    });
  }
}

function lookThat(failed: string, { result }: Pick<RunReport, 'result'>): Look {
  return { failed, cutShort: result === 'timeout' };
}

/** How a tree is run, as its manifest says. Throws UserError where it does not. */
export function runPlanOf(tree: SiteTree): RunPlan {
  const file = tree.get(MANIFEST_PATH);
  if (!file) throw new UserError(`the tree has no ${MANIFEST_PATH}, which says how it is run`);
  let manifest: Partial<Manifest> | null;
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    manifest = JSON.parse(file.content.toString()) as Partial<Manifest> | null;
  } catch {
    throw new UserError(`${MANIFEST_PATH} is no JSON any more: undo what was edited there`);
  }
  if (!manifest?.run) throw new UserError(`${MANIFEST_PATH} does not say how the tree is run`);
  return manifest.run;
}

/** Playbooks that must pass after an apply, and how long they may take beside the hosts' answering (ms). */
function postCheckOf(tree: SiteTree): { playbooks: readonly string[]; timeout: number } {
  const { postCheck = [], postCheckTimeout = 0 } = runPlanOf(tree);
  return { playbooks: postCheck, timeout: 1000 * postCheckTimeout };
}
