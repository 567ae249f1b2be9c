import { randomBytes, timingSafeEqual } from 'node:crypto';

import { UserError } from '../model/errors.ts';
import { sha256 } from '../model/tree.ts';
import type { TokenRole, TokenRow } from './rows.ts';
import type { Session } from './session.ts';

/** `tu_<id>_<secret>`: the id finds the row, 256 random bits prove the right to it. */
const FORMAT = /^tu_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;
/** Compared with where there is no row, so that an unknown id takes as long as a wrong secret. */
const NO_HASH = sha256('');

const COLUMNS = ['id', 'name', 'role', 'createdAt', 'revokedAt'] as const;

/** Tokens of the API; only their hashes are kept. */
export class Tokens {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Makes a token; this is the only time that it is told.
   * @throws UserError if a token of that name is in use
   */
  async create(name: string, role: TokenRole): Promise<{ token: string; row: TokenRow }> {
    const id = randomBytes(8).toString('hex');
    const secret = randomBytes(32).toString('base64url');
    const row = { id, name, role, createdAt: this.#session.now(), revokedAt: null };
    await this.#session.write(async (db) => {
      const taken = await db
        .selectFrom('tokens')
        .select('id')
        .where('name', '=', name)
        .where('revokedAt', 'is', null)
        .executeTakeFirst();
      if (taken) throw new UserError(`there is a token "${name}" already: revoke it first`);
      await db
        .insertInto('tokens')
        .values({ ...row, hash: sha256(secret) })
        .execute();
    });
    return { token: `tu_${id}_${secret}`, row };
  }

  /** Revoked ones too, by name. */
  async list(): Promise<TokenRow[]> {
    return this.#session.db
      .selectFrom('tokens')
      .select(COLUMNS)
      .orderBy('name')
      .orderBy('createdAt')
      .orderBy('id')
      .execute();
  }

  /**
   * By name, revoked ones too.
   * @param query.after id of the last token of the page before; if it is gone, the first page
   */
  async page(query: { after?: string; limit: number }): Promise<TokenRow[]> {
    const { db } = this.#session;
    let select = db
      .selectFrom('tokens')
      .select(COLUMNS)
      .orderBy('name')
      .orderBy('id')
      .limit(query.limit);
    const last = query.after === undefined ? undefined : await this.get(query.after);
    if (last !== undefined) {
      select = select.where((eb) =>
        eb(eb.refTuple('name', 'id'), '>', eb.tuple(last.name, last.id)),
      );
    }
    return select.execute();
  }

  /** A token by its id, or the newest one of that name, those in use first. */
  async get(idOrName: string): Promise<TokenRow | undefined> {
    const rows = await this.#session.db
      .selectFrom('tokens')
      .select(COLUMNS)
      .where((eb) => eb.or([eb('id', '=', idOrName), eb('name', '=', idOrName)]))
      .orderBy('createdAt', 'desc')
      .execute();
    return (
      rows.find(({ id }) => id === idOrName) ??
      rows.find(({ revokedAt }) => revokedAt === null) ??
      rows[0]
    );
  }

  /** Ends the use of the token of that name. False if there is none in use. */
  async revoke(name: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#session.write((db) =>
      db
        .updateTable('tokens')
        .set({ revokedAt: this.#session.now() })
        .where('name', '=', name)
        .where('revokedAt', 'is', null)
        .executeTakeFirst(),
    );
    return numUpdatedRows > 0n;
  }

  /** Ends the use of one token, whatever others of its name there are. */
  async revokeById(id: string): Promise<void> {
    await this.#session.write((db) =>
      db
        .updateTable('tokens')
        .set({ revokedAt: this.#session.now() })
        .where('id', '=', id)
        .where('revokedAt', 'is', null)
        .execute(),
    );
  }

  /** Whose token this is, or undefined if it is none of ours or was revoked. Hashes are compared in constant time. */
  async verify(token: string): Promise<TokenRow | undefined> {
    const [, id, secret] = FORMAT.exec(token) ?? [];
    if (id === undefined || secret === undefined) return undefined;
    const stored = await this.#session.db
      .selectFrom('tokens')
      .selectAll()
      .where('id', '=', id)
      .where('revokedAt', 'is', null)
      .executeTakeFirst();
    const { hash, ...row } = stored ?? { hash: NO_HASH };
    const same = timingSafeEqual(Buffer.from(hash, 'hex'), Buffer.from(sha256(secret), 'hex'));
    return same && 'id' in row ? row : undefined;
  }
}
