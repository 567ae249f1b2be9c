import type { Kysely } from 'kysely';

/** Column types are those that SQLite and PostgreSQL have in common; times are bigint, flags integer, JSON text. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await controller(db);
  await sites(db);
  await proposals(db);
  await localForge(db);
  await access(db);
}

async function controller(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('lease')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('epoch', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('plan')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('head_revision', 'text')
    .addColumn('good_revision', 'text')
    .addColumn('fetched_at', 'bigint')
    .addColumn('evaluated_at', 'bigint')
    .addColumn('problems', 'text', (column) => column.notNull())
    .addColumn('invalid_revision', 'text')
    .addColumn('evaluating_revision', 'text')
    .execute();
  await (db as Kysely<{ plan: { id: string; problems: string } }>)
    .insertInto('plan')
    .values({ id: 'plan', problems: '[]' })
    .execute();

  await db.schema
    .createTable('revisions')
    .addColumn('revision', 'text', (column) => column.primaryKey())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('author', 'text', (column) => column.notNull())
    .addColumn('committed_at', 'bigint', (column) => column.notNull())
    .addColumn('seen_at', 'bigint', (column) => column.notNull())
    .addColumn('result', 'text', (column) => column.notNull())
    .addColumn('changed_sites', 'integer', (column) => column.notNull())
    .addColumn('completed_at', 'bigint')
    .execute();
  await db.schema
    .createIndex('revisions_seen')
    .on('revisions')
    .columns(['seen_at', 'revision'])
    .execute();
}

async function sites(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sites')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('labels', 'text', (column) => column.notNull())
    .addColumn('stacks', 'text', (column) => column.notNull())
    .addColumn('delivery', 'text', (column) => column.notNull())
    .addColumn('generation', 'bigint', (column) => column.notNull())
    .addColumn('desired_commit', 'text')
    .addColumn('desired_digest', 'text')
    .addColumn('desired_revision', 'text')
    .addColumn('observed_commit', 'text')
    .addColumn('observed_digest', 'text')
    .addColumn('base_commit', 'text')
    .addColumn('writing_from', 'text')
    .addColumn('applied_commit', 'text')
    .addColumn('applied_digest', 'text')
    .addColumn('applied_revision', 'text')
    .addColumn('apply_forced', 'integer', (column) => column.notNull())
    .addColumn('apply_reason', 'text', (column) => column.notNull())
    .addColumn('hold', 'text')
    .addColumn('last_apply_failed', 'integer', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('last_run_id', 'text')
    .addColumn('last_applied_at', 'bigint')
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addColumn('removed_at', 'bigint')
    .execute();
  await db.schema.createIndex('sites_state').on('sites').columns(['state', 'name']).execute();

  await db.schema
    .createTable('runs')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('site', 'text', (column) =>
      column.notNull().references('sites.name').onDelete('cascade'),
    )
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('driver', 'text', (column) => column.notNull())
    .addColumn('cause', 'text', (column) => column.notNull())
    .addColumn('commit', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('revision', 'text', (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('result', 'text')
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('report', 'text')
    .execute();
  await db.schema
    .createIndex('runs_site')
    .on('runs')
    .columns(['site', 'started_at', 'id'])
    .execute();
  await db.schema.createIndex('runs_started').on('runs').columns(['started_at', 'id']).execute();
  await db.schema.createIndex('runs_ended').on('runs').columns(['ended_at', 'site']).execute();

  await db.schema
    .createTable('drifts')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('site', 'text', (column) =>
      column.notNull().references('sites.name').onDelete('cascade'),
    )
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('content_key', 'text', (column) => column.notNull())
    .addColumn('base_commit', 'text', (column) => column.notNull())
    .addColumn('observed_commit', 'text', (column) => column.notNull())
    .addColumn('paths', 'text', (column) => column.notNull())
    .addColumn('author', 'text', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('detected_at', 'bigint', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('decided_at', 'bigint')
    .addColumn('decided_by', 'text')
    .addColumn('proposal_id', 'text')
    .addUniqueConstraint('drifts_fingerprint', ['site', 'fingerprint'])
    .execute();
  await db.schema.createIndex('drifts_status').on('drifts').columns(['status', 'site']).execute();
  await db.schema
    .createIndex('drifts_content')
    .on('drifts')
    .columns(['site', 'content_key'])
    .execute();
  await db.schema
    .createIndex('drifts_detected')
    .on('drifts')
    .columns(['detected_at', 'id'])
    .execute();
}

async function proposals(db: Kysely<unknown>): Promise<void> {
  // Bound to no site: what was decided is remembered when the site is gone.
  await db.schema
    .createTable('proposals')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('drift_id', 'text', (column) => column.notNull())
    .addColumn('site', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('branch', 'text', (column) => column.notNull().unique())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('base_revision', 'text', (column) => column.notNull())
    .addColumn('commit', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('result', 'text', (column) => column.notNull())
    .addColumn('number', 'integer')
    .addColumn('url', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('opened_at', 'bigint')
    .addColumn('decided_at', 'bigint')
    .addColumn('decided_by', 'text')
    .addColumn('close_reason', 'text')
    .execute();
  await db.schema
    .createIndex('proposals_state')
    .on('proposals')
    .columns(['state', 'created_at', 'id'])
    .execute();
  await db.schema
    .createIndex('proposals_created')
    .on('proposals')
    .columns(['created_at', 'id'])
    .execute();
  await db.schema.createIndex('proposals_number').on('proposals').column('number').execute();
}

async function localForge(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('pulls')
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('base', 'text', (column) => column.notNull())
    .addColumn('head', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('labels', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('merge_commit', 'text')
    .addColumn('decided_by', 'text')
    .execute();
  await db.schema.createIndex('pulls_branch').on('pulls').columns(['branch', 'number']).execute();

  await db.schema
    .createTable('pull_comments')
    .addColumn('number', 'integer', (column) => column.notNull().references('pulls.number'))
    .addColumn('marker', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('pull_comments_key', ['number', 'marker'])
    .execute();

  await db.schema
    .createTable('commit_statuses')
    .addColumn('commit', 'text', (column) => column.notNull())
    .addColumn('context', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('url', 'text')
    .addPrimaryKeyConstraint('commit_statuses_key', ['commit', 'context'])
    .execute();
}

async function access(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit')
    .addColumn('id', 'bigint', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('revoked_at', 'bigint')
    .execute();
}
