import type { Forge, PullRequest } from '../forge/forge.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import { Stalled, UserError } from '../model/errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { DriftRow, ProposalRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { autoMergeIn } from './auto-merge.ts';
import { sitesOf } from './branch.ts';
import { adopted, choiceOf } from './choice.ts';

const BY = 'drift policy of the plan';
/** What the forge refused is tried again every so many looks. */
const SELDOM = 5;

export interface PolicyMergeOptions {
  store: Store;
  repository: PlanRepository;
  forge: Forge;
  pollInterval: number;
  plan: () => { revision: string; plan: Plan } | undefined;
  log: Logger;
  now: () => number;
  /** The plan's branch may have moved. */
  onMerged: () => void;
}

/**
 * Merges what the plan lets be merged without anybody's word, pinned to what was proved: at once where the forge
 * takes it; where its rules still wait for something, by the forge itself as soon as they are met.
 */
export class PolicyMerge {
  readonly #options: PolicyMergeOptions;
  /** What the forge refused, and until when it is left alone. */
  readonly #refused = new Map<string, { commit: string; until: number }>();

  constructor(options: PolicyMergeOptions) {
    this.#options = options;
  }

  /** Takes back what was left to the forge where it is not to be, or not as it stands there. */
  async takeBack({ number, head, autoMerge }: PullRequest, held: boolean, commit: string | null) {
    if (autoMerge && (held || head !== commit)) await this.#options.forge.cancelAutoMerge(number);
  }

  /**
   * @param pull as it was before the proposal was brought up to date
   * @param open drifts that wait for its decision
   * @returns in how many milliseconds to look again, if it is to be merged
   */
  async merge(
    id: string,
    pull: PullRequest,
    open: readonly DriftRow[],
  ): Promise<number | undefined> {
    const { store, forge, log, now, onMerged, pollInterval } = this.#options;
    const row = (await store.proposals.get(id))!;
    const wait = await this.#allowedIn(row, open);
    if (wait !== 0) {
      if (pull.autoMerge) await forge.cancelAutoMerge(pull.number);
      return wait;
    }
    const commit = row.commit!;
    if (pull.autoMerge && pull.head === commit) return undefined;
    const refused = this.#refused.get(id);
    if (refused?.commit === commit && refused.until > now()) return undefined;
    const merged = await this.#ask(row.number!, commit);
    if (typeof merged === 'string') {
      // The rules of the forge stand above ours: reviews or statuses may be missing.
      this.#refused.set(id, { commit, until: now() + SELDOM * pollInterval });
      log.info({ site: row.site, number: row.number, why: merged }, 'not merged yet');
      return undefined;
    }
    this.#refused.delete(id);
    if (merged.state !== 'merged') {
      log.info({ site: row.site, number: row.number }, 'the forge merges it by itself');
      return undefined;
    }
    log.info({ site: row.site, number: row.number }, 'merged by the policy of the plan');
    await store.proposals.update(row.id, { decidedBy: BY });
    onMerged();
    return 0;
  }

  /** In how many milliseconds the plan lets it be merged; undefined: not by itself. */
  async #allowedIn(row: ProposalRow, open: readonly DriftRow[]): Promise<number | undefined> {
    const { repository, plan, now } = this.#options;
    const current = plan();
    const sites = sitesOf(row);
    const drifts = open.filter(({ site }) => sites.includes(site));
    // What is being worked out anew, or was not pushed yet, is not what was proved.
    const settled =
      (await repository.branchHead(row.branch)) === row.commit &&
      (row.choice === null || row.choice === choiceOf(adopted(row.result)));
    if (!current || row.state !== 'open' || !settled) return undefined;
    if (row.result.revision !== current.revision) return undefined;
    return autoMergeIn(current.plan, row, drifts, now());
  }

  /** The pull request, merged or left to the forge to be; or why it is neither. */
  async #ask(number: number, commit: string): Promise<PullRequest | string> {
    const { forge } = this.#options;
    const why: string[] = [];
    for (const ask of [
      () => forge.mergePullRequest(number, commit, BY),
      () => forge.ensureAutoMerge(number, commit, BY),
    ]) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof UserError) || error instanceof Stalled) throw error;
        why.push(error.message);
      }
    }
    return why.join('; ');
  }
}
