import type { PullRequest } from '../forge/forge.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { messageOf } from '../model/errors.ts';
import type { AuditEntry, DriftRow, DriftStatus, ProposalRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { sitesAt } from './branch.ts';

export interface EndingsOptions {
  store: Store;
  repository: PlanRepository;
  /** How often an open pull request is looked at without any word from the forge (ms). */
  pollInterval: number;
  log: Logger;
  now: () => number;
  /** The plan's branch may have moved. */
  onMerged: () => void;
  /** A decision was made that this site has to carry out. */
  onDecided: (site: string) => void;
  /** The plan edit may have to be worked out anew. */
  onGroup: (groupKey: string) => void;
}

/** Carries the end of a proposal, whoever decided it, to every site that it is about. */
export class Endings {
  readonly #options: EndingsOptions;

  constructor(options: EndingsOptions) {
    this.#options = options;
  }

  /**
   * The drifts that still wait for the decision; what the sites themselves, or the plan, decided meanwhile is
   * recorded first. `why`: why nobody needs to decide any more, if so.
   */
  async stillOpen(
    drifts: readonly DriftRow[],
  ): Promise<{ open: DriftRow[]; why: string | undefined }> {
    const { store, now } = this.#options;
    const sites = await store.sites.getMany(drifts.map(({ site }) => site));
    const open: DriftRow[] = [];
    let why: string | undefined;
    for (const drift of drifts) {
      const site = sites.get(drift.site);
      if (!site || site.removedAt !== null) {
        await store.drifts.decide(drift.id, 'ignored', 'the plan', now());
        why = 'the plan has no such site any more';
      } else if (drift.status !== 'open') why = reasonOf(drift.status);
      else if (drift.gone !== null) {
        const by = drift.gone === 'adopted' ? 'the plan' : 'the site';
        await store.drifts.decide(drift.id, drift.gone, by, now());
        // What is gone need not be taken back.
        await store.drifts.setCarriedOut([drift.id]);
        why = reasonOf(drift.gone);
      } else open.push(drift);
    }
    return { open, why: open.length > 0 ? undefined : why };
  }

  /** Adopted, once the plan in force holds the merge: before, the sites would go back to the plan as it was. */
  async merged(
    proposal: ProposalRow,
    drifts: readonly DriftRow[],
    pull: PullRequest | undefined,
  ): Promise<Handled> {
    const { store, pollInterval, log, now, onMerged, onDecided, onGroup } = this.#options;
    if (!(await this.isInForce(pull?.mergeCommit ?? pull?.head ?? proposal.commit!))) {
      onMerged();
      const { headRevision, goodRevision } = await store.plan.get();
      // Where the branch was set back since, and the sites as well, nobody waits for the merge any more.
      const why =
        headRevision === goodRevision && !isReopened(drifts)
          ? (await this.stillOpen(drifts)).why
          : undefined;
      if (!why) return { again: pollInterval };
      await this.end(proposal, why);
      return undefined;
    }
    const by = pull?.decidedBy ?? proposal.decidedBy ?? 'unknown';
    const { members, others } = await store.transaction(async (tx) => {
      const { members, others } = await membersAt(tx, proposal.id, pull?.head);
      for (const { id } of members) await tx.drifts.decide(id, 'adopted', by, now());
      for (const { id } of others) await tx.drifts.setProposal(id, null);
      await tx.proposals.update(proposal.id, { state: 'merged', decidedAt: now(), decidedBy: by });
      await tx.audit.append(wordOf(now(), 'proposal.merged', proposal, by));
      return { members, others };
    });
    log.info({ site: proposal.site, number: proposal.number, by }, 'the plan learnt the edit');
    for (const { site } of members) onDecided(site);
    if (others.length > 0) onGroup(proposal.groupKey);
    return undefined;
  }

  /** Whether the plan in force holds a commit. */
  async isInForce(commit: string): Promise<boolean> {
    const { store, repository } = this.#options;
    const { goodRevision } = await store.plan.get();
    return goodRevision !== null && repository.isAncestor(commit, goodRevision);
  }

  /** Every site of it goes back to the plan. */
  async rejected(proposal: ProposalRow, pull: PullRequest | undefined): Promise<void> {
    const { store, log, now, onDecided, onGroup } = this.#options;
    const by = pull?.decidedBy ?? proposal.decidedBy ?? 'unknown';
    const gone = await this.#isBranchGone(proposal);
    const { members, others } = await store.transaction(async (tx) => {
      const { members, others } = await membersAt(tx, proposal.id, pull?.head);
      await tx.proposals.update(proposal.id, {
        state: 'closed',
        decidedAt: now(),
        decidedBy: by,
        closeReason: gone ? 'its branch was deleted' : null,
      });
      await tx.audit.append(wordOf(now(), 'proposal.closed', proposal, by));
      for (const { id } of others) await tx.drifts.setProposal(id, null);
      for (const { id, site } of members) {
        const first = await tx.drifts.decide(id, 'rejected', by, now());
        // A newer edit took its place in this very moment: that one has a proposal of its own.
        if (!first) continue;
        await tx.sites.update(site, {
          applyForced: true,
          applyReason: `back to the plan (proposal #${proposal.number} was closed)`,
          message: `goes back to the plan: proposal #${proposal.number} was closed by ${by}`,
        });
      }
      return { members, others };
    });
    log.info(
      { site: proposal.site, sites: members.length, number: proposal.number, by },
      'the site goes back to the plan',
    );
    for (const { site } of members) onDecided(site);
    if (others.length > 0) onGroup(proposal.groupKey);
  }

  /** Whether a branch was deleted, as far as that can be known now: the decision does not wait for it. */
  async #isBranchGone({ branch }: ProposalRow): Promise<boolean> {
    const { repository, log } = this.#options;
    if ((await repository.branchHead(branch)) === undefined) return true;
    try {
      // The forge may have told of it before it was fetched.
      const { branches } = await repository.fetch();
      return !branches.has(branch);
    } catch (error) {
      log.debug({ branch, error: messageOf(error) }, 'cannot tell whether a branch was deleted');
      return false;
    }
  }

  /** Ends a proposal that nobody decided. */
  async end(proposal: ProposalRow, closeReason: string): Promise<void> {
    const { store, now } = this.#options;
    await store.proposals.update(proposal.id, { state: 'obsolete', closeReason, decidedAt: now() });
  }
}

/** What the audit says of a proposal. */
export function wordOf(at: number, action: string, proposal: ProposalRow, by: string): AuditEntry {
  return {
    at,
    actor: by,
    action,
    subject: proposal.site,
    detail: { proposal: proposal.id, number: proposal.number, title: proposal.title },
  };
}

/** Drifts that were decided with what stood on the branch, and those that had joined since. */
async function membersAt(
  store: Store,
  id: string,
  head: string | undefined,
): Promise<{ members: DriftRow[]; others: DriftRow[] }> {
  const proposal = (await store.proposals.get(id))!;
  const open = (await store.drifts.ofProposal(id)).filter(({ status }) => status === 'open');
  const sites = new Set(sitesAt(proposal, head));
  return {
    members: open.filter(({ site }) => sites.has(site)),
    others: open.filter(({ site }) => !sites.has(site)),
  };
}

/** Whether an undecided proposal was closed before: its sites have gone back, and whoever opened it again decides. */
export function isReopened(drifts: readonly DriftRow[]): boolean {
  return drifts.every(({ status }) => status === 'rejected');
}

/** Why nobody needs to decide a drift of this status any more. */
export function reasonOf(status: DriftStatus): string {
  switch (status) {
    case 'superseded':
      return 'a newer edit at the site took its place';
    case 'ignored':
      return "the plan's drift policy ignores these files now";
    case 'open':
    case 'reverted':
      return 'the site was brought back by hand: here it is as the plan has it';
    case 'adopted':
      return 'the plan says the same already';
    case 'rejected':
      return 'the edit is rejected already';
  }
}
