import type { Session } from './session.ts';

/** Single values that a process at a site remembers, by name. */
export class Memory {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(key: string): Promise<unknown> {
    const row = await this.#session.db
      .selectFrom('memory')
      .select('value')
      .where('key', '=', key)
      .executeTakeFirst();
    const value: unknown = row && JSON.parse(row.value);
    return value;
  }

  /** @param value undefined forgets it */
  async put(key: string, value: unknown): Promise<void> {
    await this.#session.write(async (db) => {
      if (value === undefined) {
        await db.deleteFrom('memory').where('key', '=', key).execute();
        return;
      }
      const row = { key, value: JSON.stringify(value) };
      await db
        .insertInto('memory')
        .values(row)
        .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
        .execute();
    });
  }
}
