import type { Kysely } from 'kysely';

/** Values that were gathered at sites for others to import, and what sites wait for. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('exports')
    .addColumn('site', 'text', (column) =>
      column.notNull().references('sites.name').onDelete('cascade'),
    )
    .addColumn('stack', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('value', 'text')
    .addColumn('digest', 'text')
    .addColumn('revision', 'text', (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('gathered_at', 'bigint', (column) => column.notNull())
    .addColumn('fault', 'text')
    .addColumn('taken', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('exports_key', ['site', 'stack', 'name'])
    .execute();
  await db.schema.createIndex('exports_taken').on('exports').column('taken').execute();
  await db.schema.alterTable('sites').addColumn('waits_for', 'text').execute();
  await db.schema
    .alterTable('sites')
    .addColumn('needs', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute();
}
