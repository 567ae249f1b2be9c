import type { RevisionRow } from './rows.ts';
import type { Session } from './session.ts';
import { revisionCodec } from './tables.ts';

/** The revisions of the plan that the controller has seen. */
export class Revisions {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(revision: string): Promise<RevisionRow | undefined> {
    const row = await this.#session.db
      .selectFrom('revisions')
      .selectAll()
      .where('revision', '=', revision)
      .executeTakeFirst();
    return row && revisionCodec.decode(row);
  }

  /** Writes the row, replacing the one that is there; what was found of its review is kept. */
  async record(row: Omit<RevisionRow, 'review'>): Promise<void> {
    const { revision, ...rest } = row;
    await this.#session.write((db) =>
      db
        .insertInto('revisions')
        .values({ revision, ...rest })
        .onConflict((conflict) => conflict.column('revision').doUpdateSet(rest))
        .execute(),
    );
  }

  /** Changes the columns that are given; nothing happens if the revision is unknown. */
  async update(revision: string, change: Partial<Omit<RevisionRow, 'revision'>>): Promise<void> {
    await this.#session.write((db) =>
      db
        .updateTable('revisions')
        .set(revisionCodec.encode({ revision, ...change }))
        .where('revision', '=', revision)
        .execute(),
    );
  }

  /**
   * Newest seen first.
   * @param after the last revision of the page before; if it is gone, the first page
   */
  async list(limit: number, after?: string): Promise<RevisionRow[]> {
    let select = this.#session.db
      .selectFrom('revisions')
      .selectAll()
      .orderBy('seenAt', 'desc')
      .orderBy('revision', 'desc')
      .limit(limit);
    const last = after === undefined ? undefined : await this.get(after);
    if (last !== undefined) {
      select = select.where((eb) =>
        eb(eb.refTuple('seenAt', 'revision'), '<', eb.tuple(last.seenAt, last.revision)),
      );
    }
    return (await select.execute()).map((row) => revisionCodec.decode(row));
  }
}
