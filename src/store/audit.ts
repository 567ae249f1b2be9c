import type { AuditEntry, AuditRow } from './rows.ts';
import type { Session } from './session.ts';
import { auditCodec } from './tables.ts';

/** Who decided what, and when. Only ever added to. */
export class Audit {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async append(entry: AuditEntry): Promise<void> {
    await this.#session.write(async (db) => {
      const { last } = await db
        .selectFrom('audit')
        .select(({ fn }) => fn.max('id').as('last'))
        .executeTakeFirstOrThrow();
      await db
        .insertInto('audit')
        .values(auditCodec.encode({ ...entry, id: (last ?? 0) + 1 }))
        .execute();
    });
  }

  /** Newest first; `after` is the id of the last entry of the page before. */
  async list(limit: number, after?: number): Promise<AuditRow[]> {
    let select = this.#session.db
      .selectFrom('audit')
      .selectAll()
      .orderBy('id', 'desc')
      .limit(limit);
    if (after !== undefined) select = select.where('id', '<', after);
    return (await select.execute()).map((row) => auditCodec.decode(row));
  }
}
