import type { Kysely } from 'kysely';

/** Agents at sites, the one-time codes that they enrol with, and decisions on their way to them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('agents')
    .addColumn('site', 'text', (column) =>
      column.primaryKey().references('sites.name').onDelete('cascade'),
    )
    .addColumn('public_key', 'text')
    .addColumn('token_id', 'text')
    .addColumn('next_public_key', 'text')
    .addColumn('next_token_id', 'text')
    .addColumn('enrolled_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .addColumn('last_contact_at', 'bigint')
    .addColumn('last_return_at', 'bigint')
    .addColumn('last_sequence', 'bigint', (column) => column.notNull())
    .addColumn('observed', 'text')
    .addColumn('base', 'text')
    .addColumn('base_generation', 'bigint')
    .addColumn('applied', 'text')
    .addColumn('results', 'text')
    .addColumn('clock_skew', 'bigint')
    .addColumn('owed', 'integer')
    .addColumn('conflicts', 'text', (column) => column.notNull())
    .addColumn('status', 'text')
    .execute();
  await db.schema.createIndex('agents_token').on('agents').column('token_id').execute();
  await db.schema.createIndex('agents_next_token').on('agents').column('next_token_id').execute();

  await db.schema
    .createTable('enrollment_codes')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('site', 'text', (column) =>
      column.notNull().references('sites.name').onDelete('cascade'),
    )
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('used_at', 'bigint')
    .addColumn('used_by_key', 'text')
    .execute();
  await db.schema
    .createIndex('enrollment_codes_site')
    .on('enrollment_codes')
    .column('site')
    .execute();

  await db.schema
    .createTable('agent_decisions')
    .addColumn('drift_id', 'text', (column) => column.primaryKey())
    .addColumn('site', 'text', (column) =>
      column.notNull().references('sites.name').onDelete('cascade'),
    )
    .addColumn('observed', 'text', (column) => column.notNull())
    .addColumn('decision', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('generation', 'bigint')
    .addColumn('confirmed_at', 'bigint')
    .execute();
  await db.schema
    .createIndex('agent_decisions_site')
    .on('agent_decisions')
    .columns(['site', 'confirmed_at'])
    .execute();
}
