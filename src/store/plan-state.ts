import type { Problem } from '../model/problem.ts';
import type { PlanStateRow } from './rows.ts';
import type { Session } from './session.ts';
import { planCodec } from './tables.ts';

const ID = 'plan';
const MAX_PROBLEMS = 200;
const MAX_TEXT = 2_000;

const COLUMNS = [
  'headRevision',
  'goodRevision',
  'fetchedAt',
  'evaluatedAt',
  'problems',
  'invalidRevision',
  'evaluatingRevision',
  'heldRevision',
  'heldReason',
  'confirmedRevision',
] as const;

/** What is known of the plan as a whole: one row. */
export class PlanState {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(): Promise<PlanStateRow> {
    const row = await this.#session.db
      .selectFrom('plan')
      .select(COLUMNS)
      .where('id', '=', ID)
      .executeTakeFirstOrThrow();
    return planCodec.decode(row);
  }

  /** Changes the columns that are given; of a flood of problems the first 200 are kept. */
  async update(change: Partial<PlanStateRow>): Promise<PlanStateRow> {
    const { problems, ...rest } = change;
    const bounded = problems === undefined ? rest : { ...rest, problems: boundProblems(problems) };
    const row = await this.#session.write((db) =>
      db
        .updateTable('plan')
        .set({ id: ID, ...planCodec.encode(bounded) })
        .where('id', '=', ID)
        .returning(COLUMNS)
        .executeTakeFirstOrThrow(),
    );
    return planCodec.decode(row);
  }
}

function boundProblems(problems: readonly Problem[]): Problem[] {
  return problems.slice(0, MAX_PROBLEMS).map((problem) => ({
    ...problem,
    message: problem.message.slice(0, MAX_TEXT),
    ...(problem.hint !== undefined && { hint: problem.hint.slice(0, MAX_TEXT) }),
  }));
}
