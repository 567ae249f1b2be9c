import type { Octokit } from '@octokit/rest';

import type { Dashboard } from '../forge.ts';
import { fitTitle, markedBody, markerLine } from '../text.ts';

/** By it our issue is found again, whatever people make of its title. */
export const DASHBOARD_LABEL = 'trueup/dashboard';
export const DASHBOARD_MARKER = 'dashboard';

/** Brings our one issue up to date; see `Forge.ensureDashboard`. `account`: as for `ensureComment`. */
export async function ensureDashboard(
  octokit: Octokit,
  repository: { owner: string; repo: string },
  account: string | undefined,
  { title, body, needed }: Dashboard,
): Promise<void> {
  const { data } = await octokit.rest.issues.listForRepo({
    ...repository,
    labels: DASHBOARD_LABEL,
    state: 'all',
    direction: 'asc',
    per_page: 100,
  });
  const line = markerLine(DASHBOARD_MARKER);
  const ours = data.find(
    (issue) =>
      issue.pull_request === undefined &&
      issue.body?.startsWith(line) &&
      (account === undefined ? issue.user?.type === 'Bot' : issue.user?.login === account),
  );
  const text = markedBody(DASHBOARD_MARKER, body);
  if (!ours) {
    if (!needed) return;
    const labels = [DASHBOARD_LABEL];
    await octokit.rest.issues.create({ ...repository, title: fitTitle(title), body: text, labels });
    return;
  }
  // Somebody may have closed it: what waits now is news.
  const reopen = needed && ours.state === 'closed';
  if (ours.body?.replaceAll('\r\n', '\n') === text && !reopen) return;
  await octokit.rest.issues.update({
    ...repository,
    issue_number: ours.number,
    body: text,
    ...(reopen ? { state: 'open' } : {}),
  });
}
