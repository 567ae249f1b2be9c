import type { Kysely } from 'kysely';

/** What an agent remembers: how far it and the centre know of each other, and what its guard is about. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('memory')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
}
