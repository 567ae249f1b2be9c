import type { Handled } from '../loop/keyed-loop.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Notes when a revision is applied at every site that it changes. */
export class RevisionLoop {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #now: () => number;

  constructor(options: { store: Store; log: Logger; metrics: Metrics; now: () => number }) {
    this.#store = options.store;
    this.#log = options.log;
    this.#metrics = options.metrics;
    this.#now = options.now;
  }

  async handle(revision: string): Promise<Handled> {
    const row = await this.#store.revisions.get(revision);
    if (!row || row.completedAt !== null || row.result !== 'pending') return undefined;
    const { total, owed } = await this.#store.sites.countAtRevision(revision);
    if (owed > 0) return undefined;
    const completedAt = this.#now();
    await this.#store.revisions.update(revision, {
      result: total > 0 ? 'applied' : 'superseded',
      completedAt,
    });
    if (total === 0) return undefined;
    this.#metrics.revisionLeadTime.observe(Math.max(0, completedAt - row.committedAt) / 1000);
    this.#log.info(
      { revision, sites: total },
      'the revision is applied at every site that it changes',
    );
    return undefined;
  }
}
