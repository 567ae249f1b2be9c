import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';

import { messageOf, UserError } from '../model/errors.ts';

/**
 * Brings the tables up to date: all missing migrations, in order of their names, or none of them.
 * @param db without plugins: migrations spell columns as the database does
 * @throws UserError if one fails, or the database has had migrations that this program does not know
 */
export async function migrate<Tables>(
  db: Kysely<Tables>,
  migrations: Record<string, Migration>,
): Promise<void> {
  const provider = { getMigrations: async () => migrations };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) return;
  const unknown = /previously executed migration (\S+) is missing/.exec(messageOf(error));
  throw new UserError(
    unknown
      ? `the database was written by a newer trueup (it has ${unknown[1]}): use that one, or a backup made before`
      : `cannot bring the database up to date: ${messageOf(error)}`,
    { cause: error },
  );
}
