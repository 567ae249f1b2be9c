import { type Kysely, sql } from 'kysely';

/** The desired commit that a run was to bring about. Agents had written it behind the other one, after a space. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('runs').addColumn('desired_commit', 'text').execute();
  await sql`
    update runs set
      desired_commit = substr("commit", instr("commit", ' ') + 1),
      "commit" = substr("commit", 1, instr("commit", ' ') - 1)
    where instr("commit", ' ') > 0
  `.execute(db);
}
