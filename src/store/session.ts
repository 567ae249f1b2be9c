import { AsyncLocalStorage } from 'node:async_hooks';

import type { Kysely, Transaction } from 'kysely';

import type { Tables } from './tables.ts';

/** Somebody else is the controller now: nothing may be written here any more. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';

  constructor() {
    super('another controller has taken over: this one must not write any more');
  }
}

/** The epoch that this process acts in, once it has acquired the lease. */
export interface Fence {
  epoch: number | undefined;
}

const underWay = new AsyncLocalStorage<{ active: boolean }>();

/** What the nouns share: the database, or the transaction that they take part in. */
export class Session {
  /** The current time, in milliseconds since 1970. */
  readonly now: () => number;
  readonly fence: Fence;
  readonly #db: Kysely<Tables>;

  constructor(options: { db: Kysely<Tables>; now: () => number; fence: Fence }) {
    this.now = options.now;
    this.fence = options.fence;
    this.#db = options.db;
  }

  get db(): Kysely<Tables> {
    // There is one connection, and the transaction has it: waiting for it here would never end.
    if (!this.#db.isTransaction && underWay.getStore()?.active) {
      throw new Error('a transaction is under way here: use the store that its work was given');
    }
    return this.#db;
  }

  /**
   * Does all of the work or nothing of it; within a transaction, as part of that one.
   * @throws LeaseLost, before anything is done, if this process acts in an epoch that is over
   */
  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const { db } = this;
    if (db.isTransaction) return work(this);
    return db.transaction().execute(async (transaction) => {
      await this.#checkFence(transaction);
      const flag = { active: true };
      try {
        return await underWay.run(flag, () =>
          work(new Session({ db: transaction, now: this.now, fence: this.fence })),
        );
      } finally {
        flag.active = false;
      }
    });
  }

  /** `transaction` for those who need no more than the database. */
  async write<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    return this.transaction((session) => work(session.db));
  }

  async #checkFence(transaction: Transaction<Tables>): Promise<void> {
    if (this.fence.epoch === undefined) return;
    const lease = await transaction.selectFrom('lease').select('epoch').executeTakeFirst();
    if (lease?.epoch !== this.fence.epoch) throw new LeaseLost();
  }
}
