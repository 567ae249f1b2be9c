import type { Forge, PullRequest } from '../forge/forge.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { UserError } from '../model/errors.ts';
import type { DriftRow, DriftStatus, ProposalRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { proposalBody } from './body.ts';

/** How soon to ask again whether the plan was fetched (ms). */
const SOON = 500;

export interface ProposalLoopOptions {
  store: Store;
  repository: PlanRepository;
  forge: Forge;
  /** Branch that proposals ask to be merged into. */
  branch: string;
  /** How often an open pull request is looked at without any word from the forge (ms). */
  pollInterval: number;
  /** Whether the plan's branches were fetched by this process: a branch is not gone because we never had it. */
  fetched: () => boolean;
  /** Unified diff of what was edited at the site. */
  siteDiff: (drift: DriftRow) => Promise<string>;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  /** The plan's branch may have moved. */
  onMerged: () => void;
  /** A decision was made that this site has to carry out. */
  onDecided: (site: string) => void;
}

/** The proposal loop: brings one proposal to the forge, follows it there, and carries its decision back. */
export class ProposalLoop {
  readonly #options: ProposalLoopOptions;

  constructor(options: ProposalLoopOptions) {
    this.#options = options;
  }

  async handle(id: string): Promise<Handled> {
    const { store, fetched } = this.#options;
    const proposal = await store.proposals.get(id);
    if (!proposal || !isUndecided(proposal)) return undefined;
    if (!fetched()) return { again: SOON };
    const drift = await store.drifts.get(proposal.driftId);
    if (!drift) throw new UserError(`proposal ${id} has lost its drift ${proposal.driftId}`);
    const result =
      proposal.state === 'pending'
        ? await this.#open(proposal, drift)
        : await this.#follow(proposal, drift);
    await this.#count();
    return result;
  }

  /** Merges what was reviewed; the loop then carries the decision on. Throws `UserError` where it can't be. */
  async merge(id: string, by: string): Promise<ProposalRow> {
    const { forge } = this.#options;
    const proposal = await this.#decidable(id);
    await forge.mergePullRequest(proposal.number!, proposal.commit!, by);
    return this.#decide(proposal, by);
  }

  /** Closes the proposal: the site goes back to the plan. */
  async close(id: string, by: string): Promise<ProposalRow> {
    const { forge } = this.#options;
    const proposal = await this.#decidable(id);
    await forge.closePullRequest(proposal.number!, by);
    return this.#decide(proposal, by);
  }

  async #decidable(id: string): Promise<ProposalRow> {
    const { store } = this.#options;
    const proposal = (await store.proposals.get(id)) ?? (await this.#byNumber(id));
    if (!proposal)
      throw new UserError(`there is no proposal ${id}; \`trueup proposals\` lists them`);
    if (proposal.state === 'pending')
      throw new UserError(`proposal ${id} is not opened yet: try again in a moment`);
    if (proposal.state !== 'open')
      throw new UserError(`proposal ${id} is ${proposal.state} already`);
    return proposal;
  }

  async #byNumber(text: string): Promise<ProposalRow | undefined> {
    return /^#?\d+$/.test(text)
      ? this.#options.store.proposals.byNumber(Number(text.replace('#', '')))
      : undefined;
  }

  async #decide(proposal: ProposalRow, by: string): Promise<ProposalRow> {
    const { store, onMerged } = this.#options;
    onMerged();
    const now = await store.proposals.update(proposal.id, { decidedBy: by });
    return now;
  }

  async #open(proposal: ProposalRow, drift: DriftRow): Promise<Handled> {
    const { repository, forge, branch, siteDiff, metrics, log, now } = this.#options;
    if (drift.status !== 'open') {
      // An earlier attempt may have opened it, and have been cut off before it could say so.
      const opened = await forge.findPullRequest(proposal.branch);
      if (!opened) await this.#end(proposal, reasonOf(drift.status));
      else await this.#opened(proposal, opened);
      return opened && { again: 0 };
    }
    await repository.pushBranch(proposal.branch, proposal.commit!, null);
    const body = proposalBody({ proposal, drift, siteDiff: await siteDiff(drift) });
    const pull = await forge.ensurePullRequest({
      branch: proposal.branch,
      base: branch,
      title: proposal.title,
      body,
      labels: ['trueup'],
    });
    await this.#opened({ ...proposal, body }, pull);
    metrics.proposalLeadTime.observe(Math.max(0, now() - drift.detectedAt) / 1000);
    log.info(
      { site: proposal.site, number: pull.number, url: pull.url, title: proposal.title },
      'opened a proposal',
    );
    return { again: 0 };
  }

  async #opened(proposal: ProposalRow, pull: PullRequest): Promise<void> {
    const { store, now } = this.#options;
    await store.transaction(async (tx) => {
      await tx.proposals.update(proposal.id, {
        state: 'open',
        body: proposal.body,
        number: pull.number,
        url: pull.url,
        openedAt: now(),
      });
      await tx.sites.update(proposal.site, {
        message: `edited; merge or close proposal #${pull.number}: ${proposal.title}`,
      });
      await tx.audit.append({
        at: now(),
        actor: 'trueup',
        action: 'proposal.opened',
        subject: proposal.site,
        detail: { proposal: proposal.id, number: pull.number, title: proposal.title },
      });
    });
  }

  async #follow(proposal: ProposalRow, drift: DriftRow): Promise<Handled> {
    const { forge, pollInterval, log } = this.#options;
    const pull = await forge.getPullRequest(proposal.number!);
    // Git and the forge's word may come apart for a moment: what the plan holds is merged.
    if (pull?.state === 'merged' || (await this.#isInForce(proposal.commit!)))
      return this.#merged(proposal, drift, pull);
    const why = await this.#endedWithoutDecision(proposal, drift);
    if (!pull || pull.state === 'closed') {
      if (why) await this.#end(proposal, why);
      else await this.#rejected(proposal, drift, pull);
      return undefined;
    }
    if (!why) return { again: pollInterval };
    await forge.ensureComment(
      proposal.number!,
      'ended',
      `Closed by trueup: ${why}. Nothing is left to decide here.`,
    );
    await forge.closePullRequest(proposal.number!, 'trueup');
    await this.#end(proposal, why);
    log.info(
      { site: proposal.site, number: proposal.number, why },
      'closed a proposal that needs no decision',
    );
    return undefined;
  }

  /** Why nobody needs to decide any more, if so; recorded before anything is closed. */
  async #endedWithoutDecision(proposal: ProposalRow, drift: DriftRow): Promise<string | undefined> {
    const { store, now } = this.#options;
    const site = await store.sites.get(proposal.site);
    if (!site || site.removedAt !== null) {
      await store.drifts.decide(drift.id, 'ignored', 'the plan', now());
      return 'the plan has no such site any more';
    }
    if (drift.status !== 'open') return reasonOf(drift.status);
    if (site.observedDigest !== site.desiredDigest || site.baseCommit !== site.desiredCommit) {
      return undefined;
    }
    await store.drifts.decide(drift.id, 'reverted', 'the site', now());
    return reasonOf('reverted');
  }

  /** Adopted, once the plan in force holds the merge: before, the site would go back to the plan as it was. */
  async #merged(
    proposal: ProposalRow,
    drift: DriftRow,
    pull: PullRequest | undefined,
  ): Promise<Handled> {
    const { store, pollInterval, log, now, onMerged, onDecided } = this.#options;
    if (!(await this.#isInForce(pull?.mergeCommit ?? pull?.head ?? proposal.commit!))) {
      onMerged();
      const { headRevision, goodRevision } = await store.plan.get();
      // Where the branch was set back since, and the site as well, nobody waits for the merge any more.
      const why =
        headRevision === goodRevision && (await this.#endedWithoutDecision(proposal, drift));
      if (!why) return { again: pollInterval };
      await this.#end(proposal, why);
      return undefined;
    }
    const by = pull?.decidedBy ?? proposal.decidedBy ?? 'unknown';
    await store.transaction(async (tx) => {
      await tx.drifts.decide(drift.id, 'adopted', by, now());
      await tx.proposals.update(proposal.id, { state: 'merged', decidedAt: now(), decidedBy: by });
      await tx.audit.append(this.#decision('proposal.merged', proposal, by));
    });
    log.info({ site: proposal.site, number: proposal.number, by }, 'the plan learnt the edit');
    onDecided(proposal.site);
    return undefined;
  }

  async #isInForce(commit: string): Promise<boolean> {
    const { store, repository } = this.#options;
    const { goodRevision } = await store.plan.get();
    return goodRevision !== null && repository.isAncestor(commit, goodRevision);
  }

  async #rejected(
    proposal: ProposalRow,
    drift: DriftRow,
    pull: PullRequest | undefined,
  ): Promise<void> {
    const { store, log, now, onDecided } = this.#options;
    const by = pull?.decidedBy ?? proposal.decidedBy ?? 'unknown';
    await store.transaction(async (tx) => {
      const first = await tx.drifts.decide(drift.id, 'rejected', by, now());
      await tx.proposals.update(proposal.id, { state: 'closed', decidedAt: now(), decidedBy: by });
      await tx.audit.append(this.#decision('proposal.closed', proposal, by));
      // A newer edit took its place in this very moment: that one has a proposal of its own.
      if (!first) return;
      await tx.sites.update(proposal.site, {
        applyForced: true,
        applyReason: `back to the plan (proposal #${proposal.number} was closed)`,
        message: `goes back to the plan: proposal #${proposal.number} was closed by ${by}`,
      });
    });
    log.info(
      { site: proposal.site, number: proposal.number, by },
      'the site goes back to the plan',
    );
    onDecided(proposal.site);
  }

  async #end(proposal: ProposalRow, closeReason: string): Promise<void> {
    const { store, now } = this.#options;
    await store.proposals.update(proposal.id, { state: 'obsolete', closeReason, decidedAt: now() });
  }

  #decision(action: string, proposal: ProposalRow, by: string) {
    return {
      at: this.#options.now(),
      actor: by,
      action,
      subject: proposal.site,
      detail: { proposal: proposal.id, number: proposal.number, title: proposal.title },
    };
  }

  async #count(): Promise<void> {
    const { store, metrics } = this.#options;
    for (const [state, count] of Object.entries(await store.proposals.countByState())) {
      metrics.proposals.set({ state }, count);
    }
  }
}

function isUndecided(proposal: ProposalRow): boolean {
  return proposal.state === 'pending' || proposal.state === 'open';
}

function reasonOf(status: DriftStatus): string {
  switch (status) {
    case 'superseded':
      return 'a newer edit at the site took its place';
    case 'ignored':
      return "the plan's drift policy ignores these files now";
    case 'open':
    case 'reverted':
      return 'the site was brought back by hand: it is as the plan has it';
    case 'adopted':
    case 'rejected':
      return `the edit is ${status} already`;
  }
}
