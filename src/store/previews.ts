import type { PreviewRow } from './rows.ts';
import type { Session } from './session.ts';
import { previewCodec } from './tables.ts';

/** Rows written by one statement. */
const BATCH = 1_000;

/** All of a preview but its report, which may be large. */
export type PreviewListRow = Omit<PreviewRow, 'report'>;

export type PreviewChange = Partial<Omit<PreviewRow, 'number' | 'createdAt'>>;

const LISTED = [
  'number',
  'title',
  'author',
  'url',
  'fork',
  'state',
  'head',
  'baseCommit',
  'revision',
  'basis',
  'told',
  'check',
  'lastAsk',
  'mergedAs',
  'inForceAs',
  'createdAt',
  'updatedAt',
] as const;

/** What pull requests would change, and the digest of each site's tree that was shown. */
export class Previews {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(number: number): Promise<PreviewRow | undefined> {
    const row = await this.#session.db
      .selectFrom('previews')
      .selectAll()
      .where('number', '=', number)
      .executeTakeFirst();
    return row && previewCodec.decode(row);
  }

  /**
   * Writes a preview with the digests that it shows (null: the site goes), in place of what is there of that number.
   * When it was first made is kept.
   */
  async put(row: PreviewRow, digests: ReadonlyMap<string, string | null>): Promise<void> {
    const { number, createdAt, ...rest } = previewCodec.encode(row);
    const sites = [...digests].map(([site, digest]) => ({ number: row.number, site, digest }));
    await this.#session.write(async (db) => {
      await db
        .insertInto('previews')
        .values({ number, createdAt, ...rest })
        .onConflict((conflict) => conflict.column('number').doUpdateSet(rest))
        .execute();
      await db.deleteFrom('previewSites').where('number', '=', number).execute();
      for (let at = 0; at < sites.length; at += BATCH) {
        await db
          .insertInto('previewSites')
          .values(sites.slice(at, at + BATCH))
          .execute();
      }
    });
  }

  /** Changes the columns that are given; nothing happens if there is no such preview. */
  async update(number: number, change: PreviewChange): Promise<void> {
    await this.#session.write((db) =>
      db
        .updateTable('previews')
        .set(previewCodec.encode({ number, ...change, updatedAt: this.#session.now() }))
        .where('number', '=', number)
        .execute(),
    );
  }

  /** Forgets a preview and the digests that it shows. */
  async remove(number: number): Promise<void> {
    await this.#session.write((db) =>
      db.deleteFrom('previews').where('number', '=', number).execute(),
    );
  }

  /** The digest of each site's tree that a preview shows; null where the site goes. */
  async digests(number: number): Promise<Map<string, string | null>> {
    const rows = await this.#session.db
      .selectFrom('previewSites')
      .select(['site', 'digest'])
      .where('number', '=', number)
      .orderBy('site')
      .execute();
    return new Map(rows.map(({ site, digest }) => [site, digest]));
  }

  /** Those that still have something to come: open ones, and merged ones that are not in force yet. */
  async unfinished(): Promise<PreviewListRow[]> {
    const rows = await this.#session.db
      .selectFrom('previews')
      .select(LISTED)
      .where('inForceAs', 'is', null)
      .orderBy('number')
      .execute();
    return rows.map(decodeListed);
  }

  /** Those that came into force with a revision. */
  async inForceAs(revision: string): Promise<PreviewListRow[]> {
    const rows = await this.#session.db
      .selectFrom('previews')
      .select(LISTED)
      .where('inForceAs', '=', revision)
      .orderBy('number')
      .execute();
    return rows.map(decodeListed);
  }

  /** Newest pull request first; `after`: the last number of the page before. */
  async list(query: {
    state?: PreviewRow['state'];
    after?: number;
    limit: number;
  }): Promise<PreviewListRow[]> {
    let select = this.#session.db
      .selectFrom('previews')
      .select(LISTED)
      .orderBy('number', 'desc')
      .limit(query.limit);
    if (query.state !== undefined) select = select.where('state', '=', query.state);
    if (query.after !== undefined) select = select.where('number', '<', query.after);
    return (await select.execute()).map(decodeListed);
  }

  /** Forgets merged ones that are in force, but for the newest so many. */
  async prune(keep: number): Promise<void> {
    await this.#session.write((db) =>
      db
        .deleteFrom('previews')
        .where('inForceAs', 'is not', null)
        .where('number', 'not in', (eb) =>
          eb
            .selectFrom('previews')
            .select('number')
            .where('inForceAs', 'is not', null)
            .orderBy('updatedAt', 'desc')
            .orderBy('number', 'desc')
            .limit(keep),
        )
        .execute(),
    );
  }
}

type StoredListed = Omit<Parameters<typeof previewCodec.decode>[0], 'report'>;

function decodeListed(row: StoredListed): PreviewListRow {
  const { report: _none, ...rest } = previewCodec.decode({ ...row, report: 'null' });
  return rest;
}
