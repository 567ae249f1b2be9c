import { type Kysely, sql } from 'kysely';

/** The same edit at several sites is one proposal, and a proposal moves on while it waits for its decision. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of ['drifts', 'proposals']) {
    await db.schema
      .alterTable(table)
      .addColumn('group_key', 'text', (column) => column.notNull().defaultTo(''))
      .execute();
    // What was known before is each a group of its own.
    await sql`update ${sql.table(table)} set group_key = fingerprint`.execute(db);
    await db.schema
      .createIndex(`${table}_group`)
      .on(table)
      .columns(['group_key', table === 'drifts' ? 'status' : 'state'])
      .execute();
  }
  await db.schema.alterTable('drifts').addColumn('unexplained', 'text').execute();
  await db.schema.createIndex('drifts_proposal').on('drifts').column('proposal_id').execute();
  for (const [name, value] of [
    ['basis', ''],
    ['pushed', '[]'],
  ] as const) {
    await db.schema
      .alterTable('proposals')
      .addColumn(name, 'text', (column) => column.notNull().defaultTo(value))
      .execute();
  }
  for (const name of ['choice', 'theirs', 'last_command'] as const) {
    await db.schema.alterTable('proposals').addColumn(name, 'text').execute();
  }
  await db.schema
    .alterTable('proposals')
    .addColumn('held', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  // A branch that was pushed before holds the commit that it was made with.
  await sql`update proposals set pushed = '[{"commit":"' || "commit" || '","sites":["' || site || '"]}]'
    where "commit" is not null`.execute(db);
}
