import { setImmediate } from 'node:timers/promises';

import { sql } from 'kysely';

import type { SiteState } from '../model/site.ts';
import type { SiteChange, SiteDesired, SiteRow, SiteUpsert } from './rows.ts';
import type { Session } from './session.ts';
import { refreshStates } from './site-states.ts';
import { siteCodec } from './tables.ts';

/** Sites written at a time: other work waits no longer than for one batch. */
const BATCH = 100;
/** Sites read at a time where all of them are read. */
const PAGE = 500;

/** The sites of the plan. Those that were removed from it answer `get` and `removed` only. */
export class Sites {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(name: string): Promise<SiteRow | undefined> {
    const row = await this.#session.db
      .selectFrom('sites')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirst();
    return row && siteCodec.decode(row);
  }

  /** Those of the named sites that there are, by name. */
  async getMany(names: readonly string[]): Promise<Map<string, SiteRow>> {
    const found = new Map<string, SiteRow>();
    for (let start = 0; start < names.length; start += PAGE) {
      const rows = await this.#session.db
        .selectFrom('sites')
        .selectAll()
        .where('name', 'in', names.slice(start, start + PAGE))
        .execute();
      for (const row of rows) found.set(row.name, siteCodec.decode(row));
    }
    return found;
  }

  /**
   * Sites in order of their names.
   * @param query.updatedSince only those that were changed then (ms since 1970) or later, removed ones among them
   * @param query.search text that the name or a label contains, in either case
   * @param query.after name of the last site of the page before
   */
  async list(query: {
    state?: SiteState;
    search?: string;
    updatedSince?: number;
    after?: string;
    limit: number;
  }): Promise<SiteRow[]> {
    const { state, search, updatedSince, after, limit } = query;
    let select = this.#session.db.selectFrom('sites').selectAll().orderBy('name').limit(limit);
    if (updatedSince === undefined) select = select.where('removedAt', 'is', null);
    else select = select.where('updatedAt', '>=', updatedSince);
    if (state !== undefined) select = select.where('state', '=', state);
    if (after !== undefined) select = select.where('name', '>', after);
    if (search !== undefined && search !== '') {
      const text = search.toLowerCase();
      select = select.where((eb) => {
        const contains = (column: 'name' | 'labels') => {
          const lower = eb.fn('lower', [column]);
          return eb(eb.fn('replace', [lower, eb.val(text), eb.val('')]), '<>', lower);
        };
        return eb.or([contains('name'), contains('labels')]);
      });
    }
    return (await select.execute()).map((row) => siteCodec.decode(row));
  }

  /** Every site, in order of the names, read in pages so that never all are in memory. */
  async *all(): AsyncGenerator<SiteRow> {
    let after: string | undefined;
    for (;;) {
      const page = await this.list({ ...(after !== undefined && { after }), limit: PAGE });
      yield* page;
      after = page.at(-1)?.name;
      if (page.length < PAGE) return;
    }
  }

  /** @param delivery only those that are delivered to in this way */
  async names(delivery?: SiteRow['delivery']): Promise<string[]> {
    let select = this.#session.db
      .selectFrom('sites')
      .select('name')
      .where('removedAt', 'is', null)
      .orderBy('name');
    if (delivery !== undefined) select = select.where('delivery', '=', delivery);
    const rows = await select.execute();
    return rows.map((row) => row.name);
  }

  /** Names of the sites that were removed from the plan and not yet forgotten with `remove`. */
  async removed(): Promise<string[]> {
    const rows = await this.#session.db
      .selectFrom('sites')
      .select('name')
      .where('removedAt', 'is not', null)
      .orderBy('name')
      .execute();
    return rows.map((row) => row.name);
  }

  /**
   * Makes or changes sites; a site that had been removed is back. Written batch by batch, each of them durable:
   * only within a transaction is it all or nothing.
   */
  async upsertMany(sites: Iterable<SiteUpsert>): Promise<void> {
    // One statement writes one set of columns.
    const groups = Map.groupBy(sites, (site) => Object.keys(site).toSorted().join());
    for (const group of groups.values()) {
      const written = Object.fromEntries(
        Object.keys(group[0]!).map((column) => [column, sql.ref(`excluded.${column}`)]),
      );
      await this.#inBatches(group, async (db, batch, updatedAt) => {
        await db
          .insertInto('sites')
          .values(batch.map((site) => ({ ...NEW_SITE, ...siteCodec.encode(site), updatedAt })))
          .onConflict((conflict) =>
            conflict.column('name').doUpdateSet({ removedAt: null, updatedAt, ...written }),
          )
          .execute();
      });
    }
  }

  /** Says what the plan asks for at these sites. Sites that are unknown are left out. */
  async setDesired(many: Iterable<SiteDesired>): Promise<void> {
    await this.#inBatches([...many], async (db, batch, updatedAt) => {
      for (const { name, ...desired } of batch) {
        await db
          .updateTable('sites')
          .set({ ...desired, updatedAt })
          .where('name', '=', name)
          .execute();
      }
    });
  }

  /**
   * Changes the columns that are given; returns the whole row.
   * @throws Error if there is no such site
   */
  async update(name: string, change: SiteChange): Promise<SiteRow> {
    return this.#session.write(async (db) => {
      const now = this.#session.now();
      const { numUpdatedRows } = await db
        .updateTable('sites')
        .set({ ...siteCodec.encode(change), updatedAt: now })
        .where('name', '=', name)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw new Error(`there is no site "${name}"`);
      await refreshStates(db, [name], now);
      const row = await db
        .selectFrom('sites')
        .selectAll()
        .where('name', '=', name)
        .executeTakeFirstOrThrow();
      return siteCodec.decode(row);
    });
  }

  /** Forgets a site with its runs and drifts; its proposals and what the audit says of it stay. */
  async remove(name: string): Promise<void> {
    await this.#session.write((db) => db.deleteFrom('sites').where('name', '=', name).execute());
  }

  async countByState(): Promise<Record<SiteState, number>> {
    const rows = await this.#session.db
      .selectFrom('sites')
      .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
      .where('removedAt', 'is', null)
      .groupBy('state')
      .execute();
    const counts = { held: 0, failed: 0, drifted: 0, applying: 0, pending: 0, synced: 0 };
    for (const row of rows) counts[row.state] = row.count;
    return counts;
  }

  /** Sites whose desired tree came with this revision, and how many of them are not applied yet. */
  async countAtRevision(revision: string): Promise<{ total: number; owed: number }> {
    const { total, owed } = await this.#session.db
      .selectFrom('sites')
      .select(({ fn, eb }) => [
        fn.countAll<number>().as('total'),
        fn
          .countAll<number>()
          .filterWhere(
            eb.or([
              eb('appliedCommit', 'is', null),
              eb('appliedCommit', '<>', eb.ref('desiredCommit')),
              eb('applyForced', '=', 1),
            ]),
          )
          .as('owed'),
      ])
      .where('desiredRevision', '=', revision)
      .where('removedAt', 'is', null)
      .executeTakeFirstOrThrow();
    return { total, owed };
  }

  async #inBatches<T extends { name: string }>(
    rows: readonly T[],
    write: (db: Session['db'], batch: T[], updatedAt: number) => Promise<void>,
  ): Promise<void> {
    for (let start = 0; start < rows.length; start += BATCH) {
      const batch = rows.slice(start, start + BATCH);
      await this.#session.write(async (db) => {
        const now = this.#session.now();
        await write(db, batch, now);
        await refreshStates(
          db,
          batch.map((row) => row.name),
          now,
        );
      });
      await setImmediate();
    }
  }
}

/** A site of which nothing is known but its definition. */
const NEW_SITE = {
  generation: 0,
  desiredCommit: null,
  desiredDigest: null,
  desiredRevision: null,
  observedCommit: null,
  observedDigest: null,
  baseCommit: null,
  writingFrom: null,
  appliedCommit: null,
  appliedDigest: null,
  appliedRevision: null,
  applyForced: 0,
  applyReason: '',
  hold: null,
  waitsFor: null,
  needs: '[]',
  lastApplyFailed: 0,
  message: '',
  state: 'synced' as const,
  lastRunId: null,
  lastAppliedAt: null,
  removedAt: null,
};
