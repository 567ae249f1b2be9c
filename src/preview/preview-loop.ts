import type { Forge, PullRequest } from '../forge/forge.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { RENDERER_VERSION } from '../model/manifest.ts';
import type { PreviewCheck, PreviewReport } from '../model/preview.ts';
import { sha256 } from '../model/tree.ts';
import { gatheredDigest } from '../plan/exports.ts';
import type { Plan } from '../plan/plan.ts';
import type { JobResult, RenderJob } from '../render/worker/untrusted-renderer.ts';
import type { PreviewRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { commentOf } from './comment.ts';
import { digestsOf, renders, reportOf, reportOfFaults, summaryOf } from './report.ts';
import { reviewMerged } from './review.ts';
import { readTrial, type Trial } from './trial.ts';

/** The one comment on a pull request that is ours. */
export const MARKER = 'preview';
export const RENDER_STATUS = 'trueup/render';
/** How soon to ask again for what the plan loop is at (ms). */
const SOON = 500;
/** An open pull request is looked at without any word from the forge every so many times that they are listed. */
const SELDOM = 5;

/** Renders what nobody has reviewed yet. */
export interface Renderer {
  run(job: RenderJob): Promise<JobResult>;
}

export interface PreviewLoopOptions {
  store: Store;
  repository: PlanRepository;
  forge: Forge;
  renderer: Renderer;
  /** Branch that is the desired state, and folder of the repository that the plan is in (empty: its top). */
  branch: string;
  path: string;
  /** How often pull requests are listed (ms). */
  pollInterval: number;
  /** How long rendering one may take (ms). */
  timeout: number;
  /** Share of the plan (0 to 1) that a revision may remove without being held. */
  maxRemoved: number;
  /** The plan that is in force. */
  plan: () => { revision: string; plan: Plan } | undefined;
  /** Whether the plan's branches were fetched by this process. */
  fetched: () => boolean;
  /** Where people find everything of a preview. */
  pageUrl: (number: number) => string;
  /** Makes the check run that somebody asked for. Returns what became of it, or nothing if nobody did. */
  check?: (work: CheckWork) => Promise<PreviewCheck | undefined>;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  /** This pull request may have something new. */
  onPull: (number: number) => void;
}

/** What a check run is made of. */
export interface CheckWork {
  row: PreviewRow;
  pull: PullRequest;
  /** Says what is under way, before it is. */
  tell: (check: PreviewCheck) => Promise<void>;
  signal: AbortSignal;
}

/**
 * The preview loop: shows on every open pull request that touches the plan what merging it would change, keeps that
 * true as the pull request and the plan move on, and says of merged ones whether what came into force is what was
 * shown (law 9). Runs nothing of what a pull request holds.
 */
export class PreviewLoop {
  readonly #options: PreviewLoopOptions;
  readonly #underWay = new Map<number, { head: string; abort: AbortController }>();
  #listed = false;
  /** Pull requests that do not touch the plan, and the commits at which that was found. */
  readonly #untouched = new Map<number, string>();

  constructor(options: PreviewLoopOptions) {
    this.#options = options;
  }

  /** Lists the open pull requests and has those looked at that are new, have moved, or are gone. */
  async list(): Promise<Handled> {
    const { forge, store, branch, pollInterval, onPull, fetched } = this.#options;
    if (!fetched()) return { again: SOON };
    const pulls = new Map(
      (await forge.listOpenPullRequests(branch)).map((pull) => [pull.number, pull]),
    );
    for (const [number, { head, abort }] of this.#underWay)
      if (pulls.get(number)?.head !== head) abort.abort();
    const rows = await store.previews.unfinished();
    const known = new Map(rows.map((row) => [row.number, row]));
    const base = await this.#base();
    for (const number of this.#untouched.keys())
      if (!pulls.has(number)) this.#untouched.delete(number);
    for (const pull of pulls.values()) {
      const row = known.get(pull.number);
      if (!row && this.#untouched.get(pull.number) === pull.head) continue;
      const moved = row?.head !== pull.head || row.baseCommit !== base || row.told === null;
      // What came while nobody was here, such as a comment, shows in no list.
      if (moved || !this.#listed) onPull(pull.number);
    }
    this.#listed = true;
    for (const { number } of rows) if (!pulls.has(number)) onPull(number);
    return { again: pollInterval };
  }

  /** @param key number of the pull request */
  async handle(key: string, signal: AbortSignal): Promise<Handled> {
    const { forge, store, branch, fetched } = this.#options;
    if (!fetched()) return { again: SOON };
    const number = Number(key);
    const pull = await forge.getPullRequest(number);
    if (!pull || pull.base !== branch || pull.state === 'closed') {
      await store.previews.remove(number);
      return undefined;
    }
    if (pull.state === 'merged') return this.#merged(pull);
    const abort = new AbortController();
    this.#underWay.set(number, { head: pull.head, abort });
    try {
      return await this.#follow(pull, AbortSignal.any([signal, abort.signal]));
    } finally {
      this.#underWay.delete(number);
    }
  }

  /** The commit that pull requests are merged into, once it was judged. */
  async #base(): Promise<string | undefined> {
    const { repository, store, branch } = this.#options;
    const base = await repository.branchHead(branch);
    const { goodRevision, invalidRevision, heldRevision } = await store.plan.get();
    return [goodRevision, invalidRevision, heldRevision].includes(base ?? '') ? base : undefined;
  }

  async #follow(pull: PullRequest, signal: AbortSignal): Promise<Handled> {
    const { store, pollInterval } = this.#options;
    const base = await this.#base();
    if (base === undefined) return { again: SOON };
    const known = await store.previews.get(pull.number);
    const row =
      known?.basis === this.#basis(pull, base) ? known : await this.#renew(pull, base, signal);
    if (row === 'later') return { again: SOON };
    if (row === undefined || signal.aborted) return undefined;
    await this.#tell(row, pull);
    await this.#check(row, pull, signal);
    return { again: pollInterval * SELDOM };
  }

  /** Names all that a preview is worked out from. */
  #basis({ head }: PullRequest, base: string): string {
    const { plan, maxRemoved } = this.#options;
    const current = plan();
    const parts = [head, base, current?.revision, maxRemoved, RENDERER_VERSION, 1];
    // What was gathered counts only where something was.
    if (current && current.plan.gathered.size > 0)
      parts.push(gatheredDigest(current.plan.gathered));
    return sha256(parts.join(' '));
  }

  async #renew(
    pull: PullRequest,
    base: string,
    signal: AbortSignal,
  ): Promise<PreviewRow | 'later' | undefined> {
    const { store, renderer, plan, timeout, maxRemoved, log, metrics, now } = this.#options;
    const basis = this.#basis(pull, base);
    const current = plan();
    const started = performance.now();
    const trial = await readTrial(this.#options, { pull, base, current });
    if (trial.kind === 'later') return 'later';
    if (trial.kind === 'untouched') {
      await this.#leave(pull);
      return undefined;
    }
    log.debug({ number: pull.number, head: pull.head }, 'rendering a pull request');
    const result =
      trial.kind === 'faults'
        ? undefined
        : await renderer.run({
            plan: trial.plan,
            base: { files: current?.plan.files ?? new Map() },
            ...(current ? { gathered: current.plan.gathered } : {}),
            tell: 'differences',
            timeout,
            signal,
          });
    if (signal.aborted || result?.ended === 'aborted') {
      log.debug({ number: pull.number, head: pull.head }, 'superseded: its rendering was ended');
      return undefined;
    }
    const report = result ? reportOf(result, maxRemoved) : reportOfFaults(faultsOf(trial));
    const known = (await store.previews.get(pull.number)) ?? NEW_PREVIEW;
    // A check run of an earlier commit was ended with it.
    const ended = known.check?.state === 'running' && known.check.head !== pull.head;
    const row: PreviewRow = {
      ...known,
      ...(ended ? { check: null } : {}),
      number: pull.number,
      title: pull.title,
      author: pull.author ?? '',
      url: pull.url,
      fork: pull.fork === true,
      state: 'open',
      head: pull.head,
      baseCommit: base,
      revision: current?.revision ?? '',
      basis,
      report,
      told: null,
      updatedAt: now(),
    };
    await store.previews.put(
      { ...row, createdAt: row.createdAt || now() },
      result ? digestsOf(result) : new Map(),
    );
    metrics.previews.inc({ result: renders(report) ? 'success' : 'failure' });
    metrics.previewDuration.observe((performance.now() - started) / 1000);
    log.info(
      { number: pull.number, head: pull.head, changed: report.changed, total: report.total },
      renders(report) ? 'previewed a pull request' : 'a pull request does not render',
    );
    return row;
  }

  /** One that does not touch the plan is none of ours, but a rule of the repository may wait for our word. */
  async #leave(pull: PullRequest): Promise<void> {
    const { store, forge } = this.#options;
    if (await store.previews.get(pull.number)) {
      await forge.ensureComment(pull.number, MARKER, 'This does not touch the plan any more.');
      await store.previews.remove(pull.number);
    }
    await forge.setCommitStatus(pull.head, {
      context: RENDER_STATUS,
      state: 'success',
      description: 'touches no file of the plan',
    });
    this.#untouched.set(pull.number, pull.head);
  }

  /** Brings the forge up to what is known. What it was told already is not said again. */
  async #tell(row: PreviewRow, pull: PullRequest): Promise<void> {
    const { forge, store, branch, pageUrl } = this.#options;
    const { number, head, report, check } = row;
    const url = pageUrl(number);
    const comment = commentOf({ report, head, base: branch, url, check });
    const status = {
      context: RENDER_STATUS,
      state: renders(report) ? ('success' as const) : ('failure' as const),
      description: summaryOf(report),
      url,
    };
    const told = sha256(JSON.stringify([comment, status]));
    if (told === row.told) return;
    // What we propose ourselves says already what it changes.
    if (check || !(await this.#isOurs(pull))) await forge.ensureComment(number, MARKER, comment);
    await forge.setCommitStatus(head, status);
    await store.previews.update(number, { told });
  }

  async #isOurs({ number, head }: PullRequest): Promise<boolean> {
    const proposal = await this.#options.store.proposals.byNumber(number);
    return proposal !== undefined && proposal.commit === head;
  }

  async #check(row: PreviewRow, pull: PullRequest, signal: AbortSignal): Promise<void> {
    const { store, check } = this.#options;
    const tell = async (made: PreviewCheck): Promise<void> => {
      await store.previews.update(row.number, { check: made, told: null });
      await this.#tell((await store.previews.get(row.number)) ?? row, pull);
    };
    const made = await check?.({ row, pull, tell, signal });
    if (made) await tell(made);
  }

  /** Merged: once that is in force, what was shown is compared with what is desired now. */
  async #merged(pull: PullRequest): Promise<Handled> {
    const { store, repository, pollInterval } = this.#options;
    const row = await store.previews.get(pull.number);
    if (!row || row.inForceAs !== null) return undefined;
    const mergedAs = pull.mergeCommit ?? pull.head;
    if (row.mergedAs !== mergedAs)
      await store.previews.update(row.number, { state: 'merged', mergedAs });
    const { goodRevision, evaluatingRevision } = await store.plan.get();
    const inForce =
      goodRevision !== null &&
      evaluatingRevision === null &&
      (await repository.isAncestor(mergedAs, goodRevision));
    if (!inForce) return { again: pollInterval };
    await reviewMerged(this.#options, row.number, goodRevision);
    return undefined;
  }
}

const NEW_PREVIEW = {
  check: null,
  lastAsk: null,
  mergedAs: null,
  inForceAs: null,
  createdAt: 0,
} satisfies Partial<PreviewRow>;

function faultsOf(trial: Trial): PreviewReport['problems'] {
  return trial.kind === 'faults' ? trial.problems : [];
}
