import type { Kysely } from 'kysely';

import type { Session } from './session.ts';
import { pullCodec, type Tables } from './tables.ts';

/** A pull request of the local forge. */
export interface PullRow {
  number: number;
  branch: string;
  base: string;
  head: string;
  title: string;
  body: string;
  labels: string[];
  state: 'open' | 'merged' | 'closed';
  mergeCommit: string | null;
  decidedBy: string | null;
}

type NewPull = Pick<PullRow, 'branch' | 'base' | 'head' | 'title' | 'body' | 'labels'>;
type PullChange = Partial<
  Pick<PullRow, 'head' | 'title' | 'body' | 'labels' | 'state' | 'mergeCommit' | 'decidedBy'>
>;

interface PullStatus {
  context: string;
  state: 'pending' | 'success' | 'failure' | 'error';
  description: string;
  url: string | null;
}

/** A commit's status of one context. */
export interface StatusRow extends PullStatus {
  commit: string;
}

/** What the local forge remembers: pull requests, their comments, and statuses of commits. */
export class Pulls {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Opens a pull request with the next number, unless the branch has one: then that one is returned. */
  async insertIfAbsent(draft: NewPull): Promise<{ pull: PullRow; inserted: boolean }> {
    return this.#session.write(async (db) => {
      const found = await newest(db, draft.branch);
      if (found !== undefined) return { pull: found, inserted: false };
      const { last } = await db
        .selectFrom('pulls')
        .select(({ fn }) => fn.max('number').as('last'))
        .executeTakeFirstOrThrow();
      const pull: PullRow = {
        ...draft,
        number: (last ?? 0) + 1,
        state: 'open',
        mergeCommit: null,
        decidedBy: null,
      };
      await db.insertInto('pulls').values(pullCodec.encode(pull)).execute();
      return { pull, inserted: true };
    });
  }

  async get(number: number): Promise<PullRow | undefined> {
    const row = await this.#session.db
      .selectFrom('pulls')
      .selectAll()
      .where('number', '=', number)
      .executeTakeFirst();
    return row && pullCodec.decode(row);
  }

  async newestByBranch(branch: string): Promise<PullRow | undefined> {
    return newest(this.#session.db, branch);
  }

  /**
   * Changes the columns that are given; returns the whole row.
   * @throws Error if there is no such pull request
   */
  async update(number: number, change: PullChange): Promise<PullRow> {
    const row = await this.#session.write((db) =>
      db
        .updateTable('pulls')
        .set(pullCodec.encode({ number, ...change }))
        .where('number', '=', number)
        .returningAll()
        .executeTakeFirst(),
    );
    if (row === undefined) throw new Error(`there is no pull request ${number}`);
    return pullCodec.decode(row);
  }

  /** Newest first; `before` is the last number of the page before. */
  async list(query: {
    state?: PullRow['state'];
    before?: number;
    limit: number;
  }): Promise<PullRow[]> {
    let select = this.#session.db
      .selectFrom('pulls')
      .selectAll()
      .orderBy('number', 'desc')
      .limit(query.limit);
    if (query.state !== undefined) select = select.where('state', '=', query.state);
    if (query.before !== undefined) select = select.where('number', '<', query.before);
    return (await select.execute()).map((row) => pullCodec.decode(row));
  }

  /**
   * Writes the comment of that marker, replacing the body of the one that is there.
   * @throws Error if there is no such pull request
   */
  async upsertComment(number: number, comment: { marker: string; body: string }): Promise<void> {
    const { marker, body } = comment;
    await this.#session.write(async (db) => {
      const { count } = await db
        .selectFrom('pullComments')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('number', '=', number)
        .executeTakeFirstOrThrow();
      await db
        .insertInto('pullComments')
        .values({ number, marker, body, position: count + 1 })
        .onConflict((conflict) => conflict.columns(['number', 'marker']).doUpdateSet({ body }))
        .execute();
    });
  }

  /** In the order in which they were first written. */
  async comments(number: number): Promise<{ marker: string; body: string }[]> {
    return this.#session.db
      .selectFrom('pullComments')
      .select(['marker', 'body'])
      .where('number', '=', number)
      .orderBy('position')
      .execute();
  }

  /** Writes the commit's status of that context, replacing the one that is there. */
  async setStatus(commit: string, status: PullStatus): Promise<void> {
    const { context, state, description, url } = status;
    await this.#session.write((db) =>
      db
        .insertInto('commitStatuses')
        .values({ commit, context, state, description, url })
        .onConflict((conflict) =>
          conflict.columns(['commit', 'context']).doUpdateSet({ state, description, url }),
        )
        .execute(),
    );
  }

  /** By context. */
  async statuses(commit: string): Promise<PullStatus[]> {
    return this.#session.db
      .selectFrom('commitStatuses')
      .select(['context', 'state', 'description', 'url'])
      .where('commit', '=', commit)
      .orderBy('context')
      .execute();
  }
}

async function newest(db: Kysely<Tables>, branch: string): Promise<PullRow | undefined> {
  const row = await db
    .selectFrom('pulls')
    .selectAll()
    .where('branch', '=', branch)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && pullCodec.decode(row);
}
