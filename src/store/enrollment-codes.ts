import { randomBytes, timingSafeEqual } from 'node:crypto';

import { sha256 } from '../model/tree.ts';
import type { EnrollmentCodeRow } from './agent-rows.ts';
import type { Session } from './session.ts';

/** Letters and digits that are not mistaken for one another (Crockford's base 32). */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Characters that find the row, and that prove the right to it: 100 bits. */
const ID = 4;
const SECRET = 20;
const GROUP = 4;
/** Compared with where there is no row, so that an unknown code takes as long as a wrong one. */
const NO_HASH = sha256('');
/** Attempts to find an id that is free: there are a million of them. */
const ATTEMPTS = 20;

const COLUMNS = [
  'id',
  'site',
  'createdAt',
  'createdBy',
  'expiresAt',
  'usedAt',
  'usedByKey',
] as const;

/** One-time codes that agents enrol with. */
export class EnrollmentCodes {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Makes a code for a site, in the place of an earlier one; this is the only time that it is told.
   * @param lifetime milliseconds
   */
  async create(options: {
    site: string;
    by: string;
    lifetime: number;
  }): Promise<{ code: string; row: EnrollmentCodeRow }> {
    const { site, by, lifetime } = options;
    const createdAt = this.#session.now();
    const secret = randomText(SECRET);
    return this.#session.write(async (db) => {
      await db
        .deleteFrom('enrollmentCodes')
        .where((eb) => eb.or([eb('site', '=', site), eb('expiresAt', '<', createdAt)]))
        .execute();
      for (let attempt = 1; ; attempt += 1) {
        const id = randomText(ID);
        const row = {
          id,
          site,
          createdAt,
          createdBy: by,
          expiresAt: createdAt + lifetime,
          usedAt: null,
          usedByKey: null,
        };
        const { numInsertedOrUpdatedRows } = await db
          .insertInto('enrollmentCodes')
          .values({ ...row, hash: sha256(secret) })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows === 1n) return { code: grouped(id + secret), row };
        if (attempt === ATTEMPTS) throw new Error('no id is free for an enrollment code');
      }
    });
  }

  /**
   * The row of a code as somebody typed it, however grouped and in either case; undefined for one that is wrong or
   * has expired. Hashes are compared in constant time. Whether it was used before is for the caller to judge.
   */
  async find(text: string): Promise<EnrollmentCodeRow | undefined> {
    const code = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0');
    const plain = code.replaceAll(/[IL]/g, '1');
    if (plain.length !== ID + SECRET) return undefined;
    const stored = await this.#session.db
      .selectFrom('enrollmentCodes')
      .select([...COLUMNS, 'hash'])
      .where('id', '=', plain.slice(0, ID))
      .executeTakeFirst();
    const { hash, ...row } = stored ?? { hash: NO_HASH };
    const secret = sha256(plain.slice(ID));
    const same = timingSafeEqual(Buffer.from(hash, 'hex'), Buffer.from(secret, 'hex'));
    if (!same || !('id' in row)) return undefined;
    return row.expiresAt > this.#session.now() ? row : undefined;
  }

  /** Notes that a code was used with this key. */
  async use(id: string, publicKey: string): Promise<void> {
    await this.#session.write((db) =>
      db
        .updateTable('enrollmentCodes')
        .set({ usedAt: this.#session.now(), usedByKey: publicKey })
        .where('id', '=', id)
        .execute(),
    );
  }

  /** Ends the codes of a site. */
  async drop(site: string): Promise<void> {
    await this.#session.write((db) =>
      db.deleteFrom('enrollmentCodes').where('site', '=', site).execute(),
    );
  }
}

/** Every byte gives five bits: the alphabet has 32 characters, and none is likelier than another. */
function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte & 31]!).join('');
}

function grouped(text: string): string {
  return text.match(new RegExp(`.{1,${GROUP}}`, 'g'))!.join('-');
}
