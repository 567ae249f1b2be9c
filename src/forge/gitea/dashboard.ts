import { z } from 'zod';

import type { Dashboard } from '../forge.ts';
import { fitTitle, markedBody, markerLine } from '../text.ts';
import type { GiteaClient } from './client.ts';
import { User } from './shapes.ts';

const MARKER = 'dashboard';
const Issue = z.object({
  number: z.number(),
  body: z.string(),
  state: z.string(),
  user: User.nullish(),
});

/** Brings our one issue up to date, the oldest of the account's that has the marker; see `Forge.ensureDashboard`. */
export async function ensureDashboard(
  client: GiteaClient,
  repository: readonly string[],
  account: string,
  { title, body, needed }: Dashboard,
): Promise<void> {
  const path = [...repository, 'issues'];
  const query = { type: 'issues', state: 'all', created_by: account, limit: 50 };
  const issues = await client.read(path, z.array(Issue), query);
  const line = markerLine(MARKER);
  const ours = issues
    .toSorted((a, b) => a.number - b.number)
    .find((issue) => issue.body.startsWith(line) && issue.user?.login === account);
  const text = markedBody(MARKER, body);
  if (!ours) {
    if (needed)
      await client.send({ method: 'POST', path, body: { title: fitTitle(title), body: text } });
    return;
  }
  const reopen = needed && ours.state === 'closed';
  if (ours.body.replaceAll('\r\n', '\n') === text && !reopen) return;
  const change = { body: text, ...(reopen ? { state: 'open' } : {}) };
  await client.send({ method: 'PATCH', path: [...path, ours.number], body: change });
}
