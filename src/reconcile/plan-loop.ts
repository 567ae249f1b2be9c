import type { Forge } from '../forge/forge.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import type { Signers } from '../git/signatures.ts';
import type { SiteStore } from '../git/site-store.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { turns } from '../loop/turns.ts';
import { InvalidInput, messageOf, Stalled } from '../model/errors.ts';
import { RENDERER_VERSION } from '../model/manifest.ts';
import type { Removal } from '../model/preview.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import type { TrackedFiles } from '../model/tree.ts';
import { changedSites } from '../plan/changes.ts';
import { consumersOfValues } from '../plan/exports.ts';
import { withGathered } from '../plan/load.ts';
import type { Plan } from '../plan/plan.ts';
import { removals, removalText, tooMuch } from '../plan/removals.ts';
import { loadPlanAndTemplatesInTurns } from '../render/open.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { DesiredTrees } from './desired-trees.ts';
import { gatheredOf } from './gathering.ts';
import { RevisionStatus } from './revision-status.ts';

/** Come back when the revision that is on its way may be in force (ms). */
const SOON = 500;

/** A plan that was read and found valid, and the commit it stands at. */
export interface PlanAt {
  revision: string;
  plan: Plan;
}

export interface PlanLoopOptions {
  repository: PlanRepository;
  /** Folder of the repository that the plan is in; empty: its top. */
  path: string;
  branch: string;
  pollInterval: number;
  trees: SiteStore;
  store: Store;
  forge: Forge;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  random: () => number;
  /** Share of its sites, hosts or files (0 to 1) that a revision may remove without being confirmed. */
  maxRemoved: number;
  /** Whose signed commits alone count; not given: anybody's. */
  signers?: Signers;
  /** Signs what is desired at sites with an agent. */
  sign?: ((payload: Buffer) => string) | undefined;
  /** What issues desired trees does so one after the other: each follows the one before. */
  issue?: <T>(work: () => Promise<T>) => Promise<T>;
  /** These sites have something to do now. */
  onSites: (sites: Iterable<string>) => void;
  onSiteRemoved: (site: string) => void;
  /** Another revision is in force now. */
  onRevision: (revision: string) => void;
}

/**
 * The plan loop: fetches the tracked branch, and where it moved renders what the new revision changes and makes
 * it the desired state. A revision that is not valid leaves the last good one in force and is reported.
 */
export class PlanLoop {
  readonly #options: PlanLoopOptions;
  readonly #status: RevisionStatus;
  readonly #desired: DesiredTrees;
  #current: (PlanAt & { files: TrackedFiles }) | undefined;
  #fetched = false;
  /** Whether the desired trees are known to come from this version of the renderer. */
  #rendererIsSame = false;

  constructor(options: PlanLoopOptions) {
    this.#options = options;
    this.#status = new RevisionStatus(options);
    this.#desired = new DesiredTrees(options);
  }

  /** The plan that is in force: the newest revision that was valid. */
  get current(): PlanAt | undefined {
    return this.#current;
  }

  /** Whether this process has fetched the plan's branches: before, the mirror may lack what a forge tells of. */
  get fetched(): boolean {
    return this.#fetched;
  }

  async handle(): Promise<Handled> {
    const { repository, store, log, metrics, branch, pollInterval, now, random } = this.#options;
    const { head } = await repository.fetch();
    this.#fetched = true;
    metrics.planLastFetch.set(now() / 1000);
    if (!head) {
      throw new Stalled(
        `the plan's repository has no branch "${branch}": push it, or set plan.branch to the one that holds the plan`,
      );
    }
    const state = await store.plan.update({ headRevision: head, fetchedAt: now() });
    await this.restore();
    const inForce = head === state.goodRevision && this.#current !== undefined;
    if (inForce) await this.#forgetHeld();
    else if (await this.#isToBeJudged(head)) await this.#evaluate(head);
    await this.#undoInterrupted();
    if (this.#current && !(await this.#isSameRenderer())) {
      log.info(
        { revision: this.#current.revision, renderer: RENDERER_VERSION },
        'the renderer is a new one: every site is rendered again',
      );
      await this.#putInForce(this.#current);
    }
    await this.#status.tell(this.#current);
    return { again: Math.round(pollInterval * (0.9 + random() * 0.2)) };
  }

  /**
   * After a restart: reads the plan that is in force again, from the mirror alone, so that sites are kept true to it
   * also while its repository cannot be reached.
   */
  async restore(): Promise<void> {
    const { store, log } = this.#options;
    const { goodRevision: revision } = await store.plan.get();
    if (!revision || this.#current) return;
    try {
      const { plan, files, problems } = await this.#load(revision);
      if (!plan) throw new InvalidInput(problems);
      this.#take({ revision, plan, files });
    } catch (error) {
      // The mirror may be gone, or we have become stricter: the newest revision then decides.
      log.warn({ revision, error: messageOf(error) }, 'cannot read the plan that was in force');
    }
  }

  /**
   * Renders with what was gathered since, and again no more than the sites that import it. What is gathered is kept
   * with a mark until that is done, so that nothing is missed whenever we are killed.
   */
  async takeExports(): Promise<Handled> {
    const { store, log, onSites } = this.#options;
    const current = this.#current;
    const fresh = await store.exports.untaken();
    if (fresh.length === 0) return undefined;
    const { goodRevision, evaluatingRevision } = await store.plan.get();
    // Between two revisions the one that comes has to be there first; its sites are rendered with what is known.
    if (!current || goodRevision !== current.revision || evaluatingRevision !== null)
      return { again: SOON };
    const plan = withGathered(current.plan, gatheredOf(fresh, current.plan.gathered));
    const sites = [...consumersOfValues(plan, fresh)].toSorted();
    this.#current = { ...current, plan };
    const changed = await this.#desired.render(plan, current.revision, sites);
    await store.exports.take(fresh);
    const values = fresh.map(({ site, stack, name }) => `${site}/${stack}: ${name}`);
    log.info({ values: values.slice(0, 20), sites: sites.length, changed }, 'imports were renewed');
    onSites(sites);
    return undefined;
  }

  #take(plan: PlanAt & { files: TrackedFiles }): void {
    const { metrics } = this.#options;
    this.#current = plan;
    metrics.planRevisionInfo.reset();
    metrics.planRevisionInfo.set({ revision: plan.revision }, 1);
  }

  async #load(
    revision: string,
  ): Promise<{ plan: Plan | undefined; problems: Problem[]; files: TrackedFiles }> {
    const { repository, path } = this.#options;
    const current = this.#current;
    const { files, refused } = await repository.readFiles(revision, {
      path,
      ...(current ? { previous: { commit: current.revision, files: current.files } } : {}),
    });
    const known = current
      ? { previous: current.plan }
      : { gathered: gatheredOf(await this.#options.store.exports.all()) };
    const options = { refused, ...known };
    const loaded = await loadPlanAndTemplatesInTurns(files, options, turns());
    return { ...loaded, files };
  }

  /** Whether a revision that is not in force may have come to be fit for it. */
  async #isToBeJudged(revision: string): Promise<boolean> {
    const { invalidRevision, heldRevision, confirmedRevision, problems } =
      await this.#options.store.plan.get();
    if (revision === heldRevision) return revision === confirmedRevision;
    // Whose signatures are trusted may have changed since.
    return revision !== invalidRevision || problems.some(isUnverified);
  }

  async #evaluate(revision: string): Promise<void> {
    const unverified = await this.#unverified(revision);
    if (unverified) {
      const { invalidRevision } = await this.#options.store.plan.get();
      if (revision !== invalidRevision) await this.#refuse(revision, [unverified]);
      return;
    }
    const { plan, problems, files } = await this.#load(revision);
    if (!plan) {
      await this.#refuse(revision, problems);
      return;
    }
    const why = await this.#whyToHold(revision, plan);
    if (why === undefined) await this.#putInForce({ revision, plan, files });
    else await this.#hold(revision, why);
  }

  /** What is wrong with who made a revision, where only signed ones count. */
  async #unverified(revision: string): Promise<Problem | undefined> {
    const { repository, signers } = this.#options;
    if (!signers) return undefined;
    const fault = await repository.signatureFault(revision, signers);
    return fault === undefined ? undefined : unverifiedProblem(revision, fault);
  }

  /** Why somebody has to confirm a revision before it counts (an accident looks like that), or undefined. */
  async #whyToHold(revision: string, plan: Plan): Promise<string | undefined> {
    const { repository, store, maxRemoved } = this.#options;
    const current = this.#current;
    const { confirmedRevision } = await store.plan.get();
    if (revision === confirmedRevision) return undefined;
    // Without the plan in force there are still the sites that it had.
    const removed = current ? removals(current.plan, plan) : await this.#removedSites(plan);
    // A branch that was set elsewhere leaves out what nobody decided to remove.
    const follows = !current || (await repository.isAncestor(current.revision, revision));
    const grave = follows ? tooMuch(removed, maxRemoved) : removed;
    if (grave.length === 0) return undefined;
    const how = follows ? 'removes' : 'does not follow the one in force, and would remove';
    return `${how} ${removalText(grave)}`;
  }

  async #removedSites(plan: Plan): Promise<Removal[]> {
    const known = await this.#options.store.sites.names();
    const removed = known.filter((name) => !plan.sites.has(name)).length;
    return removed > 0 ? [{ what: 'sites', removed, of: known.length }] : [];
  }

  /** Leaves the last good revision in force until somebody confirms this one. */
  async #hold(revision: string, why: string): Promise<void> {
    const { store, log, now } = this.#options;
    await this.#recordRevision(revision, 'held', 0);
    await store.plan.update({
      heldRevision: revision,
      heldReason: why,
      invalidRevision: null,
      problems: [],
      evaluatedAt: now(),
    });
    log.error(
      { revision, why },
      `held: confirm it with \`trueup confirm ${revision.slice(0, 12)}\``,
    );
  }

  /** A held revision that the branch has left waits for nobody any more. */
  async #forgetHeld(): Promise<void> {
    const { store } = this.#options;
    const { heldRevision } = await store.plan.get();
    if (heldRevision === null) return;
    await store.revisions.update(heldRevision, { result: 'superseded' });
    await store.plan.update({ heldRevision: null, heldReason: null });
  }

  /** Sites that were on the way to a revision which did not come into force go back to the one that is. */
  async #undoInterrupted(): Promise<void> {
    const { evaluatingRevision } = await this.#options.store.plan.get();
    if (evaluatingRevision !== null && this.#current) await this.#putInForce(this.#current);
  }

  async #putInForce(next: PlanAt & { files: TrackedFiles }): Promise<void> {
    const { store, log, metrics, now, onSites, onSiteRemoved, onRevision } = this.#options;
    const started = performance.now();
    const { revision, plan } = next;
    // Where an earlier attempt was cut off, sites may be anywhere between two revisions: then all are looked at.
    const interrupted = (await store.plan.get()).evaluatingRevision !== null;
    await store.plan.update({ evaluatingRevision: revision });

    const before = interrupted || !(await this.#isSameRenderer()) ? undefined : this.#current?.plan;
    const names = before ? changedSites(before, plan) : new Set(plan.sites.keys());
    // Where a plan is in force, the sites that it has are those that are known.
    const known = before ? names : await store.sites.names();
    const there = [...names].filter((name) => plan.sites.has(name));
    const gone = [...known].filter((name) => !plan.sites.has(name));
    const changed = await this.#desired.render(plan, revision, there);
    for (const name of gone) {
      await store.sites.update(name, { removedAt: now() });
      onSiteRemoved(name);
      log.info(
        { site: name, revision },
        'the plan has no such site any more: nothing is applied there',
      );
    }
    const { total } = await store.sites.countAtRevision(revision);
    await this.#recordRevision(revision, total > 0 ? 'pending' : 'applied', total);
    const { headRevision } = await store.plan.get();
    await store.plan.update({
      goodRevision: revision,
      ...(headRevision === revision ? { invalidRevision: null, problems: [] } : {}),
      ...(headRevision === revision ? { heldRevision: null, heldReason: null } : {}),
      evaluatingRevision: null,
      evaluatedAt: now(),
    });
    if (!this.#rendererIsSame) await this.#options.trees.setRenderer(RENDERER_VERSION);
    this.#rendererIsSame = true;
    this.#take(next);
    metrics.renderDuration.observe((performance.now() - started) / 1000);
    log.info(
      { revision, sites: plan.sites.size, changed: changed.length },
      'a new revision of the plan is in force',
    );
    onRevision(revision);
    onSites(there);
  }

  /** What another version of the renderer made has to be made again, though the plan is as it was. */
  async #isSameRenderer(): Promise<boolean> {
    this.#rendererIsSame ||= (await this.#options.trees.renderer()) === RENDERER_VERSION;
    return this.#rendererIsSame;
  }

  async #refuse(revision: string, problems: Problem[]): Promise<void> {
    const { store, log, now } = this.#options;
    await this.#recordRevision(revision, 'invalid', 0);
    await store.plan.update({
      invalidRevision: revision,
      problems,
      heldRevision: null,
      heldReason: null,
      evaluatedAt: now(),
    });
    log.error(
      { revision, problems: problems.slice(0, 20).map(formatProblem) },
      'this revision of the plan is not valid: the last good one stays in force',
    );
  }

  async #recordRevision(
    revision: string,
    result: 'pending' | 'applied' | 'invalid' | 'held',
    changedSiteCount: number,
  ): Promise<void> {
    const { repository, store, now } = this.#options;
    const { subject, author, time } = await repository.describe(revision);
    await store.revisions.record({
      revision,
      subject,
      author,
      committedAt: time,
      seenAt: now(),
      result,
      changedSites: changedSiteCount,
      completedAt: result === 'pending' || result === 'held' ? null : now(),
    });
  }
}

const UNVERIFIED = 'is not signed as it has to be';

function unverifiedProblem(revision: string, fault: string): Problem {
  return {
    message: `commit ${revision.slice(0, 12)} ${UNVERIFIED}: ${fault}`,
    hint: 'sign it with a key that plan.allowedSigners or plan.openpgpHome trusts',
  };
}

function isUnverified({ message }: Problem): boolean {
  return message.includes(UNVERIFIED);
}
