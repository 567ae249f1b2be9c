import { type Kysely, sql } from 'kysely';

/** Each edit at a site is a drift of its own, with a tree that has this edit alone. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const name of ['edit_commit', 'found_in'] as const) {
    await db.schema
      .alterTable('drifts')
      .addColumn(name, 'text', (column) => column.notNull().defaultTo(''))
      .execute();
  }
  await db.schema.alterTable('drifts').addColumn('gone', 'text').execute();
  await db.schema
    .alterTable('drifts')
    .addColumn('carried_out', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  // What was found before was all that differed. A decision on it was owed as long as the site stood on it.
  await sql`update drifts set edit_commit = observed_commit, found_in = observed_commit, carried_out =
    case when status = 'open' or exists (select 1 from sites
      where sites.name = drifts.site and sites.observed_commit = drifts.observed_commit) then 0 else 1 end`.execute(
    db,
  );
}
