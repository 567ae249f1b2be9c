/** Entries of a full page. */
export const PER_PAGE = 100;

/**
 * Reads a list page by page, a hundred at a time. A page that is not full is the last one.
 * @param most pages that are read at all
 */
export async function readPages<T>(
  read: (page: { per_page: number; page: number }) => Promise<{ data: T[] }>,
  most: number,
): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; page <= most; page += 1) {
    const { data } = await read({ per_page: PER_PAGE, page });
    all.push(...data);
    if (data.length < PER_PAGE) break;
  }
  return all;
}
