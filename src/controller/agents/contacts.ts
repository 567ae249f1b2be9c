import { messageOf } from '../../model/errors.ts';
import type { AgentRow } from '../../store/agent-rows.ts';
import type { Store } from '../../store/store.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** Contacts are written this often (ms), together: each by itself would cost a sync of the disk. */
const FLUSH_INTERVAL = 10_000;

type Contact = Pick<AgentRow, 'lastContactAt' | 'clockSkew' | 'owed'>;

/** When each agent was last heard of, and what it said of itself with that. */
export class Contacts {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #latest = new Map<string, Contact>();
  readonly #dirty = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: { store: Store; log: Logger; now: () => number }) {
    this.#store = options.store;
    this.#log = options.log;
    this.#now = options.now;
  }

  /**
   * Notes a contact.
   * @param told.now the agent's clock; what it does not say stays as it was
   */
  note(site: string, told: { now?: number | undefined; owed?: number | undefined }): void {
    const at = this.#now();
    const before = this.#latest.get(site);
    this.#latest.set(site, {
      lastContactAt: at,
      clockSkew: told.now === undefined ? (before?.clockSkew ?? null) : told.now - at,
      owed: told.owed ?? before?.owed ?? null,
    });
    this.#dirty.add(site);
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_INTERVAL).unref();
  }

  /** A row with what was noted since it was written. */
  fresh(row: AgentRow): AgentRow {
    const {
      lastContactAt = null,
      clockSkew = null,
      owed = null,
    } = this.#latest.get(row.site) ?? {};
    if (lastContactAt === null) return row;
    return {
      ...row,
      lastContactAt: Math.max(row.lastContactAt ?? 0, lastContactAt),
      clockSkew: clockSkew ?? row.clockSkew,
      owed: owed ?? row.owed,
    };
  }

  forget(site: string): void {
    this.#latest.delete(site);
    this.#dirty.delete(site);
  }

  /** Writes what was noted since the last time. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    const sites = [...this.#dirty];
    if (sites.length === 0) return;
    this.#dirty.clear();
    this.#writing = this.#write(sites);
    await this.#writing;
  }

  async #write(sites: readonly string[]): Promise<void> {
    try {
      const known = await this.#store.agents.getMany(sites);
      await this.#store.agents.contacts(
        sites.flatMap((site) => {
          const row = known.get(site);
          if (!row) return [];
          const { lastContactAt, clockSkew, owed } = this.fresh(row);
          return [{ site, lastContactAt, clockSkew, owed }];
        }),
      );
    } catch (error) {
      // It is told with the next contact.
      this.#log.warn({ error: messageOf(error) }, 'contacts of agents could not be written');
    }
  }
}
