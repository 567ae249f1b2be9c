import type { Forge, PullRequest } from '../forge/forge.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { Stalled, UserError } from '../model/errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { DriftRow, DriftStatus, ProposalRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { autoMergeIn } from './auto-merge.ts';
import { proposalBody, sameBoxes, tickedOption, withOthersWords } from './body.ts';
import { pushOurs, sitesAt, sitesOf } from './branch.ts';
import { adopted, choiceOf, options } from './choice.ts';
import { newCommand } from './commands.ts';

/** How soon to ask again whether the plan was fetched (ms). */
const SOON = 500;
/** The label that asks us to leave a proposal alone. */
export const HOLD = 'trueup/hold';
/** A closed pull request is looked at for so long, in case it is opened again (ms), and so much less often. */
export const REOPENABLE = 24 * 3_600_000;
const SELDOM = 10;

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
  /** The plan in force. */
  plan: () => { revision: string; plan: Plan } | undefined;
  /** Unified diff of what was edited at the site. */
  siteDiff: (drift: DriftRow) => Promise<string>;
  /** Says how the sites of these drifts would render once a commit was merged into the plan in force. */
  verify: (commit: string, drifts: readonly DriftRow[]) => Promise<string>;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  /** The plan's branch may have moved. */
  onMerged: () => void;
  /** A decision was made that this site has to carry out. */
  onDecided: (site: string) => void;
  /** The plan edit may have to be worked out anew. */
  onGroup: (groupKey: string) => void;
}

/**
 * The proposal loop: brings one proposal to the forge, keeps it there as it is worked out, and carries its decision
 * back to every site that it is about.
 */
export class ProposalLoop {
  readonly #options: ProposalLoopOptions;

  constructor(options: ProposalLoopOptions) {
    this.#options = options;
  }

  async handle(id: string): Promise<Handled> {
    const { store, fetched } = this.#options;
    const proposal = await store.proposals.get(id);
    if (!proposal) return undefined;
    if (!fetched()) return { again: SOON };
    if (proposal.state === 'closed') return this.#watchClosed(proposal);
    if (proposal.state !== 'pending' && proposal.state !== 'open') return undefined;
    const drifts = await store.drifts.ofProposal(id);
    if (drifts.length === 0) throw new UserError(`proposal ${id} has lost its drifts`);
    const result =
      proposal.state === 'pending'
        ? await this.#open(proposal, drifts)
        : await this.#follow(proposal, drifts);
    await this.#count();
    return result;
  }

  /** Merges what was reviewed; the loop then carries the decision on. Throws `UserError` where it can't be. */
  async merge(id: string, by: string): Promise<ProposalRow> {
    const { forge } = this.#options;
    const proposal = await this.#decidable(id);
    if (proposal.choice !== null && proposal.choice !== choiceOf(adopted(proposal.result))) {
      throw new UserError(
        `proposal ${id} is being worked out as it was chosen: look at it again in a moment`,
      );
    }
    await forge.mergePullRequest(proposal.number!, proposal.theirs ?? proposal.commit!, by);
    return this.#decide(proposal, by);
  }

  /** Closes the proposal: its sites go back to the plan. */
  async close(id: string, by: string): Promise<ProposalRow> {
    const { forge } = this.#options;
    const proposal = await this.#decidable(id);
    await forge.closePullRequest(proposal.number!, by);
    return this.#decide(proposal, by);
  }

  /**
   * Takes another of the ways to change the plan.
   * @param number of the option, from 1, as the proposal counts them
   * @throws UserError where there is no such option, or nothing to decide
   */
  async choose(id: string, number: number, by: string): Promise<ProposalRow> {
    const proposal = await this.#decidable(id);
    const ways = options(proposal.result);
    const option = ways[number - 1];
    if (!option) {
      throw new UserError(
        `proposal ${id} has ${ways.length} options, and none of them is number ${number}`,
      );
    }
    if (proposal.theirs !== null) {
      throw new UserError(
        `somebody else has changed the branch of proposal ${id}: nothing can be chosen for them`,
      );
    }
    return this.#choose(proposal, option.name, by);
  }

  async #choose(proposal: ProposalRow, name: string, by: string): Promise<ProposalRow> {
    const { store, now, onGroup, log } = this.#options;
    if (proposal.choice === name) return proposal;
    const row = await store.transaction(async (tx) => {
      await tx.audit.append({ ...this.#word('proposal.chosen', proposal, by), at: now() });
      return tx.proposals.update(proposal.id, { choice: name });
    });
    log.info({ site: row.site, number: row.number, by, choice: name }, 'somebody chose an option');
    onGroup(row.groupKey);
    return row;
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
    return store.proposals.update(proposal.id, { decidedBy: by });
  }

  async #open(proposal: ProposalRow, drifts: readonly DriftRow[]): Promise<Handled> {
    const { forge, branch, metrics, log, now } = this.#options;
    const open = drifts.filter(({ status }) => status === 'open');
    if (open.length === 0) {
      // An earlier attempt may have opened it, and have been cut off before it could say so.
      const opened = await forge.findPullRequest(proposal.branch);
      if (!opened) await this.#end(proposal, reasonOf(drifts.at(-1)!.status));
      else await this.#opened(proposal, opened, open);
      return opened && { again: 0 };
    }
    const pushed = await pushOurs(this.#options, proposal);
    const body = await this.#body(pushed, open);
    const pull = await forge.ensurePullRequest({
      branch: proposal.branch,
      base: branch,
      title: proposal.title,
      body,
      labels: ['trueup'],
    });
    await this.#opened({ ...pushed, body }, pull, open);
    const since = Math.min(...open.map(({ detectedAt }) => detectedAt));
    metrics.proposalLeadTime.observe(Math.max(0, now() - since) / 1000);
    log.info(
      { site: proposal.site, number: pull.number, url: pull.url, title: proposal.title },
      'opened a proposal',
    );
    return { again: 0 };
  }

  /** The text of the pull request, about those of the drifts that the proposal explains. */
  async #body(proposal: ProposalRow, open: readonly DriftRow[]): Promise<string> {
    const sites = proposal.result.sites ?? [proposal.site];
    const explained = open.filter(({ site }) => sites.includes(site));
    const drifts = explained.length > 0 ? explained : open;
    return proposalBody({ proposal, drifts, siteDiff: await this.#options.siteDiff(drifts[0]!) });
  }

  async #opened(
    proposal: ProposalRow,
    pull: PullRequest,
    open: readonly DriftRow[],
  ): Promise<void> {
    const { store, now } = this.#options;
    await store.transaction(async (tx) => {
      await tx.proposals.update(proposal.id, {
        state: 'open',
        body: proposal.body,
        number: pull.number,
        url: pull.url,
        openedAt: now(),
      });
      for (const site of open.length > 0 ? open.map((drift) => drift.site) : [proposal.site]) {
        await tx.sites.update(site, {
          message: `edited; merge or close proposal #${pull.number}: ${proposal.title}`,
        });
      }
      const word = this.#word('proposal.opened', { ...proposal, number: pull.number }, 'trueup');
      await tx.audit.append(word);
    });
  }

  async #follow(proposal: ProposalRow, drifts: readonly DriftRow[]): Promise<Handled> {
    const { forge, pollInterval, log, onGroup } = this.#options;
    const pull = await forge.getPullRequest(proposal.number!);
    // Git and the forge's word may come apart for a moment: what the plan holds is merged.
    if (pull?.state === 'merged' || (await this.#isInForce(pull?.head ?? proposal.commit!)))
      return this.#merged(proposal, drifts, pull);
    const again = isReopened(drifts);
    const { open, why } = await this.#stillOpen(drifts);
    if (!pull || pull.state === 'closed') {
      if (why && !again) await this.#end(proposal, why);
      else await this.#rejected(proposal, pull);
      return undefined;
    }
    const held = await this.#heed(proposal, pull);
    if (why === undefined || held || again) {
      if (open.length === 0) return { again: pollInterval };
      if (!held) await this.#keepUp(proposal, pull, open);
      onGroup(proposal.groupKey);
      const wait = held ? undefined : await this.#mergeByPolicy(proposal.id, open);
      return { again: Math.min(pollInterval, Math.max(wait ?? Infinity, SOON)) };
    }
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

  /** Whether somebody asked us to leave it alone. */
  async #heed(proposal: ProposalRow, { labels }: PullRequest): Promise<boolean> {
    const held = labels.some((label) => label.toLowerCase() === HOLD);
    if (held !== proposal.held) await this.#options.store.proposals.update(proposal.id, { held });
    return held;
  }

  /**
   * The drifts that still wait for the decision; what the sites themselves, or the plan, decided meanwhile is
   * recorded first. `why`: why nobody needs to decide any more, if so.
   */
  async #stillOpen(
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
      else if (
        site.observedDigest === site.desiredDigest &&
        site.baseCommit === site.desiredCommit
      ) {
        await store.drifts.decide(drift.id, 'reverted', 'the site', now());
        why = reasonOf('reverted');
      } else open.push(drift);
    }
    return { open, why: open.length > 0 ? undefined : why };
  }

  /** Brings branch, title and text to what was worked out, and does what people asked for there. */
  async #keepUp(
    proposal: ProposalRow,
    pull: PullRequest,
    open: readonly DriftRow[],
  ): Promise<void> {
    const { store, forge } = this.#options;
    const wanted = await this.#wanted(proposal, pull);
    if (wanted) return;
    const row = await pushOurs(this.#options, proposal, pull.head);
    if (row.theirs !== null) {
      await this.#tellOwner(row, row.theirs, open);
      return;
    }
    const body = await this.#body(row, open);
    if (body === row.body && row.title === pull.title && sameBoxes(pull.body, row.body)) return;
    await forge.updatePullRequest(row.number!, {
      title: row.title,
      body: withOthersWords(body, pull.body),
    });
    await store.proposals.update(row.id, { body });
  }

  /**
   * Merges what the plan lets be merged without anybody's word, pinned to what was proved.
   * @returns in how many milliseconds to look again, if it is to be merged
   */
  async #mergeByPolicy(id: string, open: readonly DriftRow[]): Promise<number | undefined> {
    const { store, forge, repository, plan, now, onMerged, log } = this.#options;
    const current = plan();
    const row = (await store.proposals.get(id))!;
    const sites = sitesOf(row);
    const drifts = open.filter(({ site }) => sites.includes(site));
    // What is being worked out anew, or was not pushed yet, is not what was proved.
    const settled =
      (await repository.branchHead(row.branch)) === row.commit &&
      (row.choice === null || row.choice === choiceOf(adopted(row.result)));
    if (!current || row.state !== 'open' || !settled) return undefined;
    if (row.result.revision !== current.revision) return undefined;
    const wait = autoMergeIn(current.plan, row, drifts, now());
    if (wait !== 0) return wait;
    try {
      await forge.mergePullRequest(row.number!, row.commit!, 'drift policy of the plan');
    } catch (error) {
      if (!(error instanceof UserError) || error instanceof Stalled) throw error;
      // The rules of the forge stand above ours: reviews or statuses may be missing.
      log.info({ site: row.site, number: row.number, why: error.message }, 'not merged yet');
      return undefined;
    }
    log.info({ site: row.site, number: row.number }, 'merged by the policy of the plan');
    await store.proposals.update(row.id, { decidedBy: 'drift policy of the plan' });
    onMerged();
    return 0;
  }

  /** Whether somebody chose another option, by a box in the text or by a comment. */
  async #wanted(proposal: ProposalRow, pull: PullRequest): Promise<boolean> {
    const { store, forge } = this.#options;
    const ways = options(proposal.result);
    // What was chosen is being worked out; the boxes then follow.
    const made = ways[0]?.name;
    if (ways.length < 2 || (proposal.choice !== null && proposal.choice !== made)) return false;
    const command = await newCommand(forge, pull.number, proposal.lastCommand, ways);
    if (command) await store.proposals.update(proposal.id, { lastCommand: command.id });
    const ticked = tickedOption(pull.body, proposal.body, ways);
    const choice = command?.choice ?? ticked;
    if (choice === undefined || choice === made) return false;
    await this.#choose(proposal, choice, command?.choice ? command.by : 'the pull request');
    return true;
  }

  /** The branch is somebody else's now: what they should know is said in a comment, and nothing is overwritten. */
  async #tellOwner(row: ProposalRow, head: string, open: readonly DriftRow[]): Promise<void> {
    const { forge, verify } = this.#options;
    const verdict = await verify(head, open);
    await forge.ensureComment(
      row.number!,
      'branch',
      `This branch is at \`${head.slice(0, 12)}\`, which trueup did not put there, so trueup changes nothing on it any more. ${verdict}`,
    );
  }

  /** Adopted, once the plan in force holds the merge: before, the sites would go back to the plan as it was. */
  async #merged(
    proposal: ProposalRow,
    drifts: readonly DriftRow[],
    pull: PullRequest | undefined,
  ): Promise<Handled> {
    const { store, pollInterval, log, now, onMerged, onDecided, onGroup } = this.#options;
    if (!(await this.#isInForce(pull?.mergeCommit ?? pull?.head ?? proposal.commit!))) {
      onMerged();
      const { headRevision, goodRevision } = await store.plan.get();
      // Where the branch was set back since, and the sites as well, nobody waits for the merge any more.
      const why =
        headRevision === goodRevision && !isReopened(drifts)
          ? (await this.#stillOpen(drifts)).why
          : undefined;
      if (!why) return { again: pollInterval };
      await this.#end(proposal, why);
      return undefined;
    }
    const by = pull?.decidedBy ?? proposal.decidedBy ?? 'unknown';
    const { members, others } = await store.transaction(async (tx) => {
      const { members, others } = await membersAt(tx, proposal.id, pull?.head);
      for (const { id } of members) await tx.drifts.decide(id, 'adopted', by, now());
      for (const { id } of others) await tx.drifts.setProposal(id, null);
      await tx.proposals.update(proposal.id, { state: 'merged', decidedAt: now(), decidedBy: by });
      await tx.audit.append(this.#word('proposal.merged', proposal, by));
      return { members, others };
    });
    log.info({ site: proposal.site, number: proposal.number, by }, 'the plan learnt the edit');
    for (const { site } of members) onDecided(site);
    if (others.length > 0) onGroup(proposal.groupKey);
    return undefined;
  }

  async #isInForce(commit: string): Promise<boolean> {
    const { store, repository } = this.#options;
    const { goodRevision } = await store.plan.get();
    return goodRevision !== null && repository.isAncestor(commit, goodRevision);
  }

  async #rejected(proposal: ProposalRow, pull: PullRequest | undefined): Promise<void> {
    const { store, repository, log, now, onDecided, onGroup } = this.#options;
    const by = pull?.decidedBy ?? proposal.decidedBy ?? 'unknown';
    const gone = (await repository.branchHead(proposal.branch)) === undefined;
    const { members, others } = await store.transaction(async (tx) => {
      const { members, others } = await membersAt(tx, proposal.id, pull?.head);
      await tx.proposals.update(proposal.id, {
        state: 'closed',
        decidedAt: now(),
        decidedBy: by,
        closeReason: gone ? 'its branch was deleted' : null,
      });
      await tx.audit.append(this.#word('proposal.closed', proposal, by));
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

  /** A closed pull request may be opened again: then it is followed again, though its sites have gone back. */
  async #watchClosed(proposal: ProposalRow): Promise<Handled> {
    const { store, forge, now, pollInterval, log } = this.#options;
    if (proposal.number === null || (proposal.decidedAt ?? 0) < now() - REOPENABLE)
      return undefined;
    const pull = await forge.getPullRequest(proposal.number);
    if (pull?.state !== 'open') return { again: SELDOM * pollInterval };
    await forge.ensureComment(
      proposal.number,
      'reopened',
      'Opened again. The edit was rejected when this was closed, and went back at the site; it is kept in the history. **Merge** brings it there again, as any change of the plan does.',
    );
    await store.transaction(async (tx) => {
      await tx.proposals.update(proposal.id, { state: 'open', decidedAt: null, decidedBy: null });
      await tx.audit.append(this.#word('proposal.reopened', proposal, 'unknown'));
    });
    log.info({ site: proposal.site, number: proposal.number }, 'a closed proposal was reopened');
    return { again: 0 };
  }

  async #end(proposal: ProposalRow, closeReason: string): Promise<void> {
    const { store, now } = this.#options;
    await store.proposals.update(proposal.id, { state: 'obsolete', closeReason, decidedAt: now() });
  }

  #word(action: string, proposal: ProposalRow, by: string) {
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
function isReopened(drifts: readonly DriftRow[]): boolean {
  return drifts.every(({ status }) => status === 'rejected');
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
