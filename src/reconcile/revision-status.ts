import type { CommitStatus, Forge } from '../forge/forge.ts';
import { messageOf, Stalled, UserError } from '../model/errors.ts';
import { formatProblem } from '../model/problem.ts';
import type { Plan } from '../plan/plan.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface RevisionStatusOptions {
  store: Store;
  forge: Forge;
  log: Logger;
}

/**
 * Says on the newest commit of the plan's branch what became of it, for people; the desired state does not hang on
 * whether the forge hears it. Asked each time that the branch was looked at, so that a word which a crash or the forge
 * lost is said again; what the forge has heard from this process is not.
 */
export class RevisionStatus {
  readonly #options: RevisionStatusOptions;
  #told = '';

  constructor(options: RevisionStatusOptions) {
    this.#options = options;
  }

  /** @param current the plan in force */
  async tell(current: { revision: string; plan: Plan } | undefined): Promise<void> {
    const { store, forge, log } = this.#options;
    const { headRevision: revision } = await store.plan.get();
    const status = revision === null ? undefined : await this.#statusOf(revision, current);
    const word = JSON.stringify([revision, status]);
    if (revision === null || !status || word === this.#told) return;
    try {
      await forge.setCommitStatus(revision, status);
      this.#told = word;
    } catch (error) {
      log.warn({ revision, error: messageOf(error) }, 'could not set the status of the commit');
      // It would be refused again.
      if (error instanceof UserError && !(error instanceof Stalled)) this.#told = word;
    }
  }

  async #statusOf(
    revision: string,
    current: { revision: string; plan: Plan } | undefined,
  ): Promise<CommitStatus | undefined> {
    const { store } = this.#options;
    const { invalidRevision, problems, heldRevision, heldReason } = await store.plan.get();
    const context = 'trueup/render';
    if (revision === invalidRevision && problems[0]) {
      const description = `${problems.length} faults; first: ${formatProblem(problems[0])}`;
      return { context, state: 'failure', description };
    }
    if (revision === heldRevision) {
      const description = `held: ${heldReason}; trueup confirm ${revision.slice(0, 12)}`;
      return { context, state: 'pending', description };
    }
    if (revision !== current?.revision) return undefined;
    const row = await store.revisions.get(revision);
    const description = `${row?.changedSites ?? 0} of ${current.plan.sites.size} sites change`;
    return { context, state: 'success', description };
  }
}
