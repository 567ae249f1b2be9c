import { randomUUID } from 'node:crypto';

import PQueue from 'p-queue';

import type { SiteStore } from '../git/site-store.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { UserError } from '../model/errors.ts';
import type { RunReport } from '../model/run.ts';
import { type TreeFile, withPaths } from '../model/tree.ts';
import { inWindows, readWindows } from '../model/windows.ts';
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
  hasWayBack,
  judge,
  mustRestore,
  nothingRan,
} from './guard.ts';
import { recall, recallGuard, remember } from './memory.ts';
import type { AgentSettings } from './settings.ts';
import { SiteRuns } from './site-runs.ts';

/** Look again whether a window has opened (ms). */
const MINUTE = 60_000;
/** Longest pause between two tries of a tree that cannot be applied (ms). */
const RETRY = 60 * MINUTE;

/** An apply that did not succeed; the loop comes back after a while, of one tree more and more seldom. */
export class ApplyFailed extends UserError {
  override name = 'ApplyFailed';
  /** Milliseconds. */
  readonly retryAfter: number;

  /** @param failures of the same tree, in a row */
  constructor(message: string, failures = 1) {
    super(message);
    this.retryAfter = retryPause(failures);
  }
}

/**
 * Milliseconds until a tree is tried again that could not be applied so often in a row: twice as long each time, from a
 * second up to an hour. So a host that comes back waits no longer than it was away, and one that is dead for months
 * makes 24 reports a day.
 */
export function retryPause(failures: number): number {
  return Math.min(RETRY, 1000 * 2 ** (failures - 1));
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
  readonly #stop = new AbortController();
  readonly #runs: SiteRuns;
  /** How often in a row one tree could not be applied, as far as this process knows. */
  #failures = { digest: '', count: 0 };

  constructor(options: SiteWorkOptions) {
    this.#options = options;
    this.#runs = new SiteRuns(options);
  }

  /**
   * Does what there is to do now.
   * @param asked somebody wants it applied, whatever the policy and the guard say
   */
  handle(site: string, signal?: AbortSignal, asked = false): Promise<Handled> {
    return this.#alone(signal, (either) => this.#handle(site, either, asked));
  }

  /**
   * Completes what an earlier process left to the guard. Throws ApplyFailed where the last good tree could not be
   * applied again.
   */
  recoverGuard(site: string): Promise<Handled> {
    return this.#alone(undefined, async (signal) => {
      await this.#lookAfterDeath(site, signal);
      const guard = await recallGuard(this.#options.store);
      if (guard.state === 'restoring') await this.#restore(site, guard, signal);
    });
  }

  /** A check run of what stands at the site, or would with these files; changes nothing. */
  async check(
    site: string,
    edits: readonly { path: string; after: TreeFile | undefined }[],
  ): Promise<RunReport> {
    const { store, trees } = this.#options;
    const row = await store.sites.get(site);
    if (!row?.observedCommit) throw new ApplyFailed(`${site} has no tree yet`);
    const after = new Map(
      edits.flatMap((one) => (one.after ? [[one.path, one.after] as const] : [])),
    );
    const observed = await trees.readTree(row.observedCommit);
    const paths = edits.map(({ path }) => path);
    const tree = withPaths(observed, after, paths);
    const signal = this.#stop.signal;
    return this.#runs.run({ kind: 'check', site, tree, cause: 'asked for at the site', signal });
  }

  /** Ends what is under way; resolves when it has ended. Nothing more begins. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#queue.onIdle();
  }

  #alone(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<Handled>,
  ): Promise<Handled> {
    const either = AbortSignal.any([this.#stop.signal, ...(signal ? [signal] : [])]);
    return this.#queue.add(async () => (either.aborted ? undefined : work(either)));
  }

  async #handle(site: string, signal: AbortSignal, asked: boolean): Promise<Handled> {
    const { copies, store, now, onChange } = this.#options;
    await this.#lookAfterDeath(site, signal);
    const before = await store.sites.get(site);
    const owed = await recallGuard(store);
    if (mustRestore(owed, before?.desiredCommit ?? null, asked))
      await this.#restore(site, owed, signal);
    const row = await copies.bringIn(site);
    if (!row?.desiredCommit || signal.aborted) return undefined;
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

  /** An apply that was under way is not trusted before the hosts answer. */
  async #lookAfterDeath(site: string, signal: AbortSignal): Promise<void> {
    const { store, trees, now, log, standBy } = this.#options;
    const guard = await recallGuard(store);
    if (guard.state === 'armed') {
      const tree = await trees.readTree(guard.trial.commit);
      const answer = await this.#runs.answer(site, tree, guard.answering, signal);
      log.warn({ site, answer }, 'an apply was cut off');
      if (answer) await remember(store, 'guard', afterDeath(guard, answer, now()));
    }
    if (!signal.aborted) await standBy.end();
  }

  async #apply(row: SiteRow, guard: Guard, signal: AbortSignal): Promise<Handled> {
    const { store, trees, runner, log, now, standBy, onChange } = this.#options;
    const site = row.name;
    const commit = row.observedCommit!;
    const desired = row.desiredCommit!;
    const tree = await trees.readTree(commit);
    const id = randomUUID();
    const cause = causeOf(row);
    const trial = { commit, digest: row.observedDigest!, desired };
    const answering = hasWayBack(guard, trial)
      ? await this.#runs.answering(site, await trees.readTree(guard.good!.commit), signal)
      : undefined;
    if (signal.aborted) return undefined;
    // Somebody stands by before anything is begun that he may have to end.
    await standBy.begin();
    const armed = arm(guard, trial, { runId: id, at: now(), answering });
    await store.transaction(async (tx) => {
      await remember(tx, 'guard', armed);
      await tx.runs.insert({
        id,
        site,
        kind: 'apply',
        driver: runner.driver,
        cause,
        commit,
        desiredCommit: desired,
        digest: row.observedDigest!,
        revision: row.desiredRevision ?? '',
        startedAt: now(),
      });
      await tx.sites.update(site, { lastRunId: id, message: `applying: ${cause}` });
    });
    const report = await this.#runs.run({ kind: 'apply', site, tree, cause, id, signal });
    const answer = nothingRan(report)
      ? 'answered'
      : await this.#runs.answer(site, tree, answering, signal);
    // Where it was told to end, the guard stays armed: the next to come looks at the hosts.
    const after = answer ? afterApply(armed, report, answer, now()) : armed;
    await this.#finish(row, id, report, { guard: after, answer });
    if (!answer) return undefined;
    if (after.state === 'restoring') await this.#restore(site, after, signal);
    await standBy.end();
    onChange();
    if (after.state !== 'idle') return { again: MINUTE };
    const { digest } = trial;
    if (report.result !== 'success') throw this.#failed(digest, `${site}: ${report.reason}`);
    if (answer !== 'answered') throw this.#failed(digest, `${site}: ${answer.failed}`);
    this.#failures.count = 0;
    log.info({ site, cause }, 'applied');
    return undefined;
  }

  async #finish(
    row: SiteRow,
    id: string,
    report: RunReport,
    { guard, answer }: { guard: Guard; answer: Answer | undefined },
  ): Promise<void> {
    const { store, trees, log } = this.#options;
    const success = report.result === 'success' && answer === 'answered';
    const why = answer === undefined || answer === 'answered' ? report.reason : answer.failed;
    const next = guard.state === 'restoring' ? 'goes back to the last good tree' : 'tries again';
    await store.transaction(async (tx) => {
      const { endedAt, result, reason } = report;
      await tx.runs.finish(id, { endedAt, result, reason, report });
      await remember(tx, 'guard', guard);
      await remember(tx, 'unreported', [...((await recall(tx, 'unreported')) ?? []), id]);
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
          : answer === undefined
            ? { applyForced: true, applyReason: 'the apply was interrupted' }
            : { lastApplyFailed: true, message: `the apply failed (${why}); ${next}` },
      );
    });
    if (success) trees.followRefs([{ site: row.name, ref: 'applied', to: row.observedCommit! }]);
    else if (answer) log.warn({ site: row.name, why }, 'the apply failed');
  }

  /** Applies the last good tree again; throws where that fails, to be tried again. */
  async #restore(
    site: string,
    guard: Guard & { state: 'restoring' },
    signal: AbortSignal,
  ): Promise<void> {
    const { store, trees, runner, now, log, onChange } = this.#options;
    const good = guard.good!;
    const tree = await trees.readTree(good.commit);
    const cause = `guard: ${guard.why}`.slice(0, 1000);
    log.error({ site, why: guard.why }, 'locked out: applies the last good tree again');
    const id = randomUUID();
    const startedAt = now();
    const report = await this.#runs.run({ kind: 'apply', site, tree, cause, id, signal });
    const answer = await this.#runs.answer(site, tree, guard.answering, signal);
    const applied = judge(report, guard.answering);
    const failed = [applied, answer].find((one) => typeof one === 'object')?.failed;
    const ok = answer !== undefined && failed === undefined;
    await store.transaction(async (tx) => {
      await tx.runs.record({
        id,
        site,
        kind: 'apply',
        driver: runner.driver,
        cause,
        commit: good.commit,
        desiredCommit: good.desired,
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
          : `could not go back to the last good tree (${failed ?? 'interrupted'}); it is tried again`,
      });
    });
    if (ok) trees.followRefs([{ site, ref: 'applied', to: good.commit }]);
    onChange();
    if (!ok)
      throw this.#failed(good.digest, `${site}: could not go back: ${failed ?? 'interrupted'}`);
    this.#failures.count = 0;
  }

  #failed(digest: string, message: string): ApplyFailed {
    const count = this.#failures.digest === digest ? this.#failures.count + 1 : 1;
    this.#failures = { digest, count };
    return new ApplyFailed(message, count);
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

/** An edit was applied, as part of a new revision, and then taken back by hand: the hosts still have it. */
function undone(row: SiteRow): boolean {
  return row.observedDigest === row.desiredDigest && row.appliedDigest !== row.desiredDigest;
}

function causeOf(row: SiteRow): string {
  if (row.applyForced && row.applyReason) return row.applyReason;
  if (row.appliedCommit === row.desiredCommit) return 'asked for at the site';
  return `revision ${row.desiredRevision?.slice(0, 10)}, generation ${row.generation}`;
}
