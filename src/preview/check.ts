import { randomUUID } from 'node:crypto';

import type { CommitStatus, Forge, PullRequest } from '../forge/forge.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import { turns } from '../loop/turns.ts';
import { messageOf, UserError } from '../model/errors.ts';
import type { CheckedSite, PreviewCheck, PreviewReport } from '../model/preview.ts';
import { totalCounts } from '../model/run.ts';
import type { Plan } from '../plan/plan.ts';
import { secretValuesIn } from '../plan/secrets.ts';
import { loadPlanAndTemplatesInTurns } from '../render/open.ts';
import { playbooksOf, renderSite, withManifest } from '../render/render.ts';
import { runPlan } from '../render/run-plan.ts';
import type { Runner } from '../runner/runner.ts';
import type { PreviewRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { CHECK_LABEL, findAsk } from './asks.ts';
import type { CheckWork } from './preview-loop.ts';
import { whyUnchecked } from './report.ts';
import { readTrial } from './trial.ts';

export const CHECK_STATUS = 'trueup/check';

export interface CheckerOptions {
  store: Store;
  repository: PlanRepository;
  forge: Forge;
  runner: Runner;
  /** Folder of the repository that the plan is in; empty: its top. */
  path: string;
  /** Sites that one check run is made at. */
  limit: number;
  /** Seconds that a run may take. */
  timeout: number;
  plan: () => { revision: string; plan: Plan } | undefined;
  pageUrl: (number: number) => string;
  log: Logger;
  metrics: Metrics;
  now: () => number;
}

/**
 * Makes the check runs that people ask for on pull requests: the plan as it would be merged, against real hosts, with
 * nothing changed there. This runs what the pull request holds, so who asks has to be one who could merge it. It also
 * reads the plan in the process's own thread, so that only one is checked that was seen to render, in bounded time and
 * memory, in a thread of its own.
 */
export class Checker {
  readonly #options: CheckerOptions;

  constructor(options: CheckerOptions) {
    this.#options = options;
  }

  /** What became of what was asked for; undefined if nothing was, or if it was ended before it was done. */
  async check({ row, pull, tell, signal }: CheckWork): Promise<PreviewCheck | undefined> {
    const { forge, store } = this.#options;
    // One that a killed process had begun: whoever asked for it had the right to.
    const begun = row.check?.state === 'running' && row.check.head === pull.head;
    const unchecked = row.head === pull.head ? whyUnchecked(row.report) : 'it has moved by now';
    if (!begun) {
      const { ask, lastAsk } = await findAsk(forge, pull, row.lastAsk);
      if (!ask) {
        if (lastAsk !== row.lastAsk) await store.previews.update(row.number, { lastAsk });
        return undefined;
      }
      const check = { ...NOTHING, head: pull.head, askedBy: ask.by };
      const why = ask.refused ?? unchecked;
      if (why !== undefined) {
        const refused = await this.#refuse(check, why, pull);
        await store.previews.update(row.number, { lastAsk, check: refused, told: null });
        return refused;
      }
      // In one step, so that what was read is never taken for answered before it is on its way.
      await store.previews.update(row.number, { lastAsk, check, told: null });
      await tell(check);
    }
    const { askedBy } = (await store.previews.get(row.number))?.check ?? { askedBy: 'unknown' };
    const check = { ...NOTHING, head: pull.head, askedBy };
    if (unchecked !== undefined) return this.#refuse(check, unchecked, pull);
    return this.#run(check, { row, pull, signal });
  }

  async #refuse(check: PreviewCheck, why: string, pull: PullRequest): Promise<PreviewCheck> {
    await this.#done(pull, { state: 'failure', description: 'refused: see the comment' });
    return { ...check, state: 'refused', reason: `Asked for by ${check.askedBy}, but ${why}.` };
  }

  async #run(
    check: PreviewCheck,
    { row, pull, signal }: { row: PreviewRow; pull: PullRequest; signal: AbortSignal },
  ): Promise<PreviewCheck | undefined> {
    const { repository, plan, forge, log, limit } = this.#options;
    await this.#status(pull, { state: 'pending', description: 'a check run is under way' });
    const current = plan();
    const trial = await readTrial(
      { ...this.#options, repository, forge },
      { pull, base: row.baseCommit, current },
    );
    if (trial.kind === 'later' || trial.kind === 'untouched') return undefined;
    const loaded =
      trial.kind === 'plan'
        ? await loadPlanAndTemplatesInTurns(
            trial.plan.files,
            { refused: trial.plan.refused ?? [], ...(current ? { previous: current.plan } : {}) },
            turns(),
          )
        : undefined;
    const merged = loaded?.plan;
    if (!merged) return this.#refuse(check, 'it does not render', pull);
    const { chosen, left } = sitesToCheck(row.report, merged, limit);
    const sites = await Promise.all(
      chosen.map((site) => this.#checkSite(site, merged, pull, signal)),
    );
    if (signal.aborted) return undefined;
    const failed = sites.filter(({ result }) => result !== 'success').length;
    const changed = sites.reduce((sum, one) => sum + one.changed, 0);
    await this.#done(pull, {
      state: failed > 0 ? 'failure' : 'success',
      description:
        failed > 0
          ? `the check run failed at ${failed} of ${sites.length} sites`
          : `checked at ${sites.length} sites: ${changed} tasks would change something`,
    });
    log.info({ number: pull.number, by: check.askedBy, sites: sites.length, failed }, 'checked');
    return { ...check, state: 'done', sites, left };
  }

  async #checkSite(
    site: string,
    plan: Plan,
    pull: PullRequest,
    signal: AbortSignal,
  ): Promise<CheckedSite> {
    const { runner, store, timeout, metrics, now, plan: inForce } = this.#options;
    const rendered = renderSite(plan, site);
    const tree = withManifest(rendered, {
      plan: plan.name,
      revision: '',
      generation: 0,
      run: runPlan(plan, site),
    });
    const secrets = [plan, inForce()?.plan].flatMap((one) => secretValuesIn(one, site, tree));
    const id = randomUUID();
    const cause = `check of pull request #${pull.number} at ${pull.head.slice(0, 10)}`;
    // A site that comes with the pull request has no record yet that a run could belong to.
    const known = (await store.sites.get(site)) !== undefined;
    if (known) {
      await store.runs.insert({
        id,
        site,
        kind: 'check',
        driver: runner.driver,
        cause,
        commit: pull.head,
        desiredCommit: null,
        digest: rendered.digest,
        revision: '',
        startedAt: now(),
      });
    }
    try {
      const report = await runner.submit({
        id,
        kind: 'check',
        site,
        tree,
        playbooks: playbooksOf(plan, site),
        secrets,
        timeout,
        cause,
        signal,
      });
      const { endedAt, result, reason } = report;
      if (known) await store.runs.finish(id, { endedAt, result, reason, report });
      metrics.runs.inc({ kind: 'check', driver: report.driver, result });
      const { changed, failed } = totalCounts(report.hosts);
      return { site, result, changed, failed, reason };
    } catch (error) {
      const reason = messageOf(error);
      const end = { endedAt: now(), result: 'error' as const, reason, report: null };
      if (known) await store.runs.finish(id, end);
      return { site, result: 'error', changed: 0, failed: 0, reason };
    }
  }

  /** Says how it ended, and takes the label off: each check run is asked for anew. */
  async #done(pull: PullRequest, status: Pick<CommitStatus, 'state' | 'description'>) {
    await this.#status(pull, status);
    await this.#options.forge.ensureLabels(pull.number, { remove: [CHECK_LABEL] });
  }

  async #status(
    { number, head }: PullRequest,
    status: Pick<CommitStatus, 'state' | 'description'>,
  ): Promise<void> {
    const { forge, pageUrl } = this.#options;
    const url = pageUrl(number);
    try {
      await forge.setCommitStatus(head, { context: CHECK_STATUS, url, ...status });
    } catch (error) {
      // A commit that only a fork has may take none: the comment says it as well.
      if (!(error instanceof UserError)) throw error;
      this.#options.log.warn({ number, error: error.message }, 'could not set a status');
    }
  }
}

const NOTHING = { state: 'running', reason: '', sites: [], left: 0 } as const satisfies Omit<
  PreviewCheck,
  'head' | 'askedBy'
>;

/**
 * The sites to check: one of each kind of change before a second of any, those that we reach ourselves.
 * @returns the sites, and how many that change are left out
 */
export function sitesToCheck(
  { groups, added, changed, removed }: PreviewReport,
  plan: Plan,
  limit: number,
): { chosen: string[]; left: number } {
  const kinds = [...groups.map(({ sites }) => sites), added].map((sites) =>
    sites.filter((site) => plan.sites.get(site)?.delivery === 'push'),
  );
  const chosen: string[] = [];
  for (let round = 0; chosen.length < limit; round += 1) {
    const next = kinds.flatMap((sites) => sites[round] ?? []);
    if (next.length === 0) break;
    chosen.push(...next.slice(0, limit - chosen.length));
  }
  return { chosen: chosen.toSorted(), left: changed - removed.length - chosen.length };
}
