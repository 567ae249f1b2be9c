import type { ExportRow } from './rows.ts';
import type { Session } from './session.ts';
import { exportCodec } from './tables.ts';

/** The values that runs gathered at sites, for those that import them. */
export class Exports {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** All that is known, in the order of sites, stacks and names; values that were never good among them. */
  async all(filter: { site?: string; faulty?: true } = {}): Promise<ExportRow[]> {
    let select = this.#session.db
      .selectFrom('exports')
      .selectAll()
      .orderBy('site')
      .orderBy('stack')
      .orderBy('name');
    if (filter.site !== undefined) select = select.where('site', '=', filter.site);
    if (filter.faulty) select = select.where('fault', 'is not', null);
    return (await select.execute()).map((row) => exportCodec.decode(row));
  }

  /** Values that those who import them were not rendered with so far. */
  async untaken(): Promise<ExportRow[]> {
    const rows = await this.#session.db
      .selectFrom('exports')
      .selectAll()
      .where('taken', '=', 0)
      .execute();
    return rows.map((row) => exportCodec.decode(row));
  }

  /**
   * Notes what an apply gathered. A value that is the one that is known keeps its consumers as they are. Where there is
   * but a fault, the value that is known stays, with the fault beside it.
   */
  async record(rows: readonly Omit<ExportRow, 'taken'>[]): Promise<void> {
    await this.#session.write(async (db) => {
      for (const { site, stack, name, ...rest } of rows) {
        const known = await db
          .selectFrom('exports')
          .selectAll()
          .where('site', '=', site)
          .where('stack', '=', stack)
          .where('name', '=', name)
          .executeTakeFirst();
        const same = known !== undefined && known.digest === rest.digest;
        const change =
          rest.digest === null && known
            ? { fault: rest.fault }
            : { ...rest, taken: rest.digest === null || (same && known.taken === 1) };
        await db
          .insertInto('exports')
          .values(exportCodec.encode({ site, stack, name, ...rest, taken: rest.digest === null }))
          .onConflict((conflict) =>
            conflict.columns(['site', 'stack', 'name']).doUpdateSet(exportCodec.encode(change)),
          )
          .execute();
      }
    });
  }

  /** Notes that those who import these values were rendered with them, unless there are newer ones by now. */
  async take(
    rows: readonly Pick<ExportRow, 'site' | 'stack' | 'name' | 'digest'>[],
  ): Promise<void> {
    await this.#session.write(async (db) => {
      for (const { site, stack, name, digest } of rows) {
        await db
          .updateTable('exports')
          .set({ taken: 1 })
          .where('site', '=', site)
          .where('stack', '=', stack)
          .where('name', '=', name)
          .where('digest', 'is', digest)
          .execute();
      }
    });
  }
}
