// Columns are known by name at run time only: the assertions here are where text and numbers get their types.
// oxlint-disable typescript/no-unsafe-type-assertion

/** A row as the database holds it: JSON as text, booleans as 0 or 1. */
export type Stored<Row, Json extends keyof Row = never, Flag extends keyof Row = never> = {
  [K in keyof Row]: K extends Json
    ? null extends Row[K]
      ? string | null
      : string
    : K extends Flag
      ? number
      : Row[K];
};

/** Turns rows into what the database holds, and back. */
export class Codec<
  Row extends object,
  Json extends keyof Row & string = never,
  Flag extends keyof Row & string = never,
> {
  readonly #json: readonly Json[];
  readonly #flags: readonly Flag[];

  constructor(columns: { json?: readonly Json[]; flags?: readonly Flag[] }) {
    this.#json = columns.json ?? [];
    this.#flags = columns.flags ?? [];
  }

  /** Encodes the columns that are given, all or some. */
  encode<Part extends Partial<Row>>(row: Part): Pick<Stored<Row, Json, Flag>, keyof (Part | Row)> {
    const stored: Record<string, unknown> = { ...row };
    for (const column of this.#json) {
      if (stored[column] !== undefined && stored[column] !== null) {
        stored[column] = JSON.stringify(stored[column]);
      }
    }
    for (const column of this.#flags) {
      if (stored[column] !== undefined) stored[column] = Number(stored[column]);
    }
    return stored as Pick<Stored<Row, Json, Flag>, keyof (Part | Row)>;
  }

  decode(stored: Stored<Row, Json, Flag>): Row {
    const row: Record<string, unknown> = { ...stored };
    for (const column of this.#json) {
      if (row[column] !== null) row[column] = JSON.parse(row[column] as string);
    }
    for (const column of this.#flags) row[column] = row[column] === 1;
    return row as Row;
  }
}
