import type { Forge, PullRequest } from '../forge/forge.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { UserError } from '../model/errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { DriftRow, ProposalRow } from '../store/rows.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { proposalBody, sameBoxes, saysUnproved, tickedOption, withOthersWords } from './body.ts';
import { noteTheirs, pushOurs } from './branch.ts';
import { adopted, options } from './choice.ts';
import { newCommand } from './commands.ts';
import { Decisions } from './decisions.ts';
import { Endings, type EndingsOptions, isReopened, reasonOf, wordOf } from './endings.ts';
import { PolicyMerge } from './policy-merge.ts';

/** How soon to ask again whether the plan was fetched (ms). */
const SOON = 500;
/** The label that asks us to leave a proposal alone. */
export const HOLD = 'trueup/hold';
/** A closed pull request is looked at for so long, in case it is opened again (ms), and so much less often. */
export const REOPENABLE = 24 * 3_600_000;
const SELDOM = 10;
/** Set on a commit that lost its proof: red, so that nobody merges it at the forge unawares. */
const PROOF_STATUS = 'trueup/proof';

export interface ProposalLoopOptions extends EndingsOptions {
  forge: Forge;
  /** Branch that proposals ask to be merged into. */
  branch: string;
  /** Whether the plan's branches were fetched by this process: a branch is not gone because we never had it. */
  fetched: () => boolean;
  /** The plan in force. */
  plan: () => { revision: string; plan: Plan } | undefined;
  /** Unified diff of what was edited at the site. */
  siteDiff: (drift: DriftRow) => Promise<string>;
  /**
   * Says how the sites of these drifts would render once a commit was merged into the plan in force; undefined where
   * that was aborted.
   */
  verify: (
    commit: string,
    drifts: readonly DriftRow[],
    signal?: AbortSignal,
  ) => Promise<string | undefined>;
  metrics: Metrics;
}

/**
 * The proposal loop: brings one proposal to the forge, keeps it there as it is worked out, and carries its decision
 * back to every site that it is about.
 */
export class ProposalLoop {
  readonly decisions: Decisions;
  readonly #options: ProposalLoopOptions;
  readonly #endings: Endings;
  readonly #policy: PolicyMerge;

  constructor(options: ProposalLoopOptions) {
    this.#options = options;
    this.#endings = new Endings(options);
    this.#policy = new PolicyMerge(options);
    this.decisions = new Decisions(options);
  }

  async handle(id: string, signal?: AbortSignal): Promise<Handled> {
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
        : await this.#follow(proposal, drifts, signal);
    await this.#count();
    return result;
  }

  async #open(proposal: ProposalRow, drifts: readonly DriftRow[]): Promise<Handled> {
    const { forge, branch, metrics, log, now } = this.#options;
    const open = drifts.filter(({ status }) => status === 'open');
    if (open.length === 0) {
      // An earlier attempt may have opened it, and have been cut off before it could say so.
      const opened = await forge.findPullRequest(proposal.branch);
      if (!opened) await this.#endings.end(proposal, reasonOf(drifts.at(-1)!.status));
      else await this.#opened(proposal, opened, open);
      return opened && { again: 0 };
    }
    if (adopted(proposal.result).length === 0) {
      // Nothing is shown that is proved no longer, unless it was shown before we were cut off.
      const opened = await forge.findPullRequest(proposal.branch);
      if (opened) await this.#opened(proposal, opened, open);
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
      const word = wordOf(now(), 'proposal.opened', { ...proposal, number: pull.number }, 'trueup');
      await tx.audit.append(word);
    });
  }

  async #follow(
    proposal: ProposalRow,
    drifts: readonly DriftRow[],
    signal: AbortSignal | undefined,
  ): Promise<Handled> {
    const { forge, pollInterval, log, onGroup } = this.#options;
    const pull = await forge.getPullRequest(proposal.number!);
    // Git and the forge's word may come apart for a moment: what the plan holds is merged.
    if (pull?.state === 'merged' || (await this.#endings.isInForce(pull?.head ?? proposal.commit!)))
      return this.#endings.merged(proposal, drifts, pull);
    const again = isReopened(drifts);
    const { open, why } = await this.#endings.stillOpen(drifts);
    if (!pull || pull.state === 'closed') {
      if (why && !again) await this.#endings.end(proposal, why);
      else await this.#endings.rejected(proposal, pull);
      return undefined;
    }
    const held = await this.#heed(proposal, pull);
    await this.#policy.takeBack(pull, held, proposal.commit);
    if (why === undefined || held || again) {
      if (open.length === 0) return { again: pollInterval };
      if (!held && (await this.#keepUp(proposal, pull, open, signal))) return { again: 0 };
      onGroup(proposal.groupKey);
      const wait = held ? undefined : await this.#policy.merge(proposal.id, pull, open);
      return { again: Math.min(pollInterval, Math.max(wait ?? Infinity, SOON)) };
    }
    await forge.ensureComment(
      proposal.number!,
      'ended',
      `Closed by trueup: ${why}. Nothing is left to decide here.`,
    );
    await forge.closePullRequest(proposal.number!, 'trueup');
    await this.#endings.end(proposal, why);
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

  /** Brings branch, title and text to what was worked out, and does what people asked for there. True: look again. */
  async #keepUp(
    proposal: ProposalRow,
    pull: PullRequest,
    open: readonly DriftRow[],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { store, forge, repository } = this.#options;
    const wanted = await this.#wanted(proposal, pull);
    if (wanted) return false;
    // What is proved no longer is pushed no more: it may hold what is a secret by now.
    const row =
      adopted(proposal.result).length === 0
        ? await noteTheirs(store, proposal, pull.head)
        : await pushOurs(this.#options, proposal, pull.head);
    if (row.theirs !== null) {
      // The forge may have told of it before it was fetched; where it has moved on, that is told as well.
      const here = await repository.fetchCommit(`refs/heads/${row.branch}`, row.theirs);
      const verdict = here ? await this.#options.verify(row.theirs, open, signal) : undefined;
      if (verdict !== undefined) await this.#tellOwner(row, row.theirs, verdict);
      return false;
    }
    const body = await this.#body(row, open);
    if (body === row.body && row.title === pull.title && sameBoxes(pull.body, row.body))
      return false;
    // Pushing takes a while: what somebody wrote or ticked meanwhile is read before it is written over.
    const now = await forge.getPullRequest(row.number!);
    if (now?.body !== pull.body) return true;
    await this.#tellProof(pull.head, { was: saysUnproved(row.body), is: saysUnproved(body) });
    await forge.updatePullRequest(row.number!, {
      title: row.title,
      body: withOthersWords(body, pull.body),
    });
    await store.proposals.update(row.id, { body });
    return false;
  }

  /** Says at a commit that its proof was lost, or found again; else the text is enough, and nothing is asked. */
  async #tellProof(commit: string, unproved: { was: boolean; is: boolean }): Promise<void> {
    const { forge } = this.#options;
    const context = PROOF_STATUS;
    if (unproved.is) {
      const description = 'The plan has moved on, and this gives the edit no longer: close it';
      await forge.setCommitStatus(commit, { context, state: 'failure', description });
    } else if (unproved.was) {
      const description = 'Rendered again: gives the edit byte for byte';
      await forge.setCommitStatus(commit, { context, state: 'success', description });
    }
  }

  /** Whether somebody chose another option, by a box in the text or by a comment. */
  async #wanted(proposal: ProposalRow, pull: PullRequest): Promise<boolean> {
    const { store, forge } = this.#options;
    const ways = options(proposal.result);
    // What was chosen is being worked out; the boxes then follow.
    const made = ways[0]?.name;
    if (ways.length < 2 || (proposal.choice !== null && proposal.choice !== made)) return false;
    const command = await newCommand(forge, pull.number, proposal.lastCommand, ways);
    const ticked = tickedOption(pull.body, proposal.body, ways);
    const choice = command?.choice ?? ticked;
    const taken = choice !== undefined && choice !== made;
    if (taken)
      await this.decisions.take(
        proposal,
        choice,
        command?.choice ? command.by : 'the pull request',
      );
    // Only now: what was read and not done yet is read again after a crash.
    if (command) await store.proposals.update(proposal.id, { lastCommand: command.id });
    return taken;
  }

  /** The branch is somebody else's now: what they should know is said in a comment, and nothing is overwritten. */
  async #tellOwner(row: ProposalRow, head: string, verdict: string): Promise<void> {
    await this.#options.forge.ensureComment(
      row.number!,
      'branch',
      `This branch is at \`${head.slice(0, 12)}\`, which trueup did not put there, so trueup changes nothing on it any more. ${verdict}`,
    );
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
      await tx.audit.append(wordOf(now(), 'proposal.reopened', proposal, 'unknown'));
    });
    log.info({ site: proposal.site, number: proposal.number }, 'a closed proposal was reopened');
    return { again: 0 };
  }

  async #count(): Promise<void> {
    const { store, metrics } = this.#options;
    for (const [state, count] of Object.entries(await store.proposals.countByState())) {
      metrics.proposals.set({ state }, count);
    }
  }
}
