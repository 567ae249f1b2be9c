import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely';

import { messageOf, UserError } from '../model/errors.ts';

/** Statements kept prepared; the store has fewer shapes of query than this. */
const MAX_STATEMENTS = 200;

/** Milliseconds that a statement waits for another process's lock; it blocks this process meanwhile. */
const BUSY_TIMEOUT = 5_000;

/**
 * Opens (or makes) a database file such that an acknowledged commit survives a power cut: write-ahead log, synced
 * at every commit.
 * @throws UserError if the file cannot be opened or is no database
 */
export function openSqlite(file: string): DatabaseSync {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const database = new DatabaseSync(file, {
      timeout: BUSY_TIMEOUT,
      enableForeignKeyConstraints: true,
    });
    try {
      database.exec('pragma journal_mode = wal');
      database.exec('pragma synchronous = full');
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  } catch (error) {
    throw new UserError(`cannot open the database ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** Kysely's SQLite dialect over `node:sqlite`. */
export function sqliteDialect(database: DatabaseSync): Dialect {
  const config = { database: new PreparingDatabase(database) };
  const dialect = new SqliteDialect(config);
  return {
    createAdapter: () => new TransactionalAdapter(),
    createDriver: () => new ImmediateDriver(config, database),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
  };
}

/** SQLite can undo changes of the schema: a migration that is killed half-way leaves nothing behind. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class ImmediateDriver extends SqliteDriver {
  readonly #database: DatabaseSync;

  constructor(config: { database: SqliteDatabase }, database: DatabaseSync) {
    super(config);
    this.#database = database;
  }

  /** Takes the write lock at once: a transaction that reads first could not wait for it later (SQLITE_BUSY). */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  /** Where the disk is full, SQLite has rolled back already; to do it again would hide why. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isTransaction) await super.rollbackTransaction(connection);
  }
}

class PreparingDatabase implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      if (this.#statements.size >= MAX_STATEMENTS) {
        this.#statements.delete(this.#statements.keys().next().value!);
      }
      statement = adapt(this.#database.prepare(sql));
    } else {
      this.#statements.delete(sql);
    }
    // Put back last, so that the first one is always the one not used for longest.
    this.#statements.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#database.close();
  }
}

function adapt(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (values: SQLInputValue[]) => statement.all(...values),
    run: (values: SQLInputValue[]) => statement.run(...values),
    iterate: (values: SQLInputValue[]) => statement.iterate(...values),
  };
}
