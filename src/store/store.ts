import { CamelCasePlugin, Kysely, sql } from 'kysely';

import { Agents } from './agents.ts';
import { Audit } from './audit.ts';
import { Drifts } from './drifts.ts';
import { EnrollmentCodes } from './enrollment-codes.ts';
import { Exports } from './exports.ts';
import { Lease } from './lease.ts';
import { Memory } from './memory.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { PlanState } from './plan-state.ts';
import { Previews } from './previews.ts';
import { Proposals } from './proposals.ts';
import { Pulls } from './pulls.ts';
import { Revisions } from './revisions.ts';
import { Runs } from './runs.ts';
import { Session } from './session.ts';
import { Sites } from './sites.ts';
import { openSqlite, sqliteDialect } from './sqlite.ts';
import type { Tables } from './tables.ts';
import { Tokens } from './tokens.ts';

/** The controller's state. Every write is durable when its promise resolves. */
export class Store {
  readonly lease: Lease;
  readonly plan: PlanState;
  readonly revisions: Revisions;
  readonly sites: Sites;
  readonly runs: Runs;
  readonly exports: Exports;
  readonly drifts: Drifts;
  readonly proposals: Proposals;
  readonly previews: Previews;
  readonly pulls: Pulls;
  readonly audit: Audit;
  readonly tokens: Tokens;
  readonly agents: Agents;
  readonly enrollmentCodes: EnrollmentCodes;
  readonly memory: Memory;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
    this.lease = new Lease(session);
    this.plan = new PlanState(session);
    this.revisions = new Revisions(session);
    this.sites = new Sites(session);
    this.runs = new Runs(session);
    this.exports = new Exports(session);
    this.drifts = new Drifts(session);
    this.proposals = new Proposals(session);
    this.previews = new Previews(session);
    this.pulls = new Pulls(session);
    this.audit = new Audit(session);
    this.tokens = new Tokens(session);
    this.agents = new Agents(session);
    this.enrollmentCodes = new EnrollmentCodes(session);
    this.memory = new Memory(session);
  }

  /**
   * Does all of the work or nothing of it. The work must use the store that it is given, not the outer one (which
   * throws meanwhile), and should not wait for the outside world: everybody else waits for it. A transaction
   * within a transaction is part of it.
   * @throws LeaseLost if this store acquired the lease and another controller has it now
   */
  async transaction<T>(work: (store: Store) => Promise<T>): Promise<T> {
    return this.#session.transaction((session) =>
      work(session === this.#session ? this : new Store(session)),
    );
  }

  /** Rows that were written since the store was opened: where it has not grown, nothing has changed. */
  async changeCount(): Promise<number> {
    const { rows } = await sql<{ count: number }>`select total_changes() as count`.execute(
      this.#session.db,
    );
    return rows[0]!.count;
  }

  /** Waits for what is under way, then closes the database. */
  async close(): Promise<void> {
    await this.#session.db.destroy();
  }
}

/**
 * Opens the store, making the file and bringing its tables up to date as needed.
 * @param options.file path of the SQLite database
 * @param options.now the current time in milliseconds since 1970, for the columns that the store fills in itself
 * @throws UserError if the file cannot be used
 */
export async function openStore(options: { file: string; now?: () => number }): Promise<Store> {
  const { file, now = Date.now } = options;
  const db = new Kysely<Tables>({
    dialect: sqliteDialect(openSqlite(file)),
    plugins: [new CamelCasePlugin()],
  });
  try {
    await migrate(db.withoutPlugins(), migrations);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return new Store(new Session({ db, now, fence: { epoch: undefined } }));
}
