import type { AgentChange, AgentDecisionRow, AgentRow, AgentStanding } from './agent-rows.ts';
import type { DriftRow } from './rows.ts';
import type { Session } from './session.ts';
import { agentCodec, driftCodec } from './tables.ts';

/** The agents at sites, and the decisions that are on their way to them. */
export class Agents {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(site: string): Promise<AgentRow | undefined> {
    const row = await this.#session.db
      .selectFrom('agents')
      .selectAll()
      .where('site', '=', site)
      .executeTakeFirst();
    return row && agentCodec.decode(row);
  }

  /** The agents of these sites, by site. */
  async getMany(sites: readonly string[]): Promise<Map<string, AgentRow>> {
    if (sites.length === 0) return new Map();
    const rows = await this.#session.db
      .selectFrom('agents')
      .selectAll()
      .where('site', 'in', sites)
      .execute();
    return new Map(rows.map((row) => [row.site, agentCodec.decode(row)]));
  }

  /** What an agent is told at each look, in one read; undefined: there is no such site, or no agent delivers to it. */
  async standing(site: string): Promise<AgentStanding | undefined> {
    return this.#session.db
      .selectFrom('sites')
      .leftJoin('agents', 'agents.site', 'sites.name')
      .select([
        'sites.desiredCommit as desired',
        'sites.generation as generation',
        'agents.observed as observed',
        'agents.applied as applied',
        'agents.results as results',
        'agents.lastSequence as sequence',
        'agents.nextTokenId as nextTokenId',
      ])
      .where('sites.name', '=', site)
      .where('sites.delivery', '=', 'agent')
      .where('sites.removedAt', 'is', null)
      .executeTakeFirst();
  }

  /** Every site that an agent delivers to, in order of their names, with its agent if one was ever enrolled. */
  async fleet(): Promise<{ site: string; generation: number; agent: AgentRow | undefined }[]> {
    const sites = await this.#session.db
      .selectFrom('sites')
      .select(['name', 'generation'])
      .where('delivery', '=', 'agent')
      .where('removedAt', 'is', null)
      .orderBy('name')
      .execute();
    const rows = await this.#session.db.selectFrom('agents').selectAll().execute();
    const agents = new Map(rows.map((row) => [row.site, agentCodec.decode(row)]));
    return sites.map(({ name, generation }) => ({
      site: name,
      generation,
      agent: agents.get(name),
    }));
  }

  /** Changes the columns that are given; a site that had no row gets one. Returns the whole row. */
  async put(site: string, change: AgentChange): Promise<AgentRow> {
    return this.#session.write(async (db) => {
      const row = await db
        .insertInto('agents')
        .values({ ...agentCodec.encode(NEW_AGENT), ...agentCodec.encode(change), site })
        .onConflict((conflict) =>
          conflict.column('site').doUpdateSet({ site, ...agentCodec.encode(change) }),
        )
        .returningAll()
        .executeTakeFirstOrThrow();
      return agentCodec.decode(row);
    });
  }

  /** Notes contacts, many at once; sites without a row are left out. */
  async contacts(
    many: Iterable<Pick<AgentRow, 'site' | 'lastContactAt' | 'clockSkew' | 'owed'>>,
  ): Promise<void> {
    await this.#session.write(async (db) => {
      for (const { site, ...contact } of many)
        await db.updateTable('agents').set(contact).where('site', '=', site).execute();
    });
  }

  /** Decisions on edits at a site that no desired commit was made to carry yet, oldest first. */
  async undelivered(site: string): Promise<DriftRow[]> {
    const rows = await this.#session.db
      .selectFrom('drifts')
      .selectAll('drifts')
      .leftJoin('agentDecisions', 'agentDecisions.driftId', 'drifts.id')
      .where('drifts.site', '=', site)
      .where('drifts.kind', '=', 'tree')
      .where('drifts.status', 'in', ['adopted', 'rejected'])
      .where('drifts.carriedOut', '=', 0)
      .where('agentDecisions.driftId', 'is', null)
      .orderBy('drifts.decidedAt')
      .orderBy('drifts.id')
      .execute();
    return rows.map((row) => driftCodec.decode(row));
  }

  /** Decisions that the site's history does not show yet, oldest first. */
  async unconfirmed(site: string): Promise<AgentDecisionRow[]> {
    return this.#session.db
      .selectFrom('agentDecisions')
      .selectAll()
      .where('site', '=', site)
      .where('confirmedAt', 'is', null)
      .orderBy('generation')
      .orderBy('driftId')
      .execute();
  }

  /** Notes that a desired commit carries these decisions; those that were noted before stay as they are. */
  async carry(decisions: readonly Omit<AgentDecisionRow, 'confirmedAt'>[]): Promise<void> {
    if (decisions.length === 0) return;
    await this.#session.write((db) =>
      db
        .insertInto('agentDecisions')
        .values(decisions.map((decision) => ({ ...decision, confirmedAt: null })))
        .onConflict((conflict) => conflict.column('driftId').doNothing())
        .execute(),
    );
  }

  /** Notes that the site has, and has done, every decision that came with this generation or an earlier one. */
  async confirm(site: string, generation: number): Promise<void> {
    await this.#session.write(async (db) => {
      const confirmed = await db
        .updateTable('agentDecisions')
        .set({ confirmedAt: this.#session.now() })
        .where('site', '=', site)
        .where('confirmedAt', 'is', null)
        .where('generation', '<=', generation)
        .returning('driftId')
        .execute();
      const ids = confirmed.map(({ driftId }) => driftId);
      if (ids.length > 0)
        await db.updateTable('drifts').set({ carriedOut: 1 }).where('id', 'in', ids).execute();
    });
  }

  /** The decisions on their way to these sites, by site. */
  async unconfirmedMany(sites: readonly string[]): Promise<Map<string, AgentDecisionRow[]>> {
    if (sites.length === 0) return new Map();
    const rows = await this.#session.db
      .selectFrom('agentDecisions')
      .selectAll()
      .where('site', 'in', sites)
      .where('confirmedAt', 'is', null)
      .orderBy('generation')
      .orderBy('driftId')
      .execute();
    return Map.groupBy(rows, ({ site }) => site);
  }
}

/** An agent of which nothing is known. */
const NEW_AGENT: Omit<AgentRow, 'site'> = {
  publicKey: null,
  tokenId: null,
  nextPublicKey: null,
  nextTokenId: null,
  enrolledAt: null,
  revokedAt: null,
  lastContactAt: null,
  lastReturnAt: null,
  lastSequence: 0,
  observed: null,
  base: null,
  baseGeneration: null,
  applied: null,
  results: null,
  clockSkew: null,
  owed: null,
  conflicts: [],
  status: null,
};
