import { z } from 'zod';

import { HttpProblem } from './problem.ts';
import type { Page } from './wire.ts';

/** The query of a list; lists with filters extend it. */
export const PageQuery = z.strictObject({
  after: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .meta({ description: 'The `next` of the page before.' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(500)
    .default(100)
    .meta({ description: 'How many items at most.' }),
});

/**
 * Reads one page.
 * @param read gets as many rows as asked for; one more than the page holds tells whether there is a next one
 * @param key what the following page starts after
 */
export async function readPage<Row, Item>(options: {
  limit: number;
  read: (limit: number) => Promise<Row[]>;
  key: (row: Row) => string;
  item: (row: Row) => Item;
}): Promise<Page<Item>> {
  const { limit, read, key, item } = options;
  const rows = await read(limit + 1);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last !== undefined ? key(last) : null;
  return { items: page.map(item), next };
}

/**
 * Checks that the row a page starts after is still there: without it the list would begin anew, and a client that
 * reads page by page would never come to the end.
 */
export async function checkAfter(
  after: string | undefined,
  get: (key: string) => Promise<unknown>,
): Promise<void> {
  if (after === undefined || (await get(after)) !== undefined) return;
  throw new HttpProblem(400, {
    detail: `query.after: there is no "${after}" (any more): start again with the first page`,
    errors: [{ field: 'query.after', message: 'is not there (any more)' }],
  });
}
