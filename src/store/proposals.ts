import type { ProposalState } from '../model/proposal.ts';
import { boundBackport } from './bound-backport.ts';
import type { NewProposal, ProposalChange, ProposalRow } from './rows.ts';
import type { Session } from './session.ts';
import { proposalCodec, type Tables } from './tables.ts';

/** Proposed edits of the plan, and how each ended. */
export class Proposals {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Records a proposal once: a second one of the same branch finds the first. */
  async insertIfAbsent(
    proposal: NewProposal,
  ): Promise<{ proposal: ProposalRow; inserted: boolean }> {
    return this.#session.write(async (db) => {
      const result = boundBackport(proposal.result);
      const row: ProposalRow = { ...groupOf(proposal), result, ...UNDECIDED };
      const made = await db
        .insertInto('proposals')
        .values(proposalCodec.encode(row))
        .onConflict((conflict) => conflict.column('branch').doNothing())
        .returningAll()
        .executeTakeFirst();
      if (made !== undefined) return { proposal: proposalCodec.decode(made), inserted: true };
      const found = await db
        .selectFrom('proposals')
        .selectAll()
        .where('branch', '=', proposal.branch)
        .executeTakeFirstOrThrow();
      return { proposal: proposalCodec.decode(found), inserted: false };
    });
  }

  async get(id: string): Promise<ProposalRow | undefined> {
    return decode(await this.#all().where('id', '=', id).executeTakeFirst());
  }

  async byBranch(branch: string): Promise<ProposalRow | undefined> {
    return decode(await this.#all().where('branch', '=', branch).executeTakeFirst());
  }

  /** By the number of its pull request. */
  async byNumber(number: number): Promise<ProposalRow | undefined> {
    return decode(await this.#all().where('number', '=', number).executeTakeFirst());
  }

  /** The one of a group of drifts that is to be sent or waits for a decision. */
  async undecidedOf(groupKey: string): Promise<ProposalRow | undefined> {
    const row = await this.#all()
      .where('groupKey', '=', groupKey)
      .where('state', 'in', ['pending', 'open'])
      .orderBy('createdAt', 'desc')
      .orderBy('id')
      .executeTakeFirst();
    return decode(row);
  }

  /** How often a group of drifts had a proposal that has ended, whichever way. */
  async countEnded(groupKey: string): Promise<number> {
    const { count } = await this.#session.db
      .selectFrom('proposals')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('groupKey', '=', groupKey)
      .where('state', 'not in', ['pending', 'open'])
      .executeTakeFirstOrThrow();
    return count;
  }

  /** Those whose pull requests were closed since then (ms since 1970). */
  async closedSince(since: number): Promise<ProposalRow[]> {
    const rows = await this.#all()
      .where('state', '=', 'closed')
      .where('decidedAt', '>', since)
      .execute();
    return rows.map((row) => proposalCodec.decode(row));
  }

  /** When proposals were made since then, newest first; milliseconds since 1970. */
  async createdSince(since: number): Promise<number[]> {
    const rows = await this.#session.db
      .selectFrom('proposals')
      .select('createdAt')
      .where('createdAt', '>', since)
      .orderBy('createdAt', 'desc')
      .execute();
    return rows.map((row) => row.createdAt);
  }

  /** Proposals that are to be sent or wait for a decision, oldest first. */
  async open(): Promise<ProposalRow[]> {
    const rows = await this.#all()
      .where('state', 'in', ['pending', 'open'])
      .orderBy('createdAt')
      .orderBy('id')
      .execute();
    return rows.map((row) => proposalCodec.decode(row));
  }

  /**
   * Changes the columns that are given; returns the whole row.
   * @throws Error if there is no such proposal
   */
  async update(id: string, change: ProposalChange): Promise<ProposalRow> {
    const { result, ...rest } = change;
    const bounded = result === undefined ? rest : { ...rest, result: boundBackport(result) };
    const row = await this.#session.write((db) =>
      db
        .updateTable('proposals')
        .set({ id, ...proposalCodec.encode(bounded) })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst(),
    );
    if (row === undefined) throw new Error(`there is no proposal "${id}"`);
    return proposalCodec.decode(row);
  }

  /**
   * Newest first.
   * @param query.site one of the sites that it concerns, or concerned
   * @param query.after id of the last proposal of the page before; if it is gone, the first page
   */
  async list(query: {
    state?: ProposalState;
    site?: string;
    after?: string;
    limit: number;
  }): Promise<ProposalRow[]> {
    let select = this.#all().orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(query.limit);
    if (query.state !== undefined) select = select.where('state', '=', query.state);
    const { site } = query;
    if (site !== undefined) {
      select = select.where((eb) =>
        eb.or([
          eb('site', '=', site),
          eb(
            'id',
            'in',
            eb
              .selectFrom('drifts')
              .select('proposalId')
              .where('drifts.site', '=', site)
              .where('proposalId', 'is not', null)
              .$narrowType<{ proposalId: string }>(),
          ),
        ]),
      );
    }
    const last = query.after === undefined ? undefined : await this.get(query.after);
    if (last !== undefined) {
      select = select.where((eb) =>
        eb(eb.refTuple('createdAt', 'id'), '<', eb.tuple(last.createdAt, last.id)),
      );
    }
    return (await select.execute()).map((row) => proposalCodec.decode(row));
  }

  async countByState(): Promise<Record<ProposalState, number>> {
    const rows = await this.#session.db
      .selectFrom('proposals')
      .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
      .groupBy('state')
      .execute();
    const counts = { pending: 0, open: 0, merged: 0, closed: 0, obsolete: 0 };
    for (const row of rows) counts[row.state] = row.count;
    return counts;
  }

  #all() {
    return this.#session.db.selectFrom('proposals').selectAll();
  }
}

function decode(row: Tables['proposals'] | undefined): ProposalRow | undefined {
  return row && proposalCodec.decode(row);
}

/** A proposal that names no group is made for one drift alone. */
function groupOf(proposal: NewProposal) {
  return {
    groupKey: proposal.fingerprint,
    basis: '',
    choice: null,
    pushed: [],
    ...proposal,
  };
}

const UNDECIDED = {
  state: 'pending',
  theirs: null,
  lastCommand: null,
  held: false,
  number: null,
  url: null,
  openedAt: null,
  decidedAt: null,
  decidedBy: null,
  closeReason: null,
} as const;
