import { randomUUID } from 'node:crypto';

import PQueue from 'p-queue';

import type { SiteStore } from '../git/site-store.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { messageOf } from '../model/errors.ts';
import { type Manifest, type RunPlan } from '../model/manifest.ts';
import type { RunReport } from '../model/run.ts';
import { MANIFEST_PATH, type SiteTree, treeDigest } from '../model/tree.ts';
import { inWindows, readWindows } from '../model/windows.ts';
import { secretValuesAt } from '../plan/secrets.ts';
import type { Runner } from '../runner/runner.ts';
import type { WorkingCopies } from '../runner/working-copy/working-copies.ts';
import type { SiteRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import {
  afterApply,
  afterDeath,
  afterRestore,
  type Answer,
  arm,
  type Guard,
  guardHold,
} from './guard.ts';
import { recall, recallGuard, remember } from './memory.ts';
import type { AgentSettings } from './settings.ts';

/** Look again whether a window has opened (ms). */
const MINUTE = 60_000;
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

/** An apply that did not succeed; the loop comes back after a while. */
export class ApplyFailed extends Error {
  override name = 'ApplyFailed';
}

export interface SiteWorkOptions {
  store: Store;
  trees: SiteStore;
  copies: WorkingCopies;
  runner: Runner;
  settings: AgentSettings['apply'];
  log: Logger;
  now: () => number;
  /** Before an apply begins, and when its guard may rest: somebody else must restore where this process ends. */
  standBy: { begin(): Promise<void>; end(): Promise<void> };
  /** There is something to tell the centre. */
  onChange: () => void;
}

/** Brings a site's working copy, and then its hosts, to what is desired there; goes back where that locks it out. */
export class SiteWork {
  readonly #options: SiteWorkOptions;
  /** One apply at a time, whoever asks for it. */
  readonly #queue = new PQueue({ concurrency: 1 });

  constructor(options: SiteWorkOptions) {
    this.#options = options;
  }

  /**
   * Does what there is to do now.
   * @param asked somebody wants it applied, whatever the policy and the guard say
   */
  handle(site: string, signal?: AbortSignal, asked = false): Promise<Handled> {
    return this.#queue.add(() => this.#handle(site, signal, asked));
  }

  /** Completes what an earlier process left to the guard. */
  recoverGuard(site: string): Promise<void> {
    return this.#queue.add(() => this.#recoverGuard(site));
  }

  async #handle(site: string, signal: AbortSignal | undefined, asked: boolean): Promise<Handled> {
    const { copies, store, now, onChange } = this.#options;
    await this.#recoverGuard(site);
    const row = await copies.bringIn(site);
    if (!row?.desiredCommit) return undefined;
    onChange();
    if (row.hold !== null) return undefined;
    if (row.baseCommit !== row.desiredCommit) return { again: 0 };
    const forced = row.applyForced || asked;
    if (!forced && row.appliedCommit === row.desiredCommit && !undone(row)) return undefined;
    if (
      !forced &&
      row.appliedDigest === row.desiredDigest &&
      row.observedDigest === row.desiredDigest
    ) {
      await store.sites.update(site, {
        appliedCommit: row.desiredCommit,
        appliedRevision: row.desiredRevision,
        lastApplyFailed: false,
        message: `in sync at generation ${row.generation}; nothing had to be applied`,
      });
      onChange();
      return undefined;
    }
    const guard = await recallGuard(store);
    const kept =
      guardHold(guard, row.desiredCommit, asked) ?? (asked ? undefined : this.#notNow(row, now()));
    if (kept !== undefined) {
      await this.#say(row, kept);
      return { again: MINUTE };
    }
    return this.#apply(row, guard, signal);
  }

  /** A check run of what stands at the site; changes nothing. */
  async check(site: string): Promise<RunReport> {
    const { store, trees } = this.#options;
    const row = await store.sites.get(site);
    if (!row?.observedCommit) throw new ApplyFailed(`${site} has no tree yet`);
    const tree = await trees.readTree(row.observedCommit);
    return this.#run('check', site, tree, 'asked for at the site');
  }

  /** An apply that was under way is not trusted before the hosts answer, and a way back is gone to its end. */
  async #recoverGuard(site: string): Promise<void> {
    const { store, trees, now, log } = this.#options;
    let guard = await recallGuard(store);
    if (guard.state === 'armed') {
      const answer = await this.#answer(site, await trees.readTree(guard.trial.commit));
      log.warn({ site, answer }, 'an apply was cut off');
      guard = afterDeath(guard, answer, now());
      await remember(store, 'guard', guard);
    }
    if (guard.state === 'restoring') await this.#restore(site, guard);
    await this.#options.standBy.end();
  }

  async #apply(row: SiteRow, guard: Guard, signal?: AbortSignal): Promise<Handled> {
    const { store, trees, runner, log, now, standBy, onChange } = this.#options;
    const site = row.name;
    const commit = row.observedCommit!;
    const desired = row.desiredCommit!;
    const tree = await trees.readTree(commit);
    const id = randomUUID();
    const cause = causeOf(row);
    const armed = arm(guard, { commit, digest: row.observedDigest!, desired }, id, now());
    await store.transaction(async (tx) => {
      await remember(tx, 'guard', armed);
      await tx.runs.insert({
        id,
        site,
        kind: 'apply',
        driver: runner.driver,
        cause,
        commit: `${commit} ${desired}`,
        digest: row.observedDigest!,
        revision: row.desiredRevision ?? '',
        startedAt: now(),
      });
      await tx.sites.update(site, { lastRunId: id, message: `applying: ${cause}` });
    });
    await standBy.begin();
    const report = await this.#run('apply', site, tree, cause, id, signal);
    const answer: Answer =
      report.result === 'unreachable'
        ? { failed: `after the apply: ${report.reason}` }
        : report.result === 'cancelled'
          ? 'answered'
          : await this.#answer(site, tree);
    const after = afterApply(armed, report, answer, now());
    await this.#finish(row, id, report, after);
    if (after.state === 'restoring') await this.#restore(site, after);
    await standBy.end();
    onChange();
    if (report.result === 'cancelled') return undefined;
    if (after.state !== 'idle') return { again: MINUTE };
    if (report.result !== 'success') throw new ApplyFailed(`${site}: ${report.reason}`);
    log.info({ site, cause }, 'applied');
    return undefined;
  }

  async #finish(row: SiteRow, id: string, report: RunReport, guard: Guard): Promise<void> {
    const { store, trees, log } = this.#options;
    const success = report.result === 'success' && guard.state === 'idle';
    const why = guard.state === 'idle' ? report.reason : 'why' in guard ? guard.why : '';
    await store.transaction(async (tx) => {
      const { endedAt, result, reason } = report;
      await tx.runs.finish(id, { endedAt, result, reason, report });
      await remember(tx, 'guard', guard);
      await remember(tx, 'unreported', [...((await recall(tx, 'unreported')) ?? []), id]);
      if (result === 'cancelled') return;
      await tx.sites.update(
        row.name,
        success
          ? {
              appliedCommit: row.desiredCommit,
              appliedDigest: row.observedDigest,
              appliedRevision: row.desiredRevision,
              applyForced: false,
              lastApplyFailed: false,
              lastAppliedAt: endedAt,
              message: `in sync at generation ${row.generation}`,
            }
          : { lastApplyFailed: true, message: `the apply failed (${why}); it is tried again` },
      );
    });
    if (success) trees.followRefs([{ site: row.name, ref: 'applied', to: row.observedCommit! }]);
    else log.warn({ site: row.name, why }, 'the apply failed');
  }

  /** Applies the last good tree again; throws where that fails, to be tried again. */
  async #restore(site: string, guard: Guard & { state: 'restoring' }): Promise<void> {
    const { store, trees, runner, now, log, onChange } = this.#options;
    const good = guard.good!;
    const tree = await trees.readTree(good.commit);
    const cause = `guard: ${guard.why}`;
    log.error({ site, why: guard.why }, 'locked out: applies the last good tree again');
    const id = randomUUID();
    const startedAt = now();
    const report = await this.#run('apply', site, tree, cause, id);
    const ok = report.result === 'success' && (await this.#answer(site, tree)) === 'answered';
    await store.transaction(async (tx) => {
      await tx.runs.record({
        id,
        site,
        kind: 'apply',
        driver: runner.driver,
        cause,
        commit: `${good.commit} ${good.desired}`,
        digest: good.digest,
        revision: '',
        startedAt,
        endedAt: report.endedAt,
        result: report.result,
        reason: report.reason,
        report,
      });
      await remember(tx, 'guard', afterRestore(guard, ok, now()));
      await remember(tx, 'unreported', [...((await recall(tx, 'unreported')) ?? []), id]);
      await tx.sites.update(site, {
        lastRunId: id,
        lastApplyFailed: true,
        ...(ok && { appliedCommit: good.desired, appliedDigest: good.digest }),
        message: ok
          ? `went back to the last good tree: ${guard.why}`
          : `could not go back to the last good tree (${report.reason}); it is tried again`,
      });
    });
    onChange();
    if (!ok) throw new ApplyFailed(`${site}: could not go back: ${report.reason}`);
  }

  /** Whether all hosts answer, and the post-check of the tree passes, in time. */
  async #answer(site: string, tree: SiteTree): Promise<Answer> {
    const { settings } = this.#options;
    const own = runPlanOf(tree).postCheck ?? [];
    const content = Buffer.from(ANSWER);
    const asking = new Map([...tree, [ANSWER_PATH, { mode: '100644' as const, content }]]);
    const report = await this.#run(
      'apply',
      site,
      asking,
      'the look after an apply',
      undefined,
      undefined,
      {
        playbooks: [ANSWER_PATH, ...own],
        timeout: settings.answerWithin / 1000,
      },
    );
    return report.result === 'success'
      ? 'answered'
      : { failed: `the look after the apply failed: ${report.reason || report.result}` };
  }

  async #run(
    kind: 'apply' | 'check',
    site: string,
    tree: SiteTree,
    cause: string,
    id: string = randomUUID(),
    signal?: AbortSignal,
    instead?: { playbooks: readonly string[]; timeout: number },
  ): Promise<RunReport> {
    const { runner, settings, now } = this.#options;
    const { playbooks, outputs, secrets } = runPlanOf(tree);
    try {
      return await runner.submit({
        id,
        kind,
        site,
        tree,
        playbooks: instead?.playbooks ?? playbooks,
        ...(instead ? {} : { outputs }),
        timeout: instead?.timeout ?? settings.timeout / 1000,
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
        result: 'error',
        reason: messageOf(error),
        hosts: {},
        tasks: [],
      };
    }
  }

  #notNow(row: SiteRow, now: number): string | undefined {
    const { policy, windows, timeZone } = this.#options.settings;
    if (policy === 'auto') return undefined;
    if (policy === 'manual')
      return `generation ${row.generation} is here: \`trueup agent apply\` applies it`;
    return inWindows(readWindows(windows), now, timeZone)
      ? undefined
      : `generation ${row.generation} is here and waits for its window (${windows} ${timeZone})`;
  }

  async #say(row: SiteRow, message: string): Promise<void> {
    const { store, onChange } = this.#options;
    if (row.message === message) return;
    await store.sites.update(row.name, { message });
    onChange();
  }
}

/** How a tree is run, as its manifest says. Throws UserError where it does not. */
export function runPlanOf(tree: SiteTree): RunPlan {
  const file = tree.get(MANIFEST_PATH);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const manifest = file && (JSON.parse(file.content.toString()) as Partial<Manifest>);
  if (!manifest?.run) throw new ApplyFailed('the tree does not say how it is run');
  return manifest.run;
}

/** An edit was applied, as part of a new revision, and then taken back by hand: the hosts still have it. */
function undone(row: SiteRow): boolean {
  return row.observedDigest === row.desiredDigest && row.appliedDigest !== row.desiredDigest;
}

function causeOf(row: SiteRow): string {
  if (row.applyForced && row.applyReason) return row.applyReason;
  if (row.appliedCommit === row.desiredCommit) return 'asked for at the site';
  return `revision ${row.desiredRevision?.slice(0, 10)}, generation ${row.generation}`;
}
