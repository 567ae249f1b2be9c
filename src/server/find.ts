import type { SiteRow } from '../store/rows.ts';
import type { ServerOptions } from './options.ts';
import { HttpProblem } from './problem.ts';

/** The site of that name, or a problem 404. */
export async function findSite(store: ServerOptions['store'], name: string): Promise<SiteRow> {
  const row = await store.sites.get(name);
  if (row === undefined) throw new HttpProblem(404, { detail: `the plan has no site "${name}"` });
  return row;
}
