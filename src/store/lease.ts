import type { Session } from './session.ts';

const ID = 'controller';

/**
 * Says which process is the controller. Its epoch grows each time it is acquired; from then on every write of this
 * store first checks that the epoch still holds.
 */
export class Lease {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Takes the lease if nobody holds it, it has run out, or the owner is the one that holds it already (which so
   * takes over from an earlier process of the same name).
   * @param owner names the process, e.g. host and process id
   * @param now milliseconds since 1970
   * @returns undefined while another owner holds it
   */
  async acquire(owner: string, ttlMs: number, now: number): Promise<{ epoch: number } | undefined> {
    const lease = await this.#session.db
      .insertInto('lease')
      .values({ id: ID, owner, epoch: 1, expiresAt: now + ttlMs })
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet((eb) => ({
            owner: eb.ref('excluded.owner'),
            epoch: eb('lease.epoch', '+', 1),
            expiresAt: eb.ref('excluded.expiresAt'),
          }))
          .where((eb) =>
            eb.or([
              eb('lease.expiresAt', '<=', now),
              eb('lease.owner', '=', eb.ref('excluded.owner')),
            ]),
          ),
      )
      .returning('epoch')
      .executeTakeFirst();
    if (lease !== undefined) this.#session.fence.epoch = lease.epoch;
    return lease;
  }

  /** Holds the lease for longer. False if it was lost: the process must stop acting at once. */
  async renew(owner: string, epoch: number, ttlMs: number, now: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#session.db
      .updateTable('lease')
      .set({ expiresAt: now + ttlMs })
      .where('owner', '=', owner)
      .where('epoch', '=', epoch)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  /** Gives the lease up, so that another can take it without waiting. Harmless if it was lost. */
  async release(owner: string, epoch: number): Promise<void> {
    await this.#session.db
      .updateTable('lease')
      .set({ expiresAt: 0 })
      .where('owner', '=', owner)
      .where('epoch', '=', epoch)
      .execute();
  }
}
