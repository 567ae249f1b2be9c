import type { RunEnd, RunRow, RunStart } from './rows.ts';
import { boundReport } from './run-report.ts';
import type { Session } from './session.ts';
import { refreshStates } from './site-states.ts';
import { runCodec } from './tables.ts';

const WITHOUT_REPORT = [
  'id',
  'site',
  'kind',
  'driver',
  'cause',
  'commit',
  'desiredCommit',
  'digest',
  'revision',
  'startedAt',
  'endedAt',
  'result',
  'reason',
] as const;

/** Applies and checks: written when they start, completed when they end. */
export class Runs {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Records that a run of a known site starts. */
  async insert(run: RunStart): Promise<void> {
    await this.#session.write(async (db) => {
      await db
        .insertInto('runs')
        .values({ ...run, endedAt: null, result: null, reason: '', report: null })
        .execute();
      await refreshStates(db, [run.site], this.#session.now());
    });
  }

  /** Records a run that was made, and ended, elsewhere. False if it is known already. */
  async record(run: RunRow): Promise<boolean> {
    const report = run.report && boundReport(run.report);
    return this.#session.write(async (db) => {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('runs')
        .values(runCodec.encode({ ...run, report }))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirst();
      return numInsertedOrUpdatedRows === 1n;
    });
  }

  /**
   * Records how a run ended.
   * @throws Error if there is no such run
   */
  async finish(id: string, end: RunEnd): Promise<RunRow> {
    const report = end.report && boundReport(end.report);
    return this.#session.write(async (db) => {
      const row = await db
        .updateTable('runs')
        .set(runCodec.encode({ ...end, report }))
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) throw new Error(`there is no run "${id}"`);
      await refreshStates(db, [row.site], this.#session.now());
      return runCodec.decode(row);
    });
  }

  async get(id: string): Promise<RunRow | undefined> {
    const row = await this.#session.db
      .selectFrom('runs')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && runCodec.decode(row);
  }

  /**
   * Newest first, without their reports.
   * @param query.after id of the last run of the page before; if it is gone, the first page
   */
  async list(query: { site?: string; after?: string; limit: number }): Promise<RunRow[]> {
    const { db } = this.#session;
    let select = db
      .selectFrom('runs')
      .select(WITHOUT_REPORT)
      .orderBy('startedAt', 'desc')
      .orderBy('id', 'desc')
      .limit(query.limit);
    if (query.site !== undefined) select = select.where('site', '=', query.site);
    const last = query.after === undefined ? undefined : await this.get(query.after);
    if (last !== undefined) {
      select = select.where((eb) =>
        eb(eb.refTuple('startedAt', 'id'), '<', eb.tuple(last.startedAt, last.id)),
      );
    }
    return (await select.execute()).map((row) => ({ ...row, report: null }));
  }

  /** Runs that have started and not ended: at start-up, those that an earlier process left behind. */
  async unfinished(): Promise<RunRow[]> {
    const rows = await this.#session.db
      .selectFrom('runs')
      .select(WITHOUT_REPORT)
      .where('endedAt', 'is', null)
      .orderBy('startedAt')
      .orderBy('id')
      .execute();
    return rows.map((row) => ({ ...row, report: null }));
  }

  /** Forgets all but the newest runs of each site; those under way stay. Returns how many went. */
  async prune(keepPerSite: number): Promise<number> {
    return this.#session.write(async (db) => {
      const { numDeletedRows } = await db
        .deleteFrom('runs')
        .where('id', 'in', (eb) =>
          eb
            .selectFrom((ranked) =>
              ranked
                .selectFrom('runs')
                .select(({ fn }) => [
                  'id',
                  'endedAt',
                  fn
                    .agg<number>('row_number')
                    .over((over) =>
                      over.partitionBy('site').orderBy('startedAt', 'desc').orderBy('id', 'desc'),
                    )
                    .as('position'),
                ])
                .as('ranked'),
            )
            .select('ranked.id')
            .where('ranked.position', '>', keepPerSite)
            .where('ranked.endedAt', 'is not', null),
        )
        .executeTakeFirst();
      return Number(numDeletedRows);
    });
  }
}
