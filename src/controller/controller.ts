import PQueue from 'p-queue';

import { AnsibleDriver } from '../ansible/driver.ts';
import type { Config } from '../config/config.ts';
import type { Forge } from '../forge/forge.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import type { SiteStore } from '../git/site-store.ts';
import { KeyedLoop, type KeyedLoopOptions } from '../loop/keyed-loop.ts';
import type { Driver } from '../model/driver.ts';
import { messageOf, UserError } from '../model/errors.ts';
import { consumersOf } from '../plan/exports.ts';
import type { Plan } from '../plan/plan.ts';
import { secretValuesIn } from '../plan/secrets.ts';
import { REOPENABLE } from '../proposals/proposal-loop.ts';
import type { Waiters } from '../proposals/waiters.ts';
import { AgentSite } from '../reconcile/agent-site.ts';
import { PlanLoop } from '../reconcile/plan-loop.ts';
import { SiteLoop } from '../reconcile/site-loop.ts';
import { Runner } from '../runner/runner.ts';
import { createUserNames } from '../runner/working-copy/user-names.ts';
import { WorkingCopyWatcher } from '../runner/working-copy/watch.ts';
import { WorkingCopies } from '../runner/working-copy/working-copies.ts';
import type { Decisions, Inspect, Nudge } from '../server/options.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Agents } from './agents/agents.ts';
import type { BundleTools } from './agents/bundle-tools.ts';
import { type DataDirectory, takeDataDirectory } from './data-directory.ts';
import { createDecisions } from './decisions.ts';
import type { ForgeCredentials } from './forge-credentials.ts';
import { createForge } from './forge.ts';
import { planGuards } from './guards.ts';
import { createInspect } from './inspect.ts';
import { openParts, type Parts } from './parts.ts';
import { createPreviews, type Previews } from './previews.ts';
import { createProposals } from './proposals.ts';
import { recover } from './recover.ts';
import { refreshMetrics } from './refresh-metrics.ts';
import { RevisionLoop } from './revisions.ts';
import { spread } from './spread.ts';
import { treeDiff } from './tree-diff.ts';

/** The loops of the plan, of the list of pull requests and of maintenance have but one key. */
const PLAN = 'plan';
/** Of the plan's loop, so that it is never beside a revision that comes into force. */
const EXPORTS = 'exports';
const REPOSITORIES = 'repositories';
const PULLS = 'pulls';
const DASHBOARD = 'dashboard';
/** Every write makes a pack and loose refs; joined now and then, they stay few (ms). */
const MAINTENANCE_INTERVAL = 60 * 60_000;
/** Applies of one revision that end close together are counted once (ms). */
const COUNT_DELAY = 300;

type LoopName =
  | 'plan'
  | 'site'
  | 'observe'
  | 'drift'
  | 'group'
  | 'proposal'
  | 'pulls'
  | 'preview'
  | 'revision'
  | 'dashboard'
  | 'maintenance';

export interface ControllerOptions {
  config: Config;
  log: Logger;
  metrics: Metrics;
  /** What the forge, and git over HTTP, know us by. */
  credentials: Pick<ForgeCredentials, 'token' | 'gitToken' | 'account'>;
  /** Where people find a proposal of the local forge. */
  proposalUrl: (number: number) => string;
  /** Where people find everything of a preview. */
  previewUrl: (number: number) => string;
  /** In place of Ansible; for tests. */
  driver?: Driver;
  /** In place of our own key, and of git's bundles; for tests. */
  bundles?: BundleTools;
  now?: () => number;
}

/** What is wrong with a part, for the readiness endpoint. */
export interface Check {
  ok: boolean;
  message: string;
}

/**
 * The controller: builds every part, starts the loops on them, and wires what one loop finds to the nudge of
 * another. A nudge only says "look now"; every loop finds out for itself what there is to do (law 8).
 */
export class Controller {
  readonly store: Store;
  readonly copies: WorkingCopies;
  readonly inspect: Inspect;
  /** What people decide, or ask for. */
  readonly decisions: Decisions;
  readonly #options: ControllerOptions;
  readonly #directory: DataDirectory;
  readonly #trees: SiteStore;
  readonly #repository: PlanRepository;
  readonly #forge: Forge;
  readonly #driver: Driver;
  readonly #runner: Runner;
  readonly #plan: PlanLoop;
  /** Groups of edits that wait for their proposal. */
  readonly waiters: Waiters;
  /** The agents at sites. */
  readonly agents: Agents;
  readonly #previews: Previews;
  readonly #watcher: WorkingCopyWatcher;
  readonly #loops: Record<LoopName, KeyedLoop>;
  /** Sites that have their working copy here. */
  #siteNames: readonly string[] = [];

  private constructor(options: ControllerOptions, directory: DataDirectory, parts: Parts) {
    const { config, log, metrics, now = Date.now } = options;
    this.#options = options;
    this.#directory = directory;
    this.store = parts.store;
    this.agents = parts.agents;
    this.#trees = parts.trees;
    this.#repository = parts.repository;
    const { store } = this;
    const { trees, repository } = parts;
    const { sign } = parts.tools;
    const issuing = new PQueue({ concurrency: 1 });
    const issue = <T>(work: () => Promise<T>): Promise<T> => issuing.add(work);
    const { branch, path, pollInterval } = config.plan;
    this.inspect = createInspect({ store, trees, plan: () => this.#plan.current?.plan, now });

    this.#forge = createForge({
      config,
      repository,
      store,
      metrics,
      credentials: options.credentials,
      proposalUrl: options.proposalUrl,
      now,
    });
    this.copies = new WorkingCopies({
      directory: directory.sites,
      store,
      trees,
      log,
      now,
      userName: createUserNames(),
    });
    this.#driver =
      options.driver ??
      new AnsibleDriver({
        workDirectory: directory.runs,
        ...(config.runner.ansiblePlaybook ? { command: config.runner.ansiblePlaybook } : {}),
        ...(config.runner.vaultPasswordFile
          ? { vaultPasswordFile: config.runner.vaultPasswordFile }
          : {}),
        log: (message, details) => log.debug({ part: 'ansible', ...details }, message),
      });
    this.#runner = new Runner({ driver: this.#driver, concurrency: config.runner.concurrency });
    this.#plan = new PlanLoop({
      repository,
      path,
      branch,
      pollInterval,
      trees,
      store,
      forge: this.#forge,
      log,
      metrics,
      now,
      random: Math.random,
      ...planGuards(config),
      sign,
      issue,
      onSites: (sites) => {
        void this.#refreshNames();
        for (const site of sites) this.#loops.site.nudge(site);
      },
      onSiteRemoved: (site) => this.#forgetSite(site),
      onRevision: () => {
        void this.#nudgeUndecided();
        this.#loops.pulls.nudge(PULLS);
      },
    });
    const agentSite = new AgentSite({
      store,
      trees,
      sign,
      issue,
      log,
      now,
      onDesired: (name, commit) => this.agents.desired(name, commit),
      onSettled: (name) => this.#loops.drift.nudge(name),
      onApplied: (name) => void this.#countRevision(name),
    });
    const site = new SiteLoop({
      store,
      trees,
      copies: this.copies,
      runner: this.#runner,
      timeout: config.runner.timeout / 1000,
      plan: () => this.#plan.current,
      secretsOf: (name, tree) => secretValuesIn(this.#plan.current?.plan, name, tree),
      log,
      metrics,
      now,
      onSettled: (name) => this.#loops.drift.nudge(name),
      onApplied: (name) => void this.#countRevision(name),
      onEnded: (name) => this.#ended(name),
      onGathered: () => this.#loops.plan.nudge(EXPORTS),
    });
    this.#previews = createPreviews({
      config,
      store,
      repository,
      forge: this.#forge,
      runner: this.#runner,
      plan: () => this.#plan,
      pageUrl: options.previewUrl,
      log,
      metrics,
      now,
      onPull: (number) => this.#loops.preview.nudge(String(number)),
    });
    const proposals = createProposals({
      config,
      store,
      trees,
      repository,
      forge: this.#forge,
      renderer: this.#previews.renderer,
      plan: () => this.#plan,
      busy: () => this.#loops.drift.depth + this.#loops.observe.depth > 0,
      log,
      metrics,
      now,
      onRevert: (name) => this.#loops.site.nudge(name),
      onDecided: (name) => {
        this.#loops.site.nudge(name);
        // One proposal less is open: another group may have its turn.
        void this.#nudgeWaiting();
      },
      onGroup: (key, delay) => this.#loops.group.nudge(key, delay),
      onProposal: (id) => this.#loops.proposal.nudge(id),
      onMerged: () => this.#loops.plan.nudge(PLAN),
    });
    const { drift, group, proposal, dashboard } = proposals;
    this.waiters = proposals.waiters;
    const revision = new RevisionLoop({ store, log, metrics, now });
    this.decisions = createDecisions({
      store,
      proposals: proposal.decisions,
      now,
      onProposal: (id) => this.#loops.proposal.nudge(id),
      onGroup: (key) => this.#loops.group.nudge(key),
      onSite: (name) => this.#loops.site.nudge(name),
      onPlan: () => this.#loops.plan.nudge(PLAN),
      onPreview: (number) => this.#loops.preview.nudge(String(number)),
    });

    const loop = (
      name: string,
      concurrency: number,
      handle: KeyedLoopOptions['handle'],
      more: Partial<KeyedLoopOptions> = {},
    ): KeyedLoop => new KeyedLoop({ name, concurrency, handle, log, metrics, ...more });
    this.#loops = {
      // Only by asking do we learn that the repository is back: failing, it is asked as often as otherwise.
      plan: loop('plan', 1, (key) => this.#planKey(key), {
        backoff: { min: Math.min(1000, pollInterval), max: pollInterval },
      }),
      // A site waits for its turn in the runner, not here: one that only needs files is not kept waiting.
      site: loop('site', 64, async (name, signal) =>
        (await this.#hasAgent(name)) ? agentSite.handle(name) : site.handle(name, signal),
      ),
      observe: loop('observe', 8, (name) => this.#observe(name)),
      drift: loop('drift', 2, (name) => drift.handle(name)),
      // One at a time, so that limits are kept.
      group: loop('group', 1, (key) => group.handle(key)),
      // Those that were opened together are not asked for together for ever.
      proposal: loop('proposal', 4, (id, signal) => spread(proposal.handle(id, signal))),
      pulls: loop('pulls', 1, () => spread(this.#previews.loop.list())),
      preview: loop('preview', 8, (number, signal) =>
        spread(this.#previews.loop.handle(number, signal)),
      ),
      revision: loop('revision', 1, (name) => revision.handle(name)),
      dashboard: loop('dashboard', 1, () => spread(dashboard.handle())),
      maintenance: loop('maintenance', 1, () => this.#maintain()),
    };
    this.#watcher = new WorkingCopyWatcher({
      directory: directory.sites,
      settle: config.drift.settle,
      compareInterval: config.drift.compareInterval,
      maxWatched: config.drift.maxWatched,
      sites: () => this.#siteNames,
      look: (name) => this.#loops.observe.nudge(name),
      onError: (error) =>
        log.warn({ error }, 'watching files failed: the timed compare still finds every edit'),
    });
  }

  /** Builds the parts, recovers what an earlier process left half done, and starts the loops. */
  static async start(options: ControllerOptions): Promise<Controller> {
    const { config, log, now = Date.now } = options;
    if (!config.plan.url) {
      throw new UserError(
        'plan.url is not set: name the git repository that holds the plan (or set TRUEUP_PLAN_URL)',
      );
    }
    // Whatever was opened is closed again where a later part cannot be.
    await using opened = new AsyncDisposableStack();
    const directory = await takeDataDirectory(config.dataDir);
    opened.defer(() => directory.release());
    let running: Controller | undefined;
    const parts = await openParts(options, directory, opened, {
      plan: () => running?.plan,
      onSite: (site) => running?.returned(site),
    });
    const { store, trees } = parts;
    const controller = new Controller(options, directory, parts);
    running = controller;
    await recover({ store, trees, driver: controller.#driver, log, now });
    await controller.#begin();
    opened.move();
    return controller;
  }

  async #begin(): Promise<void> {
    this.#options.metrics.leader.set(1);
    await this.#refreshNames();
    await this.#plan.restore();
    await this.#watcher.start();
    for (const loop of Object.values(this.#loops)) loop.start();
    this.#loops.plan.nudge(EXPORTS);
    this.#loops.plan.nudge(PLAN);
    this.#loops.pulls.nudge(PULLS);
    this.#loops.dashboard.nudge(DASHBOARD);
    this.#loops.maintenance.nudge(REPOSITORIES, MAINTENANCE_INTERVAL);
    // Edits made and decisions taken while nobody was here, and work that was left.
    for await (const row of this.store.sites.all()) {
      if (row.removedAt !== null) continue;
      if (row.delivery === 'push') this.#loops.observe.nudge(row.name);
      // Also what was recorded and not judged yet, or undone and not applied yet.
      const asDesired = [row.observedDigest, row.appliedDigest].every(
        (digest) => digest === row.desiredDigest,
      );
      if (row.state !== 'synced' || !asDesired || row.delivery === 'agent')
        this.#loops.site.nudge(row.name);
      if (row.desiredRevision) this.#loops.revision.nudge(row.desiredRevision, COUNT_DELAY);
    }
    await this.#nudgeUndecided();
    const { now = Date.now } = this.#options;
    for (const { id } of await this.store.proposals.closedSince(now() - REOPENABLE))
      this.#loops.proposal.nudge(id);
  }

  /** Ends gracefully: no new work, runs under way get the grace (ms), everything is left to be carried on. */
  async stop(grace = 10_000): Promise<void> {
    await this.#watcher.stop();
    await this.agents.stop();
    await Promise.all(Object.values(this.#loops).map((loop) => loop.stop(grace)));
    await this.#previews.renderer.close();
    await this.#runner.stop();
    await this.#trees.close();
    await this.#repository.close();
    await this.store.close();
    this.#options.metrics.leader.set(0);
    this.#directory.release();
  }

  /** The plan in force. */
  get plan(): Plan | undefined {
    return this.#plan.current?.plan;
  }

  /** Something came back from a site with an agent: what it did, edited or gathered. */
  returned(site: string): void {
    this.#loops.site.nudge(site);
    this.#ended(site);
    this.#loops.plan.nudge(EXPORTS);
  }

  /** Look now: a webhook came. What it said beyond that is not believed. */
  nudge(what: Nudge): void {
    if ('plan' in what) this.#loops.plan.nudge(PLAN);
    else void this.#nudgePullRequest(what.pullRequest);
  }

  /** Unified diff between what the plan asks for and what was last found at the site. */
  async siteDiff(name: string): Promise<string | undefined> {
    const row = await this.store.sites.get(name);
    if (!row?.desiredCommit || !row.observedCommit) return undefined;
    return treeDiff(
      this.#trees,
      this.#plan.current?.plan,
      name,
      row.desiredCommit,
      row.observedCommit,
    );
  }

  async checks(): Promise<Record<string, Check>> {
    const { fetchedAt, problems } = await this.store.plan.get();
    const { current } = this.#plan;
    return {
      store: { ok: true, message: 'the database answers' },
      plan: {
        ok: current !== undefined,
        message: current
          ? `at revision ${current.revision}`
          : fetchedAt === null
            ? 'the plan was not fetched yet'
            : `no revision of the plan is valid yet (${problems.length} faults)`,
      },
    };
  }

  /** Brings the metrics that are counted from the database up to date; called before each scrape. */
  async refreshMetrics(): Promise<void> {
    const { config, metrics, now = Date.now } = this.#options;
    await refreshMetrics({
      config: config.metrics,
      store: this.store,
      metrics,
      waiters: this.waiters,
      agents: this.agents,
      plan: this.#plan.current?.plan,
      sites: (await this.store.sites.names()).length,
      now: now(),
    });
  }

  #planKey(key: string): ReturnType<PlanLoop['handle']> {
    return key === EXPORTS ? this.#plan.takeExports() : this.#plan.handle();
  }

  /** An apply of a site ended: others may have waited for it. */
  #ended(name: string): void {
    const { plan } = this;
    for (const consumer of plan ? consumersOf(plan, name) : []) this.#loops.site.nudge(consumer);
  }

  async #hasAgent(name: string): Promise<boolean> {
    return (await this.store.sites.get(name))?.delivery === 'agent';
  }

  async #observe(name: string): Promise<void> {
    if (await this.#hasAgent(name)) return;
    // Where it fails it may have recorded something before: that is to be judged all the same.
    let recorded = true;
    try {
      recorded = await this.copies.observe(name);
    } finally {
      if (recorded) {
        this.#watcher.edited(name);
        this.#loops.drift.nudge(name);
        this.#loops.site.nudge(name);
      }
    }
  }

  async #maintain(): Promise<{ again: number }> {
    await this.#trees.maintain();
    await this.#repository.maintain();
    return { again: MAINTENANCE_INTERVAL };
  }

  async #refreshNames(): Promise<void> {
    this.#siteNames = await this.store.sites.names('push');
  }

  async #nudgeUndecided(): Promise<void> {
    for (const { id, groupKey } of await this.store.proposals.open()) {
      this.#loops.proposal.nudge(id);
      this.#loops.group.nudge(groupKey);
    }
    await this.#nudgeWaiting();
  }

  async #nudgeWaiting(): Promise<void> {
    for (const { groupKey } of await this.store.drifts.waitingGroups())
      this.#loops.group.nudge(groupKey);
  }

  async #nudgePullRequest(number: number): Promise<void> {
    // The list tells which previews are superseded.
    this.#loops.pulls.nudge(PULLS);
    this.#loops.preview.nudge(String(number));
    try {
      const proposal = await this.store.proposals.byNumber(number);
      if (proposal) this.#loops.proposal.nudge(proposal.id);
    } catch (error) {
      const { log } = this.#options;
      log.warn({ number, error: messageOf(error) }, 'a webhook is not followed: it is polled');
    }
  }

  async #countRevision(name: string): Promise<void> {
    const row = await this.store.sites.get(name);
    if (row?.appliedRevision) this.#loops.revision.nudge(row.appliedRevision, COUNT_DELAY);
  }

  #forgetSite(name: string): void {
    this.#siteNames = this.#siteNames.filter((other) => other !== name);
    this.#loops.site.forget(name);
    this.#loops.observe.forget(name);
    this.#loops.drift.forget(name);
    this.copies.forget(name);
    this.agents.forget(name);
    this.#options.metrics.removeSite(name);
    void this.#nudgeUndecided();
  }
}
