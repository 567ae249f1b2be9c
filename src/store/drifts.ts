import type {
  DriftDecision,
  DriftKind,
  DriftRow,
  DriftStatus,
  FoundDrift,
  NewDrift,
} from './rows.ts';
import type { Session } from './session.ts';
import { refreshStates } from './site-states.ts';
import { driftCodec } from './tables.ts';

/** Edits found at sites, and what was decided on each. */
export class Drifts {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Records a drift once: a second one of the same site and fingerprint finds the first. */
  async insertIfAbsent(drift: NewDrift): Promise<{ drift: DriftRow; inserted: boolean }> {
    return this.#session.write(async (db) => {
      const { observedCommit, fingerprint } = drift;
      const row: DriftRow = {
        groupKey: fingerprint,
        editCommit: observedCommit,
        foundIn: observedCommit,
        ...drift,
        ...UNDECIDED,
      };
      const made = await db
        .insertInto('drifts')
        .values(driftCodec.encode(row))
        .onConflict((conflict) => conflict.columns(['site', 'fingerprint']).doNothing())
        .returningAll()
        .executeTakeFirst();
      if (made !== undefined) {
        await refreshStates(db, [drift.site], this.#session.now());
        return { drift: driftCodec.decode(made), inserted: true };
      }
      const found = await db
        .selectFrom('drifts')
        .selectAll()
        .where('site', '=', drift.site)
        .where('fingerprint', '=', drift.fingerprint)
        .executeTakeFirstOrThrow();
      return { drift: driftCodec.decode(found), inserted: false };
    });
  }

  async get(id: string): Promise<DriftRow | undefined> {
    const row = await this.#session.db
      .selectFrom('drifts')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && driftCodec.decode(row);
  }

  /** Drifts of a site that wait for a decision, oldest first. */
  async open(site: string): Promise<DriftRow[]> {
    const rows = await this.#open().where('site', '=', site).execute();
    return rows.map((row) => driftCodec.decode(row));
  }

  /** All drifts that wait for a decision, oldest first. */
  async openAll(): Promise<DriftRow[]> {
    const rows = await this.#open().execute();
    return rows.map((row) => driftCodec.decode(row));
  }

  /** How many drifts of a kind wait for a decision, and when the oldest of any kind was found. */
  async countOpen(kind: DriftKind): Promise<{ count: number; oldest: number | null }> {
    return this.#session.db
      .selectFrom('drifts')
      .select(({ fn }) => [
        fn.countAll<number>().filterWhere('kind', '=', kind).as('count'),
        fn.min<number | null>('detectedAt').as('oldest'),
      ])
      .where('status', '=', 'open')
      .executeTakeFirstOrThrow();
  }

  /** Drifts of a group that wait for a decision, in order of their sites. */
  async openInGroup(groupKey: string): Promise<DriftRow[]> {
    const rows = await this.#session.db
      .selectFrom('drifts')
      .selectAll()
      .where('groupKey', '=', groupKey)
      .where('status', '=', 'open')
      .orderBy('site')
      .execute();
    return rows.map((row) => driftCodec.decode(row));
  }

  /** Drifts that a proposal decides, or decided, in order of their sites. */
  async ofProposal(proposalId: string): Promise<DriftRow[]> {
    const rows = await this.#session.db
      .selectFrom('drifts')
      .selectAll()
      .where('proposalId', '=', proposalId)
      .orderBy('site')
      .orderBy('detectedAt')
      .execute();
    return rows.map((row) => driftCodec.decode(row));
  }

  /** Groups of drifts that wait for a proposal to be made, that with the oldest drift first. */
  async waitingGroups(): Promise<{ groupKey: string; sites: number; since: number }[]> {
    return this.#session.db
      .selectFrom('drifts')
      .select(({ fn }) => [
        'groupKey',
        fn.countAll<number>().as('sites'),
        fn.min<number>('detectedAt').as('since'),
      ])
      .where('status', '=', 'open')
      .where('kind', '=', 'tree')
      .where('proposalId', 'is', null)
      .where('unexplained', 'is', null)
      .groupBy('groupKey')
      .orderBy('since')
      .orderBy('groupKey')
      .execute();
  }

  /** Puts a drift into another group, without a proposal. */
  async regroup(id: string, groupKey: string): Promise<void> {
    await this.#session.write((db) =>
      db.updateTable('drifts').set({ groupKey, proposalId: null }).where('id', '=', id).execute(),
    );
  }

  /** Drifts that were decided, and whose site has not done so yet; those that were decided first come first. */
  async owed(site: string): Promise<DriftRow[]> {
    const rows = await this.#session.db
      .selectFrom('drifts')
      .selectAll()
      .where('site', '=', site)
      .where('kind', '=', 'tree')
      .where('status', 'in', ['adopted', 'rejected'])
      .where('carriedOut', '=', 0)
      .orderBy('decidedAt')
      .orderBy('id')
      .execute();
    return rows.map((row) => driftCodec.decode(row));
  }

  /** Says that a site has done what was decided on these drifts. */
  async setCarriedOut(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#session.write((db) =>
      db.updateTable('drifts').set({ carriedOut: 1 }).where('id', 'in', ids).execute(),
    );
  }

  /** Moves a drift along with its site: the same edit, found again. */
  async follow(id: string, found: FoundDrift): Promise<void> {
    await this.#session.write((db) =>
      db
        .updateTable('drifts')
        .set({ ...found, gone: null })
        .where('id', '=', id)
        .execute(),
    );
  }

  /** Says what became of an edit at its site before anybody decided. */
  async setGone(id: string, gone: NonNullable<DriftRow['gone']>): Promise<void> {
    await this.#session.write((db) =>
      db.updateTable('drifts').set({ gone }).where('id', '=', id).execute(),
    );
  }

  /** Ends a drift. False if it was decided before (or never was): the first decision stands. */
  async decide(id: string, status: DriftDecision, by: string, at: number): Promise<boolean> {
    return this.#session.write(async (db) => {
      const row = await db
        .updateTable('drifts')
        .set({ status, decidedBy: by, decidedAt: at })
        .where('id', '=', id)
        .where('status', '=', 'open')
        .returning('site')
        .executeTakeFirst();
      if (row === undefined) return false;
      await refreshStates(db, [row.site], this.#session.now());
      return true;
    });
  }

  /** Says which proposal was made for a drift; null: none any more. */
  async setProposal(id: string, proposalId: string | null): Promise<void> {
    await this.#session.write((db) =>
      db
        .updateTable('drifts')
        .set({ proposalId, unexplained: null })
        .where('id', '=', id)
        .execute(),
    );
  }

  /** Says why no plan edit explains a drift. */
  async setUnexplained(id: string, why: string): Promise<void> {
    await this.#session.write((db) =>
      db.updateTable('drifts').set({ unexplained: why }).where('id', '=', id).execute(),
    );
  }

  /** How often this very edit was found at the site and decided, whichever way. */
  async countDecided(site: string, contentKey: string): Promise<number> {
    const { count } = await this.#session.db
      .selectFrom('drifts')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('site', '=', site)
      .where('contentKey', '=', contentKey)
      .where('status', '<>', 'open')
      .executeTakeFirstOrThrow();
    return count;
  }

  /**
   * Newest first.
   * @param query.after id of the last drift of the page before; if it is gone, the first page
   */
  async list(query: {
    site?: string;
    status?: DriftStatus;
    after?: string;
    limit: number;
  }): Promise<DriftRow[]> {
    let select = this.#session.db
      .selectFrom('drifts')
      .selectAll()
      .orderBy('detectedAt', 'desc')
      .orderBy('id', 'desc')
      .limit(query.limit);
    if (query.site !== undefined) select = select.where('site', '=', query.site);
    if (query.status !== undefined) select = select.where('status', '=', query.status);
    const last = query.after === undefined ? undefined : await this.get(query.after);
    if (last !== undefined) {
      select = select.where((eb) =>
        eb(eb.refTuple('detectedAt', 'id'), '<', eb.tuple(last.detectedAt, last.id)),
      );
    }
    return (await select.execute()).map((row) => driftCodec.decode(row));
  }

  #open() {
    return this.#session.db
      .selectFrom('drifts')
      .selectAll()
      .where('status', '=', 'open')
      .orderBy('detectedAt')
      .orderBy('id');
  }
}

const UNDECIDED = {
  status: 'open',
  decidedAt: null,
  decidedBy: null,
  proposalId: null,
  unexplained: null,
  gone: null,
  carriedOut: false,
} as const;
