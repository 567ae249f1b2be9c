import type { Kysely } from 'kysely';

/** Previews of pull requests, whether what they showed is what came into force, and revisions that are held. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('previews')
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('author', 'text', (column) => column.notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('fork', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('head', 'text', (column) => column.notNull())
    .addColumn('base_commit', 'text', (column) => column.notNull())
    .addColumn('revision', 'text', (column) => column.notNull())
    .addColumn('basis', 'text', (column) => column.notNull())
    .addColumn('report', 'text', (column) => column.notNull())
    .addColumn('told', 'text')
    .addColumn('check', 'text')
    .addColumn('last_ask', 'text')
    .addColumn('merged_as', 'text')
    .addColumn('in_force_as', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('previews_state')
    .on('previews')
    .columns(['state', 'number'])
    .execute();
  await db.schema.createIndex('previews_in_force').on('previews').column('in_force_as').execute();
  await db.schema
    .createTable('preview_sites')
    .addColumn('number', 'integer', (column) =>
      column.notNull().references('previews.number').onDelete('cascade'),
    )
    .addColumn('site', 'text', (column) => column.notNull())
    .addColumn('digest', 'text')
    .addPrimaryKeyConstraint('preview_sites_key', ['number', 'site'])
    .execute();
  await db.schema.alterTable('revisions').addColumn('review', 'text').execute();
  for (const name of ['held_revision', 'held_reason', 'confirmed_revision'] as const) {
    await db.schema.alterTable('plan').addColumn(name, 'text').execute();
  }
}
