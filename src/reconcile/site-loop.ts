import { randomUUID } from 'node:crypto';

import type { SiteStore } from '../git/site-store.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { type RunReport, totalCounts } from '../model/run.ts';
import type { SiteTree } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { playbooksOf } from '../render/render.ts';
import type { Runner } from '../runner/runner.ts';
import type { WorkingCopies } from '../runner/working-copy/working-copies.ts';
import type { SiteRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { exportersAwaited, notGathered } from './exporters.ts';
import { judgedReport, outputsWanted, recordOutputs } from './gathering.ts';
import type { PlanAt } from './plan-loop.ts';

/** Come back when another revision of the plan may have come into force (ms). */
const SOON = 500;
/** Look again, without any word, whether what a site waits for is there (ms). */
const LATER = 60_000;

/** An apply that did not succeed; the loop comes back after a while. */
class ApplyFailed extends Error {
  override name = 'ApplyFailed';
}

export interface SiteLoopOptions {
  store: Store;
  trees: SiteStore;
  copies: WorkingCopies;
  runner: Runner;
  /** Seconds. */
  timeout: number;
  /** The plan that is in force. */
  plan: () => PlanAt | undefined;
  /** Values that must not be seen in any report of the site's runs. */
  secretsOf: (site: string, tree: SiteTree) => readonly string[];
  log: Logger;
  metrics: Metrics;
  now: () => number;
  /** The working copy is up to date with the plan: time to judge whether it was edited. */
  onSettled: (site: string) => void;
  onApplied: (site: string) => void;
  /** An apply ended, whatever came of it: those that wait for the site may have something to do. */
  onEnded: (site: string) => void;
  /** Values were gathered that others may import. */
  onGathered: () => void;
}

/** The site loop: brings one site's working copy, and then its hosts, to the desired tree. */
export class SiteLoop {
  readonly #options: SiteLoopOptions;

  constructor(options: SiteLoopOptions) {
    this.#options = options;
  }

  async handle(site: string, signal: AbortSignal): Promise<Handled> {
    const { copies, store, plan, onSettled } = this.#options;
    const current = plan();
    const row = await copies.bringIn(site);
    if (!row || row.removedAt !== null) return undefined;
    onSettled(site);
    if (row.hold !== null || row.delivery !== 'push' || !row.desiredCommit) return undefined;
    if (row.baseCommit !== row.desiredCommit) return { again: 0 };
    if (!row.applyForced && row.appliedCommit === row.desiredCommit && !undone(row))
      return undefined;
    if (
      !row.applyForced &&
      row.appliedDigest === row.desiredDigest &&
      row.observedDigest === row.desiredDigest
    ) {
      // Adopted: what the plan now asks for is what was applied already.
      await store.sites.update(site, {
        appliedCommit: row.desiredCommit,
        appliedRevision: row.desiredRevision,
        lastApplyFailed: false,
        waitsFor: notGathered(current?.plan, site),
        needs: [],
        message: `in sync at revision ${row.desiredRevision?.slice(0, 10)}; nothing had to be applied`,
      });
      this.#options.onApplied(site);
      this.#options.onEnded(site);
      return undefined;
    }
    // Which playbooks are run is the plan's to say: it must be the one that the tree was rendered from.
    const { goodRevision, evaluatingRevision } = await store.plan.get();
    if (!current || goodRevision !== current.revision || evaluatingRevision !== null)
      return { again: SOON };
    const waitsFor = await exportersAwaited(store, current.plan, row, this.#options.now());
    if (waitsFor !== undefined) {
      if (row.waitsFor !== waitsFor)
        await store.sites.update(site, { waitsFor, message: `waits: ${waitsFor}` });
      return { again: LATER };
    }
    return this.#apply(row, current.plan, signal);
  }

  async #apply(row: SiteRow, plan: Plan, signal: AbortSignal): Promise<Handled> {
    const { store, trees, runner, timeout, secretsOf, log, metrics, now } = this.#options;
    const site = row.name;
    const commit = row.observedCommit!;
    const tree = await trees.readTree(commit);
    const id = randomUUID();
    const cause = causeOf(row);
    await store.transaction(async (tx) => {
      await tx.runs.insert({
        id,
        site,
        kind: 'apply',
        driver: runner.driver,
        cause,
        commit,
        desiredCommit: row.desiredCommit,
        digest: row.observedDigest!,
        revision: row.desiredRevision ?? '',
        startedAt: now(),
      });
      await tx.sites.update(site, { lastRunId: id, message: `applying: ${cause}` });
    });
    const reported = await runner
      .submit({
        id,
        kind: 'apply',
        site,
        tree,
        playbooks: playbooksOf(plan, site),
        outputs: outputsWanted(plan, site),
        timeout,
        cause,
        secrets: secretsOf(site, tree),
        signal,
      })
      .catch((error: unknown) => this.#couldNotStart(row, error));
    const report = judgedReport(plan, reported);
    metrics.runs.inc({ kind: report.kind, driver: report.driver, result: report.result });
    metrics.runDuration.observe(
      { kind: report.kind, driver: report.driver },
      (report.endedAt - report.startedAt) / 1000,
    );
    for (const [status, count] of Object.entries(totalCounts(report.hosts))) {
      metrics.ansibleTasks.inc({ status }, count);
    }
    await this.#finish(id, row, plan, report);
    if (report.result === 'cancelled') return undefined;
    this.#options.onEnded(site);
    if (report.result !== 'success') throw new ApplyFailed(`${site}: ${report.reason}`);
    log.info({ site, cause, changed: totalCounts(report.hosts).changed }, 'applied');
    this.#options.onApplied(site);
    if (report.outputs) this.#options.onGathered();
    return undefined;
  }

  async #couldNotStart(row: SiteRow, error: unknown): Promise<RunReport> {
    const at = this.#options.now();
    return {
      kind: 'apply',
      driver: this.#options.runner.driver,
      site: row.name,
      digest: row.observedDigest!,
      startedAt: at,
      endedAt: at,
      result: 'error',
      reason: error instanceof Error ? error.message : String(error),
      hosts: {},
      tasks: [],
    };
  }

  async #finish(id: string, row: SiteRow, plan: Plan, report: RunReport): Promise<void> {
    const { store, trees } = this.#options;
    const success = report.result === 'success';
    const waitsFor = notGathered(this.#options.plan()?.plan ?? plan, row.name);
    await store.transaction(async (tx) => {
      const { endedAt, result, reason } = report;
      await tx.runs.finish(id, { endedAt, result, reason, report });
      if (result === 'cancelled') return;
      const now = await tx.sites.get(row.name);
      const revision = row.desiredRevision ?? '';
      if (success) await recordOutputs(tx, plan, report, { runId: id, revision });
      await tx.sites.update(
        row.name,
        success
          ? {
              appliedCommit: row.desiredCommit,
              appliedDigest: row.observedDigest,
              appliedRevision: row.desiredRevision,
              // Asked for again while this run was under way: that one is still owed.
              applyForced: now?.applyForced === true && now.applyReason !== row.applyReason,
              lastApplyFailed: false,
              lastAppliedAt: endedAt,
              needs: [],
              waitsFor,
              message: appliedMessage(row, waitsFor),
            }
          : {
              lastApplyFailed: true,
              message: `the apply failed (${reason}); it is tried again, and at once with \`trueup retry ${row.name}\``,
            },
      );
    });
    if (success) {
      trees.followRefs([{ site: row.name, ref: 'applied', to: row.observedCommit! }]);
    }
  }
}

/** What was applied may be all that could be, so far. */
function appliedMessage({ desiredRevision }: SiteRow, waitsFor: string | null): string {
  const at = `at revision ${desiredRevision?.slice(0, 10)}`;
  return waitsFor === null
    ? `in sync ${at}`
    : `applied ${at} as far as it can be: waits for ${waitsFor}`;
}

/** An edit was applied, as part of a new revision, and then taken back by hand: the hosts still have it. */
function undone(row: SiteRow): boolean {
  return row.observedDigest === row.desiredDigest && row.appliedDigest !== row.desiredDigest;
}

function causeOf(row: SiteRow): string {
  if (row.applyForced) return row.applyReason;
  if (row.appliedCommit === row.desiredCommit) return 'an edit was taken back at the site';
  return `revision ${row.desiredRevision?.slice(0, 10)}`;
}
