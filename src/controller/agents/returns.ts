import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import PQueue from 'p-queue';

import type { SiteStore } from '../../git/site-store.ts';
import type { AgentStatus, CentreState, ReturnAnswer, SiteRun } from '../../model/agent-wire.ts';
import { UserError } from '../../model/errors.ts';
import type { RunReport } from '../../model/run.ts';
import { treeDigest } from '../../model/tree.ts';
import type { Plan } from '../../plan/plan.ts';
import { judgedReport, recordOutputs } from '../../reconcile/gathering.ts';
import type { AgentRow } from '../../store/agent-rows.ts';
import type { RunRow, SiteChange, SiteRow } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { agentName } from './enrolment.ts';
import { hasSecrets, redactedRun, redactedStatus, siteRedactor } from './redacted.ts';

/** Bundles looked into at once. */
const AT_ONCE = 2;

/** What a return bundle holds, whose objects are in the store now. */
export interface Returned {
  observed: string | null;
  applied: string | null;
  results: string | null;
  sequence: number;
  /** In the order in which they were made. */
  runs: SiteRun[];
  status: AgentStatus | null;
}

export interface ReturnsOptions {
  /** Folder for bundles on their way in; emptied. */
  directory: string;
  store: Store;
  trees: SiteStore;
  /**
   * Looks into a bundle in quarantine, and takes its objects in if it is good and signed by this key.
   * Throws `InvalidBundle`; then nothing has changed.
   */
  intake: (request: {
    site: string;
    file: string;
    publicKey: string;
    tips: readonly string[];
  }) => Promise<Returned>;
  /** A bundle came that the key enrolled last has signed. */
  confirm: (site: string) => Promise<AgentRow | undefined>;
  state: (site: string) => Promise<CentreState | undefined>;
  /** The plan in force. */
  plan: () => Plan | undefined;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  /** There is something new of this site. */
  onReturned: (site: string) => void;
}

/** Takes return bundles in: what a site observed and did lands in the store as if it had been found here. */
export class AgentReturns {
  readonly #options: ReturnsOptions;
  readonly #queue = new PQueue({ concurrency: AT_ONCE });
  readonly #busy = new Map<string, Promise<unknown>>();

  constructor(options: ReturnsOptions) {
    this.#options = options;
  }

  /** Removes what an earlier process left. */
  async prepare(): Promise<void> {
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(directory))
      await rm(join(directory, name), { recursive: true, force: true });
  }

  /**
   * Takes a bundle in, as it comes.
   * @param by who carries it here; the agent itself, or a person with a stick
   * @throws InvalidBundle where it is refused, UserError where no agent is enrolled; nothing has changed then
   */
  async receive(site: string, body: ReadableStream<Uint8Array>, by: string): Promise<ReturnAnswer> {
    const file = join(this.#options.directory, randomUUID());
    try {
      await pipeline(Readable.fromWeb(body), createWriteStream(file, { mode: 0o600, flags: 'wx' }));
      return await this.#alone(site, () => this.#queue.add(() => this.#take(site, file, by)));
    } finally {
      await rm(file, { force: true });
    }
  }

  async #take(site: string, file: string, by: string): Promise<ReturnAnswer> {
    const { store, metrics } = this.#options;
    const returned = await this.#lookInto(site, file).catch((error: unknown) => {
      metrics.agentReturns.inc({ result: 'refused' });
      throw error;
    });
    const agent = (await store.agents.get(site))!;
    const older = returned.sequence < agent.lastSequence;
    if (!older) await this.#record(site, returned, by);
    metrics.agentReturns.inc({ result: older ? 'older' : 'accepted' });
    const known = await Promise.all(
      returned.runs.map(async ({ id }) =>
        (await store.runs.get(runId(site, id))) === undefined ? [] : [id],
      ),
    );
    const state = await this.#options.state(site);
    if (!state) throw new UserError(`no agent delivers to ${site} any more`);
    return { ...state, accepted: !older, reports: known.flat() };
  }

  /** Tries the key in force, then the one that was enrolled last: its first use ends the other. */
  async #lookInto(site: string, file: string): Promise<Returned> {
    const { store, intake, confirm } = this.#options;
    const agent = await store.agents.get(site);
    const { publicKey = null, nextPublicKey = null } = agent ?? {};
    if (publicKey === null && nextPublicKey === null) {
      throw new UserError(
        `no key of ${site} is enrolled: \`trueup site enroll ${site}\` makes a code for its agent`,
      );
    }
    const row = await store.sites.get(site);
    const tips = [agent?.observed, agent?.applied, agent?.results, row?.desiredCommit].filter(
      (commit) => typeof commit === 'string',
    );
    if (publicKey !== null) {
      try {
        return await intake({ site, file, publicKey, tips });
      } catch (error) {
        if (nextPublicKey === null) throw error;
        const returned = await intake({ site, file, publicKey: nextPublicKey, tips }).catch(() => {
          throw error;
        });
        await confirm(site);
        return returned;
      }
    }
    const returned = await intake({ site, file, publicKey: nextPublicKey!, tips });
    await confirm(site);
    return returned;
  }

  async #record(site: string, returned: Returned, by: string): Promise<void> {
    const { store, trees, plan, log, now, onReturned } = this.#options;
    const { observed, results, sequence } = returned;
    const row = await store.sites.get(site);
    const before = await store.agents.get(site);
    if (!row || !before) throw new UserError(`there is no site ${site} any more`);
    const moved = observed !== null && observed !== before.observed;
    const found = observed ?? row.observedCommit;
    const needed = found !== null && (moved || hasSecrets(plan(), site));
    const tree = needed ? await trees.readTree(found) : undefined;
    const digest = moved && tree ? treeDigest(tree) : row.observedDigest;
    const redactor = siteRedactor(plan(), site, tree);
    const runs = returned.runs.map((run) => redactedRun(run, redactor));
    const status = returned.status && redactedStatus(returned.status, redactor);
    const base = moved ? await this.#baseOf(row, observed) : undefined;
    if (moved && before.observed && !(await trees.lineage.isAncestor(before.observed, observed))) {
      // A site that was set back to an older copy of itself: what it had before stays in its history here.
      await trees.keep(site, before.observed);
      log.warn({ site, was: before.observed, is: observed }, "a site's history does not follow");
    }
    const revision = await this.#revisionOf(row, status);
    const fresh = await store.transaction(async (tx) => {
      const inserted: string[] = [];
      for (const run of runs) {
        const runRow = rowOf(site, run, plan());
        if (!(await tx.runs.record(runRow))) continue;
        inserted.push(run.id);
        const gathered = runRow.kind === 'apply' && runRow.result === 'success' && plan();
        if (gathered) {
          const { id: runId, revision: of } = runRow;
          await recordOutputs(tx, gathered, runRow.report!, { runId, revision: of });
        }
      }
      await tx.agents.put(site, {
        lastSequence: sequence,
        lastReturnAt: now(),
        ...(moved && {
          observed,
          base: base?.commit ?? null,
          baseGeneration: base?.generation ?? 0,
        }),
        ...(returned.applied && { applied: returned.applied }),
        ...(results && { results }),
        ...(status && { status }),
      });
      if (base) await tx.agents.confirm(site, base.generation);
      await tx.sites.update(site, {
        ...(moved && { observedCommit: observed, observedDigest: digest, writingFrom: null }),
        ...(base && { baseCommit: base.commit }),
        ...appliedColumns(status, revision),
        ...(runs.length > 0 && { lastRunId: runId(site, runs.at(-1)!.id) }),
      });
      if (moved || inserted.length > 0) {
        await tx.audit.append({
          at: now(),
          actor: agentName(site),
          action: 'agent.returned',
          subject: site,
          detail: { sequence, observed, reports: inserted.length, carriedBy: by },
        });
      }
      return inserted;
    });
    trees.followRefs(
      (['observed', 'applied', 'results'] as const).flatMap((ref) => {
        const to = returned[ref];
        return to === null ? [] : [{ site, ref, to }];
      }),
    );
    log.info({ site, sequence, observed, reports: fresh.length, by }, 'a bundle came back');
    onReturned(site);
  }

  /** The newest desired commit that a site's history holds: what its working copy came from. */
  async #baseOf(
    row: SiteRow,
    observed: string,
  ): Promise<{ commit: string; generation: number } | undefined> {
    const { trees } = this.#options;
    if (!row.desiredCommit) return undefined;
    const commit = await trees.lineage.mergeBase(observed, row.desiredCommit);
    if (commit === undefined) return undefined;
    return { commit, generation: (await trees.lineage.trailersOf(commit)).generation };
  }

  async #revisionOf(row: SiteRow, status: AgentStatus | null): Promise<string | null> {
    const { trees } = this.#options;
    const commit = status?.applied?.commit;
    if (!commit || !row.desiredCommit) return null;
    // Only what was desired here can have been applied.
    if (!(await trees.lineage.isAncestor(commit, row.desiredCommit))) return null;
    return (await trees.lineage.trailersOf(commit)).revision ?? null;
  }

  async #alone<T>(site: string, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(site) ?? Promise.resolve();
    const mine = before.then(work, work);
    const quiet = mine.catch(() => undefined);
    this.#busy.set(site, quiet);
    try {
      return await mine;
    } finally {
      if (this.#busy.get(site) === quiet) this.#busy.delete(site);
    }
  }
}

/** The id of a site's run here: an agent names its runs itself, and names none of another site's. */
export function runId(site: string, id: string): string {
  return `${site}:${id}`;
}

function rowOf(
  site: string,
  { id, cause, commit, desired, revision, report }: SiteRun,
  plan: Plan | undefined,
): RunRow {
  const { kind, driver, digest, startedAt, endedAt, result, reason } = report;
  return {
    id: runId(site, id),
    site,
    kind,
    driver,
    cause,
    commit,
    desiredCommit: desired,
    digest,
    revision,
    startedAt,
    endedAt,
    result,
    reason,
    // Of the site, the agent tells us nothing new.
    report: judgedReport(plan, withoutUndefined({ ...report, site })),
  };
}

/** What a site's row says of what is applied, by the agent's own word. */
function appliedColumns(status: AgentStatus | null, revision: string | null): SiteChange {
  if (!status) return {};
  const { applied, failed } = status;
  if (!applied || revision === null) return { lastApplyFailed: failed };
  return {
    lastApplyFailed: failed,
    appliedCommit: applied.commit,
    appliedDigest: applied.digest,
    appliedRevision: revision,
    lastAppliedAt: applied.at,
  };
}

/** A parsed report as reports are typed: what is not there is left out. */
function withoutUndefined(report: SiteRun['report']): RunReport {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(JSON.stringify(report)) as RunReport;
}
