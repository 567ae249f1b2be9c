import type { Forge } from '../forge/forge.ts';
import { UserError } from '../model/errors.ts';
import type { ProposalRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { adopted, choiceOf, options } from './choice.ts';
import { wordOf } from './endings.ts';

export interface DecisionsOptions {
  store: Store;
  forge: Forge;
  log: Logger;
  now: () => number;
  /** The plan's branch may have moved. */
  onMerged: () => void;
  /** The plan edit may have to be worked out anew. */
  onGroup: (groupKey: string) => void;
}

/** What people decide about a proposal without going to the forge. */
export class Decisions {
  readonly #options: DecisionsOptions;

  constructor(options: DecisionsOptions) {
    this.#options = options;
  }

  /** Merges what was reviewed; the loop then carries the decision on. Throws `UserError` where it can't be. */
  async merge(id: string, by: string): Promise<ProposalRow> {
    const { forge } = this.#options;
    const proposal = await this.#decidable(id);
    if (proposal.theirs === null && adopted(proposal.result).length === 0) {
      const why = proposal.result.unexplained.map(({ reason }) => reason);
      throw new UserError(
        `proposal ${id} is proved no longer, since the plan has moved on (${[...new Set(why)].join('; ')}): close it, or change the plan`,
      );
    }
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
    return this.take(proposal, option.name, by);
  }

  /** Takes an option by its name. */
  async take(proposal: ProposalRow, name: string, by: string): Promise<ProposalRow> {
    const { store, now, onGroup, log } = this.#options;
    if (proposal.choice === name) return proposal;
    const row = await store.transaction(async (tx) => {
      await tx.audit.append(wordOf(now(), 'proposal.chosen', proposal, by));
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
}
